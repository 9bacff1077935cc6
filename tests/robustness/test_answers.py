"""Models that answer anything at all: the host gets that very object, and nothing is lost in silence."""

from __future__ import annotations

import asyncio
import math
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse

import otelml
from otelml.monitor import MOST_LANES
from robustness.conftest import Classifier, Regressor

THREE = np.zeros((3, 2))


def generator():
    """Yield three answers."""
    yield from (0, 1, 0)


UNREADABLE = {
    "None": None,
    "a scalar": 1.5,
    "an array of no dimension": np.array(3.0),
    "a text": "positive",
    "a dict": {"a": 1},
    "ragged lists": [[1, 2], [3]],
    "a generator": generator(),
    "an object": object(),
}
READABLE = {
    "a list": [0, 1, 1],
    "a tuple": (0, 1, 1),
    "booleans": np.array([False, True, True]),
    "texts": np.array(["0", "1", "1"]),
    "objects": np.array([0, 1, 1], dtype=object),
    "a column": np.array([[0], [1], [1]]),
    "a series": pd.Series([0, 1, 1]),
    "a frame": pd.DataFrame({"a": [0, 1, 1]}),
    "a polars series": pl.Series([0, 1, 1]),
    "a sparse column": scipy.sparse.csr_matrix([[0], [1], [1]]),
    "another byte order": np.array([0, 1, 1], dtype=">i8"),
    "every second": np.array([0, 9, 1, 9, 1])[::2],
    "read-only": np.broadcast_to(np.array([0]), (1,)),
}


@pytest.mark.parametrize("answer", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_array_is_passed_on_and_booked(watch, name, caplog, answer):
    """The host gets the very object; its rows are counted, its scores booked as dropped, the log says so once."""
    watched = watch()
    model = otelml.identify(Classifier(answer), name=name)
    assert model.predict(THREE) is answer
    assert model.predict(THREE) is answer
    assert watched.count("ml.inference.rows", model=name) == 6
    assert watched.count("otelml.dropped", model=name, reason="unsupported_output") == 6
    assert watched.count("ml.predictions", model=name) == 0
    assert caplog.text.count(f"{name} answered with") == 1
    assert watched.new_errors() == {}
    assert [span.attributes["ml.batch.size"] for span in watched.captured.spans()] == [3, 3]


@pytest.mark.parametrize("answer", READABLE.values(), ids=READABLE)
def test_what_holds_rows_is_counted(watch, name, answer):
    """Whatever holds one label a row is counted by class, and passed on untouched."""
    watched = watch()
    model = otelml.identify(Classifier(answer), name=name)
    assert model.predict(THREE) is answer
    ones = 0 if len(np.shape(answer)) and np.shape(answer)[0] == 1 else 2
    assert watched.count("ml.predictions", model=name, class_="1") == ones
    assert watched.count("ml.predictions", model=name, class_="0") == 1
    assert watched.new_errors() == {}
    assert watched.count("otelml.dropped", model=name) == 0


def test_an_answer_is_not_changed(watch, name):
    """An array that the host goes on using is neither changed nor held: what comes later is the host's own."""
    watched = watch()
    buffer = np.array([0.2, 0.9])
    model = otelml.identify(Regressor(buffer), name=name)
    assert model.predict(THREE[:2]) is buffer
    buffer[:] = np.nan
    assert watched.count("ml.prediction.value", model=name) == 2
    assert watched.count("otelml.dropped", model=name) == 0


@pytest.mark.parametrize("form", [np.empty(0), np.empty((0, 2)), []])
def test_no_rows_are_no_predictions(watch, name, form):
    """An empty answer is a call with no rows, and no error."""
    watched = watch()
    model = otelml.identify(Classifier(form), name=name)
    assert model.predict_proba(THREE[:0]) is form
    assert watched.count("ml.inference.duration", model=name) == 1
    assert watched.count("ml.inference.rows", model=name) == 0
    assert watched.new_errors() == {}


def test_scores_that_are_not_finite_are_booked(watch, name):
    """NaN and infinite scores enter no histogram; each is booked, and the row counts as of no known class."""
    watched = watch()
    scores = np.array([[0.4, 0.6], [math.nan, math.nan], [0.7, 0.3], [-math.inf, math.inf]])
    model = otelml.identify(Classifier(scores), name=name)
    assert model.predict_proba(np.zeros((4, 2))) is scores
    assert watched.count("ml.prediction.score", model=name) == 2
    assert watched.count("otelml.dropped", reason="not_finite", model=name) == 2
    assert watched.count("ml.predictions", model=name, class_="other") == 2
    assert watched.count("ml.predictions", model=name) == 4
    assert watched.new_errors() == {}


@pytest.mark.parametrize("answer", [np.array([1.5, math.nan, math.inf]), np.array([1.5, None, "x"], dtype=object)])
def test_values_that_are_not_finite_are_booked(watch, name, answer):
    """Of a regression's answers, the finite ones are counted and the others booked."""
    watched = watch()
    model = otelml.identify(Regressor(answer), name=name)
    assert model.predict(THREE) is answer
    assert watched.count("ml.inference.rows", model=name) == 3
    told = watched.count("ml.prediction.value", model=name)
    assert told + watched.count("otelml.dropped", model=name) == 3


@pytest.mark.parametrize(
    "answer", [np.zeros((3, 5)), np.zeros((3, 2, 2)), np.full((3, 2), 7.5), np.array([["a", "b"]] * 3)]
)
def test_probabilities_of_another_shape_are_booked(watch, name, answer):
    """Columns that fit no class, numbers that are no probabilities, texts: booked to the row, never an error."""
    watched = watch()
    model = otelml.identify(Classifier(answer), name=name)
    assert model.predict_proba(THREE) is answer
    assert watched.count("otelml.dropped", model=name) == 3
    assert watched.count("ml.prediction.score", model=name) == 0
    assert watched.new_errors() == {}


def test_labels_that_nobody_knows_are_other(watch, name):
    """A label that is none of the model's classes counts as `other`."""
    watched = watch()
    model = otelml.identify(Classifier(np.array([0, 7, 8])), name=name)
    model.predict(THREE)
    assert watched.count("ml.predictions", model=name, class_="other") == 2


ERRORS = [ValueError("jane@example.org"), KeyError(1), MemoryError(), StopIteration(), AssertionError("no")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_exception_passes_through_untouched(watch, name, error):
    """The host gets the very exception, unchained; the failure is counted by its class."""
    watched = watch()
    model = otelml.identify(Classifier(error), name=name)
    with pytest.raises(type(error)) as raised:
        model.predict(THREE)
    assert raised.value is error
    assert (error.__cause__, error.__context__) == (None, None)
    kind = type(error).__name__
    assert watched.count("ml.inference.duration", model=name, error=kind) == 1
    assert watched.count("ml.inference.rows", model=name) == 0
    (span,) = watched.captured.spans()
    assert (span.status, span.attributes["error.type"]) == ("ERROR", kind)


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3), asyncio.CancelledError()])
def test_exit_and_cancellation_are_no_errors(watch, name, error):
    """They pass through as they are, the span ends, and no failure is counted."""
    watched = watch()
    model = otelml.identify(Classifier(error), name=name)
    with pytest.raises(type(error)) as raised:
        model.predict(THREE)
    assert raised.value is error
    (span,) = watched.captured.spans()
    assert "error.type" not in span.attributes
    assert watched.count("ml.inference.duration", model=name) == 1
    assert watched.count("ml.inference.active", model=name) == 0


def test_shapes_without_end_are_bounded(watch, name):
    """A model that answers in a new shape each time is counted call by call; what is not stacked is booked."""
    watched = watch()
    model = otelml.identify(Regressor(), name=name)
    for width in range(2, 302):
        model.answer = np.ones((1, width))
        assert model.predict(THREE[:1]) is model.answer
    assert watched.count("ml.inference.rows", model=name) == 300
    kept = MOST_LANES * (MOST_LANES + 3) / 2  # widths 2, 3, … of the first shapes
    assert watched.count("ml.prediction.value", model=name) == kept
    assert watched.count("otelml.dropped", model=name, reason="cardinality") == 300 - MOST_LANES


def test_large_answers_are_not_kept(watch, name):
    """What is staged is bounded in bytes too: a few large answers are folded at once."""
    watch()
    model = otelml.identify(Regressor(np.ones((1, 400_000))), name=name)
    tracemalloc.start()
    try:
        for _ in range(50):
            model.predict(THREE[:1])
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 20e6  # not 50 answers of 3.2 MB


def test_what_cannot_be_judged_waits_for_nothing(watch, name):
    """An answer that could not be read is booked, and no outcome is awaited for it."""
    watched = watch()
    model = otelml.identify(Classifier(None), name=name)
    with otelml.predictions(ids="abc"):
        assert model.predict(THREE) is None
    assert watched.count("otelml.dropped", model=name) == 3
    assert watched.count("ml.outcome.awaited", model=name) == 0
