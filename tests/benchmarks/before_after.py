"""One row, before and after: this working tree and an earlier revision, in one process, in turn.

Asked: watching takes at most 1.02 times the call of before.  Each version is there twice; what the second of the two
is a multiple of the first is what this machine cannot tell apart.  `added` is what is left without the bare call.  Time
is that of the calling thread on a processor: what else the machine does is not measured.
Run with `uv run python tests/benchmarks/before_after.py --base 7939ab0`.
"""

from __future__ import annotations

import copy
import gc
import itertools
import logging
import os
import random
import sys
import tempfile
import time
from argparse import ArgumentParser
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")  # threads of native libraries would be measured, and not the call

import lightgbm
import numpy as np
import onnxruntime
from copies import Attributes, Copy
from one_row import tracers
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from skl2onnx import to_onnx
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from collections.abc import Callable

BARE, BEFORE, AFTER = "bare", "before", "after"
AGAIN = " again"
VERSIONS = (BEFORE, AFTER, BEFORE + AGAIN, AFTER + AGAIN)
COLUMNS = 30
BOOSTING = {"objective": "binary", "verbose": -1, "num_threads": 1}
WARM_UP = 2
"""Rounds."""
HEADS = (
    ("", "bare", "before", "after", "added", "added", "after /", "of the", "control: again / first"),
    ("", "", "", "", "before", "after", "before", "fastest", "before  after"),
)
ROW = "  {:<46} {:>7} {:>7} {:>7} {:>7} {:>7} {:>8} {:>8}   {}"
MODES: dict[str, dict[str, Any]] = {
    "metrics": {"traces": False},
    "spans": {"traces": True},
    "metrics, ids": {"traces": False},
    "spans, ids": {"traces": True},
}


class Case(NamedTuple):
    """A model and one way to ask it; `baseline` where it can have one."""

    model: Any
    call: Callable[[Any], object]
    baseline: bool = True


def cases() -> dict[str, Case]:
    """Fit a model of each kind."""
    rows, labels = make_classification(2_000, COLUMNS, random_state=0)
    row = np.ascontiguousarray(rows[:1])
    linear = LogisticRegression().fit(rows, labels)
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(rows, labels), 5
    )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    graph = to_onnx(linear, row.astype(np.float32), options={"zipmap": False}).SerializeToString()
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: row.astype(np.float32)}
    return {
        "LogisticRegression.predict": Case(linear, lambda model: model.predict(row)),
        "LogisticRegression.predict_proba": Case(linear, lambda model: model.predict_proba(row)),
        "lightgbm Booster.predict": Case(booster, lambda model: model.predict(row), baseline=False),
        "onnxruntime InferenceSession.run": Case(session, lambda model: model.run(None, feed), baseline=False),
    }


def called(case: Case, version: Copy | None, mode: str) -> Callable[[], object]:
    """Make the call of a version: a model of its own class, with its own baseline and ids."""
    call = case.call
    model = copy.copy(case.model)
    if version is None:
        return lambda: call(model)
    model.__class__ = version.subclass(type(case.model))
    otelml = version.package
    rows, labels = make_classification(2_000, COLUMNS, random_state=0)
    baseline = otelml.Baseline.fit(model, rows, labels) if case.baseline else None
    otelml.identify(model, name="bench", baseline=baseline)
    if "ids" not in mode:
        return lambda: call(model)
    numbers, predictions = itertools.count(), otelml.predictions

    def call_with_id() -> object:
        with predictions(ids=(next(numbers),)):
            return call(model)

    return call_with_id


def measured(calls: dict[str, Callable[[], object]], rounds: int, length: int) -> dict[str, list[float]]:
    """Seconds of one call, in each round for each, in an order that differs from round to round."""
    order, shuffle = list(calls), random.Random(0).shuffle
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(WARM_UP * length):
            call()
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        shuffle(order)
        for name in order:
            call = calls[name]
            started = time.thread_time()
            for _ in range(length):
                call()
            seconds[name].append((time.thread_time() - started) / length)
        gc.collect()
    gc.unfreeze()
    return seconds


def ratio(seconds: dict[str, list[float]], one: str, other: str) -> float:
    """Median over the rounds of how much longer one takes than the other, beside it in time."""
    return median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))


def show(title: str, seconds: dict[str, list[float]]) -> tuple[float, float]:
    """Print the row of a case; returns the ratio of after to before, over all pairs, and the largest control."""
    typical = {name: median(times) * 1e6 for name, times in seconds.items()}
    pairs = [(AFTER, BEFORE), (AFTER + AGAIN, BEFORE + AGAIN), (AFTER + AGAIN, BEFORE), (AFTER, BEFORE + AGAIN)]
    result = float(np.exp(np.mean([np.log(ratio(seconds, *pair)) for pair in pairs])))
    control = [ratio(seconds, version + AGAIN, version) for version in (BEFORE, AFTER)]
    added = [typical[version] - typical[BARE] for version in (BEFORE, AFTER)]
    fastest = min(seconds[AFTER] + seconds[AFTER + AGAIN]) / min(seconds[BEFORE] + seconds[BEFORE + AGAIN])
    times = [f"{one:.1f}" for one in (*(typical[name] for name in (BARE, BEFORE, AFTER)), *added)]
    ratios = [f"{one:.3f}" for one in (result, fastest, *control)]
    print(ROW.format(title, *times, *ratios[:2], "  ".join(ratios[2:])), flush=True)
    return result, max(max(one, 1 / one) for one in control)


def main() -> int:
    """Print the table; returns 1 when a ratio is above what was asked, by more than two of the same version differ."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", default="7939ab0", metavar="REVISION", help="what is before (default: 7939ab0)")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--calls", type=int, default=1_024, help="in a round, of each version (default: 1024)")
    parser.add_argument("--most", type=float, default=1.02, help="the ratio that is asked (default: 1.02)")
    parser.add_argument("--only", default="", metavar="TEXT", help="cases and modes that have this in their name")
    arguments = parser.parse_args()
    logging.getLogger("otelml").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="otelml-benchmark-") as folder:
        sys.path.insert(0, folder)
        versions = {
            name: Copy(Path(folder), f"otelml_{name.replace(' ', '_')}", arguments.base if BEFORE in name else None)
            for name in VERSIONS
        }
        ratios = table(versions, arguments)
    above = [title for title, (one, control) in ratios.items() if one > arguments.most * control]
    typical = np.exp(np.mean([np.log(one) for one, _ in ratios.values()]))
    print(f"\n  all: {typical:.3f} x (geometric mean); asked: {arguments.most} x at most")
    print(f"  above that, by more than the control: {', '.join(above) or 'none'}")
    return int(bool(above))


def table(versions: dict[str, Copy], arguments: Any) -> dict[str, tuple[float, float]]:
    """Measure and print each case in each mode; returns the ratio and the control of each."""
    print(f"one row of {COLUMNS}, before ({arguments.base}) and after (this working tree); microseconds are medians\n")
    print("\n".join(ROW.format(*head) for head in HEADS))
    kinds, asked = cases(), 0
    ratios: dict[str, tuple[float, float]] = {}
    attributes = Attributes("sklearn", "lightgbm", "onnxruntime", "joblib")
    readers = {name: InMemoryMetricReader() for name in versions}
    providers = {
        name: {"tracer_provider": tracers(), "meter_provider": MeterProvider([reader])}
        for name, reader in readers.items()
    }
    for mode, settings in MODES.items():
        for name, version in versions.items():
            version.instrument(attributes, **providers[name], **settings)
        for name, case in kinds.items():
            title = f"{name}, {mode}"
            if arguments.only in title:
                calls = {one: called(case, versions.get(one), mode) for one in (BARE, *versions)}
                ratios[title] = show(title, measured(calls, arguments.rounds, arguments.calls))
                asked += (arguments.rounds + WARM_UP) * arguments.calls
        for name, reader in readers.items():
            counted = rows(reader)
            assert counted == asked, f"{name} counted {counted} rows of {asked}: it measures something else"
    return ratios


def rows(reader: InMemoryMetricReader) -> int:
    """Read how many rows a version has counted since the beginning."""
    collected = reader.get_metrics_data()
    return sum(
        point.value
        for resource in (collected.resource_metrics if collected else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
        if metric.name == "ml.inference.rows"
    )


if __name__ == "__main__":
    sys.exit(main())
