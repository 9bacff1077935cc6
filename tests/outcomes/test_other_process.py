"""Outcomes that come to a process which never saw the model predict: judged as where it did."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import capture, total

PREDICTS = """
import sys
import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression
import otelml
kind, path = sys.argv[1:]
rows = np.linspace(-1, 1, 40).reshape(-1, 1)
model = LinearRegression() if kind == "regression" else LogisticRegression()
otelml.instrument(outcome_store=f"sqlite:///{path}")
otelml.identify(model.fit(rows, rows[:, 0] if kind == "regression" else rows[:, 0] > 0.5), name=f"far-{kind}")
with otelml.predictions(ids=range(40)):
    (model.predict if kind == "regression" else model.predict_proba)(rows)
otelml.uninstrument()
"""


@pytest.fixture(params=["binary", "regression"])
def far(request, tmp_path):
    """Predict in a process of its own, and give the kind of model and the store."""
    path = str(tmp_path / "outcomes.sqlite")
    subprocess.run([sys.executable, "-c", PREDICTS, request.param, path], check=True)  # noqa: S603 -- ours
    return request.param, f"sqlite:///{path}"


def test_outcomes_are_judged_where_they_come(far):
    """Cells, losses and scores by bin are those that the predicting process would have counted."""
    kind, store = far
    rows = np.linspace(-1, 1, 40).reshape(-1, 1)
    actual = rows[:, 0] if kind == "regression" else (rows[:, 0] > 0).astype(int)
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=store)
        try:
            otelml.record_outcomes(range(40), actual)
            captured.points()
            points = captured.points()
        finally:
            otelml.uninstrument()
    assert total(points, "ml.outcomes").last == 40
    if kind == "regression":
        assert total(points, "ml.outcome.loss", {"ml.loss": "squared"}).last == 40
        return
    scores = LogisticRegression().fit(rows, rows[:, 0] > 0.5).predict_proba(rows)[:, 1]
    brier = total(points, "ml.outcome.loss", {"ml.loss": "brier"}, read=lambda point: point.sum).last
    assert brier == pytest.approx(((scores - actual) ** 2).sum())
    assert total(points, "ml.outcome.score.values", {"ml.actual": "1"}).last == actual.sum()
    for predicted in (0, 1):
        for true in (0, 1):
            labels = {"ml.predicted": str(predicted), "ml.actual": str(true), "ml.correct": predicted == true}
            expected = ((scores >= 0.5) == predicted) & (actual == true)
            assert total(points, "ml.outcomes", labels).last == expected.sum()


def test_labels_that_are_no_class_are_not_told(far):
    """A label that is none of the model's classes is `other`, also where the model never predicted."""
    kind, store = far
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=store)
        try:
            otelml.record_outcomes(range(2), ["jane.doe@example.org", "1"])
            points = captured.points() + captured.points()
        finally:
            otelml.uninstrument()
    assert "jane.doe" not in str(points)
    if kind == "binary":
        assert total(points, "ml.outcomes", {"ml.actual": "other"}).last == 1
