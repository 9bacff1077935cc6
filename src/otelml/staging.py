"""What the hot path leaves behind of calls, until it is folded in bulk.

Columns, not records: an append to a list is atomic and the cheapest thing there is, and bytes are the cheapest copy of
an answer (callers reuse their buffers).  What belongs together across columns is appended as one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from otelml.prediction import Form

T = TypeVar("T")
Trace = tuple[float, int, int, int]  # seconds, trace id, span id, nanoseconds since the epoch


class Waiting(NamedTuple):
    """Rows for which outcomes will come: their bytes, one id a row, and when they were predicted (seconds)."""

    data: bytes
    ids: Sequence[str]
    time: float


class Lane:
    """Calls of one operation that were answered in one form, type and shape of row.

    Attributes
    ----------
    seconds, rows, spent : duration, rows and otelml's own share (seconds) of each call.
    traces : of calls at which an exemplar may point.
    data : bytes of the rows of calls without ids; with ids they are in `waiting`.
    calls : how many there were, about; of one in some of them our own share is measured.
    settled : arrays of this type and shape of row are answers of this form, whatever the call's arguments were.
    tells : the answer to one row is put on its span.
    """

    __slots__ = (
        "calls",
        "data",
        "dtype",
        "form",
        "operation",
        "rows",
        "seconds",
        "settled",
        "spent",
        "tail",
        "tells",
        "traces",
        "waiting",
    )

    def __init__(self, operation: str, form: Form, dtype: np.dtype[Any], tail: tuple[int, ...]) -> None:
        self.operation, self.form, self.dtype, self.tail = operation, form, dtype, tail
        self.settled = self.tells = False
        self.calls = 0
        self.seconds: list[float] = []
        self.rows: list[int] = []
        self.spent: list[float] = []
        self.traces: list[Trace] = []
        self.data: list[bytes] = []
        self.waiting: list[Waiting] = []

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


def drained(staged: list[T]) -> list[T]:
    """Take out what is in the list now; what is appended meanwhile stays, since each step is atomic."""
    count = len(staged)
    taken = staged[:count]
    del staged[:count]
    return taken
