"""The same number in another precision: what rounds to what, and where on the line the roundings change.

A model is trained on float32 columns and served with JSON, or the other way round; 0.1 is not the same number then,
and is the same value.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.histogram import limits_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Twin = tuple[float, float, float]
"""Lower and upper edge of an interval, the upper one inclusive, and the value that it belongs to."""

HALF, SINGLE, DOUBLE = "half", "single", "double"
KINDS: dict[str, np.dtype[Any]] = {
    HALF: np.dtype(np.float16), SINGLE: np.dtype(np.float32), DOUBLE: np.dtype(np.float64),
}  # fmt: skip
SHORT = 2  # decimals of numbers that people write
DIGITS = 6  # significant ones of a number that nobody writes
HALF_STEP = 2**-11  # how far half precision may take a value, as a share of it


def kind_of(precision: str) -> np.dtype[Any]:
    """The type of numpy's that has the precision."""
    return KINDS[precision]


def precision_of(numbers: Floats, kind: np.dtype[Any]) -> str:
    """The precision that numbers were held in: by their type, or else by what they are.

    float64 that was made of float32 tells itself by values such as 0.10000000149011612; whole numbers and short
    decimals tell nothing, and are the same in every precision.

    >>> precision_of(np.array([0.1, 0.7]).astype(np.float32).astype(np.float64), np.dtype(np.float64))
    'single'
    """
    for precision in (HALF, SINGLE):
        if kind == KINDS[precision]:
            return precision
    finite = numbers[np.isfinite(numbers)]
    with np.errstate(over="ignore", invalid="ignore"):
        if kind.kind in "fO" and not np.array_equal(finite, finite.astype(np.float32)):
            return DOUBLE
        if kind.kind not in "fO" or np.array_equal(finite, np.round(finite, SHORT)):
            return DOUBLE
        return HALF if np.array_equal(finite, finite.astype(np.float16)) else SINGLE


def ceilings(points: Floats, precision: str) -> Floats:
    """The largest number that rounds to the point or below it, for each of `(n_points,)`.

    >>> top = ceilings(np.array([1.0]), "half")
    >>> np.float16(top[0]) == 1.0, np.float16(np.nextafter(top[0], 2.0)) == 1.0
    (np.True_, np.False_)
    """
    if precision == DOUBLE:
        return points
    kind = KINDS[precision]
    with np.errstate(over="ignore", invalid="ignore"):
        down = limits_of(points, kind).astype(kind)
        up = np.nextafter(down, np.array(np.inf, dtype=kind))
        low, high = _finite(down, kind), _finite(up, kind)
        middle = low / 2 + high / 2
        return np.where(middle.astype(kind) == down, middle, np.nextafter(middle, -np.inf))


def _finite(numbers: NDArray[Any], kind: np.dtype[Any]) -> Floats:
    """Numbers as float64, infinities as the next number would be if there were one."""
    largest = float(np.finfo(kind).max)
    step = largest - float(np.nextafter(np.array(largest, dtype=kind), np.array(0, dtype=kind)))
    return np.clip(numbers.astype(np.float64), -largest - step, largest + step)


def steps_below(points: Floats, precision: str) -> Floats:
    """The largest number that rounds to less than the point, for each of `(n_points,)`."""
    kind = KINDS[precision]
    with np.errstate(over="ignore"):
        below = np.nextafter(points.astype(kind), np.array(-np.inf, dtype=kind))
    return ceilings(below.astype(np.float64), precision)


def half_twins(values: tuple[float, ...], held: list[Twin]) -> Iterator[Twin]:
    """What half precision makes of each value, where that is a number that nobody writes.

    99.95 becomes 100, which is a value of its own; 0.1 becomes 0.0999755859375, which is none.
    """
    for half, value in halves_of(values).items():
        near = math.isfinite(half) and abs(half - value) <= HALF_STEP * abs(value) and not half.is_integer()
        unwritten = len(repr(abs(half)).replace(".", "").lstrip("0")) >= DIGITS
        if near and unwritten and not any(low < half <= high for low, high, _ in held):
            yield math.nextafter(half, -math.inf), half, value


def halves_of(values: tuple[float, ...]) -> dict[float, float]:
    """What half precision makes of the values that it changes, and of no two of them, to the value."""
    with np.errstate(over="ignore"):
        halves = np.array(values, dtype=np.float64).astype(np.float16).astype(np.float64).tolist()
    once = {half for half in halves if halves.count(half) == 1}
    return {half: value for half, value in zip(halves, values, strict=True) if half in once and half != value}
