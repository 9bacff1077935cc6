"""The same value in another precision is in the same bin, whichever of the two a baseline was learned from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.binning import NumericBins
from otelml.stats.precision import DOUBLE, HALF, KINDS, SINGLE, ceilings, precision_of
from stats.strategies import Array, columns

PRICES = np.repeat([0.1, 0.7, 1.3, 10.8, 99.95, 300.2, 1 / 3, 0.0, -0.0, -9999.0, 70_000.0], 90)
RNG = np.random.default_rng(0)
SAMPLES: dict[str, Array] = {
    "values that many rows hold": PRICES,
    "decimals": RNG.normal(size=3_000).round(2),
    "numbers of all digits": RNG.lognormal(size=3_000),
    "whole numbers": RNG.integers(0, 2_000, 3_000).astype(float),
    "truth values": RNG.integers(0, 2, 3_000).astype(float),
    "values among numbers": np.concatenate([RNG.normal(size=2_000), np.full(600, 0.1), np.full(400, -999.0)]),
    "very small and very large": np.concatenate([RNG.normal(size=900) * 1e-3, np.full(100, 1e30), [-1e30] * 90]),
    "missing": np.where(RNG.random(3_000) < 0.2, np.nan, RNG.normal(size=3_000).round(1)),
}


def taken(rows: Array, precision: str) -> Array:
    """Rows as a column of that precision holds them; half precision has no numbers above 65504."""
    with np.errstate(over="ignore"):
        return rows.astype(KINDS[precision])


def index(bins: NumericBins, rows: Array) -> list[int]:
    """Where a service's rows are, as they are counted."""
    return bins.index(bins.restored(rows) if rows.dtype == np.float16 else rows).tolist()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("service", [SINGLE, DOUBLE])
@pytest.mark.parametrize("training", [SINGLE, DOUBLE])
def test_single_and_double_precision_have_the_same_bins(name: str, training: str, service: str) -> None:
    """Each row is where it was in training, to the row."""
    rows = SAMPLES[name]
    learned = taken(rows, training).astype(np.float64)
    bins = NumericBins.learn(learned, precision_of(learned, KINDS[training]))
    assert index(bins, taken(rows, service)) == bins.index(learned).tolist()


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("service", [HALF, SINGLE, DOUBLE])
def test_what_was_learned_in_half_precision_counts_any(name: str, service: str) -> None:
    """Each row of a service of any precision is where its half was in training, those beyond 65504 `above`."""
    learned = taken(SAMPLES[name], HALF).astype(np.float64)
    bins = NumericBins.learn(learned, HALF)
    assert index(bins, taken(SAMPLES[name], service)) == bins.index(learned).tolist()


@pytest.mark.parametrize("training", [SINGLE, DOUBLE])
@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"numbers of all digits", "very small and very large"}))
def test_a_service_in_half_precision_has_the_bins_of_any(name: str, training: str) -> None:
    """Each row is where it was in training, of values that half precision tells apart."""
    rows = SAMPLES[name]
    learned = taken(rows, training).astype(np.float64)
    bins = NumericBins.learn(learned, precision_of(learned, KINDS[training]))
    assert index(bins, taken(rows, HALF)) == bins.index(learned).tolist()


@pytest.mark.parametrize("training", [HALF, SINGLE])
def test_a_precision_is_known_by_the_numbers(training: str) -> None:
    """Also where somebody made float64 of a column; what is the same in every precision tells nothing."""
    rows = taken(np.array([0.1, 0.7, 1.3]), training).astype(np.float64)
    assert precision_of(rows, np.dtype(np.float64)) == training
    for plain in ([0.1, 0.7], [0.25, 3.5], [1.0, 2.0], [np.nan], [], [16_777_217.0, 0.5]):
        assert precision_of(np.array(plain), np.dtype(np.float64)) == DOUBLE


@pytest.mark.parametrize(("value", "other"), [(99.95, 100.0), (2_501.0, 2_500.0), (-9_999.0, -10_000.0), (0.7001, 0.7)])
def test_doubles_that_half_precision_confuses_are_told_apart(value: float, other: float) -> None:
    """A price of 100 is not one of 99.95, where neither training nor service is in half precision."""
    bins = NumericBins.learn(np.repeat([value, 5.0, 7.0], 100))
    first, second = bins.index(np.array([value, other])).tolist()
    assert first != second


@given(columns(st.floats(-6e4, 6e4)), st.sampled_from([HALF, SINGLE]))
def test_whatever_rounds_to_a_row_is_where_the_row_is(rows: Array, precision: str) -> None:
    """Of any numbers: a bin is a set of numbers of the precision, and of all that rounds to them."""
    learned = taken(rows, precision).astype(np.float64)
    bins = NumericBins.learn(learned, precision)
    assert bins.index(rows).tolist() == bins.index(learned).tolist()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([HALF, SINGLE]))
def test_ceilings_are_the_last_that_round_to_the_point_or_below(points: list[float], precision: str) -> None:
    """The ceiling rounds to no more than the point, and the next number to more."""
    own, kind = np.array(points), KINDS[precision]
    tops = ceilings(own, precision)
    with np.errstate(over="ignore"):
        assert (tops.astype(kind).astype(np.float64) <= own).all()
        assert (np.nextafter(tops, np.inf).astype(kind).astype(np.float64) > own).all()
