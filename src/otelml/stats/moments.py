"""Mean and variance from sums that add up across chunks, processes and time.

Every sum only ever grows, so that each can travel as a monotonic counter; that is why positive and negative
values are summed apart.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otelml.stats.histogram import TILE, as_floats

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def squared_sum(array: NDArray[np.float64]) -> float:
    """Sum of the squares of `(n,)` numbers.

    Not by BLAS, whose threads go on spinning beside those of the host's model: `np.dot` of 100,000 scores made each
    following call of XGBoost take half as long again.

    >>> squared_sum(np.array([3.0, -1.0]))
    10.0
    """
    return float(np.einsum("i,i->", array, array))


@dataclass(frozen=True)
class Moments:
    """Count and sums of a sample.

    Attributes
    ----------
    count : how many values.
    positive : sum of the values above zero.
    negative : sum of the magnitudes of those below zero, itself not negative.
    squared : sum of the squares.
    """

    count: int = 0
    positive: float = 0.0
    negative: float = 0.0
    squared: float = 0.0

    @classmethod
    def of(cls, values: ArrayLike) -> Moments:
        """Moments of the finite ones of `values` (any shape).

        >>> Moments.of([3.0, -1.0, float("nan")])
        Moments(count=2, positive=3.0, negative=1.0, squared=10.0)
        """
        array = as_floats(values).astype(np.float64, copy=False)
        array = array if np.isfinite(array).all() else array[np.isfinite(array)]
        positive = negative = 0.0
        with np.errstate(over="ignore"):  # a sum that does not fit is infinite
            for start in range(0, array.size, TILE):  # what is cut off at zero stays in the cache
                tile = array[start : start + TILE]
                positive += float(np.maximum(tile, 0.0).sum())
                negative += abs(float(np.minimum(tile, 0.0).sum()))
            return cls(array.size, positive, negative, squared_sum(array))

    def merge(self, other: Moments) -> Moments:
        """Combine two disjoint samples.

        >>> Moments.of([1, 2]).merge(Moments.of([3])).mean
        2.0
        """
        return Moments(
            self.count + other.count,
            self.positive + other.positive,
            self.negative + other.negative,
            self.squared + other.squared,
        )

    @property
    def mean(self) -> float:
        """Arithmetic mean; NaN of an empty sample."""
        return (self.positive - self.negative) / self.count if self.count else math.nan

    @property
    def variance(self) -> float:
        """Variance of the population (`ddof=0`), never below zero; NaN of an empty sample.

        It is the difference of two sums, so digits cancel: its relative error is about ``1e-16 * mean**2 /
        variance``.  Values far from zero for their spread (a year, a time stamp) belong standardised first,
        which is what a baseline's mean and standard deviation are for.

        >>> Moments.of([1.0, 3.0]).variance
        1.0
        """
        return max(self.squared / self.count - self.mean * self.mean, 0.0) if self.count else math.nan
