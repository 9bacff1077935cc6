"""What a model answers, counted: numpy and scikit-learn count the same."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.svm import LinearSVC

import otelml
from otelml.telemetry.names import SCORE_BOUNDS


def binned(values, bounds):
    """Count values in bins that hold their upper bound, as OTLP's do."""
    return np.bincount(np.searchsorted(bounds, values, side="left"), minlength=len(bounds) + 1)


def test_binary_scores(service, cancer):
    """The score is that of the positive class alone; bins, squares and classes at the threshold are exact."""
    model, rows, _ = cancer
    scores = otelml.identify(model, name=service.name).predict_proba(rows)[:, 1]
    bounds, counts = service.counts("ml.prediction.score", **{"class": "1"})
    assert tuple(bounds) == SCORE_BOUNDS
    assert counts.tolist() == binned(scores, bounds).tolist()
    assert service.points("ml.prediction.score", **{"class": "0"}) == []
    assert service.sum("ml.prediction.score.squares") == pytest.approx((scores**2).sum())
    assert service.by("ml.predictions", "class") == {("1",): (scores >= 0.5).sum(), ("0",): (scores < 0.5).sum()}


def test_the_positive_class_and_the_threshold_are_the_users(service, cancer):
    """With a positive class and a threshold of one's own, score and classes follow them."""
    model, rows, _ = cancer
    otelml.identify(model, name=service.name, positive_class=0, threshold=0.2)
    scores = model.predict_proba(rows)[:, 0]
    bounds, counts = service.counts("ml.prediction.score", **{"class": "0"})
    assert counts.tolist() == binned(scores, bounds).tolist()
    assert service.by("ml.predictions", "class") == {("0",): (scores >= 0.2).sum(), ("1",): (scores < 0.2).sum()}


def test_multi_class_scores(service, digits):
    """Each class has its histogram; predictions are those of the largest probability."""
    model, rows, _ = digits
    scores = otelml.identify(model, name=service.name).predict_proba(rows)
    for column in range(10):
        bounds, counts = service.counts("ml.prediction.score", **{"class": str(column)})
        assert counts.tolist() == binned(scores[:, column], bounds).tolist()
    chosen = Counter(scores.argmax(axis=1).tolist())
    assert service.by("ml.predictions", "class") == {(str(label),): n for label, n in chosen.items()}


def test_log_probabilities_are_probabilities(service, cancer):
    """`predict_log_proba` fills the same histogram."""
    model, rows, _ = cancer
    scores = np.exp(otelml.identify(model, name=service.name).predict_log_proba(rows)[:, 1])
    bounds, counts = service.counts("ml.prediction.score")
    assert counts.tolist() == binned(scores, bounds).tolist()


def test_labels(service, digits):
    """`predict` of a classifier counts classes, and has no score."""
    model, rows, _ = digits
    labels = otelml.identify(model, name=service.name).predict(rows)
    assert service.by("ml.predictions", "class") == {(str(label),): n for label, n in Counter(labels.tolist()).items()}
    assert service.points("ml.prediction.score") == []


def test_margins(service, cancer):
    """A margin is a value; the class is its sign."""
    _, rows, labels = cancer
    model = LinearSVC(dual=False).fit(rows, labels)
    margins = otelml.identify(model, name=service.name).decision_function(rows)
    bounds, counts = service.counts("ml.prediction.value")
    assert counts.tolist() == binned(margins, bounds).tolist()
    assert service.by("ml.predictions", "class") == {("1",): (margins > 0).sum(), ("0",): (margins <= 0).sum()}
    moments = service.by("ml.prediction.value.moment", "moment")
    assert moments["positive",] - moments["negative",] == pytest.approx(margins.sum())


def test_regressions(service, diabetes):
    """Values fill a histogram without a sum; the moments give mean and variance."""
    model, rows, _ = diabetes
    values = otelml.identify(model, name=service.name).predict(rows)
    bounds, counts = service.counts("ml.prediction.value")
    assert counts.tolist() == binned(values, bounds).tolist()
    assert {point.sum for point in service.points("ml.prediction.value")} == {None}
    moments = service.by("ml.prediction.value.moment", "moment")
    mean = (moments["positive",] - moments["negative",]) / len(values)
    assert mean == pytest.approx(values.mean())
    assert moments["squared",] / len(values) - mean**2 == pytest.approx(values.var())


def test_a_baseline_brings_its_own_bins_and_scale(service, diabetes):
    """With a baseline, values are binned by its quantiles and standardised by its mean and deviation."""
    model, rows, truth = diabetes
    baseline = otelml.Baseline.fit(model, rows[:150], truth[:150])
    otelml.identify(model, name=service.name, baseline=baseline)
    values = model.predict(rows[150:])
    bounds, counts = service.counts("ml.prediction.value", baseline_id=baseline.id)
    assert tuple(bounds) == baseline.value_bounds
    assert counts.tolist() == binned(values, bounds).tolist()
    z = (values - baseline.value_mean) / baseline.value_sd
    moments = service.by("ml.prediction.value.moment", "moment", baseline_id=baseline.id)
    assert moments["squared",] == pytest.approx((z**2).sum())
    assert moments["positive",] - moments["negative",] == pytest.approx(z.sum())


def test_a_baselines_threshold_decides(service, cancer):
    """Without a threshold of the user's, the baseline's is in force, and its bins are the score's."""
    model, rows, labels = cancer
    with pytest.warns(otelml.baseline.BaselineWarning):
        baseline = otelml.Baseline.fit(model, rows[:200], labels[:200], threshold=0.8)
    otelml.identify(model, name=service.name, baseline=baseline)
    scores = model.predict_proba(rows[200:])[:, 1]
    assert service.sum("ml.predictions", **{"class": "1"}) == (scores >= 0.8).sum()
    bounds, _ = service.counts("ml.prediction.score", baseline_id=baseline.id)
    assert tuple(bounds) == baseline.score_bounds
    assert 0.8 in bounds


def test_what_training_was_like_is_told(service, cancer):
    """The baseline's cells and performance are gauges of the model that has it."""
    model, rows, labels = cancer
    baseline = otelml.Baseline.fit(model, rows, labels)
    otelml.identify(model, name=service.name, baseline=baseline).predict(rows[:1])
    for (predicted, actual), count in baseline.cells.items():
        assert service.gauge("ml.baseline.cells", predicted=predicted, actual=actual) == count
    (f1,) = [one for one in baseline.performance if (one.metric, one.window) == ("f1", None)]
    told = {bound: service.gauge("ml.baseline.performance", metric="f1", bound=bound) for bound in ("value", "lower")}
    assert told == {"value": f1.value, "lower": f1.lower}
