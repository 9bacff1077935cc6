"""The SQLite store: shared by the processes of one machine, and kept over restarts.

Write-ahead log, transactions of up to a thousand rows, written behind the predict path by the desk's own thread.  Each
prediction is counted at the horizon once, by whichever process asks first.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from otelml.outcomes import files
from otelml.outcomes.records import (
    Acted,
    Action,
    Ages,
    Awaited,
    Held,
    Locked,
    Matured,
    Model,
    Outcome,
    Settled,
    belonging,
    judge,
    next_generation,
    refusal,
    repeated,
    skipped,
)
from otelml.outcomes.schema import COLUMNS, prepare
from otelml.outcomes.turns import Turn

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_WAITING = "select count(*) from predictions where counted = 0"
_OF_ONE = "id = ? and model = ? and version = ? and generation = ?"
CHUNK = 500
BUSY_S = 0.8  # below what a collection waits for the store
RETRY_S = 0.005


class SqliteStore:
    """Predictions in the file at `path`."""

    shared = True

    def __init__(self, ages: Ages, path: str) -> None:
        self._ages, self._path = ages, path
        self._connection: sqlite3.Connection | None = None
        self._abandoned: list[sqlite3.Connection] = []
        self.start_afresh()

    def start_afresh(self) -> None:
        """Open a connection of its own, as a forked child: SQLite's must not cross a fork."""
        if self._connection is not None:
            self._abandoned.append(self._connection)  # the parent's is left alone, neither used nor closed
        self._connection, self._place = None, None
        self._using, self.turn = Turn(), Turn()
        self.notices: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        if not self._using.take(BUSY_S):
            raise Locked("this process is at it")
        try:
            with _telling_locks():
                connection = self._opened()
                connection.execute("begin immediate")
                try:
                    yield connection
                except BaseException:
                    connection.execute("rollback")
                    raise
                connection.execute("commit")
        finally:
            self._using.leave()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is not None and files.place(self._path) != self._place:
            self._let_go(self._connection)
        if self._connection is None:
            files.make(self._path)
            connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
            try:
                _turn_to_write_ahead(connection)
                connection.execute("pragma synchronous=normal")
                prepare(connection)
            except BaseException:  # each use tries again, and each would leave a connection behind
                connection.close()
                raise
            self._connection, self._place = connection, files.place(self._path)
        return self._connection

    def _let_go(self, connection: sqlite3.Connection) -> None:
        """Notice that the file was deleted, or another put in its place: what waited in it is lost, and counted."""
        self._connection, waited = None, 0
        with suppress(sqlite3.Error):  # the file is still there for who has it open
            waited = 0 if files.place(self._path) else connection.execute(_WAITING).fetchone()[0]
        self.notices["store_deleted", ""] += waited
        with suppress(sqlite3.Error):
            connection.close()

    def introduce(self, model: Model, profile: str) -> None:
        """Keep what has to be known of a model to judge its outcomes; the latest word counts."""
        with self._transaction() as connection:
            connection.execute("insert or replace into models values (?, ?, ?)", (model[0], model[1] or "", profile))

    def profile(self, model: Model) -> str | None:
        """What was kept of a model; None where it was not introduced."""
        query = "select profile from models where name = ? and version = ?"
        with self._transaction() as connection:
            row: Any = connection.execute(query, (model[0], model[1] or "")).fetchone()
        return None if row is None else row[0]

    def register(self, awaited: list[Awaited]) -> list[Awaited]:
        """Take predictions in; returns those that are no repetition of one which still waits."""
        fresh: list[Held] = []
        notices: Counter[tuple[str, str]] = Counter()
        with self._transaction() as connection:
            for start in range(0, len(awaited), CHUNK):
                chunk = awaited[start : start + CHUNK]
                held = self._held(connection, [one.id for one in chunk])
                made = [entry for one in chunk if (entry := self._registered(one, held, notices)) is not None]
                self._insert(connection, made)
                fresh += made
        self.notices.update(notices)
        return [entry.awaited for entry in fresh]

    def _registered(self, one: Awaited, held: dict[str, list[Held]], notices: Counter[tuple[str, str]]) -> Held | None:
        generations = held.setdefault(one.id, [])
        earlier = repeated(one, generations, self._ages)
        if earlier is None:
            entry = Held(one, generation=next_generation(one, generations))
            generations.append(entry)
            return entry
        reason = skipped(one, earlier.awaited)
        if reason is not None:
            notices[reason, one.model] += 1
        return None

    @staticmethod
    def _insert(connection: sqlite3.Connection, entries: list[Held]) -> None:
        connection.executemany(
            f"insert into predictions ({COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, null, null, null, null, 0, ?)",  # noqa: S608 -- column names of ours
            [
                (one.id, one.model, one.version or "", one.predicted, one.score, one.value, one.time, entry.generation)
                for entry in entries
                for one in (entry.awaited,)
            ],
        )

    def settle(self, outcomes: list[Outcome]) -> Settled:
        """Join outcomes to the predictions that wait for them."""
        settled = Settled()
        for start in range(0, len(outcomes), CHUNK):
            settled.extend(self._settle(outcomes[start : start + CHUNK]))
        return settled

    def _settle(self, outcomes: list[Outcome]) -> Settled:
        settled = Settled()
        with self._transaction() as connection:
            held = self._held(connection, [outcome.id for outcome in outcomes])
            for outcome in outcomes:
                if outcome.id not in held:
                    settled.unknown.append(outcome)
                for entry in belonging(held.get(outcome.id, ()), outcome.at):
                    late = outcome.at >= entry.awaited.time + self._ages.horizon
                    if judge(settled, entry.awaited, outcome, entry.outcome, counted=entry.counted, ages=self._ages):
                        entry.outcome, entry.counted = outcome, entry.counted or late
                        self._keep(connection, entry)
        return settled

    def _held(self, connection: sqlite3.Connection, ids: list[str]) -> dict[str, list[Held]]:
        marks = ", ".join("?" * len(ids))
        query = f"select {COLUMNS} from predictions where id in ({marks}) order by generation"  # noqa: S608 -- question marks
        rows: Iterable[Any] = connection.execute(query, ids)
        held: dict[str, list[Held]] = {}
        for row in rows:
            awaited, outcome = _read(row)
            held.setdefault(awaited.id, []).append(Held(awaited, outcome, bool(row[11]), row[12]))
        return held

    @staticmethod
    def _keep(connection: sqlite3.Connection, entry: Held) -> None:
        outcome = entry.outcome or ()
        connection.execute(
            f"update predictions set actual = ?, actual_value = ?, at = ?, weight = ?, counted = ? where {_OF_ONE}",  # noqa: S608 -- column names of ours
            (*outcome[1:], int(entry.counted), *_key(entry)),
        )

    def act(self, actions: list[Action]) -> tuple[list[Acted], list[Action]]:
        """Join actions to their predictions, each once by its name; returns also those of ids that nobody knows."""
        acted: list[Acted] = []
        unknown: list[Action] = []
        for start in range(0, len(actions), CHUNK):
            chunk = actions[start : start + CHUNK]
            with self._transaction() as connection:
                held = self._held(connection, [action.id for action in chunk])
                acted += [
                    Acted(entry.awaited, action, self._refused(connection, entry, action))
                    for action in chunk
                    for entry in belonging(held.get(action.id, ()), action.at)
                ]
            unknown += [action for action in chunk if action.id not in held]
        return acted, unknown

    def _refused(self, connection: sqlite3.Connection, entry: Held, action: Action) -> str | None:
        late = refusal(entry.awaited, action, self._ages, known=False)
        if late is not None:
            return late
        # Forgotten with its prediction, hence the prediction's time.
        id_, model, version, generation = _key(entry)
        row = (id_, model, version, action.name, entry.awaited.time, generation)
        columns = "id, model, version, action, time, generation"
        insert = f"insert or ignore into actions ({columns}) values (?, ?, ?, ?, ?, ?)"  # noqa: S608 -- column names of ours
        fresh = connection.execute(insert, row).rowcount
        return refusal(entry.awaited, action, self._ages, known=not fresh)

    def mature(self, now: float) -> list[Matured]:
        """Predictions that reached the horizon since; forgets those past their time to live."""
        due, gone = now - self._ages.horizon, now - self._ages.time_to_live
        with self._transaction() as connection:
            rows: list[Any] = connection.execute(
                f"update predictions set counted = 1 where counted = 0 and time <= ? returning {COLUMNS}",  # noqa: S608 -- column names of ours
                (due,),
            ).fetchall()
            connection.execute("delete from predictions where counted = 1 and time <= ?", (gone,))
            connection.execute("delete from actions where time <= ?", (gone,))
        return [Matured(*_read(row)) for row in rows]

    def close(self) -> None:
        """Close the connection; the next use opens it again.  One that is in use is left to whoever uses it."""
        if self._using.take(RETRY_S):
            try:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
            finally:
                self._using.leave()


def _key(entry: Held) -> tuple[str, str, str, int]:
    one = entry.awaited
    return one.id, one.model, one.version or "", entry.generation


@contextmanager
def _telling_locks() -> Generator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if _is_lock(error):
            raise Locked(str(error)) from error
        raise


def _is_lock(error: sqlite3.OperationalError) -> bool:
    return "locked" in str(error) or "busy" in str(error)


def _turn_to_write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file's journal; the one statement for which SQLite does not wait when another connection is at it."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:  # noqa: PERF203 -- it is retried
            if not _is_lock(error) or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _read(row: tuple[Any, ...]) -> tuple[Awaited, Outcome | None]:
    awaited = Awaited(row[0], row[1], row[2] or None, *row[3:7])
    return awaited, None if row[7] is None else Outcome(row[0], *row[7:11])
