"""What it costs to count columns: against `np.sum` over the same matrix, and against XGBoost's own predict, in one run.

Asked: 1,000,000 x 30 float32 with 1 % NaN, exact edges, moments and missing counts, at most 35 times `np.sum`;
100,000 rows through XGBoost with everything on, at most 12 % over the bare predict.  The counts are compared with
numpy's before anything is timed.  Run with `uv run python tests/benchmarks/columns.py`.
"""

from __future__ import annotations

import functools
import logging
import time
from statistics import median

import numpy as np
import xgboost
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from paired import medians, show

import otelml
from otelml.baseline.learning import learn
from otelml.ledger import ledger
from otelml.recorders.tally import Tallier
from otelml.stats.matrix import Columns
from otelml.tables import table_of

ROWS, WIDTH, BATCH = 1_000_000, 30, 100_000
ROUNDS = 15
NINETEEN = 19


def rows(count: int) -> np.ndarray:
    """Make normal rows in single precision, one value in a hundred missing."""
    generator = np.random.default_rng(0)
    values = generator.normal(size=(count, WIDTH)).astype(np.float32)
    values[generator.random(values.shape) < 0.01] = np.nan
    return values


def check(tallier: Tallier, values: np.ndarray) -> None:
    """Compare bins and moments with what numpy makes of the same rows."""
    tally = tallier.of(table_of(values))
    for at, column in enumerate(tallier.columns):
        held = values[:, at].astype(np.float64)
        assert tally.counts[at].tolist() == column.bins.count(held).tolist()
        assert tally.counts[at].sum() == len(values)
        mean, scale = column.scale
        z = (held[~np.isnan(held)] - mean) / scale
        expected = z[z > 0].sum(), -z[z < 0].sum(), z @ z
        np.testing.assert_allclose(tally.moments[at], expected, rtol=1e-9)


def matrix() -> None:
    """Print what the bulk count costs."""
    values = rows(ROWS)
    learned = learn(table_of(values[:BATCH]))
    tallier = Tallier(learned.columns, learned.embeddings)
    check(tallier, values[:BATCH])
    edges = [np.nanquantile(values[:BATCH, at], np.arange(1, NINETEEN + 1) / (NINETEEN + 1)) for at in range(WIDTH)]
    nineteen = Columns([one.tolist() for one in edges], [0.0] * WIDTH, [1.0] * WIDTH)
    table = table_of(values)
    ways = {
        "np.sum": lambda: np.sum(values),
        "bins of a baseline (11 edges), moments, missing": lambda: tallier.of(table),
        "19 edges, moments, missing": lambda: nineteen.sums(values),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            started = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - started)
    times = {name: median(each) for name, each in seconds.items()}
    show(f"{ROWS:,} x {WIDTH} float32, 1 % NaN", times, "np.sum")
    print(f"  np.sum took {times['np.sum'] / values.size * 1e9:.2f} ns a value")


def bare():
    """XGBoost alone: 100 trees, 100,000 rows."""
    values = rows(BATCH)
    labels = np.nan_to_num(values[:, 0]) + np.random.default_rng(1).normal(size=BATCH) > 0
    model = xgboost.XGBClassifier(n_estimators=100).fit(values[:20_000], labels[:20_000])
    return lambda: model.predict_proba(values)


def watched(budget: float):
    """The same, watched with a baseline: spans aside, everything is on."""
    logging.getLogger("otelml").setLevel(logging.ERROR)
    otelml.instrument(meter_provider=MeterProvider([InMemoryMetricReader()]), traces=False, budget=budget)
    call = bare()
    model = call.__closure__[0].cell_contents
    values = call.__closure__[1].cell_contents
    labels = np.nan_to_num(values[:, 0]) > 0
    otelml.identify(model, name="bench", baseline=otelml.Baseline.fit(model, values, labels))
    return call


def share_kept() -> float:
    """Share of the rows that the default budget keeps, in the long run."""
    call = watched(0.05)
    for _ in range(60):
        call()
    before = ledger.dropped["budget", "bench"]
    for _ in range(40):
        call()
    return 1 - (ledger.dropped["budget", "bench"] - before) / (40 * BATCH)


def main() -> None:
    """Print the tables."""
    matrix()
    ways = {
        "bare": bare,
        "otelml, every row counted": functools.partial(watched, 1e6),
        "otelml, budget of 5 % (the default)": functools.partial(watched, 0.05),
    }
    times = medians(ways, 40, 1, warm_up=60)
    show(f"XGBoost, 100 trees, predict_proba of {BATCH:,} x {WIDTH} float32", times, "bare")
    print(f"  the bare call took {times['bare'] * 1e3:.0f} ms; the budget kept {share_kept():.0%} of the rows")


if __name__ == "__main__":
    main()
