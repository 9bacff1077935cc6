"""Confusion matrices against scikit-learn, and their arithmetic at another base rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from otelml.stats.confusion import Confusion, count_cells, multiclass_accuracy, one_vs_rest
from stats.strategies import confusions

NAMES = ("precision", "recall", "f1", "accuracy", "prevalence", "tpr", "fpr")


def rows(n_classes: int, n_rows: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """Draw what was predicted and what happened, mostly alike."""
    rng = np.random.default_rng(n_classes)
    actual = rng.integers(0, n_classes, n_rows)
    predicted = np.where(rng.random(n_rows) < 0.7, actual, rng.integers(0, n_classes, n_rows))
    return predicted, actual


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    """Precision, recall, F1, accuracy and the rates equal scikit-learn's."""
    predicted, actual = rows(2)
    tn, fp, fn, tp = metrics.confusion_matrix(actual, predicted).ravel()
    confusion = Confusion(tp, fp, fn, tn)
    assert confusion.precision == pytest.approx(metrics.precision_score(actual, predicted))
    assert confusion.recall == pytest.approx(metrics.recall_score(actual, predicted))
    assert confusion.f1 == pytest.approx(metrics.f1_score(actual, predicted))
    assert confusion.accuracy == pytest.approx(metrics.accuracy_score(actual, predicted))
    assert confusion.tpr == pytest.approx(metrics.recall_score(actual, predicted))
    assert confusion.fpr == pytest.approx(1 - metrics.recall_score(actual, predicted, pos_label=0))
    assert confusion.prevalence == pytest.approx(actual.mean())


def test_classes_against_the_rest_are_those_of_scikit_learn() -> None:
    """Per-class metrics and accuracy of many classes equal scikit-learn's."""
    predicted, actual = rows(5)
    cells = count_cells(predicted, actual, 5)
    assert cells.T.tolist() == metrics.confusion_matrix(actual, predicted).tolist()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(actual, predicted)
    per_class = one_vs_rest(cells)
    np.testing.assert_allclose(per_class.precision, precision)
    np.testing.assert_allclose(per_class.recall, recall)
    np.testing.assert_allclose(per_class.f1, f1)
    assert per_class.total.tolist() == [500.0] * 5
    assert multiclass_accuracy(cells) == pytest.approx(metrics.accuracy_score(actual, predicted))


@given(st.lists(confusions(), min_size=1, max_size=10))
def test_arrays_are_many_single_matrices(drawn: list[list[int]]) -> None:
    """A stack of matrices gives what each gives alone, NaN included, and warns of nothing."""
    stacked = Confusion(*np.array(drawn, dtype=np.float64).T)
    singles = [Confusion(*map(float, counts)) for counts in drawn]
    for name in NAMES:
        np.testing.assert_array_equal(getattr(stacked, name), [getattr(single, name) for single in singles])
    np.testing.assert_array_equal(stacked.adjusted_f1(0.2), [single.adjusted_f1(0.2) for single in singles])
    np.testing.assert_array_equal(
        stacked.adjusted_precision(0.2), [single.adjusted_precision(0.2) for single in singles]
    )


@given(st.lists(st.integers(1, 1000), min_size=4, max_size=4))
def test_adjusting_to_its_own_base_rate_changes_nothing(drawn: list[int]) -> None:
    """At the sample's own prevalence the adjusted values are the plain ones."""
    confusion = Confusion(*map(float, drawn))
    assert confusion.adjusted_precision(confusion.prevalence) == pytest.approx(confusion.precision)
    assert confusion.adjusted_f1(confusion.prevalence) == pytest.approx(confusion.f1)


@given(st.lists(st.integers(1, 1000), min_size=4, max_size=4), st.integers(2, 50))
def test_adjusting_undoes_a_change_of_the_base_rate(drawn: list[int], times: int) -> None:
    """Where only the base rate changes, the adjusted values do not."""
    tp, fp, fn, tn = map(float, drawn)
    before, after = Confusion(tp, fp, fn, tn), Confusion(tp * times, fp, fn * times, tn)
    assert after.precision > before.precision
    assert after.adjusted_precision(before.prevalence) == pytest.approx(before.precision)
    assert after.adjusted_f1(before.prevalence) == pytest.approx(before.f1)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_by_nothing_is_nan(name: str) -> None:
    """An empty matrix has no metric, and asking for one warns of nothing."""
    assert math.isnan(getattr(Confusion(0.0, 0.0, 0.0, 0.0), name))
    assert np.isnan(getattr(Confusion(*np.zeros((4, 2))), name)).all()


def test_leading_dimensions_are_kept() -> None:
    """A stack of cell matrices gives a stack of per-class matrices."""
    cells = np.random.default_rng(0).integers(0, 50, (6, 7, 3, 3))
    assert one_vs_rest(cells).f1.shape == (6, 7, 3)
    assert multiclass_accuracy(cells).shape == (6, 7)
    assert one_vs_rest(cells[2, 4]).f1.tolist() == one_vs_rest(cells).f1[2, 4].tolist()


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60), st.integers(0, 60))
def test_cells_add_up(pairs: list[tuple[int, int]], cut: int) -> None:
    """Cells of two parts are the cells of the whole."""
    predicted, actual = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    whole = count_cells(predicted, actual, 4)
    parts = count_cells(predicted[:cut], actual[:cut], 4) + count_cells(predicted[cut:], actual[cut:], 4)
    assert whole.tolist() == parts.tolist()
