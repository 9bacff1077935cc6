"""Areas under the ROC curve against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from otelml.stats.histogram import bin_index, count_bins
from otelml.stats.ranking import auc_from_bins, auc_interval, auc_standard_error, roc_auc

rows = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=60).filter(
    lambda drawn: len({actual for _, actual in drawn}) == 2
)


@given(rows)
def test_area_is_that_of_scikit_learn(drawn: list[tuple[int, bool]]) -> None:
    """The exact area equals scikit-learn's, however many scores are tied."""
    scores, actual = np.array([x for x, _ in drawn]), np.array([y for _, y in drawn])
    assert roc_auc(scores, actual) == pytest.approx(roc_auc_score(actual, scores))


@given(rows)
def test_bins_that_are_the_scores_lose_nothing(drawn: list[tuple[int, bool]]) -> None:
    """With one bin a score the area from counts is exact."""
    scores, actual = np.array([float(x) for x, _ in drawn]), np.array([y for _, y in drawn])
    edges = np.arange(8.0)
    area = auc_from_bins(count_bins(scores[actual], edges), count_bins(scores[~actual], edges))
    assert area == pytest.approx(roc_auc_score(actual, scores))


@given(rows)
def test_area_from_bins_is_the_area_of_the_bins(drawn: list[tuple[int, bool]]) -> None:
    """Coarse bins give the area that the positions of the bins have as scores."""
    scores, actual = np.array([x for x, _ in drawn]), np.array([y for _, y in drawn])
    edges = np.array([1.5, 4.0, 6.5])
    area = auc_from_bins(count_bins(scores[actual], edges), count_bins(scores[~actual], edges))
    assert area == pytest.approx(roc_auc_score(actual, bin_index(scores, edges)))


def test_leading_dimensions_are_kept() -> None:
    """A stack of counts gives a stack of areas, the same as one by one."""
    counts = np.random.default_rng(0).integers(1, 50, (2, 5, 12))
    areas = auc_from_bins(counts[0], counts[1])
    assert areas.tolist() == [float(auc_from_bins(p, n)) for p, n in zip(counts[0], counts[1], strict=True)]


def test_one_class_has_no_area() -> None:
    """Without positives, or without negatives, the area is NaN, without a warning."""
    scores = np.array([0.1, 0.2])
    assert math.isnan(roc_auc(scores, np.array([True, True])))
    assert math.isnan(roc_auc(scores, np.array([False, False])))
    assert np.isnan(auc_from_bins([[0, 0]], [[1, 1]])).all()
    assert all(map(math.isnan, auc_interval(math.nan, 0, 5)))


def test_interval_covers_the_true_area() -> None:
    """In 95 of 100 samples of independent rows, about, the interval holds the area of the population."""
    rng = np.random.default_rng(3)
    true_area, covered = (
        0.7602,
        0,
    )  # of two normal distributions one standard deviation apart: Phi(1 / sqrt(2))
    for _ in range(400):
        scores = np.concatenate([rng.normal(1, 1, 60), rng.normal(0, 1, 80)])
        area = roc_auc(scores, np.arange(140) < 60)
        low, high = auc_interval(area, 60, 80)
        covered += low <= true_area <= high
    assert 0.91 < covered / 400 < 0.99


def test_a_perfect_ranking_has_no_error() -> None:
    """The standard error of a perfect ranking is 0 and its interval stays within [0, 1]."""
    assert auc_standard_error(1.0, 10, 10) == 0
    assert auc_interval(0.98, 5, 5)[1] == 1.0
