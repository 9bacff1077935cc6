"""A sliding window over sums that add up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Window:
    """Sums of the last `length_s` seconds, kept in `buckets` sub-windows.

    What leaves the window leaves it a sub-window at a time, so the window is between ``length_s - length_s /
    buckets`` and `length_s` seconds long.  Time is passed in, in seconds, and never read.

    Raises
    ------
    ValueError
        When length or number of sub-windows is not positive.

    >>> week = Window(7.0, buckets=7)
    >>> week.add(0.5, [1, 10]), week.add(3.0, [2, 20])
    (True, True)
    >>> week.total(6.9).tolist(), week.total(7.0).tolist()
    ([3.0, 30.0], [2.0, 20.0])
    """

    __slots__ = ("_newest", "_sums", "_width", "buckets", "length_s")

    def __init__(self, length_s: float, buckets: int) -> None:
        if not length_s > 0 or buckets < 1:
            raise ValueError(f"a window of {length_s} s in {buckets} sub-windows")
        self.length_s = length_s
        self.buckets = buckets
        self._width = length_s / buckets
        self._sums: dict[int, NDArray[np.float64]] = {}
        self._newest: int | None = None

    def add(self, now: float, vector: ArrayLike) -> bool:
        """Add `vector` at `now`; False where that has left the window already.

        Vectors have one shape.
        """
        position = int(now // self._width)
        if self._newest is None or position > self._newest:
            self._newest = position
            self._sums = {at: sums for at, sums in self._sums.items() if at > position - self.buckets}
        if position <= self._newest - self.buckets:
            return False
        added = np.asarray(vector, dtype=np.float64)
        held = self._sums.get(position)
        self._sums[position] = np.array(added) if held is None else held + added
        return True

    def total(self, now: float) -> NDArray[np.float64] | None:
        """Sum of what the window that ends at `now` holds, or None where it holds nothing."""
        last = int(now // self._width)
        parts = [sums for at, sums in self._sums.items() if last - self.buckets < at <= last]
        return np.sum(parts, axis=0) if parts else None
