"""Counts of values between fixed bounds: exact, mergeable, and fast on large arrays.

A value equal to a bound belongs to the bin below it, as OpenTelemetry's explicit-bucket histogram has it: bin
`i` holds ``bounds[i - 1] < x <= bounds[i]``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

# Below this many values one binary search each costs less than the fixed cost of a pass a bound.
SEARCH_BELOW = 2048
# A tile and its comparison stay in the second-level cache while all bounds pass over them.
TILE = 32768


def count_bins(values: NDArray[Any], bounds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Count the values of each bin.

    Parameters
    ----------
    values : any shape, real numbers; NaN falls into no bin, infinities into the outermost.
    bounds : (n_bounds,) strictly increasing.

    Returns
    -------
    (n_bounds + 1,) counts, the same as ``np.bincount(np.searchsorted(bounds, values))`` without NaN.

    >>> count_bins(np.array([0.1, 0.5, 0.7, np.nan]), np.array([0.5, 1.0])).tolist()
    [2, 1, 0]
    """
    values = as_floats(values)
    if values.size < SEARCH_BELOW:
        counts = np.bincount(bounds.searchsorted(values), minlength=len(bounds) + 1)
        counts[-1] -= np.count_nonzero(values != values)  # noqa: PLR0124 -- true of NaN alone; the search puts it last
        return counts.astype(np.int64, copy=False)
    # How many values reach each bin; the one past the last is reached by none.
    reached = np.zeros(len(bounds) + 2, dtype=np.int64)
    limits = limits_of(bounds, values.dtype)
    for start in range(0, values.size, TILE):
        reached[:-1] += _reached(values[start : start + TILE], limits)
    return reached[:-1] - reached[1:]


def as_floats(values: ArrayLike) -> NDArray[np.float64]:
    """`values` as a flat array of float64, or of float32 where they are that already.

    >>> as_floats([[True, False]]).tolist()
    [1.0, 0.0]
    """
    array = np.asarray(values)
    if array.dtype != np.float32:
        array = array.astype(np.float64, copy=False)
    return array.ravel()


def limits_of(bounds: NDArray[np.float64], dtype: np.dtype[Any]) -> NDArray[np.float64]:
    """Round bounds down to `dtype`: a value of that type is above one exactly when above the rounded one."""
    with np.errstate(over="ignore"):
        rounded = bounds.astype(dtype)
        below = np.nextafter(rounded, np.array(-np.inf, dtype=dtype))
    return np.where(rounded > bounds, below, rounded)


def _reached(tile: NDArray[np.float64], limits: NDArray[np.float64]) -> list[int]:
    """How many values reach each bin; the first is reached by all but NaN."""
    mask = np.equal(tile, tile)
    reached = [int(np.count_nonzero(mask))]
    for limit in limits:
        np.greater(tile, limit, out=mask)
        reached.append(int(np.count_nonzero(mask)))
    return reached


def bin_index(values: ArrayLike, bounds: NDArray[np.float64]) -> NDArray[np.intp]:
    """Position of each value's bin, `(n_values,)`; -1 for NaN.

    >>> bin_index([0.5, 0.6, np.nan], np.array([0.5, 1.0])).tolist()
    [0, 1, -1]
    """
    array = as_floats(values)
    index = bounds.searchsorted(array)
    index[np.isnan(array)] = -1
    return index


def bin_labels(bounds: Sequence[float] | NDArray[np.float64]) -> tuple[str, ...]:
    """One text a bin, in the order of the bins, also when sorted as text (up to 100 bins).

    Bounds have six digits, or all of them where six would make two bounds look alike.

    >>> bin_labels((1e-5, 12.5))
    ('00:(-inf,1e-05]', '01:(1e-05,12.5]', '02:(12.5,inf)')
    """
    texts = [f"{bound:.6g}" for bound in bounds]
    if len(set(texts)) < len(texts):
        texts = [repr(float(bound)) for bound in bounds]
    edges = ["-inf", *texts, "inf"]
    closing = ["]"] * len(texts) + [")"]
    pairs = zip(edges, edges[1:], closing, strict=False)
    return tuple(f"{position:02d}:({low},{high}{end}" for position, (low, high, end) in enumerate(pairs))


class Histogram:
    """Counts a bin, sum and extremes of a stream of values.

    Parameters
    ----------
    bounds : strictly increasing, finite; n bounds make n + 1 bins.

    Attributes
    ----------
    counts : (n_bounds + 1,) int64.
    total : sum of the values.
    minimum, maximum : infinity and minus infinity as long as there is no value.

    Raises
    ------
    ValueError
        When the bounds are not finite or do not increase.

    >>> scores = Histogram((0.5,))
    >>> scores.add([0.2, 0.5, 0.9, float("nan")])
    1
    >>> scores.counts.tolist(), round(scores.total, 6), scores.minimum, scores.maximum
    ([2, 1], 1.6, 0.2, 0.9)
    """

    __slots__ = ("_edges", "bounds", "counts", "maximum", "minimum", "total")

    def __init__(self, bounds: Sequence[float] | NDArray[np.float64]) -> None:
        self.bounds: tuple[float, ...] = tuple(float(bound) for bound in bounds)
        self._edges = np.array(self.bounds, dtype=np.float64)
        if not np.isfinite(self._edges).all() or (np.diff(self._edges) <= 0).any():
            raise ValueError(f"bounds have to be finite and to increase: {self.bounds}")
        self.counts: NDArray[np.int64] = np.zeros(len(self.bounds) + 1, dtype=np.int64)
        self.total = 0.0
        self.minimum = math.inf
        self.maximum = -math.inf

    @property
    def count(self) -> int:
        """How many values were counted."""
        return int(self.counts.sum())

    def add(self, values: ArrayLike) -> int:
        """Count the finite ones of `values` (any shape); return how many were skipped."""
        array = as_floats(values)
        size = array.size
        with np.errstate(invalid="ignore", over="ignore"):
            total = float(array.sum(dtype=np.float64))
            # A finite sum says that all values are, and the sum is needed anyway.
            if not math.isfinite(total):
                array = array[np.isfinite(array)]
                total = float(array.sum(dtype=np.float64))
        if array.size:
            self.counts += count_bins(array, self._edges)
            self.total += total
            self.minimum = min(self.minimum, float(array.min()))
            self.maximum = max(self.maximum, float(array.max()))
        return size - array.size

    def merge(self, other: Histogram) -> None:
        """Take in what `other` counted.

        Raises
        ------
        ValueError
            When the bounds differ.

        >>> mine, theirs = Histogram((1.0,)), Histogram((1.0,))
        >>> theirs.add([0.5, 2.0])
        0
        >>> mine.merge(theirs); mine.counts.tolist()
        [1, 1]
        """
        if other.bounds != self.bounds:
            raise ValueError(f"histograms of different bounds: {self.bounds} and {other.bounds}")
        self.counts += other.counts
        self.total += other.total
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
