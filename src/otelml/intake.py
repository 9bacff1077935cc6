"""What a model is asked about, copied before the host's call and counted after it.

Before, since a model may change its input (`StandardScaler(copy=False)` does); kept only once it was answered, since
rows of a call that failed were answered by nobody.  A small table is staged as bytes, the cheapest copy there is; a
large one is counted on the spot, which costs less than to copy it, and weighs nothing.
"""

from __future__ import annotations

import time
from random import randrange
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from otelml.arrays import n_rows
from otelml.ledger import ledger
from otelml.outside import let_pass
from otelml.patching.guard import swallow
from otelml.staging import drained
from otelml.tables import Table, part_of, stacked, table_of, without

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from otelml.budget import Budget
    from otelml.recorders.columns import Columns, Counted

LARGE = 262_144  # bytes of a table that is counted on the spot
MOST_LANES = 16
OBJECT = 48  # bytes that a Python object weighs beside its pointer, about


Taken = tuple[list[Any], Any, int]
"""The lane that rows go to once they were answered, what was copied of them, and its weight in bytes."""


Latest = tuple[np.dtype[Any], tuple[int, ...], list[Any]]
"""Type, shape of a row and data of the lane that was used last, which is looked at first."""


class MatrixLane:
    """Matrices of numbers of one type and width, as bytes."""

    __slots__ = ("data", "dtype", "names", "width")

    def __init__(self, table: Table, matrix: NDArray[Any]) -> None:
        self.names, self.dtype, self.width = table.names, matrix.dtype, table.width
        self.data: list[Any] = []

    def fits(self, table: Table) -> bool:
        """Whether a table can be stacked onto the others."""
        matrix = table.matrix
        return matrix is not None and (self.dtype, self.width, self.names) == (matrix.dtype, table.width, table.names)

    def table(self, data: list[bytes]) -> Table:
        """Lay rows one below the other."""
        matrix = np.frombuffer(b"".join(data), dtype=self.dtype).reshape(-1, self.width)
        return Table(self.names, len(matrix), matrix)


class TableLane:
    """Tables of anything, of the same names and number of columns."""

    __slots__ = ("data", "names", "width")

    def __init__(self, table: Table) -> None:
        self.names, self.width = table.names, table.width
        self.data: list[Any] = []

    def fits(self, table: Table) -> bool:
        """Whether a table can be stacked onto the others."""
        return not table.numeric and (self.width, self.names) == (table.width, table.names)

    def table(self, data: list[Table]) -> Table:
        """Lay rows one below the other."""
        return stacked(data)


class Intake:
    """The inputs of one monitor on their way to be counted."""

    def __init__(self, columns: Columns, budget: Budget, sentinel: float | None = None) -> None:
        self._columns, self.budget, self._sentinel = columns, budget, sentinel
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with nothing staged."""
        self._lanes: list[MatrixLane | TableLane] = []
        self._tallies: list[Counted | None] = []
        self._latest: Latest = np.dtype(object), (-1,), []  # which no array has

    def take(self, rows: Any) -> Taken | None:
        """Copy what the host is about to ask; None where nothing of it is counted."""
        dtype, tail, data = self._latest  # read as one: another thread may be changing it
        if (
            type(rows) is np.ndarray
            and rows.dtype is dtype
            and rows.shape[1:] == tail
            and self.budget.step == 1
            and rows.nbytes < LARGE
        ):
            return data, rows.tobytes(), rows.nbytes
        started = time.perf_counter()
        step = self.budget.step
        # Of a large array every n-th row is looked at.  Of anything else every n-th call: most of what a data frame
        # costs is to be taken apart at all.
        large = type(rows) is np.ndarray and rows.nbytes >= LARGE
        if step > 1 and not large and self._passes(rows, step):
            return None
        table = self._table_of(rows)
        if table is None or not table.rows or not table.width:
            return None
        kept = table.every(step, randrange(step)) if large and step > 1 else table  # noqa: S311 -- a sample
        ledger.drop("budget", table.rows - kept.rows, self._columns.model)
        taken = self._taken(kept)
        self.budget.spend(time.perf_counter() - started)
        return taken

    def _passes(self, rows: Any, step: int) -> bool:
        """Whether the budget leaves out a call, as it does all but one in so many."""
        # At random: hosts ask by turns, and every n-th call may be of one kind.
        passed = bool(randrange(step))  # noqa: S311 -- a sample
        ledger.drop("budget", (n_rows(rows) or 1) * passed, self._columns.model)
        return passed

    def _table_of(self, rows: Any) -> Table | None:
        try:
            part = part_of(rows, self._columns.most)
            table = table_of(part, self._columns.most)
        except BaseException as error:  # noqa: BLE001 -- whatever the host's own object raises is no error of ours
            let_pass(error)
            self._columns.refuse(rows)
            return None
        if part is not rows:
            ledger.drop("budget", (n_rows(rows) or 0) - table.rows, self._columns.model)
        return table

    def _taken(self, table: Table) -> Taken:
        weight = table.nbytes
        if weight < LARGE and not table.numeric:
            weight = weight_of(table)
        lane = self._lane(table) if weight < LARGE else None
        if lane is None:
            return self._tallies, self._columns.tally(without(table, self._sentinel)), 0
        if isinstance(lane, TableLane):
            return lane.data, table.copied(), weight
        return lane.data, cast("NDArray[Any]", table.matrix).tobytes(), weight

    def _lane(self, table: Table) -> MatrixLane | TableLane | None:
        """Where tables like this one are staged; None where there are too many kinds of them."""
        lane = next((one for one in self._lanes if one.fits(table)), None)
        if lane is None and len(self._lanes) < MOST_LANES:
            numeric = table.numeric and table.matrix is not None
            lane = MatrixLane(table, cast("NDArray[Any]", table.matrix)) if numeric else TableLane(table)
            self._lanes.append(lane)  # two threads may make two of a kind, both of which are folded
        if isinstance(lane, MatrixLane) and lane.names is None:
            self._latest = lane.dtype, (lane.width,), lane.data
        return lane

    def fold(self) -> None:
        """Count what is staged."""
        started = time.perf_counter()
        for lane in self._lanes:
            data = drained(lane.data)
            if data:
                self._count(lane, data)
        for tally in drained(self._tallies):
            self._columns.add(tally)
        self.budget.spend(time.perf_counter() - started)

    def _count(self, lane: MatrixLane | TableLane, data: list[Any]) -> None:
        """Count what a lane held; where that cannot be counted as one table, piece by piece."""
        try:
            self._columns.add(self._columns.tally(without(lane.table(data), self._sentinel)))
        except BaseException as error:  # noqa: BLE001 -- one odd piece takes no other along
            let_pass(error)
            if len(data) > 1:
                for one in data:
                    self._count(lane, [one])
                return
            ledger.drop("unsupported_input", lane.table(data).rows, self._columns.model)
            swallow("columns", error)


def weight_of(table: Table) -> int:
    """Bytes that a table of objects weighs, with the texts and arrays that it holds."""
    held = table.columns if table.matrix is None else (table.matrix,)
    objects = sum(OBJECT + size_of(one) for part in held if part.dtype.hasobject for one in part.ravel().tolist())
    return table.nbytes + objects


def size_of(value: Any) -> int:
    """Bytes of what a text, or an array, holds; 0 of anything else."""
    return len(value) if isinstance(value, str | bytes) else getattr(value, "nbytes", 0)
