"""Edges against numpy's percentiles: between values, of few digits, and outside of what was seen."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.quantiles import MOST, between, frequent_values, outer_edges, quantile_edges
from stats.strategies import Array, numbers, peculiar

finite = (numbers | st.floats(allow_nan=False, allow_infinity=False) | peculiar).filter(math.isfinite)


def digits(number: float) -> int:
    """How many significant digits a number is written with."""
    return len(repr(number).lower().split("e")[0].replace(".", "").strip("-0")) or 1


@given(finite, finite)
def test_an_edge_lies_between(one: float, other: float) -> None:
    """The edge is strictly between two numbers, or the lower one where none is."""
    low, high = min(one, other), max(one, other)
    edge = between(low, high)
    assert low < edge < high if math.nextafter(low, math.inf) < high else edge == low


@given(st.integers(-9_999, 9_999), st.integers(-9_999, 9_999), st.integers(-8, 8))
def test_an_edge_has_no_more_digits_than_it_needs(one: int, other: int, exponent: int) -> None:
    """Between numbers of four digits five are enough, and the shortest in the middle half is taken."""
    low, high = (float(f"{number}e{exponent}") for number in (min(one, other), max(one, other)))
    edge = between(low, high)
    middle = low + (high - low) / 2
    assert digits(edge) <= 5
    assert abs(edge - middle) <= (high - low) / 4
    shorter = (float(f"{middle:.{fewer}g}") for fewer in range(1, digits(edge)))
    assert all(abs(number - middle) > (high - low) / 4 for number in shorter)


@given(st.integers(-999_999, 999_999), st.integers(-999_999, 999_999), st.integers(-8, 8))
def test_an_edge_cuts_alike_in_single_precision(one: int, other: int, exponent: int) -> None:
    """Numbers of six digits stay on their sides of the edge when single precision rounds them."""
    low, high = (float(f"{number}e{exponent}") for number in (min(one, other), max(one, other)))
    if low < high:
        assert np.float32(low) <= between(low, high) < np.float32(high)


def test_values_that_come_often_are_found() -> None:
    """More often than asked, not as often."""
    values, counts = np.array([-999.0, 0.0, 1.5]), np.array([30, 31, 29])
    assert frequent_values(values, counts, 29.5).tolist() == [-999.0, 0.0]
    assert frequent_values(values, counts, 30).tolist() == [0.0]


@pytest.mark.parametrize("n_rows", [10, 97, 1_000, 54_321])
@pytest.mark.parametrize("ranges", [1, 2, 7, 10])
def test_edges_are_numpys_percentiles(n_rows: int, ranges: int) -> None:
    """Of different numbers each edge is between the two around numpy's percentile, and parts differ by a row."""
    rows = np.sort(np.random.default_rng(0).normal(size=n_rows))
    edges = quantile_edges(rows, np.ones(n_rows, dtype=np.intp), ranges)
    assert len(edges) == ranges - 1
    percentiles = np.percentile(rows, [100 * part / ranges for part in range(1, ranges)])
    assert np.abs(np.searchsorted(rows, edges) - np.searchsorted(rows, percentiles)).max(initial=0) <= 1
    sizes, _ = np.histogram(rows, [-np.inf, *edges, np.inf])
    assert np.ptp(sizes) <= 1


@given(st.dictionaries(numbers, st.integers(1, 99), min_size=1, max_size=60), st.integers(1, 10))
def test_edges_cut_where_values_are(drawn: dict[float, int], ranges: int) -> None:
    """Edges increase, are fewer than parts, have values on both sides, and are each the nearest to a quantile."""
    values = np.array(sorted(drawn))
    counts = np.array([drawn[value] for value in values.tolist()], dtype=np.intp)
    edges = quantile_edges(values, counts, ranges)
    assert len(edges) < ranges
    assert all(low < high for low, high in pairwise(edges))
    reached = np.cumsum(counts)
    targets = reached[-1] * np.arange(1, ranges) / ranges
    off = np.abs(reached[:, None] - targets)
    for edge in edges:
        at = int(np.searchsorted(values, edge, side="right")) - 1
        assert values[at] <= edge < values[at + 1]
        assert (off[at] <= off.min(axis=0)).any()


@given(st.lists(st.integers(0, 9), min_size=1, max_size=200), st.integers(1, 10), st.integers(1, 4))
def test_every_row_as_often_is_the_same_sample(rows: list[int], ranges: int, times: int) -> None:
    """Rows that all come twice, or thrice, are cut at the same edges."""
    values, counts = np.unique(np.array(rows, dtype=np.float64), return_counts=True)
    assert quantile_edges(values, counts * times, ranges) == quantile_edges(values, counts, ranges)


def seen_outside(smallest: float, largest: float) -> None:
    """Hold outer edges against what they are promised to be."""
    low, high = outer_edges(smallest, largest)
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < smallest or smallest == -MOST
    assert largest <= high
    assert low < high


@given(finite, finite)
def test_outer_edges_are_outside(one: float, other: float) -> None:
    """Whatever the extremes, the first edge is below both, the last is not, and both are finite."""
    seen_outside(min(one, other), max(one, other))


@pytest.mark.parametrize(
    ("smallest", "largest"), [(1e16, 1e16 + 58), (1.0, 1.0 + 2e-16), (-MOST, MOST), (0.0, 5e-324), (0.0, 0.0)]
)
def test_extremes_near_to_each_other_have_an_edge_below(smallest: float, largest: float) -> None:
    """Where a thousandth of the range is below the last digit, too, and where the range itself does not fit."""
    seen_outside(smallest, largest)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_outer_edges_are_near(one: float, other: float) -> None:
    """They are no farther beyond the extremes than a thousandth of the range, so that little is taken for seen."""
    smallest, largest = min(one, other), max(one, other)
    low, high = outer_edges(smallest, largest)
    if largest - smallest > 1e-3:
        assert max(smallest - low, high - largest) <= (largest - smallest) / 1_000 * (1 + 1e-6)


def test_hundredths_are_cut_between_two_of_them() -> None:
    """Edges of numbers with two decimals have three, and lie in the middle."""
    values: Array = np.arange(1_000) / 100
    assert quantile_edges(values, np.full(1_000, 3, dtype=np.intp), 4) == (2.495, 4.995, 7.495)
