"""Which rows the predictions in a block are about: ids, given or generated, one a row.

Ids are the host's data.  They are there whatever otelml does: generated from a secret of the block and the number of
the row alone, so that threads which share a block need no lock, and a row has the same id whoever asks first.
"""

from __future__ import annotations

import os
from contextlib import suppress
from contextvars import ContextVar
from hashlib import blake2b
from itertools import count
from typing import TYPE_CHECKING, Any, SupportsIndex

from otelml.executors import Carrier, lender, owner
from otelml.labels import MOST_TEXT, NO_ID, REVOKED, entries, shortened, whole_id
from otelml.ledger import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BATCH: ContextVar[Batch | None] = ContextVar("otelml_batch", default=None)
CARRIER = Carrier(BATCH)
_item, _each = list[str].__getitem__, list[str].__iter__
_FIRST = (0, 0, None)
NOBODY = 0  # owns the parts of a block whose order is not known; no thread or task is this one
MOST_STAGED = 4_096  # rows of a part that may be staged a while; a larger one is registered at once
MOST_ROWS = 10_000_000
MOST_ON_DEMAND = 1_000_000


class Ids(list[str]):
    """Generated ids, one a row: a list, which makes further ids on demand while nobody knows how many rows there are.

    Its length is `n_rows`, else the rows that models have seen.  Where no model was seen (otelml is off, or not
    launched), indexing, iteration and `zip` make ids on demand; a copy (`list`, `tuple`, JSON) has as many as `len`
    says.

    >>> ids = Ids(None)
    >>> len(ids), [score for _, score in zip(ids, [0.1, 0.2])], ids[1] == list(zip(ids, "ab"))[1][0], list(ids)
    (0, [0.1, 0.2], True, [])
    """

    asked = 0

    def __init__(self, n_rows: int | None) -> None:
        if n_rows:
            self.reach(n_rows)

    @property
    def on_demand(self) -> bool:
        """Whether ids are made as they are asked for."""
        return not list.__len__(self)

    def made(self, row: int) -> str:
        """The id of a row: unguessable, and the same each time."""
        secret = self.__dict__.get("secret") or self.__dict__.setdefault("secret", os.urandom(16))
        return blake2b(b"%d" % row, key=secret, digest_size=16).hexdigest()

    def reach(self, rows: int) -> None:
        """Have an id for each of the first `rows` rows."""
        held = list.__len__(self)
        if rows > held:  # one assignment: another thread that is at it writes the same ids into the same places
            list.__setitem__(self, slice(held, rows), [self.made(row) for row in range(held, rows)])

    def __len__(self) -> int:
        self.asked += 1
        return list.__len__(self)

    def __iter__(self) -> Iterator[str]:
        return OnDemand(self) if self.on_demand else _each(self)

    def __getitem__(self, index: SupportsIndex | slice) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] -- as a list
        if not self.on_demand:
            return _item(self, index)
        if isinstance(index, slice):
            return [self.made(row) for row in range(*index.indices(max(0, index.stop or 0)))]
        row = index.__index__()
        return self.made(row if row >= 0 else -1 - row)

    def __reduce__(self) -> Any:
        return list, (list.copy(self),)

    def __reduce_ex__(self, _: SupportsIndex) -> Any:
        return self.__reduce__()


class OnDemand:
    """Iterates over ids that are made as they are asked for.

    `list` and its like ask how many there are once they hold the iterator, `zip` and loops do not: without a difference
    between them, a copy would have a million ids.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids, self._asked, self._rows = ids, ids.asked, count()

    def __iter__(self) -> Iterator[str]:
        return self

    def __length_hint__(self) -> int:
        self._asked = -1
        return 0

    def __next__(self) -> str:
        row = next(self._rows)
        if self._asked != self._ids.asked or row >= MOST_ON_DEMAND:
            raise StopIteration
        return self._ids.made(row)


class Watched:
    """Whether models are watched in this process: else it is no wonder that a block's ids are used by no call."""

    on = False


class Batch:
    """The rows of one block.

    Attributes
    ----------
    ids : one id a row, as text; without ids of yours they are generated.
    """

    def __init__(self, ids: Iterable[Any] | None, n_rows: int | None = None) -> None:
        self._kept: list[str] | None = None  # as outcomes will have them, where that is another text than the host's
        self._given = ids is not None
        self.ids: list[str] = (
            Ids(None if n_rows is None else _rows(n_rows)) if ids is None else self._read(entries(ids))
        )
        self._size = len(self.ids) if self._given else len(self.ids) or None
        self._used = False
        self._lent: list[None] = []  # work that was handed to pools and is not done yet
        self._spread: bool | None = None  # such work overlapped; None where none was handed on
        self._claims: dict[tuple[Any, int], list[Any]] = {}  # by turn: start, end, whose, and the ids of a part
        self._latest: dict[Any, tuple[int, int, int | None]] = {}

    def _read(self, ids: list[Any]) -> list[str]:
        texts = [whole_id(one) for one in ids]
        if not all(texts) or max(map(len, texts), default=0) > MOST_TEXT:
            self._kept = [shortened(one) if one else NO_ID for one in texts]
        return texts

    def take(self, model: object, operation: str, rows: int) -> list[str]:
        """The ids of the next `rows` rows that `model` is asked about by `operation`; `NO_ID` of a row without one.

        A call on all rows takes them all, one on a part the next part; a further call on all of them begins anew.
        Which part is the next is known of one thread or task alone: of given ids, others get none.
        """
        self._used = True
        if rows == self._size and not self._latest:  # all of them, as nearly always: nobody has turns
            ids = _item(self.ids if self._kept is None else self._kept, slice(rows))
            return ids if self._kept is None and len(ids) == rows else self._there(ids, rows)
        asked, size = (id(model), operation), self._size
        turn, end, whose = self._latest.get(asked, _FIRST)
        by = None
        if self._given and size is not None and 0 < rows < size:
            by = owner() if self._spread is None else self._asker()
        while True:  # `setdefault` is atomic: of calls in several threads, or in a signal handler, one has each turn
            start = 0 if size is not None and end + rows > size else end
            mine = [start, start + rows, whose if by is None or by == whose else by if whose is None else NOBODY]
            held = self._claims.setdefault((asked, turn), mine)
            turn += 1
            end, whose = held[1], held[2]
            if held is mine:
                break
        self._latest[asked] = (turn, end, whose)
        if size is None and isinstance(self.ids, Ids):
            self.ids.reach(end)
        ids = _item(self.ids if self._kept is None else self._kept, slice(start, end))
        if by is not None:
            if rows < MOST_STAGED:
                mine.append(ids)
            if mine[2] == NOBODY:
                return self._refuse(asked, turn, rows)
        return ids if len(ids) == rows and self._kept is None else self._there(ids, rows)

    def _refuse(self, asked: Any, turns: int, rows: int) -> list[str]:
        """No ids, and none for the parts before either, as far as they were not registered yet."""
        for turn in reversed(range(turns)):
            claim = self._claims[asked, turn]
            if claim[2] == NOBODY and turn < turns - 1:  # those before were refused
                break
            claim[2] = NOBODY
            for ids in claim[3:]:
                ids[:] = [REVOKED] * len(ids)
            del claim[3:]
        ledger.drop("ids_mismatch", rows)
        ledger.warn_once(
            "otelml: parts of a block of otelml.predictions(ids=...) were predicted by several threads or tasks: which "
            "ids are whose is not known, and no outcome is awaited for them, see otelml.dropped. Open a block for each "
            "call, within the function that predicts, with the ids of its rows"
        )
        return []

    def _asker(self) -> int:
        """Who asks for a part here."""
        by = None if self._spread is None else lender()
        if by is None:
            return owner()
        return NOBODY if self._spread else by

    def end(self) -> None:
        """Say that ids were given and used by no call, where none is under way yet."""
        if self._given and self._size and not self._used and not self._lent and Watched.on:
            ledger.warn_once(
                "otelml: ids of otelml.predictions(ids=...) were used by no call before the block ended; outcomes do "
                "not find predictions that were made elsewhere: after the block, in another process, in threads that "
                "it does not go along into (those of joblib, of multiprocessing.pool.ThreadPool, your own), or by a "
                "model that is not watched. Open the block within the function that predicts, around the call"
            )

    def lend(self, threads: int) -> int | None:
        """Hand work on to a pool of so many threads; returns who did.  What overlaps there comes in no known order."""
        overlaps = bool(self._lent)
        self._lent.append(None)
        if threads == 1:  # it does what it is handed in order, whoever waits for it
            return None
        self._spread = bool(self._spread or overlaps)
        return owner()

    def regain(self) -> None:
        """Work that was handed on is done."""
        self._lent.pop()

    def _there(self, ids: list[str], rows: int) -> list[str]:
        """Those ids, or none where there are too few, or all are missing."""
        if len(ids) < rows:
            ledger.drop("ids_mismatch", rows)
            ledger.warn_once("otelml: %d rows were predicted under %d ids; give one id a row", rows, self._size)
            return []
        if not any(ids):
            without_id(rows)
            return []
        return ids


def without_id(rows: int, model: str = "") -> None:
    """Count rows that have no id, by which no outcome will find them."""
    if rows:
        ledger.drop("ids_missing", rows, model)
        ledger.warn_once("otelml: rows were predicted without an id (None, NaN or an empty text among the ids): no "
                         "outcome is awaited for them, see otelml.dropped")  # fmt: skip


def _rows(n_rows: Any) -> int | None:
    if n_rows is None:
        return None
    with suppress(TypeError, ValueError):
        rows = int(n_rows)
        if rows == n_rows and 0 <= rows <= MOST_ROWS:
            return rows
    ledger.warn_once("otelml: n_rows of predictions(...) is no whole number of rows; it is left out")
    return None


class predictions:  # noqa: N801 -- a context manager, named as it is used
    """Name the rows that models are asked about in this block, so that outcomes find them.

    An id names one prediction: use the id of the order or the request, not that of the customer.

    Parameters
    ----------
    ids : (n_rows,) anything with a text; None has them generated.  A row whose id is missing (None, NaN, an empty
        text) awaits no outcome.
    n_rows : how many rows there are, so that `batch.ids` has as many also where otelml is switched off.
    segment, groups, positions : (n_rows,) for slices and rankings.

    Raises
    ------
    NotImplementedError
        For segment, groups and positions, until they are watched.
    """

    __slots__ = ("_batch", "_before")

    def __init__(
        self,
        ids: Iterable[Any] | None = None,
        *,
        n_rows: int | None = None,
        segment: Any = None,
        groups: Iterable[Any] | None = None,
        positions: Iterable[Any] | None = None,
    ) -> None:
        if segment is not None or groups is not None or positions is not None:
            raise NotImplementedError("segment, groups and positions are not watched yet; leave them out")
        self._batch = Batch(ids, n_rows)
        self._before: list[Batch | None] = []

    def __enter__(self) -> Batch:
        if not CARRIER.on:
            CARRIER.start()
        before = BATCH.get()
        self._before.append(before)
        try:
            BATCH.set(self._batch)
        except BaseException:  # an exception of a signal handler came just then: the block is not entered
            BATCH.set(before)
            raise
        return self._batch

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # Only where it is in force: a generator that a framework runs step by step may be left in another context than
        # it was entered in (FastAPI does that to dependencies), which never was in the block.  Twice, for an exception
        # of a signal handler.
        before = self._before.pop()
        try:
            if BATCH.get() is self._batch:
                BATCH.set(before)
        finally:
            if BATCH.get() is self._batch is not before:
                BATCH.set(before)
        if kind is None:
            self._batch.end()
