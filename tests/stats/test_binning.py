"""Bins against numpy's search and plain comparisons: whatever a row holds it is in one bin, and always in the same."""

from __future__ import annotations

import json
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.binning import FREQUENT, MISSING, OTHER, UNSEEN, CategoryBins, NumericBins
from otelml.stats.quantiles import MOST
from stats.strategies import Array, bounds, categories, columns, numbers, peculiar, told_apart

MOST_BINS = 24  # of the contract
FEWEST_ROWS = 10

edged = bounds().filter(lambda drawn: len(drawn) != 1).map(lambda drawn: tuple(drawn.tolist()))
few = st.integers(-999_999, 999_999)


def by_comparison(bins: NumericBins, rows: Array) -> Array:
    """Count with numpy's search over the edges alone, and the values that have a bin to themselves by equality."""
    own = [at for at, label in enumerate(bins.labels) if "=" in label]
    ranges = [at for at, label in enumerate(bins.labels) if "=" not in label and label != MISSING]
    counts = np.zeros(bins.size, dtype=np.int64)
    counts[bins.labels.index(MISSING)] = np.isnan(rows).sum()
    known = rows[~np.isnan(rows)]
    for value, at in zip(sorted(bins.values), own, strict=True):
        counts[at] = (known == value).sum()
        known = known[known != value]
    counts[ranges] = np.bincount(np.searchsorted(bins.edges, known), minlength=len(ranges))
    return counts


@given(columns(), columns())
def test_every_row_is_in_one_bin(rows: Array, others: Array) -> None:
    """Bins sum to rows, of what was learned and of anything else, and there are at most 24."""
    bins = NumericBins.learn(rows)
    assert bins.size <= MOST_BINS
    for counted in (rows, others):
        counts = bins.count(counted)
        assert counts.shape == (bins.size,)
        assert counts.sum() == len(counted)
        assert counts[-1] == np.isnan(counted).sum()


@pytest.mark.parametrize("values", range(20))
def test_the_number_of_bins_is_bounded(values: int) -> None:
    """However many values have bins to themselves, the ranges make room."""
    often = np.repeat(np.arange(values) - 50.0, 501)
    bins = NumericBins.learn(np.concatenate([often, np.linspace(0, 1, 10_000 - len(often))]))
    assert len(bins.values) == values
    assert bins.size <= MOST_BINS


@given(columns(), columns())
def test_counts_are_those_of_a_search(rows: Array, others: Array) -> None:
    """Ranges count as numpy's search does, values by equality."""
    bins = NumericBins.learn(rows)
    for counted in (rows, others):
        if told_apart(bins.values, counted):
            assert bins.count(counted).tolist() == by_comparison(bins, counted).tolist()


@given(edged, st.lists(numbers | peculiar.filter(math.isfinite), max_size=5, unique=True), columns())
def test_bins_given_by_hand_count_as_a_search_does(edges: tuple[float, ...], values: list[float], rows: Array) -> None:
    """So do bins that were not learned, with edges and values anywhere, in any order."""
    bins = NumericBins(edges, tuple(values))
    counted = np.concatenate([rows, edges, values, np.nextafter(edges, np.inf), np.nextafter(edges, -np.inf)])
    assert bins.count(counted).sum() == len(counted)
    if told_apart(bins.values, counted):
        assert bins.count(counted).tolist() == by_comparison(bins, counted).tolist()


@given(columns(), columns())
def test_index_agrees_with_the_counts(rows: Array, others: Array) -> None:
    """Counting the positions gives the counts."""
    bins = NumericBins.learn(rows)
    assert np.bincount(bins.index(others), minlength=bins.size).tolist() == bins.count(others).tolist()


@given(columns(), columns(), st.integers(1, 50))
def test_chunking_is_invisible(rows: Array, others: Array, length: int) -> None:
    """Counts of pieces add up to the counts of the whole."""
    bins = NumericBins.learn(rows)
    pieces = [bins.count(others[start : start + length]) for start in range(0, len(others), length)]
    assert sum(pieces, np.zeros(bins.size, dtype=np.int64)).tolist() == bins.count(others).tolist()


@given(columns(), st.integers(0, 9))
def test_the_order_of_rows_is_no_matter(rows: Array, seed: int) -> None:
    """Shuffled rows give the very same bins, to the last letter: a baseline's id depends on it."""
    shuffled = np.random.default_rng(seed).permutation(rows)
    found = NumericBins.learn(rows)
    assert repr(NumericBins.learn(shuffled)) == repr(found)
    assert NumericBins.learn(shuffled).cell_edges.tolist() == found.cell_edges.tolist()


def test_zero_has_no_sign() -> None:
    """A negative zero is a zero, whichever comes first."""
    for zeros in ([-0.0, 0.0], [0.0, -0.0], [-0.0, -0.0]):
        assert NumericBins.learn(np.repeat([*zeros, 3.0], 50)).labels[1] == "00:=0"
    assert NumericBins((-1.0, 1.0), (0.0,)).count(np.array([0.0, -0.0])).tolist() == [0, 2, 0, 0, 0]


@given(columns())
def test_labels_tell_bins_apart_and_keep_their_order(rows: Array) -> None:
    """All differ, and those with a number are in the order of the line when sorted as text."""
    bins = NumericBins.learn(rows)
    assert len(set(bins.labels)) == len(bins.labels) == bins.size
    numbered = [label for label in bins.labels if label[0].isdigit()]
    assert numbered == sorted(numbered)
    places = [position for position, label in zip(bins.positions, bins.labels, strict=False) if "(" in label]
    assert places == sorted(places)
    assert np.isfinite(bins.positions).all()
    assert len(bins.positions) == bins.size - 1


@given(columns())
def test_bins_go_through_a_file(rows: Array) -> None:
    """Edges and values are plain and finite numbers, and come back from JSON as the same bins."""
    bins = NumericBins.learn(rows)
    edges, values = json.loads(json.dumps([bins.edges, bins.values], allow_nan=False))
    back = NumericBins(tuple(edges), tuple(values))
    assert back == bins
    assert (back.labels, back.positions) == (bins.labels, bins.positions)
    assert back.count(rows).tolist() == bins.count(rows).tolist()


@given(columns(numbers | peculiar.filter(lambda value: not abs(value) >= MOST)))
def test_what_was_learned_from_is_neither_below_nor_above(rows: Array) -> None:
    """Edges are outside of all finite numbers; infinities are beyond."""
    bins = NumericBins.learn(rows)
    counts = dict(zip(bins.labels, bins.count(rows).tolist(), strict=True))
    if bins.edges:
        assert counts["below"] == (rows == -np.inf).sum()
        assert counts["above"] == (rows == np.inf).sum()
    else:
        assert counts[OTHER] == np.isinf(rows).sum()


@given(columns())
def test_values_that_many_rows_share_have_a_bin_to_themselves(rows: Array) -> None:
    """More than one row in twenty, and more than ten; no others."""
    values, counts = np.unique(rows[np.isfinite(rows)] + 0.0, return_counts=True)
    expected = values[(counts > FREQUENT * len(rows)) & (counts > FEWEST_ROWS)]
    assert NumericBins.learn(rows).values == tuple(expected.tolist())


@pytest.mark.parametrize("value", [-999.0, 0.0, 1.0, 0.1, 1e16, 16777217.0, -1e-300, 1e308])
def test_the_bin_of_a_value_holds_that_value_alone(value: float) -> None:
    """Neither its neighbours nor anything else, but for what single precision makes of the value."""
    generator = np.random.default_rng(0)
    bins = NumericBins.learn(np.concatenate([np.full(300, value), generator.normal(size=700)]))
    (at,) = np.flatnonzero(bins.count(np.array([value])))
    assert bins.labels[at].endswith(f"={value:.6g}")
    with np.errstate(over="ignore"):
        single = float(np.float32(value))
    held = [value, single] if abs(single - value) <= 1e-7 * abs(value) else [value]
    around = [math.nextafter(min(held), -math.inf), math.nextafter(max(held), math.inf), -value or 1.0, np.inf, np.nan]
    assert bins.count(np.array(held))[at] == len(held)
    assert bins.count(np.array(around))[at] == 0


@pytest.mark.parametrize("first", [20130101.0, 1.7e9, 2.0**53 - 30])
def test_days_written_as_numbers_are_told_apart(first: float) -> None:
    """Whole numbers that single precision confuses have each a bin that holds them and nobody else."""
    days = first + np.arange(15)
    bins = NumericBins.learn(np.repeat(days, 100))
    assert bins.values == tuple(days.tolist())
    assert bins.index(days).tolist() == list(range(1, 16))


def test_a_rare_day_is_in_no_other_days_bin() -> None:
    """Next to a day that many rows share, one that few share stays in its range."""
    days = np.concatenate([np.full(300, 20130102.0), np.repeat(20130103.0 + np.arange(28), 25)])
    bins = NumericBins.learn(days)
    assert bins.values == (20130102.0,)
    assert bins.count(days)[1] == 300


@given(st.lists(st.tuples(few, st.integers(1, 30)), min_size=1, max_size=60), st.integers(-8, 8))
def test_a_service_in_single_precision_sees_the_same_bins(drawn: list[tuple[int, int]], exponent: int) -> None:
    """Numbers of six digits, 0.1 among them, fall alike as float64 and as float32."""
    rows = np.repeat([float(f"{number}e{exponent}") for number, _ in drawn], [count for _, count in drawn])
    bins = NumericBins.learn(rows)
    assert bins.index(rows.astype(np.float32)).tolist() == bins.index(rows).tolist()


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shape", ["normal", "lognormal", "random", "standard_cauchy", "tenths"])
def test_random_rows_fall_alike_in_single_precision(shape: str, seed: int) -> None:
    """So do 10,000 numbers of all their digits."""
    generator = np.random.default_rng(seed)
    drawn = generator.normal(size=10_000).round(1) if shape == "tenths" else getattr(generator, shape)(size=10_000)
    bins = NumericBins.learn(drawn)
    assert bins.index(drawn.astype(np.float32)).tolist() == bins.index(drawn).tolist()


@pytest.mark.parametrize("n_rows", [100, 101, 999, 10_000])
def test_ranges_are_of_equal_size(n_rows: int) -> None:
    """Of different numbers each of the ten ranges holds a tenth, to a row, as numpy's histogram counts it."""
    rows = np.random.default_rng(1).lognormal(size=n_rows)
    bins = NumericBins.learn(rows)
    sizes = bins.count(rows)[1:-2]
    assert len(sizes) == 10
    assert np.ptp(sizes) <= 1
    assert sizes.tolist() == np.histogram(rows, bins.edges)[0].tolist()  # no number is on an edge


@pytest.mark.parametrize(("n_rows", "ranges"), [(1, 1), (9, 1), (19, 1), (20, 2), (55, 5), (100, 10), (10_000, 10)])
def test_few_rows_have_few_ranges(n_rows: int, ranges: int) -> None:
    """A range takes ten rows."""
    assert NumericBins.learn(np.arange(float(n_rows))).size == ranges + 3


def test_edges_belong_to_the_range_below() -> None:
    """Bounds are upper-inclusive: to the last bit, in both precisions, on edges that no float32 holds too."""
    edges = (-1.0, 0.1, 1 / 3, 1.0, 16777217.0, 1e300)
    bins = NumericBins(edges)
    assert bins.index(np.array(edges)).tolist() == [0, 1, 2, 3, 4, 5]
    assert bins.index(np.nextafter(edges, np.inf)).tolist() == [1, 2, 3, 4, 5, 6]
    with np.errstate(over="ignore"):
        single = np.array(edges).astype(np.float32)
    assert bins.index(single).tolist() == np.searchsorted(edges, single.astype(np.float64)).tolist()


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64, np.uint8, np.bool_])
def test_rows_of_any_type_are_numbers(kind: type[np.generic]) -> None:
    """Learning from and counting of another type are those of the same numbers as float64."""
    rows = (np.random.default_rng(0).random(2_000) * 40).astype(kind)
    bins = NumericBins.learn(rows.astype(np.float64))
    assert NumericBins.learn(rows) == bins
    assert bins.count(rows).tolist() == bins.count(rows.astype(np.float64)).tolist()


@pytest.mark.parametrize("rows", [[], [math.nan], [math.inf, -math.inf, math.nan]])
def test_a_column_without_numbers_has_no_ranges(rows: list[float]) -> None:
    """Whatever comes later is none of what was seen."""
    bins = NumericBins.learn(np.array(rows))
    assert bins == NumericBins(())
    assert bins.labels == (OTHER, MISSING)
    assert bins.count(np.array([1.0, math.inf, math.nan])).tolist() == [2, 1]


def test_labels_are_those_of_the_contract() -> None:
    """Numbered, upper-inclusive, and without the extremes, which are somebody's."""
    rows = np.concatenate([np.full(100, -999.0), np.zeros(100), np.arange(1, 301) / 10])
    labels = NumericBins.learn(rows).labels
    assert labels[:4] == ("below", "00:=-999", "01:=0", "02:(min,5.05]")
    assert labels[-4:] == ("06:(20.05,25.05]", "07:(25.05,max]", "above", "missing")


def test_labels_of_close_edges_differ() -> None:
    """Edges that look alike with six digits are written out."""
    assert NumericBins((0.0, 0.5, 0.5000001, 1.0)).labels[2] == "01:(0.5,0.5000001]"


@pytest.mark.parametrize("edges", [(1.0,), (1.0, 1.0), (2.0, 1.0)])
def test_edges_have_to_increase(edges: tuple[float, ...]) -> None:
    """Edges that are none are refused."""
    with pytest.raises(ValueError, match="edges have to increase"):
        NumericBins(edges)


def test_equal_bins_are_equal() -> None:
    """Bins are values: they compare and hash by what defines them."""
    one, other = NumericBins((0.0, 1.0), (0.5,)), NumericBins((0.0, 1.0), (0.5,))
    assert one == other
    assert len({one, other, NumericBins((0.0, 1.0))}) == 2


@given(categories, categories)
def test_every_category_is_in_one_bin(seen: dict[str | None, int], later: dict[str | None, int]) -> None:
    """Bins sum to rows, and there are at most 24, all with labels of their own."""
    bins = CategoryBins.learn(seen)
    assert bins.size <= MOST_BINS
    assert len(set(bins.labels)) == bins.size
    assert list(bins.labels[:-3]) == sorted(bins.labels[:-3])
    for counted in (seen, later):
        counts = bins.count(counted)
        assert counts.sum() == sum(counted.values())
        assert counts[-1] == counted.get(None, 0)


@given(categories, categories)
def test_category_index_agrees_with_the_counts(seen: dict[str | None, int], later: dict[str | None, int]) -> None:
    """Counting the positions of rows gives the counts."""
    bins, rows = CategoryBins.learn(seen), list(Counter(later).elements())
    assert np.bincount(bins.index(rows), minlength=bins.size).tolist() == bins.count(later).tolist()


@given(categories, categories, categories)
def test_counts_of_categories_add_up(
    seen: dict[str | None, int], one: dict[str | None, int], other: dict[str | None, int]
) -> None:
    """Two tables count as the one that they are together."""
    bins = CategoryBins.learn(seen)
    assert (bins.count(one) + bins.count(other)).tolist() == bins.count(Counter(one) + Counter(other)).tolist()


@given(categories, st.randoms(use_true_random=False))
def test_the_order_of_categories_is_no_matter(seen: dict[str | None, int], random: st.DrawFn) -> None:
    """Counts that were gathered in another order give the very same bins."""
    names = list(seen)
    random.shuffle(names)
    assert repr(CategoryBins.learn({name: seen[name] for name in names})) == repr(CategoryBins.learn(seen))


def test_rare_categories_are_known_and_new_ones_are_not() -> None:
    """The twenty most frequent have a bin each, what else was seen is `other`, what never was is `unseen`."""
    seen: dict[str | None, int] = {f"c{at}": 100 - at for at in range(30)}
    bins = CategoryBins.learn({**seen, None: 7})
    counts = dict(zip(bins.labels, bins.count({"c0": 5, "c29": 3, "new": 2, None: 1}).tolist(), strict=True))
    assert (counts["cat:00"], counts[OTHER], counts[UNSEEN], counts[MISSING]) == (5, 3, 2, 1)


def test_of_too_many_nobody_is_new() -> None:
    """Where categories are without end, all others are `other`."""
    bins = CategoryBins.learn({str(at): 1 for at in range(500)})
    assert bins.marks is None
    counts = dict(zip(bins.labels, bins.count({"new": 2, "499": 1}).tolist(), strict=True))
    assert (counts[OTHER], counts[UNSEEN]) == (3, 0)


def test_names_are_shown_where_they_are_public() -> None:
    """Labels are the texts given, or numbers."""
    assert CategoryBins(("0", "1"), shown=("=false", "=true")).labels == ("=false", "=true", OTHER, UNSEEN, MISSING)
    assert CategoryBins(("secret",)).labels[0] == "cat:00"
