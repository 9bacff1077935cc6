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
