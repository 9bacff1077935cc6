"""What may enter a sum: ordinary values always, giants never, and of those between as many as leave the sum of use."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.limits import FIRST, ORDINARY, ROOM, SumLimits

ONES = np.ones(100)


@pytest.mark.parametrize("known", [True, False])
@given(st.lists(st.floats(-64, 64), max_size=50))
def test_ordinary_values_always_enter(known, values):
    """No value near what is usual is ever left out, in whatever pieces values come."""
    limits = SumLimits([known])
    for _ in range(50):
        assert len(limits.within(np.array(values))) == len(values)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("giant", [1e10, -1e10, 1e120, 1e200, -1e300])
@pytest.mark.parametrize("before", [0, 1, 100])
def test_a_giant_never_enters(known, giant, before):
    """One enormous value is left out, also when it is the very first, and what comes later still adds."""
    limits = SumLimits([known])
    limits.within(ONES[:before])
    assert limits.within(np.array([giant])).tolist() == []
    assert limits.within(np.append(ONES, giant)).tolist() == ONES.tolist()
    for _ in range(30):
        assert len(limits.within(ONES[:1])) == 1


def test_many_medium_values_fill_their_room_and_no_more():
    """Values that are large, and no giants, enter until ordinary ones would be lost among them."""
    limits = SumLimits([True])
    squares = 0.0
    for _ in range(100):
        squares += float((limits.within(np.full(1_000, 1e6)) ** 2).sum())
    assert ROOM - 1e12 < squares <= ROOM
    assert squares + 1.0 > squares
    assert len(limits.within(ONES)) == len(ONES)
    assert len(limits.within(np.full(10, ORDINARY))) == 10


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1.7e9, 1e18])
def test_what_is_ordinary_is_learned_from_the_first_values(scale):
    """Values without a unit of their own, times in seconds say, enter whole once a few were seen."""
    limits = SumLimits([False])
    first = scale * np.linspace(0.5, 1.5, FIRST)
    assert limits.within(first) is first
    later = scale * np.linspace(-2.0, 2.0, 1_000)
    assert limits.within(later) is later
    assert limits.within(np.array([1e9 * scale])).tolist() == []


def test_giants_among_the_first_values_teach_nothing():
    """The scale is that of most of the first values, not of the largest."""
    limits = SumLimits([False])
    limits.within(np.array([1e200, *ONES[:20], -1e250, 1e300]))
    assert limits.scale.tolist() == [1.0]


def test_columns_have_limits_of_their_own():
    """A giant in one column leaves the others as they are."""
    limits = SumLimits([True, True])
    assert limits.fits(np.array([1, 1]), np.array([1e40, 1.0])).tolist() == [False, True]
    assert limits.kept(0, np.array([1e20, 1.0, np.nan, np.inf])).tolist() == [False, True, False, False]
