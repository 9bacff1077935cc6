"""Counts and sums of all columns of a matrix at once: exact edges, moments and missing values, tile by tile.

A tile stays in the second-level cache while every edge passes over it.  Each pass is one comparison and one sum, and
both run along rows laid end to end: with an inner axis of thirty columns numpy would spend its time on turning corners.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.histogram import limits_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ABREAST = 2_048  # numbers laid end to end: enough for numpy to run, few enough to stay in the first-level cache
GROUPS = 128  # of those in a tile; no more than a byte counts to
SINGLE = 4  # bytes of a number in single precision


@dataclass(frozen=True)
class Sums:
    """What was counted of `(n_rows, n_columns)` values.

    Attributes
    ----------
    rows : how many.
    cells : (n_columns, n_edges + 1) int64, how many values lie in each cell ``edges[i - 1] < x <= edges[i]``.
    missing : (n_columns,) int64, how many are NaN.
    moments : (n_columns, 3) sums of z, of the finite values: of the positive ones, of the magnitudes of the negative
        ones, and of the squares.
    infinite : (n_columns,) int64, how many z are infinite, and so in no sum.
    """

    rows: int
    cells: NDArray[np.int64]
    missing: NDArray[np.int64]
    moments: Floats
    infinite: NDArray[np.int64]


class Columns:
    """Edges and scale of some numeric columns, laid out for counting many rows at once.

    Parameters
    ----------
    edges : one increasing, upper-inclusive sequence a column; lengths may differ.
    centre, scale : (n_columns,) what z = (x - centre) / scale is made with.

    >>> columns = Columns([(0.0, 1.0), (10.0,)], [0.0, 0.0], [1.0, 1.0])
    >>> sums = columns.sums(np.array([[0.5, 11.0], [1.0, np.nan], [-2.0, 10.0]]))
    >>> sums.cells.tolist(), sums.missing.tolist(), sums.moments[0].tolist()
    ([[1, 2, 0], [1, 1, 0]], [0, 1], [1.5, 2.0, 5.25])
    """

    def __init__(self, edges: Sequence[Sequence[float]], centre: Sequence[float], scale: Sequence[float]) -> None:
        width, most = len(edges), max((len(one) for one in edges), default=0)
        self.edges = np.full((most, width), np.inf)  # nothing is above infinity: a pad counts nothing
        for column, own in enumerate(edges):
            self.edges[: len(own), column] = own
        self.width = width
        self._abreast = max(ABREAST // max(width, 1), 1)
        self._centre = np.tile(np.array(centre, dtype=np.float64), self._abreast)
        self._inverse = np.tile(1 / np.array(scale, dtype=np.float64), self._abreast)
        self._limits: dict[np.dtype[Any], NDArray[Any]] = {}

    def sums(self, matrix: NDArray[Any]) -> Sums:
        """Count `(n_rows, n_columns)` real numbers; NaN is missing, infinities are in the outermost cells."""
        rows, width = matrix.shape
        above = np.zeros((len(self.edges) + 1, width), dtype=np.int64)  # the first holds what is missing
        moments, infinite = np.zeros((3, width)), np.zeros(width, dtype=np.int64)
        if width and rows:
            # A sum that does not fit is infinite.
            with _scratch(self._abreast * width * GROUPS) as room, np.errstate(invalid="ignore", over="ignore"):
                for lines in self._lines(matrix):
                    above += self._counted(lines, room)
                    moments += self._summed(lines, room, infinite)
        missing = above[0].copy()
        above[0] = rows - missing
        below = np.vstack([above[1:], np.zeros((1, width), dtype=np.int64)])
        return Sums(rows, np.transpose(above - below), missing, np.transpose(moments), infinite)

    def standardised(self, matrix: NDArray[Any], column: int) -> Floats:
        """The z of one column, `(n_rows,)`."""
        with np.errstate(invalid="ignore", over="ignore"):
            return (matrix[:, column].astype(np.float64) - self._centre[column]) * self._inverse[column]

    def _lines(self, matrix: NDArray[Any]) -> Iterator[NDArray[Any]]:
        """Tiles of lines of as many rows as lie abreast; what is left over makes a shorter line."""
        kind = np.float32 if matrix.dtype.kind == "f" and matrix.dtype.itemsize <= SINGLE else np.float64
        whole, most = len(matrix) - len(matrix) % self._abreast, self._abreast * GROUPS
        for start in range(0, whole, most):
            tile = np.ascontiguousarray(matrix[start : min(start + most, whole)], dtype=kind)
            yield tile.reshape(-1, self._abreast * self.width)
        if whole < len(matrix):
            yield np.ascontiguousarray(matrix[whole:], dtype=kind).reshape(1, -1)

    def _limits_of(self, kind: np.dtype[Any]) -> NDArray[Any]:
        """Edges in a precision, repeated for rows that lie abreast: `(n_edges, abreast * n_columns)`."""
        limits = self._limits.get(kind)
        if limits is None:
            limits = self._limits[kind] = np.tile(limits_of(self.edges, kind), self._abreast)
        return limits

    def _counted(self, lines: NDArray[Any], room: Room) -> NDArray[np.int64]:
        """How many values of each column are missing, and above each edge: `(1 + n_edges, n_columns)`."""
        length = lines.shape[1]
        mask = room.mask[: lines.size].reshape(lines.shape)
        ones = mask.view(np.uint8)
        sums = np.empty((len(self.edges) + 1, length), dtype=np.uint8)
        for limit, sum_ in zip(self._limits_of(lines.dtype), sums[1:], strict=True):
            np.greater(lines, limit[:length], out=mask)
            np.add.reduce(ones, axis=0, dtype=np.uint8, out=sum_)
        np.not_equal(lines, lines, out=mask)  # left as it is: `_summed` wants to know what is missing
        np.add.reduce(ones, axis=0, dtype=np.uint8, out=sums[0])
        return sums.reshape(len(sums), -1, self.width).sum(axis=1, dtype=np.int64)

    def _summed(self, lines: NDArray[Any], room: Room, infinite: NDArray[np.int64]) -> Floats:
        """Sums of z over the lines that were counted last, `(3, n_columns)`; adds what is in none to `infinite`."""
        length = lines.shape[1]
        z, missing = room.z[: lines.size].reshape(lines.shape), room.mask[: lines.size].reshape(lines.shape)
        np.subtract(lines, self._centre[:length], out=z)
        np.multiply(z, self._inverse[:length], out=z)
        np.copyto(z, 0.0, where=missing)
        sums = _sums_of(z, room)
        if not np.isfinite(sums).all():  # an infinity is counted, and is in no sum
            outside = ~np.isfinite(z)
            infinite += outside.reshape(-1, self.width).sum(axis=0)
            np.copyto(z, 0.0, where=outside)
            sums = _sums_of(z, room)
            sums[1] = np.add.reduce(np.maximum(-z, 0.0), axis=0)  # sums that do not fit have no difference
        return sums.reshape(3, -1, self.width).sum(axis=1)


class Room:
    """Where lines are worked on: made once, since what is new from the system costs more than the work on it."""

    def __init__(self, numbers: int = ABREAST * GROUPS) -> None:
        self.mask = np.empty(numbers, dtype=np.bool_)
        self.z, self.work = np.empty(numbers), np.empty(numbers)


_room, _room_taken = Room(), threading.Lock()


@contextmanager
def _scratch(numbers: int) -> Generator[Room]:
    """The one room, or another where that is too small, or somebody is at work in it."""
    if numbers > _room.z.size or not _room_taken.acquire(blocking=False):
        yield Room(numbers)
        return
    try:
        yield _room
    finally:
        _room_taken.release()


def _sums_of(z: Floats, room: Room) -> Floats:
    """Positive, negative and squared sums down the lines.

    By numpy alone: BLAS would be a little faster, and leave threads of its own spinning beside those of the host's
    model.
    """
    work = room.work[: z.size].reshape(z.shape)
    total = np.add.reduce(z, axis=0)
    np.maximum(z, 0.0, out=work)
    positive = np.add.reduce(work, axis=0)
    np.multiply(z, z, out=work)
    return np.stack([positive, np.maximum(positive - total, 0.0), np.add.reduce(work, axis=0)])
