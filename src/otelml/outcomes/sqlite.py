"""The SQLite store: shared by the processes of one machine, and kept over restarts.

Write-ahead log, transactions of up to a thousand rows, written behind the predict path.  Each prediction is counted
at the horizon once, by whichever process asks first.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from otelml.outcomes.records import Acted, Action, Ages, Awaited, Matured, Model, Outcome, Settled, judge, refusal

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

_TABLE = """
create table if not exists predictions (
    id text not null, model text not null, version text not null, predicted text, score real, value real,
    time real not null, actual text, actual_value real, at real, weight real, counted integer not null default 0,
    primary key (id, model, version)
) without rowid
"""
_MODELS = """
create table if not exists models (
    name text not null, version text not null, profile text not null, primary key (name, version)
) without rowid
"""
# A table of its own: a file that an older version wrote gains it, and that version goes on with the file.
_ACTIONS = """
create table if not exists actions (
    id text not null, model text not null, version text not null, action text not null, time real not null,
    primary key (id, model, version, action)
) without rowid
"""
_WAITING = "create index if not exists waiting on predictions (time) where counted = 0"
_KEPT = "create index if not exists kept on predictions (time)"
_ACTED = "create index if not exists acted on actions (time)"
_COLUMNS = "id, model, version, predicted, score, value, time, actual, actual_value, at, weight, counted"
CHUNK = 500
BUSY_S = 10.0
RETRY_S = 0.005


class SqliteStore:
    """Predictions in the file at `path`."""

    shared = True

    def __init__(self, ages: Ages, path: str) -> None:
        self._ages, self._path = ages, path
        self._connection: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def start_afresh(self) -> None:
        """Open a connection of its own, as a forked child must."""
        # SQLite connections must not cross a fork; the parent's is left alone, neither used nor closed.
        self._abandoned, self._connection, self._lock = self._connection, None, threading.Lock()

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            if self._connection is None:
                self._connection = self._opened()
            connection = self._connection
            connection.execute("begin immediate")
            try:
                yield connection
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            _turn_to_write_ahead(connection)
            connection.execute("pragma synchronous=normal")
            for statement in (_TABLE, _MODELS, _ACTIONS, _WAITING, _KEPT, _ACTED):
                connection.execute(statement)
        except BaseException:  # each use tries again, and each would leave a connection behind
            connection.close()
            raise
        return connection

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
        """Take predictions in; returns those whose (id, model) was not there yet."""
        fresh: list[Awaited] = []
        insert = (
            f"insert or ignore into predictions ({_COLUMNS}) values (?, ?, ?, ?, ?, ?, ?, null, null, null, null, 0)"  # noqa: S608 -- column names of ours
        )
        with self._transaction() as connection:
            for one in awaited:
                row = (one.id, one.model, one.version or "", one.predicted, one.score, one.value, one.time)
                if connection.execute(insert, row).rowcount:
                    fresh.append(one)
        return fresh

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
                for index, (awaited, known, counted) in enumerate(held.get(outcome.id, ())):
                    if judge(settled, awaited, outcome, known, counted=counted, ages=self._ages):
                        counted = counted or outcome.at >= awaited.time + self._ages.horizon  # noqa: PLW2901 -- this one's
                        held[outcome.id][index] = (awaited, outcome, counted)
                        self._keep(connection, awaited, outcome, counted)
        return settled

    def _held(
        self, connection: sqlite3.Connection, ids: list[str]
    ) -> dict[str, list[tuple[Awaited, Outcome | None, bool]]]:
        marks = ", ".join("?" * len(ids))
        query = f"select {_COLUMNS} from predictions where id in ({marks})"  # noqa: S608 -- question marks
        rows: Iterable[Any] = connection.execute(query, ids)
        held: dict[str, list[tuple[Awaited, Outcome | None, bool]]] = {}
        for row in rows:
            awaited, outcome = _read(row)
            held.setdefault(awaited.id, []).append((awaited, outcome, bool(row[11])))
        return held

    @staticmethod
    def _keep(connection: sqlite3.Connection, awaited: Awaited, outcome: Outcome, counted: bool) -> None:  # noqa: FBT001 -- a column
        connection.execute(
            "update predictions set actual = ?, actual_value = ?, at = ?, weight = ?, counted = ? "
            "where id = ? and model = ? and version = ?",
            (*outcome[1:], int(counted), awaited.id, awaited.model, awaited.version or ""),
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
                    Acted(awaited, action, self._refused(connection, awaited, action))
                    for action in chunk
                    for awaited, _, _ in held.get(action.id, ())
                ]
            unknown += [action for action in chunk if action.id not in held]
        return acted, unknown

    def _refused(self, connection: sqlite3.Connection, awaited: Awaited, action: Action) -> str | None:
        late = refusal(awaited, action, self._ages, known=False)
        if late is not None:
            return late
        # Forgotten with its prediction, hence the prediction's time.
        row = (awaited.id, awaited.model, awaited.version or "", action.name, awaited.time)
        fresh = connection.execute("insert or ignore into actions values (?, ?, ?, ?, ?)", row).rowcount
        return refusal(awaited, action, self._ages, known=not fresh)

    def mature(self, now: float) -> list[Matured]:
        """Predictions that reached the horizon since; forgets those past their time to live."""
        due, gone = now - self._ages.horizon, now - self._ages.time_to_live
        with self._transaction() as connection:
            rows: list[Any] = connection.execute(
                f"update predictions set counted = 1 where counted = 0 and time <= ? returning {_COLUMNS}",  # noqa: S608 -- column names of ours
                (due,),
            ).fetchall()
            connection.execute("delete from predictions where counted = 1 and time <= ?", (gone,))
            connection.execute("delete from actions where time <= ?", (gone,))
        return [Matured(*_read(row)) for row in rows]

    def close(self) -> None:
        """Close the connection; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None


def _turn_to_write_ahead(connection: sqlite3.Connection) -> None:
    """Switch the file's journal; the one statement for which SQLite does not wait when another connection is at it."""
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("pragma journal_mode=wal")
        except sqlite3.OperationalError as error:  # noqa: PERF203 -- it is retried
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _read(row: tuple[Any, ...]) -> tuple[Awaited, Outcome | None]:
    awaited = Awaited(row[0], row[1], row[2] or None, *row[3:7])
    return awaited, None if row[7] is None else Outcome(row[0], *row[7:11])
