"""What the properties are tried on: samples, the ways to cut them, and bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

Array = NDArray[Any]

numbers = st.floats(min_value=-1e6, max_value=1e6, allow_nan=False)
anything = st.floats(allow_nan=True, allow_infinity=True)


def chunks(values: st.SearchStrategy[float] = numbers) -> st.SearchStrategy[list[list[float]]]:
    """Draw a sample that comes in pieces, empty ones included."""
    return st.lists(st.lists(values, max_size=20), min_size=1, max_size=6)


def bounds(max_size: int = 31) -> st.SearchStrategy[Array]:
    """Draw bounds that increase, none included."""
    return st.lists(numbers, max_size=max_size, unique=True).map(
        lambda drawn: np.array(sorted(drawn), dtype=np.float64)
    )


def confusions() -> st.SearchStrategy[list[int]]:
    """Draw tp, fp, fn, tn."""
    return st.lists(st.integers(0, 1000), min_size=4, max_size=4)


peculiar = st.sampled_from(
    [
        *(0.0, -0.0, 1.0, -999.0, 0.1, 1 / 3, 16777217.0, 20130101.0, 20130102.0, 20130103.0, 1e16, 1e16 + 2, 5e-324),
        *(1e308, -1e308, 1.7976931348623157e308, -1.7976931348623157e308, float("nan"), float("inf"), float("-inf")),
    ]
)


def columns(values: st.SearchStrategy[float] = numbers | anything | peculiar) -> st.SearchStrategy[Array]:
    """Draw a column of numbers in which some values come often, in no order."""
    groups = st.lists(st.tuples(values, st.integers(1, 60)), max_size=40)
    return st.tuples(groups, st.integers(0, 99)).map(_shuffled)


def _shuffled(drawn: tuple[list[tuple[float, int]], int]) -> Array:
    groups, seed = drawn
    rows = np.repeat([value for value, _ in groups], [count for _, count in groups]).astype(np.float64)
    return np.random.default_rng(seed).permutation(rows)


@st.composite
def sides(draw: st.DrawFn, most_bins: int = 24) -> tuple[Array, Array]:
    """Draw how many rows of two samples are in each bin; neither sample is empty."""
    bins = draw(st.integers(1, most_bins))
    counts = st.lists(st.integers(0, 3) | st.integers(0, 10_000), min_size=bins, max_size=bins)
    window, reference = (np.array(draw(counts.filter(any))) for _ in range(2))
    return window, reference


def told_apart(values: tuple[float, ...], rows: Array) -> bool:
    """Whether no row is what single precision makes of one of the values, without being one."""
    own = np.array(values)
    with np.errstate(over="ignore"):
        single = own.astype(np.float32)
    between = (rows[:, None] >= np.minimum(own, single)) & (rows[:, None] <= np.maximum(own, single))
    return not (between.any(axis=1) & ~np.isin(rows, own)).any()


categories = st.dictionaries(st.none() | st.text(max_size=3), st.integers(1, 50), max_size=160)
