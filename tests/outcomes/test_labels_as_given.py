"""A label is the class whose text it is; only where it is none, decimals and blanks are ignored."""

from __future__ import annotations

import numpy as np
import pytest
from fresh import forget_models
from sklearn.neighbors import KNeighborsClassifier

import otelml
from otelml.testing import capture, select, simulated_clock, total

START = 1_000 * 86_400.0
CLASSES = {
    "empty": ["", "a", "b"],
    "empty of two": ["", "yes"],
    "empty last": ["\t", ""],
    "codes": ["250", "250.0", "250.00"],
    "blanks": ["a", "a ", " a"],
    "numbers": ["0", "1", "2"],
}


@pytest.fixture(params=["memory", "sqlite"])
def watched(request, tmp_path):
    """Watch with each store, at a simulated time."""
    store = "memory" if request.param == "memory" else f"sqlite:///{tmp_path}/outcomes.sqlite"
    with simulated_clock(START) as clock, capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=store, outcome_horizon="1h")
        try:
            yield clock, captured
        finally:
            otelml.uninstrument()
            forget_models()


@pytest.mark.parametrize("classes", CLASSES.values(), ids=CLASSES)
def test_each_class_is_its_own(watched, classes):
    """In outcomes, in the cohort and in its gauge."""
    clock, captured = watched
    labels = np.array(classes * 10, dtype=object)
    rows = np.arange(len(labels)).reshape(-1, 1) % len(classes)
    model = otelml.identify(KNeighborsClassifier(1).fit(rows, labels), name="classes")
    with otelml.predictions(ids=range(len(labels))):
        model.predict(rows)
    wrong = np.roll(labels, 1)[: len(classes)]
    otelml.record_outcomes(range(len(labels)), [*wrong, *labels[len(classes) :]])
    points = captured.points()
    clock.advance(3_600)
    points += captured.points()
    for metric in ("ml.outcomes", "ml.outcome.cohort"):
        for label in classes:
            assert total(points, metric, {"ml.predicted": label, "ml.actual": label, "ml.correct": True}).last == 9
            assert total(points, metric, {"ml.predicted": label, "ml.correct": False}).last == 1
    accuracy = {"ml.metric": "accuracy", "ml.bound": "value", "ml.window": "P1D"}
    assert select(points, "ml.performance", accuracy)[-1].value == pytest.approx(0.9)


def test_other_spellings_are_the_class_that_they_mean(watched):
    """The same label again, spelled otherwise, is a duplicate, and no correction."""
    _, captured = watched
    rows = np.arange(20).reshape(-1, 1) % 2
    model = otelml.identify(KNeighborsClassifier(1).fit(rows, rows[:, 0]), name="spelled")
    with otelml.predictions(ids=range(4)):
        model.predict(rows[:4])
    otelml.record_outcomes(range(4), ["0.0", " 1 ", "false", "1.00"])
    otelml.record_outcomes(range(4), ["0", "1", 0.0, "TRUE"])
    otelml.record_outcome(0, " 1.0")
    points = captured.points() + captured.points()
    assert total(points, "ml.outcomes", {"ml.correct": True}).last == 4
    assert total(points, "ml.outcome.rejections", {"ml.reason": "duplicate"}).last == 4
    assert total(points, "ml.outcome.corrections", {"ml.from": "0", "ml.to": "1"}).last == 1
    assert total(points, "ml.outcome.corrections").last == 1
