"""Thresholds: as given, tuned without fooling oneself, and found out when tuned on the same rows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_curve

from otelml.baseline import Baseline, BaselineError, BaselineWarning
from otelml.baseline.days import Days
from otelml.baseline.thresholds import Optimum, Scored, decide, f1_optimum

if TYPE_CHECKING:
    from baseline.conftest import Case

rows = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40).filter(
    lambda drawn: any(actual for _, actual in drawn)
)


@given(rows)
def test_no_threshold_has_a_higher_f1(drawn: list[tuple[int, bool]]) -> None:
    """The F1 of the optimum is the highest over all thresholds, as scikit-learn computes it."""
    scores, actual = np.array([x / 9 for x, _ in drawn]), np.array([y for _, y in drawn])
    best = f1_optimum(scores, actual)
    reached = f1_score(actual, scores >= best.threshold, zero_division=0)
    assert reached == pytest.approx(max(f1_score(actual, scores >= t, zero_division=0) for t in scores))
    assert best.low < best.threshold <= best.high


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_threshold_lies_in_its_interval(one: float, other: float) -> None:
    """However close two scores are, the threshold separates them."""
    low, high = min(one, other), max(one, other)
    if low < high:
        assert low < Optimum(low, high).threshold <= high


def noise(n_rows: int, seed: int = 0) -> Scored:
    """Draw scores that say nothing of the outcome, one positive row in ten."""
    rng = np.random.default_rng(seed)
    return Scored(rng.random(n_rows), rng.random(n_rows) < 0.1)


def test_tuning_is_cross_fitted() -> None:
    """On pure noise the cross-fitted F1 is that of guessing, while F1 on the same rows looks better."""
    honest, optimistic = [], []
    for seed in range(60):
        drawn = noise(60, seed)
        if not drawn.actual.any():
            continue
        decided = decide(drawn, "f1", None)
        honest.append(f1_score(drawn.actual, decided.predicted, zero_division=0))
        optimistic.append(f1_score(drawn.actual, drawn.scores >= decided.threshold, zero_division=0))
    guessing = 2 * 0.1 / 1.1
    assert np.mean(honest) < guessing + 0.02
    assert np.mean(optimistic) > guessing + 0.08


def test_each_row_is_decided_by_the_other_folds() -> None:
    """Changing a row's own label changes the threshold of every fold but its own."""
    drawn = noise(100)
    flipped = drawn.actual.copy()
    flipped[7] = not flipped[7]
    before, after = decide(drawn, "f1", None), decide(Scored(drawn.scores, flipped), "f1", None)
    own = np.arange(100) % 5 == 7 % 5
    assert before.predicted[own].tolist() == after.predicted[own].tolist()


def test_with_days_folds_are_blocks_of_days() -> None:
    """Changing a label changes no decision of its own block of days, either."""
    drawn = noise(400)
    days = Days.of(np.arange(400) * 86_400 // 20, 400)
    flipped = drawn.actual.copy()
    own = days.index // 4 == 2
    flipped[own] = ~flipped[own]
    before, after = decide(drawn, "f1", days), decide(Scored(drawn.scores, flipped), "f1", days)
    assert days.count == 20
    assert before.predicted[own].tolist() == after.predicted[own].tolist()
    assert before.predicted[~own].tolist() != after.predicted[~own].tolist()


def test_a_tuned_baseline_says_so(churn: Case) -> None:
    """The threshold is tuned on all rows, the cells are cross-fitted, and the source tells it."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, threshold="f1", positive_class="left")
    scores, actual = churn.model.predict_proba(churn.X)[:, 0], churn.y == "left"
    assert baseline.threshold == f1_optimum(scores, actual).threshold
    assert baseline.threshold_source == "f1"
    assert sum(baseline.cells.values()) == baseline.rows
    f1 = next(entry.value for entry in baseline.performance if entry.metric == "f1")
    assert f1 < f1_score(actual, scores >= baseline.threshold)


def test_a_threshold_tuned_on_the_same_rows_is_found_out(churn: Case) -> None:
    """The best threshold of scikit-learn's curve, given as a number, warns; one beside it does not."""
    scores, actual = churn.model.predict_proba(churn.X)[:, 0], churn.y == "left"
    precision, recall, thresholds = precision_recall_curve(actual, scores)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    tuned = float(thresholds[np.argmax(f1)])
    with pytest.warns(BaselineWarning, match="looks tuned on them"):
        Baseline.fit(churn.model, churn.X, churn.y, threshold=tuned, positive_class="left")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Baseline.fit(churn.model, churn.X, churn.y, threshold=tuned + 0.01, positive_class="left")


def test_the_default_is_never_suspected() -> None:
    """Half is what one takes without looking, also where it happens to be best."""
    assert not decide(Scored(np.array([0.1, 0.9]), np.array([False, True])), 0.5, None).fooled


@pytest.mark.parametrize("wrong", ["best", float("nan"), float("inf")])
def test_a_threshold_that_is_none_is_refused(churn: Case, wrong: Any) -> None:
    """Anything but a number, "f1" or None is refused."""
    with pytest.raises(BaselineError, match="give a number"):
        Baseline.fit(churn.model, churn.X, churn.y, threshold=wrong)


def test_nothing_can_be_tuned_on_one_class() -> None:
    """Without positive, or without negative rows, tuning is refused."""
    with pytest.raises(BaselineError, match="positive and negative rows"):
        decide(Scored(np.array([0.1, 0.2]), np.array([True, True])), "f1", None)


def test_thresholds_are_for_two_classes(digits: Case, diabetes: Case) -> None:
    """With more classes, or a number to predict, a threshold is refused."""
    for case in (digits, diabetes):
        with pytest.raises(BaselineError, match="leave threshold out"):
            Baseline.fit(case.model, case.X, case.y, threshold=0.5)
