"""Inputs on their way to be counted: copied before the call, kept after it, and every row accounted for."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import polars as pl
import pytest
from fresh import forget_models
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import otelml
from otelml import intake, process
from otelml.budget import CREDIT_S
from otelml.frameworks.sklearn import ADAPTER as SKLEARN
from otelml.testing import capture, total

COLUMNS = ["a", "b", "c"]
WHOLE = 1e6  # a budget under which no row is left out, however slow the machine is


@pytest.fixture
def model():
    """Two classes of three columns."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    return LogisticRegression().fit(rows, rows[:, 0] > 0), rows


@pytest.fixture
def counts():
    """Watch models; returns what was counted of a column so far, all bins added up."""
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider, budget=WHOLE)

        def of(column, metric="ml.column.values", **labels):
            wanted = {"ml.column.name": column, **labels} if column else labels
            points = [*kept.points(), *kept.points()]
            return total(points, metric, wanted).last

        of.kept = kept
        try:
            yield of
        finally:
            otelml.uninstrument()
            forget_models()


WAYS = {
    "numpy": lambda rows: rows,
    "float32": lambda rows: rows.astype(np.float32),
    "fortran": np.asfortranarray,
    "strided": lambda rows: np.repeat(rows, 2, axis=0)[::2],
    "list": lambda rows: rows.tolist(),
    "object": lambda rows: rows.astype(object),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", [1, 7, 300])
def test_every_row_is_counted_once(model, counts, way, size):
    """In whatever container and in whatever pieces rows come, each is in one bin of each column."""
    fitted, rows = model
    otelml.identify(fitted, name=f"{way}-{size}", baseline=otelml.Baseline.fit(fitted, rows))
    for start in range(0, 300, size):
        fitted.predict_proba(WAYS[way](rows[start : start + size]))
    for at in range(3):
        assert counts(f"x{at}", **{"ml.column.role": "input"}) == 300


@pytest.mark.parametrize("frame", [pd.DataFrame, lambda rows, columns: pl.DataFrame(rows, schema=columns)])
def test_frames_are_counted_by_name(counts, frame):
    """Columns of a data frame are found by their names, one row or many."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(300, 3))
    whole = frame(rows, columns=COLUMNS)
    fitted = LogisticRegression().fit(whole, rows[:, 0] > 0)
    otelml.identify(fitted, name="frames", baseline=otelml.Baseline.fit(fitted, whole))
    for start in range(100):
        fitted.predict(whole[start : start + 1])
    fitted.predict(whole[100:])
    for name in COLUMNS:
        assert counts(name) == 300


def test_a_buffer_that_is_reused_is_counted_as_it_was(model, counts):
    """Callers overwrite their arrays; what was asked is what counts."""
    fitted, rows = model
    otelml.identify(fitted, name="reused", baseline=otelml.Baseline.fit(fitted, rows))
    buffer = np.empty((1, 3))
    for row in rows:
        buffer[:] = row
        fitted.predict(buffer)
    buffer[:] = 1e9
    assert counts("x0", **{"ml.bin": "above"}) == 0
    assert counts("x0") == 300


def test_threads_lose_no_row(model, counts):
    """Calls of many threads, of several layouts, are counted to the last row."""
    fitted, rows = model
    otelml.identify(fitted, name="threads", baseline=otelml.Baseline.fit(fitted, rows))
    layouts = [rows, rows.astype(np.float32), rows[:1], rows[:5].astype(object)]
    gate = threading.Barrier(4)

    def ask(layout):
        gate.wait()
        for _ in range(50):
            fitted.predict(layout)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, layouts))
    assert counts("x1", **{"ml.column.role": "input"}) == 50 * sum(map(len, layouts))


def test_a_large_table_is_counted_on_the_spot(model, counts):
    """Nothing of a large batch is kept: it is counted where it lies, and only if it was answered."""
    fitted, rows = model
    otelml.identify(fitted, name="large", baseline=otelml.Baseline.fit(fitted, rows))
    large = np.tile(rows, (100, 1))
    fitted.predict(large)
    with pytest.raises(ValueError, match="features"):
        fitted.predict(large[:, :2])
    assert counts("x0", **{"ml.column.role": "input"}) == len(large)


class Slow:
    """A clock on which whatever is measured took so long, however fast the machine is."""

    def __init__(self, seconds):
        self._seconds, self._now = seconds, itertools.count()

    def perf_counter(self):
        """Read it, which takes its time."""
        return next(self._now) * self._seconds


def test_rows_that_the_budget_leaves_out_are_booked(model, counts, monkeypatch):
    """Under a budget that is used up every n-th row is counted; together with what was dropped they are all."""
    monkeypatch.setattr(intake, "time", Slow(CREDIT_S / 10))
    fitted, rows = model
    otelml.instrument(counts.kept.tracer_provider, counts.kept.meter_provider, budget=1e-9)
    otelml.identify(fitted, name="budget", baseline=otelml.Baseline.fit(fitted, rows))
    large = np.tile(rows, (100, 1))
    asked = 0
    for _ in range(60):
        fitted.predict(large)
        asked += len(large)
    for row in rows:
        fitted.predict(row[None, :])
        asked += 1
    counted = counts("x0", **{"ml.column.role": "input"})
    dropped = counts(None, "otelml.dropped", **{"ml.reason": "budget", "ml.model.name": "budget"})
    assert 0 < counted < asked
    assert counted + dropped == asked
    assert counts(None, "ml.inference.rows", **{"ml.model.name": "budget"}) == asked


def test_small_arrays_are_left_out_too(model, counts, monkeypatch):
    """Of arrays like the one before, which are copied without a further look, a used-up budget counts every n-th."""
    monkeypatch.setattr("otelml.budget.Budget.settle", lambda *_, **__: None)
    fitted, rows = model
    otelml.identify(fitted, name="small", baseline=otelml.Baseline.fit(fitted, rows))
    fitted.predict(rows[:1])
    process.current().models.monitor(fitted, SKLEARN).intake.budget.step = 10
    for row in rows:
        fitted.predict(row[None, :])
    counted = counts("x0", **{"ml.column.role": "input"})
    assert 1 < counted < 150
    assert counted + counts(None, "otelml.dropped", **{"ml.reason": "budget", "ml.model.name": "small"}) == 301


def test_texts_in_an_array_of_objects_are_counted(counts):
    """A text pipeline is handed one dimension of objects: every text is in a bin."""
    texts = np.array(["late again", "on time", "a good flight"] * 40, dtype=object)
    labels = np.arange(120) % 2
    fitted = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, labels)
    otelml.identify(fitted, name="texts", baseline=otelml.Baseline.fit(fitted, texts))
    for text in texts:
        fitted.predict(np.array([text], dtype=object))
    assert counts("x0", **{"ml.column.role": "input"}) == 120


def test_times_of_several_resolutions_are_times(counts):
    """Large frames come as nanoseconds, small ones as objects: both are hours."""
    when = pd.date_range("2026-01-01", periods=400, freq="h")
    frame = pd.DataFrame({"when": when, "amount": np.arange(400.0)})
    kept = make_column_transformer(("passthrough", ["amount"]))
    fitted = make_pipeline(kept, LogisticRegression()).fit(frame, np.arange(400) % 2)
    otelml.identify(fitted, name="times", baseline=otelml.Baseline.fit(fitted, frame))
    fitted.predict(frame[:300])
    fitted.predict(frame[300:])
    assert counts("when.hour") == 400
    assert counts("when.hour", **{"ml.bin": "missing"}) == 0


def test_a_reference_of_first_rows_loses_none_to_threads(model, counts):
    """Rows become the reference or are counted, however many threads bring them."""
    fitted, rows = model
    providers = counts.kept.tracer_provider, counts.kept.meter_provider
    otelml.instrument(*providers, provisional_rows=400, budget=WHOLE)
    otelml.identify(fitted, name="provisional")
    large = np.tile(rows, (50, 1))  # counted on the spot, by each thread for itself
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: fitted.predict(large), range(8)))
    assert counts("x0", **{"ml.column.role": "input"}) == 7 * len(large)


def test_calls_that_end_after_the_watch_are_counted(model, counts):
    """A call that was under way when otelml let go is counted as it ends, columns too."""
    fitted, rows = model
    otelml.identify(fitted, name="late", baseline=otelml.Baseline.fit(fitted, rows))
    fitted.predict(rows[:10])
    monitor = process.current().models.monitor(fitted, SKLEARN)
    taken = monitor.intake.take(rows[10:])
    providers = counts.kept.tracer_provider, counts.kept.meter_provider
    otelml.instrument(*providers, budget=WHOLE)
    taken[0].append(taken[1])
    monitor.fold_in_passing()
    assert counts("x0", **{"ml.column.role": "input"}) == 300
