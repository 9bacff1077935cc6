"""Counts a bin against numpy, exact to the edge, and the laws of merging."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.histogram import Histogram, bin_index, bin_labels, count_bins
from stats.strategies import Array, anything, bounds, chunks, numbers

SCORE_BOUNDS = np.linspace(0.02, 0.98, 31)


def reference(values: Array, edges: Array) -> Array:
    """Count with numpy's own search."""
    known = values[~np.isnan(values)].astype(np.float64)
    return np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1)


@given(st.lists(anything, max_size=50), bounds())
def test_small_arrays_count_as_searchsorted_does(values: list[float], edges: Array) -> None:
    """A small array is counted as numpy's search counts it, NaN in no bin."""
    array = np.array(values, dtype=np.float64)
    assert count_bins(array, edges).tolist() == reference(array, edges).tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.uint8, np.bool_])
@pytest.mark.parametrize("size", [0, 1, 2047, 2048, 32768, 32769, 100_000])
def test_large_arrays_count_as_searchsorted_does(dtype: type[np.generic], size: int) -> None:
    """Tiles, their remainders and every type count as numpy's search does."""
    values = (np.random.default_rng(0).random(size) * 3).astype(dtype)
    assert count_bins(values, SCORE_BOUNDS).tolist() == reference(values, SCORE_BOUNDS).tolist()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_special_values_are_counted_exactly(dtype: type[np.generic]) -> None:
    """Bounds themselves, their neighbours, NaN and infinities fall as in the search, also in tiles."""
    edges = np.array([-1e300, -1.0, 0.1, 1 / 3, 1.0, 16777217.0, 1e300])
    with np.errstate(over="ignore"):
        around = np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf), edges.astype("f4")])
        values = np.tile(np.concatenate([around, [np.nan, np.inf, -np.inf, 0.0, -0.0]]).astype(dtype), 200)
    assert count_bins(values, edges).tolist() == reference(values, edges).tolist()


@given(bounds(max_size=8), st.sampled_from([np.float32, np.float64]))
def test_ties_are_upper_inclusive_in_both_ways(edges: Array, dtype: type[np.generic]) -> None:
    """Values drawn from the bounds themselves count alike by search and by tiles."""
    few = edges.astype(dtype)
    many = np.tile(few, 3000 // max(len(few), 1) + 1)
    assert count_bins(many, edges).tolist() == reference(many, edges).tolist()


def test_no_bound_is_one_bin() -> None:
    """Without bounds there is one bin that holds everything but NaN."""
    values = np.arange(5000.0)
    values[7] = np.nan
    assert count_bins(values, np.array([])).tolist() == [4999]
    assert bin_labels(()) == ("00:(-inf,inf)",)


@given(st.lists(anything, max_size=50), bounds())
def test_bin_index_agrees_with_the_counts(values: list[float], edges: Array) -> None:
    """Counting the positions gives the counts; NaN has none."""
    index = bin_index(values, edges)
    array = np.array(values, dtype=np.float64)
    assert (index == -1).tolist() == np.isnan(array).tolist()
    assert np.bincount(index[index >= 0], minlength=len(edges) + 1).tolist() == count_bins(array, edges).tolist()


def test_labels_are_those_of_the_contract() -> None:
    """A label has the bin's position and its upper-inclusive range."""
    labels = bin_labels([-3, 1e-05, 12.5, 20])
    assert labels == ("00:(-inf,-3]", "01:(-3,1e-05]", "02:(1e-05,12.5]", "03:(12.5,20]", "04:(20,inf)")


def test_labels_of_close_bounds_differ() -> None:
    """Bounds that look alike with six digits are written out."""
    assert bin_labels([0.5, 0.5000001])[1] == "01:(0.5,0.5000001]"


@given(bounds())
def test_labels_sort_as_the_bins_do(edges: Array) -> None:
    """There is one label a bin, all differ, and sorting them as text keeps the order of the bins."""
    labels = bin_labels(edges)
    assert len(labels) == len(edges) + 1
    assert list(labels) == sorted(set(labels))


@given(chunks(anything), bounds())
def test_chunking_is_invisible(pieces: list[list[float]], edges: Array) -> None:
    """Adding piece by piece, or merging a histogram a piece, equals adding the whole."""
    whole, added, merged = Histogram(edges), Histogram(edges), Histogram(edges)
    skipped = whole.add([x for piece in pieces for x in piece])
    assert sum(added.add(piece) for piece in pieces) == skipped
    for piece in pieces:
        part = Histogram(edges)
        part.add(piece)
        merged.merge(part)
    for other in (added, merged):
        assert other.counts.tolist() == whole.counts.tolist()
        assert (other.minimum, other.maximum) == (whole.minimum, whole.maximum)
        # Rounding is of the magnitude of what was added up, also where that cancels.
        magnitude = sum(abs(x) for piece in pieces for x in piece if math.isfinite(x))
        assert other.total == pytest.approx(whole.total, rel=1e-9, abs=1e-6 + 1e-12 * magnitude, nan_ok=True)


@given(st.lists(numbers, min_size=1, max_size=50))
def test_sum_and_extremes_are_those_of_numpy(values: list[float]) -> None:
    """Count, sum, minimum and maximum equal numpy's."""
    histogram = Histogram((0.0,))
    assert histogram.add(values) == 0
    assert histogram.count == len(values)
    assert histogram.total == pytest.approx(np.sum(values))
    assert (histogram.minimum, histogram.maximum) == (min(values), max(values))


def test_what_is_not_finite_is_skipped_and_told() -> None:
    """NaN and both infinities change nothing and are counted apart; a sum that overflows is no reason."""
    histogram = Histogram((0.0,))
    assert histogram.add([np.nan, np.inf, -np.inf, 1.0, -2.0]) == 3
    assert (histogram.count, histogram.total, histogram.minimum, histogram.maximum) == (2, -1.0, -2.0, 1.0)
    assert histogram.add([1.7e308, 1.7e308]) == 0
    assert histogram.counts.tolist() == [1, 3]


def test_an_empty_histogram_is_the_neutral_element() -> None:
    """Merging a fresh histogram changes nothing; a fresh one has no extremes."""
    empty, held = Histogram((0.5,)), Histogram((0.5,))
    held.add([0.1, 0.9])
    held.merge(empty)
    assert held.counts.tolist() == [1, 1]
    assert (empty.minimum, empty.maximum, empty.add([])) == (math.inf, -math.inf, 0)


def test_other_bounds_do_not_merge() -> None:
    """Histograms of different bounds refuse each other."""
    with pytest.raises(ValueError, match="different bounds"):
        Histogram((0.5,)).merge(Histogram((0.6,)))


@pytest.mark.parametrize("wrong", [(1.0, 1.0), (2.0, 1.0), (math.nan,), (0.0, math.inf)])
def test_bounds_have_to_increase_and_be_finite(wrong: tuple[float, ...]) -> None:
    """Bounds that are no bounds are refused."""
    with pytest.raises(ValueError, match="finite and to increase"):
        Histogram(wrong)


def test_any_shape_is_counted() -> None:
    """A matrix counts as its values; a column that is not contiguous too."""
    matrix = np.arange(12.0).reshape(4, 3)
    histogram = Histogram((5.0,))
    histogram.add(matrix)
    histogram.add(matrix[:, 1])
    assert histogram.counts.tolist() == [8, 8]
