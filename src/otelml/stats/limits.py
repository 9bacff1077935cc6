"""What may enter a running sum: a value that would absorb all ordinary ones stays out of it.

A sum of doubles has 53 bits.  After one value of 1e200 nothing that is added later changes it any more, for the life of
the process.  So what is ordinary for a sum is known (of values that a baseline standardised: 1) or learned from the
first values; ordinary values always enter, larger ones as long as the squares of all of them together stay below
2**48 of ordinary squares, and what does not enter is counted by the caller.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ORDINARY = 2.0**6  # times the scale: values that always enter
ROOM = 2.0**48  # times the squared scale: squares of all larger values; ordinary ones still change such a sum
FIRST = 16  # values other than zero that the scale is learned from
SAMPLE = 1_024  # values looked at, at most, to find those
UPPER = 0.75  # the quantile of them that is the scale: three of sixteen may be giants
SMALLEST, LARGEST = 2.0**-10, 2.0**64  # of a scale that is learned


class SumLimits:
    """Limits of the sums of some columns, each with a scale of its own.

    Until the scale of a column is learned, it is 1.

    Parameters
    ----------
    known : (n_columns,) whether values come in units of what is ordinary for them.

    >>> limits = SumLimits([True])
    >>> limits.within(np.array([0.5, 1e200, -3.0])).tolist()
    [0.5, -3.0]
    """

    def __init__(self, known: Sequence[bool]) -> None:
        width = len(known)
        self.scale = np.ones(width)
        self._spent = np.zeros(width)  # squares of values that were larger than ordinary ones
        self._first: dict[int, list[float]] = {at: [] for at, is_known in enumerate(known) if not is_known}
        self._seen = np.zeros(width, dtype=np.int64)

    @property
    def learning(self) -> list[int]:
        """The columns whose scale is not known yet."""
        return list(self._first)

    def learn(self, at: int, values: Floats) -> None:
        """Learn the scale of a column from `(n,)` values, of which the first are looked at."""
        magnitudes = np.abs(values[:SAMPLE])
        first = self._first.get(at)
        if first is None:
            return
        first.extend(magnitudes[(magnitudes > 0) & np.isfinite(magnitudes)][: SAMPLE // FIRST].tolist())
        self._seen[at] += np.count_nonzero(magnitudes == magnitudes)  # noqa: PLR0124 -- all but NaN
        if len(first) >= FIRST or self._seen[at] >= SAMPLE:
            if first:
                upper = sorted(first)[int(UPPER * (len(first) - 1))]
                self.scale[at] = min(max(2.0 ** math.ceil(math.log2(upper)), SMALLEST), LARGEST)
            self._first.pop(at, None)

    def fits(self, counts: NDArray[np.int64], squares: Floats) -> NDArray[np.bool_]:
        """Whether all values of a batch may enter, `(n_columns,)`, by their number and the sum of their squares.

        What fits is charged.  Threads may count at once, and one charge be lost: a limit has room for that.
        """
        scale = self.scale**2
        spent = self._spent + np.maximum(squares - counts * (ORDINARY**2 * scale), 0.0)
        fits = spent <= ROOM * scale
        self._spent = np.where(fits, spent, self._spent)
        return fits

    def kept(self, at: int, values: Floats) -> NDArray[np.bool_]:
        """Which of `(n,)` values of a column may enter its sums, and charge those: the smallest first."""
        scale = float(self.scale[at])
        magnitudes = np.abs(values)
        kept = magnitudes <= ORDINARY * scale
        large = np.flatnonzero(~kept & np.isfinite(magnitudes))
        large = large[np.argsort(magnitudes[large], kind="stable")]
        with np.errstate(over="ignore"):
            spent = self._spent[at] + np.cumsum(magnitudes[large] ** 2)
        fitting = int(np.searchsorted(spent, ROOM * scale**2, side="right"))
        if fitting:
            self._spent[at] = spent[fitting - 1]
        kept[large[:fitting]] = True
        return kept

    def within(self, values: Floats) -> Floats:
        """Of one column: those of `(n,)` finite values that may enter its sums; `values` itself where all may."""
        if self._first:
            self.learn(0, values)
        elif len(values) == 1 and abs(values[0]) <= ORDINARY * self.scale[0]:
            return values  # one value is checked sooner than a batch
        with np.errstate(over="ignore"):
            squares = np.einsum("i,i->", values, values)
        if self.fits(np.array([len(values)]), np.array([squares]))[0]:
            return values
        kept = self.kept(0, values)
        return values if kept.all() else values[kept]
