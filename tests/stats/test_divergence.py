"""Distances of binned samples against SciPy and against the formula by hand, their laws, and the rule's conditions."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import cityblock, jensenshannon

from otelml.stats import divergence
from otelml.stats.binning import NumericBins
from stats.strategies import Array, columns, numbers, sides, told_apart

MOST_FREE = 23  # degrees of freedom of 24 bins
DISTANCES = [divergence.psi, divergence.jensen_shannon, divergence.total_variation, divergence.kolmogorov_smirnov]


def counted_by_hand(rows: Array, edges: tuple[float, ...], values: tuple[float, ...]) -> list[int]:
    """Count raw rows with comparisons alone: the values apart, the ranges, what is missing."""
    others = rows[~np.isin(rows, values)]
    own = [int(np.sum(rows == value)) for value in values]
    ranges = [int(np.sum((others > low) & (others <= high))) for low, high in pairwise([-np.inf, *edges, np.inf])]
    return [*own, *ranges, int(np.sum(np.isnan(rows)))]


def psi_by_hand(window: list[int], reference: list[int]) -> float:
    """Jeffreys' shares of the bins that are non-empty on either side, and the sum of (q - p) ln(q / p)."""
    pairs = [(c, k) for c, k in zip(window, reference, strict=True) if c or k]
    n, m, bins = sum(c for c, _ in pairs), sum(k for _, k in pairs), len(pairs)
    q = [(c + 0.5) / (n + bins / 2) for c, _ in pairs]
    p = [(k + 0.5) / (m + bins / 2) for _, k in pairs]
    assert math.fsum(q) == pytest.approx(1)
    return math.fsum((a - b) * math.log(a / b) for a, b in zip(q, p, strict=True))


def zero_heavy(generator: np.random.Generator, n_rows: int) -> Array:
    """Draw zeros, missing ones, a sentinel, and log-normal numbers."""
    kind = generator.choice(4, n_rows, p=[0.5, 0.1, 0.1, 0.3])
    return np.choose(kind, [0.0, np.nan, -999.0, generator.lognormal(size=n_rows)])


SHAPES = {
    "normal": lambda generator, n_rows: generator.normal(size=n_rows),
    "log-normal": lambda generator, n_rows: generator.lognormal(size=n_rows),
    "zero-heavy": zero_heavy,
    "counts": lambda generator, n_rows: generator.poisson(3, n_rows).astype(float),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("moved", [0.0, 0.7])
def test_psi_is_that_by_hand_from_the_raw_rows(shape: str, moved: float) -> None:
    """From raw rows and the same edges, comparisons and the formula written out give the same index."""
    generator = np.random.default_rng(3)
    reference, window = SHAPES[shape](generator, 5_000), SHAPES[shape](generator, 1_000) + moved
    bins = NumericBins.learn(reference)
    expected = psi_by_hand(*(counted_by_hand(rows, bins.edges, bins.values) for rows in (window, reference)))
    assert float(divergence.psi(bins.count(window), bins.count(reference))) == pytest.approx(expected, abs=1e-12)
    assert (expected > divergence.EFFECT) == (moved > 0)


@given(columns(numbers).filter(len), columns(numbers).filter(len))
def test_psi_of_any_rows_is_that_by_hand(window: Array, reference: Array) -> None:
    """The index of any two columns equals the one by hand."""
    bins = NumericBins.learn(reference)
    assume(told_apart(bins.values, window))
    assume(told_apart(bins.values, reference))
    expected = psi_by_hand(*(counted_by_hand(rows, bins.edges, bins.values) for rows in (window, reference)))
    assert float(divergence.psi(bins.count(window), bins.count(reference))) == pytest.approx(expected, abs=1e-12)


@given(sides())
def test_psi_of_counts_is_that_by_hand(drawn: tuple[Array, Array]) -> None:
    """The index of any counts equals the formula written out."""
    window, reference = drawn
    expected = psi_by_hand(window.tolist(), reference.tolist())
    assert float(divergence.psi(window, reference)) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(sides())
def test_jensen_shannon_is_that_of_scipy(drawn: tuple[Array, Array]) -> None:
    """The divergence is the square of SciPy's distance, and lies in [0, ln 2]."""
    window, reference = drawn
    found = float(divergence.jensen_shannon(window, reference))
    assert found == pytest.approx(jensenshannon(window, reference) ** 2, abs=1e-12)
    assert -1e-12 <= found <= math.log(2) + 1e-12


@given(sides())
def test_total_variation_is_half_the_city_block(drawn: tuple[Array, Array]) -> None:
    """The distance is half of SciPy's city block between the shares, and lies in [0, 1]."""
    window, reference = drawn
    found = float(divergence.total_variation(window, reference))
    assert found == pytest.approx(cityblock(window / window.sum(), reference / reference.sum()) / 2, abs=1e-12)
    assert 0 <= found <= 1 + 1e-12


@given(sides())
def test_kolmogorov_smirnov_is_that_of_scipy(drawn: tuple[Array, Array]) -> None:
    """The distance is SciPy's, of the positions of the bins, each as often as it was counted."""
    window, reference = (3 * ((side + 99) // 100) for side in drawn)  # SciPy wants more than a row or two
    positions = np.arange(len(window))
    expected = stats.ks_2samp(np.repeat(positions, window), np.repeat(positions, reference), method="asymp").statistic
    assert float(divergence.kolmogorov_smirnov(window, reference)) == pytest.approx(expected, abs=1e-12)


@given(sides(), st.data())
def test_wasserstein_is_that_of_scipy(drawn: tuple[Array, Array], data: st.DataObject) -> None:
    """The distance is SciPy's, of weighted positions, two of which may be the same."""
    window, reference = drawn
    positions = sorted(data.draw(st.lists(numbers, min_size=len(window), max_size=len(window))))
    expected = stats.wasserstein_distance(positions, positions, window, reference)
    found = float(divergence.wasserstein(window, reference, positions))
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_what_is_known_of_bins_bounds_what_is_not() -> None:
    """Kolmogorov's distance of raw values is at least that of their bins, and not much more."""
    generator = np.random.default_rng(0)
    reference, window = generator.normal(size=5_000), generator.normal(0.3, size=1_000)
    bins = NumericBins.learn(reference)
    order = np.argsort(bins.positions, kind="stable")
    found = float(divergence.kolmogorov_smirnov(bins.count(window)[order], bins.count(reference)[order]))
    assert 0.9 < found / stats.ks_2samp(window, reference).statistic <= 1 + 1e-12


@given(sides())
def test_equal_samples_are_no_distance_apart(drawn: tuple[Array, Array]) -> None:
    """Of a sample and itself every distance is exactly 0."""
    for distance in DISTANCES:
        assert float(distance(drawn[0], drawn[0])) == 0
    assert float(divergence.wasserstein(drawn[0], drawn[0], np.arange(len(drawn[0])))) == 0


@given(sides())
def test_distances_are_symmetric(drawn: tuple[Array, Array]) -> None:
    """Neither sample comes first, whatever their sizes, and no distance is negative."""
    window, reference = drawn
    for distance in (*DISTANCES, divergence.psi_critical):
        there, back = float(distance(window, reference)), float(distance(reference, window))
        assert there == pytest.approx(back, rel=1e-12, abs=1e-15)
        assert there >= 0


@given(sides(), st.integers(1, 5))
def test_bins_that_nobody_uses_change_nothing(drawn: tuple[Array, Array], more: int) -> None:
    """Columns of fewer bins are filled up with zeros: no distance and no rule minds."""
    padded = [np.pad(side, (0, more)) for side in drawn]
    for distance in (*DISTANCES, divergence.psi_critical, divergence.drifted):
        assert float(distance(*padded)) == pytest.approx(float(distance(*drawn)), rel=1e-12, abs=1e-15)


@given(sides(), st.randoms(use_true_random=False))
def test_the_order_of_bins_is_no_matter_to_psi(drawn: tuple[Array, Array], random: st.DrawFn) -> None:
    """Bins in another order give the same index and the same critical value."""
    order = list(range(len(drawn[0])))
    random.shuffle(order)
    for distance in (divergence.psi, divergence.psi_critical, divergence.jensen_shannon, divergence.total_variation):
        assert float(distance(*(side[order] for side in drawn))) == pytest.approx(float(distance(*drawn)), abs=1e-12)


def test_many_windows_are_judged_at_once() -> None:
    """Stacked windows give what each gives alone, against one reference or one each."""
    generator = np.random.default_rng(0)
    windows, references = generator.integers(0, 300, (3, 4, 7)), generator.integers(0, 300, (4, 7))
    for distance in (*DISTANCES, divergence.psi_critical, divergence.kolmogorov_smirnov_critical, divergence.drifted):
        found = distance(windows, references)
        assert found.shape == (3, 4)
        for at in np.ndindex(3, 4):
            assert float(found[at]) == pytest.approx(float(distance(windows[at], references[at[1]])), rel=1e-12)
    places = np.arange(7.0)
    stacked = divergence.wasserstein(windows, references[0], places)
    assert float(stacked[2, 3]) == pytest.approx(float(divergence.wasserstein(windows[2, 3], references[0], places)))


@pytest.mark.parametrize("sizes", [([0, 0], [3, 4]), ([3, 4], [0, 0]), ([0, 0], [0, 0])])
def test_of_no_rows_nothing_is_known(sizes: tuple[list[int], list[int]]) -> None:
    """Where one side has no rows distances and critical values are NaN, nothing is drift, and nobody is warned."""
    for distance in (*DISTANCES, divergence.psi_critical, divergence.kolmogorov_smirnov_critical):
        assert math.isnan(float(distance(*sizes)))
    assert math.isnan(float(divergence.wasserstein(*sizes, [0.0, 1.0])))
    assert not divergence.drifted(*sizes)
    assert divergence.drifted([sizes[0]], [sizes[1]]).tolist() == [False]


def test_a_constant_column_does_not_drift() -> None:
    """With one bin in use the index and its critical value are 0, without a warning, also beside other columns."""
    assert float(divergence.psi([500, 0], [900, 0])) == 0
    assert float(divergence.psi_critical([500, 0], [900, 0])) == 0
    critical = divergence.psi_critical([[500, 0], [250, 250]], [[900, 0], [450, 450]])
    assert critical[0] == 0 < critical[1]
    assert not divergence.drifted([500, 0], [900, 0])


def test_the_quantile_is_that_of_one_in_100_000() -> None:
    """The constant is the normal quantile that is exceeded once in 100,000."""
    assert pytest.approx(stats.norm.isf(1e-5), abs=5e-4) == divergence.CHANCE


@pytest.mark.parametrize("free", range(1, MOST_FREE + 1))
def test_the_critical_value_is_that_of_chi_squared(free: int) -> None:
    """It is SciPy's chi-squared quantile or more: by 12 % for one degree, by 8 % below nine, by 2 % from there on."""
    n, m = 300, 7_000
    counts = np.zeros(free + 3)
    counts[: free + 1] = 1
    found = float(divergence.psi_critical(counts * n / counts.sum(), counts * m / counts.sum()))
    exact = (1 / n + 1 / m) * stats.chi2.isf(1e-5, free)
    assert 1 < found / exact < (1.12 if free == 1 else 1.08 if free < 9 else 1.02)


def test_without_drift_the_index_follows_chi_squared() -> None:
    """In the bulk, (1/n + 1/m) times chi-squared: its mean, its 90th and its 99th percentile within 4 %."""
    generator = np.random.default_rng(5)
    shares = np.full(12, 1 / 12)
    windows, references = generator.multinomial(2_000, shares, 40_000), generator.multinomial(9_000, shares, 40_000)
    index = divergence.psi(windows, references) / (1 / 2_000 + 1 / 9_000)
    assert index.mean() == pytest.approx(11, rel=0.04)
    for level in (0.9, 0.99):
        assert np.quantile(index, level) == pytest.approx(stats.chi2.ppf(level, 11), rel=0.04)


@pytest.mark.parametrize(("n", "m"), [(200, 10_000), (5_000, 5_000), (10_000, 300)])
def test_the_critical_distance_is_that_of_kolmogorov(n: int, m: int) -> None:
    """It is the quantile of Kolmogorov's limiting distribution."""
    found = float(divergence.kolmogorov_smirnov_critical([n, 0], [m - 7, 7]))
    assert found == pytest.approx(stats.kstwobign.isf(1e-5) * math.sqrt(1 / n + 1 / m), rel=1e-6)


def test_jensen_shannon_is_an_eighth_of_psi_for_samples_that_are_near() -> None:
    """To the second order both measure the same."""
    reference = np.array([4_000, 3_000, 2_000, 1_000])
    window = reference + np.array([60, -40, 30, -50])
    found = float(divergence.jensen_shannon(window, reference))
    assert found == pytest.approx(float(divergence.psi(window, reference)) / 8, rel=1e-3)


def test_each_condition_can_stop_an_alarm() -> None:
    """Too few rows, too small an effect, chance, and blocks of the training data that differ as much."""
    reference = np.array([5_000, 5_000])
    assert divergence.drifted([160, 40], reference)
    assert not divergence.drifted([159, 40], reference)  # one row fewer than are judged
    assert not divergence.drifted([57_000, 43_000], reference)  # certain, and below 0.1
    assert 0.01 < float(divergence.psi([57_000, 43_000], reference)) < divergence.EFFECT
    many = np.full(20, 500)
    chance = np.tile([14, 6], 10)
    assert divergence.EFFECT < float(divergence.psi(chance, many)) < float(divergence.psi_critical(chance, many))
    assert not divergence.drifted(chance, many)
    index = float(divergence.psi([160, 40], reference))
    assert not divergence.drifted([160, 40], reference, index / divergence.BLOCKS + 1e-9)
    assert divergence.drifted([160, 40], reference, index / divergence.BLOCKS - 1e-9)


def test_blocks_are_known_a_column() -> None:
    """Each column has a block term of its own."""
    windows, references = np.array([[160, 40], [160, 40]]), np.array([5_000, 5_000])
    assert divergence.drifted(windows, references, [0.0, 2.0]).tolist() == [True, False]
