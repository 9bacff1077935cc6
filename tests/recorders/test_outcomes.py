"""Whether a model was right, counted: scikit-learn's metrics follow from the counts."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

import otelml
from recorders.conftest import DAY


def judged(service, model, rows, actuals, operation="predict_proba"):
    """Predict, and record the actual outcomes at once; returns the answers."""
    otelml.identify(model, name=service.name)
    with otelml.predictions(ids=range(len(rows))):
        answer = getattr(model, operation)(rows)
    otelml.record_outcomes(range(len(rows)), actuals)
    return answer


def losses(service, loss):
    """Mean of a loss, as sum and count tell it."""
    points = service.points("ml.outcome.loss", loss=loss)
    return sum(point.sum for point in points) / sum(point.count for point in points)


def test_binary_cells_equal_the_confusion_matrix(service, cancer):
    """`ml.outcomes` by predicted and actual label is scikit-learn's confusion matrix."""
    model, rows, labels = cancer
    scores = judged(service, model, rows, labels)[:, 1]
    matrix = metrics.confusion_matrix(labels, scores >= 0.5)
    cells = service.by("ml.outcomes", "predicted", "actual", "correct")
    expected = {(str(p), str(a), p == a): matrix[a, p] for a in (0, 1) for p in (0, 1)}
    assert cells == {cell: count for cell, count in expected.items() if count}


def test_multi_class_cells_equal_the_confusion_matrix(service, digits):
    """So it is with ten classes."""
    model, rows, labels = digits
    predicted = judged(service, model, rows, labels, "predict")
    matrix = metrics.confusion_matrix(labels, predicted)
    cells = service.by("ml.outcomes", "predicted", "actual")
    assert cells == {(str(p), str(a)): matrix[a, p] for a in range(10) for p in range(10) if matrix[a, p]}


def test_binary_losses_equal_scikit_learns(service, cancer):
    """Brier score and log loss follow from sums and counts."""
    model, rows, labels = cancer
    scores = judged(service, model, rows, labels)[:, 1]
    assert losses(service, "brier") == pytest.approx(metrics.brier_score_loss(labels, scores))
    assert losses(service, "log") == pytest.approx(metrics.log_loss(labels, scores), rel=1e-6)


def test_regression_losses_equal_scikit_learns(service, diabetes):
    """So do mean squared and absolute error, and the bias."""
    model, rows, truth = diabetes
    values = judged(service, model, rows, truth, "predict")
    assert service.sum("ml.outcomes") == len(truth)
    assert losses(service, "squared") == pytest.approx(metrics.mean_squared_error(truth, values))
    assert losses(service, "absolute") == pytest.approx(metrics.mean_absolute_error(truth, values))
    assert losses(service, "over") - losses(service, "under") == pytest.approx((values - truth).mean())


def test_area_and_calibration_follow_from_the_bins(service, cancer):
    """AUC from counts by bin is scikit-learn's within half a percent; sums by bin give the mean score."""
    model, rows, labels = cancer
    scores = judged(service, model, rows, labels)[:, 1]
    positives = service.by("ml.outcome.score.values", "bin", actual="1")
    negatives = service.by("ml.outcome.score.values", "bin", actual="0")
    below = service.by("ml.outcome.score.below", "bin", actual="0")
    wins = sum(count * (below.get(b, 0) - negatives.get(b, 0) / 2) for b, count in _with_below(positives, below))
    area = wins / (sum(positives.values()) * sum(negatives.values()))
    assert area == pytest.approx(metrics.roc_auc_score(labels, scores), rel=0.005)
    assert sum(positives.values()) == (labels == 1).sum()
    assert service.sum("ml.outcome.score.sum") == pytest.approx(scores.sum())


def _with_below(positives, below):
    """Carry counts below on to bins that nothing was added to: deltas leave out what did not change."""
    last = 0
    for key in sorted({*positives, *below}):
        last = below.setdefault(key, last)
        yield key, positives.get(key, 0)


def test_labels_that_are_none_of_the_classes_are_other(service, cancer):
    """A label that the model cannot say counts as `other`, and is not told."""
    model, rows, _ = cancer
    judged(service, model, rows[:3], [1, "jane.doe@example.org", "no idea"])
    assert service.sum("ml.outcomes", actual="other", correct=False) == 2
    assert {point.attributes["ml.actual"] for point in service.points("ml.outcomes")} == {"1", "other"}


def test_an_outcome_that_is_no_number_is_invalid_for_a_regression(service, diabetes):
    """It is rejected under the model's name, and the others are judged."""
    model, rows, _ = diabetes
    judged(service, model, rows[:3], [100.0, "many", 90], "predict")
    assert service.sum("ml.outcomes") == 2
    assert service.sum("ml.outcome.rejections", reason="invalid") == 1


def gauges(service, metric, /, window="P1D", **attributes):
    """Value and interval of a performance gauge."""
    return [service.gauge("ml.performance", metric=metric, window=window, bound=b, **attributes)
            for b in ("value", "lower", "upper")]  # fmt: skip


def test_performance_of_the_cohort_equals_scikit_learns(service, cancer):
    """Once the cohort is at its horizon: precision, recall, F1, accuracy as scikit-learn has them, AUC from bins."""
    model, rows, labels = cancer
    scores = judged(service, model, rows, labels)[:, 1]
    assert gauges(service, "f1") == [None] * 3
    service.clock.advance(3_700)
    predicted = scores >= 0.5
    for metric, expected in (
        ("precision", metrics.precision_score(labels, predicted)),
        ("recall", metrics.recall_score(labels, predicted)),
        ("f1", metrics.f1_score(labels, predicted)),
        ("accuracy", metrics.accuracy_score(labels, predicted)),
    ):
        value, lower, upper = gauges(service, metric)
        assert value == pytest.approx(expected)
        assert lower < value < upper
    area, lower, upper = gauges(service, "roc_auc", **{"class": "1"})
    assert area == pytest.approx(metrics.roc_auc_score(labels, scores), rel=0.005)
    assert lower < area < upper


def test_performance_of_many_classes_is_by_class(service, digits):
    """Precision, recall and F1 have a class each."""
    model, rows, labels = digits
    predicted = judged(service, model, rows, labels, "predict")
    service.clock.advance(3_700)
    expected = metrics.f1_score(labels, predicted, average=None)
    told = [gauges(service, "f1", **{"class": str(label)})[0] for label in range(10)]
    assert told == pytest.approx(list(expected))


def test_performance_of_a_regression_equals_scikit_learns(service, diabetes):
    """MAE, RMSE and R² over the window."""
    model, rows, truth = diabetes
    values = judged(service, model, rows, truth, "predict")
    service.clock.advance(3_700)
    assert gauges(service, "mae")[0] == pytest.approx(metrics.mean_absolute_error(truth, values))
    assert gauges(service, "rmse")[0] == pytest.approx(metrics.root_mean_squared_error(truth, values))
    assert gauges(service, "r2")[0] == pytest.approx(metrics.r2_score(truth, values))


def test_windows_forget(service, cancer):
    """After a day the day's window is left out, and the week's still holds."""
    model, rows, labels = cancer
    judged(service, model, rows, labels)
    service.clock.advance(3_700)
    value = gauges(service, "accuracy")[0]
    service.clock.advance(1.2 * DAY)
    assert gauges(service, "accuracy") == [None] * 3
    assert gauges(service, "accuracy", window="P7D")[0] == value
    service.clock.advance(30 * DAY)
    assert gauges(service, "accuracy", window="P28D") == [None] * 3


def test_predictions_without_a_label_are_no_errors(service, cancer):
    """Performance is of those whose label came in time; the cohort tells how many did not."""
    model, rows, labels = cancer
    otelml.identify(model, name=service.name)
    with otelml.predictions(ids=range(len(rows))):
        predicted = model.predict(rows)
    half = len(rows) // 2
    otelml.record_outcomes(range(half), labels[:half])
    service.clock.advance(3_700)
    assert gauges(service, "accuracy")[0] == pytest.approx(np.mean(predicted[:half] == labels[:half]))
    assert service.sum("ml.outcome.cohort", actual="none") == len(rows) - half
    assert service.sum("ml.outcome.cohort") == len(rows)
