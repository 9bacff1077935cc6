"""Edges that cut a sample into bins of about equal size, and the values that deserve a bin of their own."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MOST_DIGITS = 17
MOST = float(np.finfo(np.float64).max)  # a baseline's file holds no infinity


def between(low: float, high: float, fewest: int = 1) -> float:
    """The number of fewest digits near the middle of two; the lower one where no number lies between.

    An edge is read, and copied by hand.  Well between two values, not on one, it also cuts alike where a service
    computes in single precision.

    >>> between(0.4083, 0.4127), between(12.0, 13.0), between(-999.0, 1.0)
    (0.41, 12.5, -500.0)
    """
    middle = low + (high - low) / 2 if high - low <= MOST else low / 2 + high / 2
    for digits in range(fewest, MOST_DIGITS + 1):
        rounded = float(f"{middle:.{digits}g}")
        if abs(rounded - middle) <= (high - low) / 4 and low < rounded < high:
            return rounded
    return low


def frequent_values(values: Floats, counts: NDArray[np.intp], fewest: float) -> Floats:
    """Those of the distinct `values`, `(n_distinct,)`, that occur more than `fewest` times.

    >>> frequent_values(np.array([-999.0, 0.0, 1.5]), np.array([30, 2, 68]), 5.0).tolist()
    [-999.0, 1.5]
    """
    return values[counts > fewest]


def quantile_edges(values: Floats, counts: NDArray[np.intp], ranges: int) -> tuple[float, ...]:
    """Edges within the sample that cut it into at most `ranges` parts of about equal size.

    Parameters
    ----------
    values, counts : (n_distinct,) the distinct values in order, and how often each occurs.

    Returns
    -------
    At most ``ranges - 1`` edges, increasing, each between two neighbouring values.

    >>> quantile_edges(np.arange(8.0), np.ones(8, dtype=np.intp), 4)
    (1.5, 3.5, 5.5)
    """
    return tuple(between(float(values[at]), float(values[at + 1])) for at in _cuts(counts, ranges))


def _cuts(counts: NDArray[np.intp], ranges: int) -> Iterator[int]:
    """Positions of the last value of each part but the last one."""
    reached: NDArray[np.intp] = np.cumsum(counts)
    last = -1
    for part in range(1, ranges):
        target = float(reached[-1]) * part / ranges
        at = int(reached.searchsorted(target))
        if at > 0 and target - reached[at - 1] < reached[at] - target:
            at -= 1
        if last < at < len(counts) - 1:
            last = at
            yield at


def outer_edges(smallest: float, largest: float) -> tuple[float, float]:
    """Edges just below the smallest and just above the largest value: what is beyond was never seen.

    A thousandth of the range beyond, so that an edge has few digits and a rounded extreme stays within.

    >>> outer_edges(0.0, 100.0), outer_edges(5.0, 5.0)
    ((-0.05, 100.05), (4.9995, 5.0005))
    """
    margin = min(largest - smallest, MOST) / 1_000 or abs(largest) / 5_000 or 1e-9
    low = min(smallest - margin, math.nextafter(smallest, -math.inf))  # the margin may be below the last digit
    return between(max(low, -MOST), smallest), between(largest, min(largest + margin, MOST))
