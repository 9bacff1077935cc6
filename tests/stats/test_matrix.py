"""Counts and sums of whole matrices against numpy's search and sums, and against the bins of each column."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from otelml.stats.binning import NumericBins
from otelml.stats.matrix import Columns, Sums, _room_taken
from otelml.stats.moments import Moments
from stats.strategies import Array, anything, bounds, columns, numbers, peculiar

KINDS = [np.float64, np.float32, np.float16, np.int64, np.int8, np.uint32, np.bool_, ">f4", ">f8"]
EDGES = [
    (-1.0, 0.0, 0.1, 1 / 3, 1.0),
    (),
    (0.5,),
    (-1e300, -16777217.0, 16777217.0, 1e300),
    tuple(np.linspace(-3, 3, 31)),
    (0.0, 5e-324),
]
CENTRE, SCALE = [0.0, 1.0, -2.0, 0.5, 0.0, 3.0], [1.0, 2.0, 0.5, 3.0, 1.0, 0.1]


def plain(edges: list[tuple[float, ...]]) -> Columns:
    """Columns whose moments are those of the values themselves."""
    return Columns(edges, [0.0] * len(edges), [1.0] * len(edges))


def check(matrix: Array, edges: list[tuple[float, ...]], centre: list[float], scale: list[float]) -> None:
    """Hold what was counted and summed against numpy, a column at a time."""
    sums = Columns(edges, centre, scale).sums(matrix)
    assert sums.rows == len(matrix)
    most = max(len(own) for own in edges) + 1
    for at, own in enumerate(edges):
        column = matrix[:, at].astype(np.float64)
        known = column[~np.isnan(column)]
        expected = np.bincount(np.searchsorted(own, known), minlength=len(own) + 1)
        assert sums.cells[at].tolist() == [*expected.tolist(), *[0] * (most - len(expected))]
        assert sums.missing[at] == len(column) - len(known)
        assert sums.cells[at].sum() + sums.missing[at] == len(matrix)
        z = (known[np.isfinite(known)] - centre[at]) / scale[at]
        reach = 1e-12 * np.abs(z).sum()
        found = sums.moments[at].tolist()
        assert found[0] == pytest.approx(z[z > 0].sum(), rel=1e-12, abs=reach)
        assert found[1] == pytest.approx(-z[z < 0].sum(), rel=1e-12, abs=reach)
        assert found[2] == pytest.approx(np.square(z).sum(), rel=1e-12)
        assert min(found) >= 0


def drawn(n_rows: int, kind: object, order: str = "C", width: int = 6, seed: int = 0) -> Array:
    """Draw a matrix of a type and order, with values on edges, and missing and infinite ones where there can be."""
    generator = np.random.default_rng(seed)
    dtype = np.dtype(kind)
    matrix = generator.normal(scale=2, size=(n_rows, width))
    on_edges = generator.random(matrix.shape) < 0.2
    matrix[on_edges] = generator.choice([-1.0, 0.0, 0.1, 1 / 3, 0.5, 1.0, -999.0], on_edges.sum())
    if dtype.kind == "f":
        for value in (np.nan, np.inf, -np.inf):
            matrix[generator.random(matrix.shape) < 0.02] = value
    elif dtype.kind == "u":
        matrix = np.abs(matrix)
    else:
        matrix = np.clip(matrix, -100, 100)
    return np.array(matrix.astype(dtype), order=order)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("n_rows", [0, 1, 2, 341, 342, 5_000])
def test_any_type_and_order_counts_as_numpy_does(kind: object, order: str, n_rows: int) -> None:
    """Cells, missing values and moments are numpy's for every type, order and length."""
    check(drawn(n_rows, kind, order), EDGES, CENTRE, SCALE)


@pytest.mark.parametrize(("n_rows", "width"), [(300_000, 1), (50_000, 6), (2_000, 300), (300, 3_000), (1, 300)])
@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_tiles_and_their_remainders_count_as_numpy_does(n_rows: int, width: int, kind: type[np.generic]) -> None:
    """One column and thousands, over several tiles with a part of one at the end."""
    edges = [EDGES[at % len(EDGES)] for at in range(width)]
    check(drawn(n_rows, kind, width=width), edges, [0.5] * width, [2.0] * width)


@given(st.data(), st.integers(0, 30), st.lists(bounds(max_size=8), min_size=1, max_size=4))
def test_any_numbers_count_as_numpy_does(data: st.DataObject, n_rows: int, drawn_edges: list[Array]) -> None:
    """Cells and missing values are numpy's whatever the values, on edges and beside them."""
    edges = [tuple(own.tolist()) for own in drawn_edges]
    near = [value for own in drawn_edges for edge in own for value in (edge, np.nextafter(edge, 9e9), np.float32(edge))]
    values = st.sampled_from(near) | anything | peculiar if near else anything | peculiar
    matrix = data.draw(arrays(np.float64, (n_rows, len(edges)), elements=values))
    sums = plain(edges).sums(matrix)
    with np.errstate(over="ignore"):
        single = matrix.astype(np.float32)
    for counted, found in ((matrix, sums), (single.astype(np.float64), plain(edges).sums(single))):
        for at, own in enumerate(edges):
            known = counted[:, at][~np.isnan(counted[:, at])]
            expected = np.bincount(np.searchsorted(own, known), minlength=found.cells.shape[1])
            assert found.cells[at].tolist() == expected.tolist()
            assert found.missing[at] == n_rows - len(known)


def merged(parts: list[Sums]) -> tuple[Array, Array, Array]:
    """Add up what was counted of pieces."""
    return sum(one.cells for one in parts), sum(one.missing for one in parts), sum(one.moments for one in parts)


@given(st.data(), st.integers(1, 6), st.sampled_from([np.float64, np.float32]), st.sampled_from("CF"))
def test_chunking_is_invisible(data: st.DataObject, width: int, kind: type[np.generic], order: str) -> None:
    """Counts of pieces add up exactly, moments to rounding, wherever the rows are cut."""
    n_rows = data.draw(st.integers(1, 3_000))
    cuts = sorted(data.draw(st.lists(st.integers(0, n_rows), max_size=5)))
    matrix = drawn(n_rows, kind, order, width, seed=n_rows)
    columns = Columns(EDGES[:width], CENTRE[:width], SCALE[:width])
    whole = columns.sums(matrix)
    cells, missing, moments = merged([columns.sums(piece) for piece in np.split(matrix, cuts)])
    assert cells.tolist() == whole.cells.tolist()
    assert missing.tolist() == whole.missing.tolist()
    np.testing.assert_allclose(moments, whole.moments, rtol=1e-11, atol=1e-9)


@given(st.lists(columns(), min_size=1, max_size=4), st.sampled_from([np.float64, np.float32]))
def test_cells_are_the_bins_of_each_column(drawn_columns: list[Array], kind: type[np.generic]) -> None:
    """Columns together are counted into the bins that each would be counted into alone."""
    n_rows = min(len(column) for column in drawn_columns)
    with np.errstate(over="ignore"):
        matrix = np.array([column[:n_rows] for column in drawn_columns], dtype=kind).T
    bins = [NumericBins.learn(column) for column in drawn_columns]
    sums = plain([tuple(one.cell_edges.tolist()) for one in bins]).sums(matrix)
    for at, one in enumerate(bins):
        places = np.pad(one.bin_of_cell, (0, sums.cells.shape[1] - len(one.bin_of_cell)), mode="edge")
        counts = np.bincount(places, weights=sums.cells[at], minlength=one.size)
        counts[-1] += sums.missing[at]
        assert counts.tolist() == one.count(matrix[:, at]).tolist()


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_mean_and_variance_are_those_of_numpy(kind: type[np.generic]) -> None:
    """From the moments of z come numpy's mean and variance, also of values far from zero for their spread."""
    generator = np.random.default_rng(2)
    matrix = generator.normal([0.0, 2013.0, -5.0], [1.0, 0.5, 1e-3], (4_000, 3)).astype(kind)
    matrix[generator.random(matrix.shape) < 0.1] = np.nan
    centre, scale = [0.1, 2013.1, -5.0], [1.1, 0.4, 1e-3]
    sums = Columns([()] * 3, centre, scale).sums(matrix)
    known = 4_000 - sums.missing
    z = (sums.moments[:, 0] - sums.moments[:, 1]) / known
    expected = matrix.astype(np.float64)
    np.testing.assert_allclose(np.array(centre) + scale * z, np.nanmean(expected, axis=0), rtol=1e-10)
    variance = np.square(scale) * (sums.moments[:, 2] / known - z**2)
    np.testing.assert_allclose(variance, np.nanvar(expected, axis=0), rtol=1e-9)


@given(st.lists(numbers, min_size=1, max_size=60))
def test_moments_are_those_of_the_class(values: list[float]) -> None:
    """Sums of a column are those that `Moments` has of it."""
    found = plain([()]).sums(np.array(values)[:, None]).moments[0].tolist()
    moments = Moments.of(values)
    reach = 1e-12 * (moments.positive + moments.negative)
    assert found == pytest.approx([moments.positive, moments.negative, moments.squared], rel=1e-12, abs=reach)


def test_what_is_not_finite_is_in_no_sum() -> None:
    """Infinities are counted in the outermost cells, NaN as missing, and both change no moment of theirs or others."""
    matrix = np.array([[np.inf, 1.0], [-np.inf, 2.0], [np.nan, np.nan], [-3.0, -4.0]])
    for kind in (np.float64, np.float32):
        sums = plain([(0.0,), (0.0,)]).sums(matrix.astype(kind))
        assert sums.cells.tolist() == [[2, 1], [1, 2]]
        assert sums.missing.tolist() == [1, 1]
        assert sums.moments.tolist() == [[0.0, 3.0, 9.0], [3.0, 4.0, 21.0]]


def test_sums_that_do_not_fit_are_infinite() -> None:
    """Huge values overflow to infinity, never to NaN, without a warning, and leave other columns alone."""
    huge = np.array([1e308, 1e308, -1e308, -1e308])
    matrix = np.column_stack([huge, np.abs(huge), -np.abs(huge), [1.0, -2.0, 3.0, 4.0]])
    sums = plain([(0.0,)] * 4).sums(np.repeat(matrix, 500, axis=0))
    assert sums.moments[:3].tolist() == [[np.inf, np.inf, np.inf], [np.inf, 0.0, np.inf], [0.0, np.inf, np.inf]]
    assert sums.moments[3].tolist() == [4_000.0, 1_000.0, 15_000.0]
    assert sums.cells.tolist() == [[1_000, 1_000], [0, 2_000], [2_000, 0], [500, 1_500]]


def test_huge_values_still_have_a_sum() -> None:
    """A square that does not fit takes nothing away from the sums that do."""
    sums = Columns([(0.0,)], [-1e308], [1.0]).sums(np.array([[-3.0], [1.7e308], [-1.2e308]]))
    assert sums.cells.tolist() == [[2, 1]]
    assert sums.moments[0].tolist() == pytest.approx([1e308, 2e307, np.inf])


def test_the_same_without_a_baseline() -> None:
    """Columns of which no edge is known have one cell each."""
    sums = plain([(), ()]).sums(np.array([[1.0, np.nan], [-2.0, np.inf]]))
    assert (sums.cells.tolist(), sums.missing.tolist()) == ([[2], [1]], [0, 1])


def test_nothing_is_counted_of_nothing() -> None:
    """No rows, and no columns, have sums of the right shape."""
    empty = plain([(0.0,), (1.0, 2.0)]).sums(np.empty((0, 2)))
    assert (empty.rows, empty.cells.tolist(), empty.missing.tolist()) == (0, [[0, 0, 0], [0, 0, 0]], [0, 0])
    assert empty.moments.tolist() == [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]
    narrow = plain([]).sums(np.empty((7, 0)))
    assert (narrow.rows, narrow.cells.shape[0], narrow.missing.shape, narrow.moments.shape) == (7, 0, (0,), (0, 3))


@pytest.mark.parametrize("view", [np.s_[::2], np.s_[::-1], np.s_[:, ::-1], np.s_[5:, 1:4]])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.int64])
def test_views_are_counted_as_they_are(view: object, kind: type[np.generic]) -> None:
    """Rows that do not lie end to end, or may not be written to, count as their copy does and stay as they are."""
    matrix = drawn(901, kind)
    before = matrix.copy()
    matrix.setflags(write=False)
    shown = matrix[view]
    columns = plain(EDGES[: shown.shape[1]])
    found, expected = columns.sums(shown), columns.sums(np.array(shown))
    assert found.cells.tolist() == expected.cells.tolist()
    assert found.moments.tolist() == expected.moments.tolist()
    assert np.array_equal(matrix, before, equal_nan=kind is not np.int64)


def test_columns_can_be_used_again() -> None:
    """Nothing of one matrix is left when the next is counted."""
    columns = plain(EDGES)
    expected = [plain(EDGES).sums(drawn(n_rows, np.float64)).cells.tolist() for n_rows in (700, 3, 5_000, 1)]
    assert [columns.sums(drawn(n_rows, np.float64)).cells.tolist() for n_rows in (700, 3, 5_000, 1)] == expected


def test_threads_do_not_get_in_each_others_way() -> None:
    """Matrices that are counted at the same time are counted as one after another."""
    columns, matrices = plain(EDGES), [drawn(6_000, np.float64, seed=seed) for seed in range(16)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(columns.sums, matrices))
    for found, matrix in zip(together, matrices, strict=True):
        expected = columns.sums(matrix)
        assert found.cells.tolist() == expected.cells.tolist()
        np.testing.assert_allclose(found.moments, expected.moments, rtol=1e-12)


def test_rows_that_cannot_be_counted_hold_nothing_up() -> None:
    """Texts raise, and leave the room that matrices are worked on in."""
    with pytest.raises(ValueError, match="could not convert"):
        plain([(0.0,)]).sums(np.array([["a"]]))
    assert not _room_taken.locked()
