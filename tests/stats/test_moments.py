"""Moments against numpy, and the laws of merging."""

from __future__ import annotations

import math
from functools import reduce

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.moments import Moments
from stats.strategies import anything, chunks, numbers


@given(st.lists(numbers, min_size=1, max_size=50))
def test_mean_and_variance_are_those_of_numpy(values: list[float]) -> None:
    """Mean and population variance equal numpy's, to what cancellation leaves."""
    moments = Moments.of(values)
    assert moments.mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    scale = float(np.mean(np.square(values)))
    assert moments.variance == pytest.approx(np.var(values), rel=1e-6, abs=1e-9 * scale + 1e-12)


@given(chunks(anything))
def test_chunking_is_invisible(pieces: list[list[float]]) -> None:
    """Merging per-chunk moments equals the moments of the whole."""
    pieces = [[x for x in piece if not abs(x) > 1e100] for piece in pieces]
    merged = reduce(Moments.merge, map(Moments.of, pieces), Moments())
    whole = Moments.of([x for piece in pieces for x in piece])
    assert merged.count == whole.count
    for sums in ("positive", "negative", "squared"):
        assert getattr(merged, sums) == pytest.approx(getattr(whole, sums), rel=1e-12)


@given(st.lists(numbers, max_size=50))
def test_every_sum_can_be_a_monotonic_counter(values: list[float]) -> None:
    """No sum is negative, and positive minus negative is the sum."""
    moments = Moments.of(values)
    assert min(moments.positive, moments.negative, moments.squared) >= 0
    assert math.copysign(1, moments.negative) == 1
    assert moments.positive - moments.negative == pytest.approx(np.sum(values), rel=1e-9, abs=1e-6)


def test_what_is_not_finite_is_left_out() -> None:
    """NaN and infinities are neither counted nor summed, in float32 too."""
    assert Moments.of(np.array([np.nan, np.inf, -np.inf, 2.0], dtype=np.float32)) == Moments(1, 2.0, 0.0, 4.0)


def test_an_empty_sample_has_no_mean() -> None:
    """Mean and variance of nothing are NaN, without a warning."""
    assert math.isnan(Moments.of([]).mean)
    assert math.isnan(Moments().variance)


def test_variance_is_never_negative() -> None:
    """Where all digits cancel the variance is 0 or above."""
    assert Moments.of(np.full(1001, 1e8 + 0.1)).variance >= 0
