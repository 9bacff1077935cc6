"""Counts and sums of all columns of a matrix at once: exact edges, moments and missing values, tile by tile.

A tile stays in the second-level cache while every edge passes over it.  Each pass is one comparison and one sum, and
both run along rows laid end to end: with an inner axis of thirty columns numpy would spend its time on turning corners.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.histogram import limits_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ABREAST = 2_048  # numbers laid end to end: enough for numpy to run, few enough to stay in the first-level cache
GROUPS = 128  # of those in a tile; no more than a byte counts to


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
    """

    rows: int
    cells: NDArray[np.int64]
    missing: NDArray[np.int64]
    moments: Floats


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
        self._centre, self._inverse = np.array(centre, dtype=np.float64), 1 / np.array(scale, dtype=np.float64)

    def sums(self, matrix: NDArray[Any]) -> Sums:
        """Count `(n_rows, n_columns)` real numbers; NaN is missing, infinities are in the outermost cells."""
        rows, width = matrix.shape
        kind = np.dtype(np.float32 if matrix.dtype in (np.float16, np.float32) else np.float64)
        above = np.zeros((len(self.edges) + 1, width), dtype=np.int64)  # the first holds what is missing
        moments = np.zeros((3, width))
        padded = 0
        if width and rows:
            room = _Room(self, rows, kind)
            for start in range(0, rows, room.rows):
                tile, pad = room.laid_out(matrix[start : start + room.rows])
                padded += pad
                above += room.counted(tile)
                moments += room.summed(tile)
        missing = above[0] - padded
        above[0] = rows - missing
        below = np.vstack([above[1:], np.zeros((1, width), dtype=np.int64)])
        return Sums(rows, (above - below).T, missing, moments.T)

    def laid_out(self, kind: np.dtype[Any], abreast: int) -> tuple[NDArray[Any], Floats, Floats]:
        """Edges `(n_edges, …)` in a precision, centre and inverse scale, each repeated for rows that lie abreast."""
        limits = np.tile(limits_of(self.edges, kind), abreast)
        return limits, np.tile(self._centre, abreast), np.tile(self._inverse, abreast)


class _Room:
    """Where the tiles of one matrix are worked on, `abreast` rows to a line."""

    def __init__(self, columns: Columns, rows: int, kind: np.dtype[Any]) -> None:
        self._kind, self._width = kind, columns.width
        self._abreast = abreast = min(max(ABREAST // columns.width, 1), rows)
        lines = min(GROUPS, -(-rows // abreast))
        self.rows = abreast * lines
        self._limits, self._centre, self._inverse = columns.laid_out(kind, abreast)
        shape = (lines, abreast * columns.width)
        self._mask, self._z, self._work = np.empty(shape, dtype=np.bool_), np.empty(shape), np.empty(shape)
        self._ones = np.ones(lines)

    def laid_out(self, rows: NDArray[Any]) -> tuple[NDArray[Any], int]:
        """`(n_rows, n_columns)` as whole lines, and how many rows of NaN make up the last one."""
        pad = -len(rows) % self._abreast
        tile = np.ascontiguousarray(rows, dtype=self._kind)
        if pad:
            tile = np.concatenate([tile, np.full((pad, self._width), np.nan, dtype=self._kind)])
        return tile.reshape(-1, self._abreast * self._width), pad

    def counted(self, tile: NDArray[Any]) -> NDArray[np.int64]:
        """How many values of each column are missing, and above each edge: `(1 + n_edges, n_columns)`."""
        mask = self._mask[: len(tile)]
        ones = mask.view(np.uint8)
        lines = np.empty((len(self._limits) + 1, tile.shape[1]), dtype=np.uint8)
        for limit, line in zip(self._limits, lines[1:], strict=True):
            np.greater(tile, limit, out=mask)
            np.add.reduce(ones, axis=0, dtype=np.uint8, out=line)
        np.not_equal(tile, tile, out=mask)  # left as it is: `summed` wants to know what is missing
        np.add.reduce(ones, axis=0, dtype=np.uint8, out=lines[0])
        return lines.reshape(len(lines), self._abreast, self._width).sum(axis=1, dtype=np.int64)

    def summed(self, tile: NDArray[Any]) -> Floats:
        """Sums of z over the tile that was counted last, `(3, n_columns)`."""
        z, missing = self._z[: len(tile)], self._mask[: len(tile)]
        with np.errstate(invalid="ignore", over="ignore"):
            np.subtract(tile, self._centre, out=z)
            np.multiply(z, self._inverse, out=z)
            np.copyto(z, 0.0, where=missing)
            sums = self._sums_of(z)
            if not np.isfinite(sums).all():  # an infinity is counted, and is in no sum
                np.copyto(z, 0.0, where=~np.isfinite(z))
                sums = self._sums_of(z)
        return sums.reshape(3, self._abreast, self._width).sum(axis=1)

    def _sums_of(self, z: Floats) -> Floats:
        work, ones = self._work[: len(z)], self._ones[: len(z)]  # BLAS adds up columns fastest
        total = ones @ z
        np.maximum(z, 0.0, out=work)
        positive = ones @ work
        np.multiply(z, z, out=work)
        return np.stack([positive, np.maximum(positive - total, 0.0), ones @ work])
