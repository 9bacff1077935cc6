"""What watching costs in memory: five models of 100 columns, and ten million predictions later.

Asked: at most 20 MB for the five, and not a byte more afterwards.  A week of simulated time passes first, so that the
windows of the gauges are full.  Two measures, each in a process of its own: the
resident memory of the process, which is what an operator sees, and the bytes that Python and numpy hold
(`tracemalloc`), in which growth of a single object shows.  Both are taken after a collection by the reader, which is a
service's steady state.  Run with `uv run python tests/benchmarks/memory.py`.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
import sys
import tracemalloc
from pathlib import Path

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.patching.standins import original_of
from otelml.testing import points_from_sdk, simulated_clock

MODELS, WIDTH, BATCH = 5, 100, 10_000
MEGABYTE = 2**20
MILLION = 1_000_000
SERIES = 50_000
WEEK_HOURS = 7 * 24
STEPS = (1, 4, 10)  # millions of predictions after which a look is taken


def resident() -> int:
    """Bytes of memory that this process occupies."""
    gc.collect()
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4096


def traced() -> int:
    """Bytes that Python and numpy hold."""
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def serve(trace: bool, pipe) -> None:  # noqa: FBT001 -- of this file alone
    """Watch five models, ask them ten million times, and send what memory there was at each step."""
    logging.getLogger("otelml").setLevel(logging.ERROR)
    look = traced if trace else resident
    if trace:
        tracemalloc.start()
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(BATCH, WIDTH))
    labels = rows[:, 0] + rng.normal(size=BATCH) > 0
    models = [LogisticRegression(C=1.0 + one, max_iter=50).fit(rows, labels) for one in range(MODELS)]
    baselines = [otelml.Baseline.fit(model, rows, labels) for model in models]
    reader = InMemoryMetricReader()
    otelml.instrument(meter_provider=MeterProvider([reader]), traces=False, max_points=SERIES, budget=1e6)
    warm = LogisticRegression().fit(rows[:, :2], labels)  # what otelml needs whatever it watches
    otelml.identify(warm, name="warm-up").predict_proba(rows[:, :2])
    for _ in range(2):
        reader.get_metrics_data()
    for model in models:  # what the models need whoever watches them
        original_of(model.predict_proba.__func__)(model, rows)
    sizes = [look()]
    for at, (model, baseline) in enumerate(zip(models, baselines, strict=True)):
        otelml.identify(model, name=f"model-{at}", baseline=baseline)
    with simulated_clock(0.0) as clock:  # a week has to pass until the windows hold all that they ever will
        for hour in range(WEEK_HOURS):
            clock.set(3_600.0 * hour)
            for model in models:
                model.predict_proba(rows[:2])
            reader.get_metrics_data()
        ask(models, rows, reader, sizes, look)
    points = len(points_from_sdk(reader.get_metrics_data()))
    pipe.send((sizes, points))


def ask(models, rows, reader, sizes, look) -> None:
    """Ask ten million times, and look at the memory at each step."""
    asked = 0
    for step in STEPS:
        while asked < step * MILLION:
            for model in models:
                model.predict_proba(rows)
                for row in range(20):
                    model.predict_proba(rows[row : row + 1])
                asked += BATCH + 20
        for _ in range(2):
            reader.get_metrics_data()
        sizes.append(look())


def main() -> None:
    """Print the table."""
    context = multiprocessing.get_context("spawn")
    print(f"\n{MODELS} models of {WIDTH} columns, in batches of {BATCH:,} and rows one by one")
    for name, trace in (("resident memory", False), ("held by Python and numpy", True)):
        ours, theirs = context.Pipe()
        worker = context.Process(target=serve, args=(trace, theirs))
        worker.start()
        (before, *after), points = ours.recv()
        worker.join()
        print(f"  {name}: {points:,} series")
        for step, size in zip(STEPS, after, strict=True):
            print(f"    after {step:>2} million predictions  {(size - before) / MEGABYTE:+8.2f} MB")
        print(f"    from {STEPS[0]} to {STEPS[-1]} million   {after[-1] - after[0]:+,d} bytes")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
