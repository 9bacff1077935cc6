"""What the hot path leaves behind of calls, until it is folded in bulk.

To extend a list by a tuple is atomic and the cheapest thing there is: what a call leaves lies flat among that of the
others, so that nothing is kept which Python's garbage collector would walk through.  Bytes are the cheapest copy of an
answer (callers reuse their buffers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from otelml.patching.sites import Operation
    from otelml.prediction import Form

T = TypeVar("T")
Trace = tuple[float, int, int, int]  # seconds, trace id, span id, nanoseconds since the epoch


Answered = tuple[float, int, bytes]
"""A call that was answered: seconds, rows, and the bytes of these."""

Waiting = tuple[float, int, bytes, "Sequence[str]", float]
"""The same of a call for whose rows outcomes will come: with one id a row, and when it was (seconds)."""

ANSWERED, WAITING = 3, 5  # entries of each
SECONDS, ROWS, DATA, IDS, AT = range(WAITING)


class Lane:
    """Calls of one operation that were answered in one form, type and shape of row.

    Attributes
    ----------
    calls, waiting : what was answered, without ids (`Answered`) and with them (`Waiting`), one call flat behind the
        other.  Each is one `extend`, so that an exception of a signal handler leaves a whole call or none.
    traces : of calls at which an exemplar may point.
    count : how many calls there were, about; of one in some of them our own share is measured.
    spent : seconds of that share.
    settled : the operation of which arrays of this type and shape of row are answers of this form, whatever the call's
        arguments were; None where no operation is known as such.  Models of one identity may share a lane.
    alone : the operation of which that holds where the call's only argument was the rows.
    tells : the answer to one row is put on its span.
    """

    __slots__ = (
        "alone",
        "calls",
        "count",
        "dtype",
        "form",
        "operation",
        "settled",
        "spent",
        "tail",
        "tells",
        "traces",
        "waiting",
    )

    def __init__(self, operation: str, form: Form, dtype: np.dtype[Any], tail: tuple[int, ...]) -> None:
        self.operation, self.form, self.dtype, self.tail = operation, form, dtype, tail
        self.settled: Operation | None = None
        self.alone: Operation | None = None
        self.tells = False
        self.count = 0
        self.calls: list[Any] = []
        self.waiting: list[Any] = []
        self.spent: list[float] = []
        self.traces: list[Trace] = []

    def fits(self, form: Form, answer: NDArray[Any]) -> bool:
        """Whether an answer can be stacked onto the others."""
        same = answer.dtype is self.dtype or answer.dtype == self.dtype
        return same and form is self.form and answer.shape[1:] == self.tail

    def stacked(self, data: Sequence[bytes]) -> NDArray[Any]:
        """Lay rows one below the other: `(n_rows, *tail)`."""
        joined = data[0] if len(data) == 1 else b"".join(data)
        width = self.dtype.itemsize * int(np.prod(self.tail, dtype=int))
        rows = len(joined) // width if width else 0
        return np.frombuffer(joined, dtype=self.dtype).reshape(rows, *self.tail)


class Failure(NamedTuple):
    """A call that raised: `error` is the name of the exception's class, or None for a cancellation or an exit."""

    operation: str
    seconds: float
    error: str | None
    trace: Trace | None
    spent: float


class Taken(NamedTuple):
    """What is taken out of a lane, to be folded."""

    lane: Lane
    calls: list[Any]
    waiting: list[Any]
    traces: list[Trace]
    spent: float

    @property
    def seconds(self) -> list[float]:
        """Duration of each call."""
        return self.calls[SECONDS::ANSWERED] + self.waiting[SECONDS::WAITING]

    @property
    def rows(self) -> list[int]:
        """Rows of each call, in the same order."""
        return self.calls[ROWS::ANSWERED] + self.waiting[ROWS::WAITING]


def rows_in(lane: Lane) -> int:
    """How many rows are in a lane now."""
    return sum(lane.calls[ROWS::ANSWERED]) + sum(lane.waiting[ROWS::WAITING])


def holds(staged: list[Any], entry: Answered | Waiting) -> bool:
    """Whether `entry` is the last that was staged."""
    return len(staged) >= len(entry) and staged[-len(entry)] is entry[SECONDS]


def taken(lane: Lane) -> Taken:
    """Take out of a lane what is in it now."""
    return Taken(lane, drained(lane.calls), drained(lane.waiting), drained(lane.traces), sum(drained(lane.spent)))


def drained(staged: list[T]) -> list[T]:
    """Take out what is in the list now; what is appended meanwhile stays, since each step is atomic."""
    count = len(staged)
    taken = staged[:count]
    del staged[:count]
    return taken
