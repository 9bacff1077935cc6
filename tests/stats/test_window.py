"""The sliding window against summing what lies within it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.stats.window import Window

additions = st.lists(st.tuples(st.integers(0, 100), st.integers(1, 9)), max_size=40)


@given(additions, st.integers(1, 6), st.integers(0, 130))
def test_total_is_the_sum_of_what_lies_within(drawn: list[tuple[int, int]], buckets: int, later: int) -> None:
    """In time order, the total at any later time sums the additions of the last sub-windows."""
    drawn.sort()
    window = Window(10.0 * buckets, buckets)
    for at, value in drawn:
        assert window.add(at, [value, 1])
    now = max([later, *(at for at, _ in drawn)])
    held = [value for at, value in drawn if at // 10 > now // 10 - buckets]
    total = window.total(now)
    assert (None if total is None else total.tolist()) == ([sum(held), len(held)] if held else None)


@given(additions)
def test_order_within_the_window_is_invisible(drawn: list[tuple[int, int]]) -> None:
    """What arrives out of order, but within the window, counts as in order."""
    in_order, shuffled = Window(200.0, 20), Window(200.0, 20)
    for at, value in sorted(drawn):
        in_order.add(at, [value])
    for at, value in drawn:
        shuffled.add(at, [value])
    np.testing.assert_array_equal(in_order.total(100), shuffled.total(100))


def test_what_comes_too_late_is_told() -> None:
    """An addition that has left the window already changes nothing and says so."""
    window = Window(10.0, 2)
    assert window.add(100.0, [1])
    assert not window.add(80.0, [5])
    assert window.total(100.0) == [1.0]


def test_the_vector_given_is_not_kept() -> None:
    """The caller may reuse its vector."""
    window, vector = Window(10.0, 2), np.ones(2)
    window.add(1.0, vector)
    vector[:] = 7
    total = window.total(1.0)
    assert total is not None
    assert total.tolist() == [1.0, 1.0]


def test_an_empty_window_holds_nothing() -> None:
    """Before the first addition, and once all has left, the total is None."""
    window = Window(10.0, 2)
    assert window.total(5.0) is None
    window.add(5.0, [1])
    assert window.total(25.0) is None


@pytest.mark.parametrize(("length", "buckets"), [(0.0, 1), (-1.0, 1), (float("nan"), 1), (1.0, 0)])
def test_a_window_needs_a_length(length: float, buckets: int) -> None:
    """A window of no length, or of no sub-windows, is refused."""
    with pytest.raises(ValueError, match="a window of"):
        Window(length, buckets)
