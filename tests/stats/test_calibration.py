"""Scores of probabilities against scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from otelml.stats.calibration import brier, expected_calibration_error, log_loss
from otelml.stats.histogram import count_bins

RNG = np.random.default_rng(0)
SCORES = RNG.random(2000)
ACTUAL = RNG.random(2000) < SCORES**1.3


def test_brier_is_that_of_scikit_learn() -> None:
    """The Brier score equals scikit-learn's."""
    assert brier(SCORES, ACTUAL) == pytest.approx(metrics.brier_score_loss(ACTUAL, SCORES))


def test_log_loss_is_that_of_scikit_learn() -> None:
    """The log loss equals scikit-learn's."""
    assert log_loss(SCORES, ACTUAL) == pytest.approx(metrics.log_loss(ACTUAL, SCORES))


def test_a_confident_mistake_costs_a_finite_loss() -> None:
    """Probabilities of 0 and 1 that were wrong cost what the clipping says."""
    assert log_loss(np.array([0.0]), np.array([1])) == pytest.approx(-math.log(1e-15))
    assert log_loss(np.array([1.0]), np.array([0]), epsilon=1e-3) == pytest.approx(-math.log(1e-3))


@given(st.integers(1, 40))
def test_calibration_error_is_the_weighted_mean_of_the_distances(n_bounds: int) -> None:
    """The error from sums equals the definition: share of rows times distance, bin by bin."""
    edges = np.linspace(0, 1, n_bounds)
    index = np.searchsorted(edges, SCORES)
    expected = 0.0
    for position in np.unique(index):
        held = index == position
        expected += held.mean() * abs(ACTUAL[held].mean() - SCORES[held].mean())
    sums = np.bincount(index, weights=SCORES, minlength=n_bounds + 1)
    error = expected_calibration_error(count_bins(SCORES, edges), count_bins(SCORES[ACTUAL], edges), sums)
    assert error == pytest.approx(expected)


def test_no_rows_have_no_loss() -> None:
    """Of nothing each is NaN, without a warning."""
    nothing = np.array([])
    assert math.isnan(brier(nothing, nothing))
    assert math.isnan(log_loss(nothing, nothing))
    assert np.isnan(expected_calibration_error([0, 0], [0, 0], [0.0, 0.0]))
