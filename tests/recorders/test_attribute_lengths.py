"""Whatever text a host gives, no attribute is longer than a column's name may be, and different texts stay apart."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import otelml
from otelml.baseline.columns import MOST_NAME
from otelml.labels import MOST_TEXT, label_text, shortened
from otelml.testing import select

LONG = "long " * 2_000
ROWS = np.arange(8.0)[:, None]


class Odd(DecisionTreeClassifier):
    """Raises an exception of a class with a very long name."""

    def predict(self, X):
        """Fail."""
        raise type("E" * 100_000, (RuntimeError,), {})(len(X))


def longest(points):
    """The most characters that an attribute of any point has."""
    return max(len(v) for point in points for v in point.attributes.values() if isinstance(v, str))


def test_names_labels_and_actions_are_short(service):
    """Model, version, classes, predicted and actual labels, actions: one series each, at most so long."""
    labels = np.array([LONG + "a", LONG + "b"] * 4, dtype=object)
    model = otelml.identify(LogisticRegression().fit(ROWS, labels), name=service.name + LONG, version=LONG)
    ids = [str(row) for row in range(8)]
    with otelml.predictions(ids=ids):
        predicted = model.predict(ROWS)
    otelml.record_outcomes(ids, predicted)
    otelml.record_actions(ids[:1], LONG)
    told = [*service.captured.points(), *service.captured.points()]
    own = [p for p in told if str(p.attributes.get("ml.model.name", "")).startswith(service.name + "long")]
    assert longest(own) == MOST_TEXT == MOST_NAME
    assert len({p.attributes["ml.class"] for p in select(own, "ml.predictions")}) == 2
    outcomes = [p for p in select(own, "ml.outcomes") if p.value]
    assert sum(p.value for p in outcomes) == 8
    assert all(p.attributes["ml.correct"] for p in outcomes)
    assert sum(p.value for p in select(own, "ml.actions")) == 1


def test_error_types_are_short(service):
    """The class of an exception, on the metric and on the span."""
    model = otelml.identify(Odd().fit(ROWS, ROWS[:, 0] > 3), name=service.name)
    with pytest.raises(RuntimeError):
        model.predict(ROWS)
    failed = [p for p in service.points("ml.inference.duration") if "error.type" in p.attributes]
    assert [len(point.attributes["error.type"]) for point in failed] == [MOST_TEXT]
    (span,) = (one for one in service.captured.spans() if service.name in one.name)
    assert len(span.attributes["error.type"]) == MOST_TEXT


@pytest.mark.parametrize("value", [LONG, [LONG, "b"], LONG.encode(), "half" + chr(0xD83D)])
def test_attributes_of_own_instruments_are_short(service, value):
    """Texts, lists of texts and whatever else is made a text: exported, once for equal ones, and no longer."""
    scores = otelml.get_meter(service.name).create_score_histogram("short.score")
    for _ in range(2):
        scores.record(0.5, {"tag": value})
    (point,) = select(service.captured.points(), "short.score")
    tag = point.attributes["tag"]
    assert point.count == 2
    assert all(len(text) <= MOST_TEXT for text in (tag if isinstance(tag, tuple | list) else [tag]))


def test_long_labels_stay_apart():
    """Labels that begin alike are different ones, and one label is always the same."""
    assert label_text(LONG + "a") != label_text(LONG + "b")
    assert label_text(LONG) == label_text(LONG.encode()) == shortened(LONG)
    assert label_text("x" * MOST_TEXT) == "x" * MOST_TEXT
