"""What `fit` measures, against scikit-learn on the same rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn import metrics
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from otelml.baseline import Baseline, BaselineWarning
from otelml.prediction import Task
from otelml.stats.histogram import count_bins
from otelml.stats.intervals import f1_interval, wilson

if TYPE_CHECKING:
    from baseline.conftest import Case


def values(baseline: Baseline, window: str | None = None) -> dict[tuple[str, str | None], float]:
    """Read the performance as (metric, class) → value."""
    return {(entry.metric, entry.label): entry.value for entry in baseline.performance if entry.window == window}


def matrix(baseline: Baseline) -> list[list[int]]:
    """Read the cells as scikit-learn's matrix, actual by predicted."""
    return [[baseline.cells[predicted, actual] for predicted in baseline.classes] for actual in baseline.classes]


def test_binary_performance_is_that_of_scikit_learn(cancer: Case) -> None:
    """At the default threshold cells and every metric equal scikit-learn's."""
    baseline = Baseline.fit(cancer.model, cancer.X, cancer.y)
    predicted, scores = cancer.model.predict(cancer.X), cancer.model.predict_proba(cancer.X)[:, 1]
    assert matrix(baseline) == metrics.confusion_matrix(cancer.y, predicted).tolist()
    assert values(baseline) == pytest.approx(
        {
            ("precision", "1"): metrics.precision_score(cancer.y, predicted),
            ("recall", "1"): metrics.recall_score(cancer.y, predicted),
            ("f1", "1"): metrics.f1_score(cancer.y, predicted),
            ("precision_adjusted", "1"): metrics.precision_score(cancer.y, predicted),
            ("f1_adjusted", "1"): metrics.f1_score(cancer.y, predicted),
            ("accuracy", None): metrics.accuracy_score(cancer.y, predicted),
            ("roc_auc", "1"): metrics.roc_auc_score(cancer.y, scores),
            ("brier", "1"): metrics.brier_score_loss(cancer.y, scores),
        }
    )
    assert (baseline.task, baseline.classes, baseline.positive_class) == (Task.BINARY, ("0", "1"), "1")
    assert (baseline.threshold, baseline.threshold_source, baseline.rows) == (0.5, "default", len(cancer.y))
    assert baseline.prevalence == pytest.approx(cancer.y.mean())


def test_many_classes_perform_as_in_scikit_learn(digits: Case) -> None:
    """Accuracy and each class's precision, recall and F1 equal scikit-learn's."""
    baseline = Baseline.fit(digits.model, digits.X, digits.y)
    predicted = digits.model.predict(digits.X)
    assert matrix(baseline) == metrics.confusion_matrix(digits.y, predicted).tolist()
    per_class = metrics.precision_recall_fscore_support(digits.y, predicted)[:3]
    expected = {
        (metric, str(label)): value
        for metric, row in zip(("precision", "recall", "f1"), per_class, strict=True)
        for label, value in enumerate(row)
    }
    expected["accuracy", None] = metrics.accuracy_score(digits.y, predicted)
    assert values(baseline) == pytest.approx(expected)
    assert (baseline.task, baseline.threshold, baseline.prevalence) == (Task.MULTICLASS, None, None)


def test_regression_performs_as_in_scikit_learn(diabetes: Case) -> None:
    """MAE, RMSE and R² equal scikit-learn's; mean, deviation and bins are those of the predictions."""
    baseline = Baseline.fit(diabetes.model, diabetes.X, diabetes.y)
    predicted = diabetes.model.predict(diabetes.X)
    assert values(baseline) == pytest.approx(
        {
            ("mae", None): metrics.mean_absolute_error(diabetes.y, predicted),
            ("rmse", None): metrics.root_mean_squared_error(diabetes.y, predicted),
            ("r2", None): metrics.r2_score(diabetes.y, predicted),
        }
    )
    assert (baseline.value_mean, baseline.value_sd) == pytest.approx((predicted.mean(), predicted.std()))
    assert baseline.value_bounds is not None
    assert len(baseline.value_bounds) == 31
    assert baseline.value_counts == tuple(count_bins(predicted, np.array(baseline.value_bounds)).tolist())
    assert (baseline.task, baseline.classes, baseline.cells, baseline.score_bounds) == (
        Task.REGRESSION,
        (),
        {},
        None,
    )


def test_intervals_over_all_rows_are_binomial(churn: Case) -> None:
    """Without times the intervals are Wilson's and its relatives, and hold the value where there is one."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, threshold=0.4, positive_class="left")
    tp, fp = baseline.cells["left", "left"], baseline.cells["left", "stays"]
    fn, tn = baseline.cells["stays", "left"], baseline.cells["stays", "stays"]
    limits = {entry.metric: (entry.lower, entry.upper) for entry in baseline.performance}
    assert limits["precision"] == pytest.approx(wilson(tp, tp + fp), abs=1e-6)
    assert limits["recall"] == pytest.approx(wilson(tp, tp + fn), abs=1e-6)
    assert limits["accuracy"] == pytest.approx(wilson(tp + tn, 3000), abs=1e-6)
    assert limits["f1"] == pytest.approx(f1_interval(tp, fp, fn), abs=1e-6)
    assert limits["f1_adjusted"] == limits["precision_adjusted"] == (None, None)
    for entry in baseline.performance:
        assert entry.window is None
        assert entry.lower is None or entry.lower < entry.value < entry.upper


def test_scores_are_counted_by_actual_class(churn: Case) -> None:
    """Bounds are quantiles of both classes and the threshold; counts are numpy's, class by class."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, threshold=0.41, positive_class="left")
    scores = churn.model.predict_proba(churn.X)[:, 0]
    assert baseline.score_bounds is not None
    bounds = np.array(baseline.score_bounds)
    assert len(bounds) == 31
    assert 0.41 in baseline.score_bounds
    assert (np.diff(bounds) > 0).all()
    for label in ("left", "stays"):
        expected = np.bincount(np.searchsorted(bounds, scores[churn.y == label]), minlength=32)
        assert baseline.score_counts[label] == tuple(expected.tolist())
    assert (baseline.score_kind, baseline.value_bounds) == ("probability", None)


def test_tied_scores_share_their_bounds(churn: Case) -> None:
    """A model of few distinct scores has few bounds, none twice."""
    model = DecisionTreeClassifier(max_depth=2, random_state=0).fit(churn.X[:1500], churn.y[:1500])
    baseline = Baseline.fit(model, churn.X[1500:], churn.y[1500:])
    assert baseline.score_bounds is not None
    assert len(baseline.score_bounds) <= 9
    assert list(baseline.score_bounds) == sorted(set(baseline.score_bounds))


def test_the_positive_class_can_be_the_first(churn: Case) -> None:
    """Naming the first class turns scores and metrics round."""
    left = Baseline.fit(churn.model, churn.X, churn.y, positive_class="left")
    stays = Baseline.fit(churn.model, churn.X, churn.y)
    assert (left.positive_class, stays.positive_class) == ("left", "stays")
    assert left.prevalence == pytest.approx(1 - (stays.prevalence or 0))
    assert values(left)["roc_auc", "left"] == pytest.approx(values(stays)["roc_auc", "stays"])
    predicted = churn.model.predict(churn.X)
    assert values(left)["f1", "left"] == pytest.approx(metrics.f1_score(churn.y, predicted, pos_label="left"))


@pytest.mark.parametrize("positive_class", ["left", "stays"])
def test_margins_are_scores_and_values(churn: Case, positive_class: str) -> None:
    """A model of margins is cut at 0, ranked by them, and has no Brier score."""
    model = LinearSVC().fit(churn.X[:1500], churn.y[:1500])
    X, y = churn.X[1500:], churn.y[1500:]
    baseline = Baseline.fit(model, X, y, positive_class=positive_class)
    assert matrix(baseline) == metrics.confusion_matrix(y, model.predict(X)).tolist()
    area = metrics.roc_auc_score(y == "stays", model.decision_function(X))
    assert values(baseline)["roc_auc", positive_class] == pytest.approx(area)
    assert ("brier", positive_class) not in values(baseline)
    assert (baseline.score_kind, baseline.threshold) == ("margin", 0.0)
    margins = model.decision_function(X)
    assert (baseline.value_mean, baseline.value_sd) == pytest.approx((margins.mean(), margins.std()))
    assert baseline.value_counts == tuple(count_bins(margins, np.array(baseline.value_bounds)).tolist())


class LabelsAlone:
    """A model that answers labels and knows nothing else."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, X: Any) -> Any:
        """Answer labels."""
        return self.model.predict(X)


def test_labels_alone_have_cells_and_no_scores(churn: Case) -> None:
    """A model that answers labels alone has cells and F1, but no threshold, bins or area."""
    baseline = Baseline.fit(LabelsAlone(churn.model), churn.X, churn.y)
    predicted = churn.model.predict(churn.X)
    assert matrix(baseline) == metrics.confusion_matrix(churn.y, predicted).tolist()
    assert values(baseline)["f1", "stays"] == pytest.approx(metrics.f1_score(churn.y, predicted, pos_label="stays"))
    assert (baseline.threshold, baseline.score_bounds, baseline.score_counts) == (None, None, {})
    assert ("roc_auc", "stays") not in values(baseline)


class ProbabilitiesFromPredict(LabelsAlone):
    """What a booster is like: `predict` answers the probability of the second class."""

    def predict(self, X: Any) -> Any:
        """Answer probabilities."""
        return self.model.predict_proba(X)[:, 1]


def test_probabilities_from_predict_are_scores(churn: Case) -> None:
    """A booster's `predict` of 0 and 1 labels is a probability, not a regression."""
    truth = (churn.y == "stays").astype(int)
    baseline = Baseline.fit(ProbabilitiesFromPredict(churn.model), churn.X, truth)
    direct = Baseline.fit(churn.model, churn.X, churn.y)
    assert (baseline.task, baseline.classes) == (Task.BINARY, ("0", "1"))
    assert [entry.value for entry in baseline.performance] == [entry.value for entry in direct.performance]


def test_many_margins_choose_as_the_model_does(digits: Case) -> None:
    """With margins of many classes the choice is the model's own, which need not be the highest."""
    model = SVC(kernel="linear").fit(digits.X[:400], digits.y[:400])
    baseline = Baseline.fit(model, digits.X[400:], digits.y[400:])
    predicted = model.predict(digits.X[400:])
    assert values(baseline)["accuracy", None] == pytest.approx(metrics.accuracy_score(digits.y[400:], predicted))


def test_margins_of_pairs_have_cells_and_no_scores(digits: Case) -> None:
    """A model that answers a margin a pair of classes is measured by its labels."""
    model = SVC(kernel="linear", decision_function_shape="ovo").fit(digits.X[:400], digits.y[:400])
    baseline = Baseline.fit(model, digits.X[400:], digits.y[400:])
    assert matrix(baseline) == metrics.confusion_matrix(digits.y[400:], model.predict(digits.X[400:])).tolist()
    assert (baseline.score_bounds, baseline.value_bounds) == (None, None)


def test_beyond_twenty_classes_only_what_is_there_is_kept() -> None:
    """With 30 classes empty cells and per-class metrics are left out."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 30, 900)
    X = truth[:, None] + rng.normal(0, 0.5, (900, 1))
    model = DecisionTreeClassifier(random_state=0).fit(X[:450], truth[:450])
    baseline = Baseline.fit(model, X[450:], truth[450:])
    assert {entry.metric for entry in baseline.performance} == {"accuracy"}
    assert sum(baseline.cells.values()) == 450
    assert all(baseline.cells.values())


def test_few_positives_are_said(cancer: Case) -> None:
    """Fewer than 200 positive rows warn, with the number."""
    with pytest.warns(BaselineWarning, match="60 rows of the positive class '1' are few"):
        Baseline.fit(cancer.model, cancer.X[cancer.y == 1][:60], cancer.y[cancer.y == 1][:60])


def test_rows_of_one_class_leave_out_what_is_undefined(cancer: Case) -> None:
    """Without negative rows there is no area and no adjusted value, and the rest is there."""
    positive = cancer.y == 1
    baseline = Baseline.fit(cancer.model, cancer.X[positive], cancer.y[positive])
    assert {metric for metric, _ in values(baseline)} == {"precision", "recall", "f1", "accuracy", "brier"}
    assert baseline.prevalence == 1.0


def test_a_constant_prediction_has_nothing_to_standardise_by(diabetes: Case) -> None:
    """Predictions that do not vary have no mean and deviation, so nobody divides by zero."""

    class Constant:
        def predict(self, X: Any) -> Any:
            return np.full(len(X), 0.1)

    baseline = Baseline.fit(Constant(), diabetes.X, diabetes.y)
    assert (baseline.value_mean, baseline.value_sd, baseline.value_bounds) == (None, None, (0.1,))


def test_the_model_is_asked_once(churn: Case) -> None:
    """Probabilities take one call for all rows, whatever is measured."""

    class Counting(LabelsAlone):
        classes_ = churn.model.classes_
        calls = 0

        def predict_proba(self, X: Any) -> Any:
            self.calls += 1
            return self.model.predict_proba(X)

    model = Counting(churn.model)
    Baseline.fit(model, churn.X, churn.y, threshold="f1", time=np.arange(3000) * 900)
    assert model.calls == 1


def test_forest_scores_tied_at_the_threshold_are_positive(churn: Case) -> None:
    """A row whose score is the threshold is called positive."""
    model = RandomForestClassifier(10, max_depth=3, random_state=0).fit(churn.X[:1500], churn.y[:1500])
    scores = model.predict_proba(churn.X)[:, 1]
    threshold = float(np.sort(scores)[1700])
    baseline = Baseline.fit(model, churn.X, churn.y, threshold=threshold)
    called = sum(count for (predicted, _), count in baseline.cells.items() if predicted == "stays")
    assert called == np.count_nonzero(scores >= threshold)
