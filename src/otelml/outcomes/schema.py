"""The tables of the SQLite store, by version of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlite3 import Connection

VERSION = 2  # `pragma user_version`; 1, without generations, wrote none

_PREDICTIONS = """
create table if not exists predictions (
    id text not null, model text not null, version text not null, predicted text, score real, value real,
    time real not null, actual text, actual_value real, at real, weight real, counted integer not null default 0,
    generation integer not null default 0,
    primary key (id, model, version, generation)
) without rowid
"""
_MODELS = """
create table if not exists models (
    name text not null, version text not null, profile text not null, primary key (name, version)
) without rowid
"""
_ACTIONS = """
create table if not exists actions (
    id text not null, model text not null, version text not null, action text not null, time real not null,
    generation integer not null default 0,
    primary key (id, model, version, generation, action)
) without rowid
"""
_INDICES = (
    "create index if not exists waiting on predictions (time) where counted = 0",
    "create index if not exists kept on predictions (time)",
    "create index if not exists acted on actions (time)",
)
COLUMNS = "id, model, version, predicted, score, value, time, actual, actual_value, at, weight, counted, generation"
_FIRST = COLUMNS.rpartition(", ")[0]
_FIRST_OF_ACTIONS = "id, model, version, action, time"
_INDEX_NAMES = ("waiting", "kept", "acted")


class NewerFileError(Exception):
    """The file was written by a newer version of otelml."""


def prepare(connection: Connection) -> None:
    """Make the tables in a new file, and bring those of an older version up to this one; in one transaction."""
    connection.execute("begin immediate")
    try:
        (version,) = connection.execute("pragma user_version").fetchone()
        if version > VERSION:
            raise NewerFileError(f"version {version} of the outcome store is newer than {VERSION}")  # noqa: TRY301 -- rolled back
        older = [table for table in ("predictions", "actions") if version < VERSION and _exists(connection, table)]
        for table in older:
            connection.execute(f"alter table {table} rename to {table}_1")
        for index in _INDEX_NAMES if older else ():
            connection.execute(f"drop index if exists {index}")
        for statement in (_PREDICTIONS, _MODELS, _ACTIONS, *_INDICES):
            connection.execute(statement)
        for table in older:
            columns = _FIRST if table == "predictions" else _FIRST_OF_ACTIONS
            connection.execute(f"insert into {table} ({columns}) select {columns} from {table}_1")  # noqa: S608 -- names of ours
            connection.execute(f"drop table {table}_1")
        connection.execute(f"pragma user_version = {VERSION}")
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _exists(connection: Connection, table: str) -> bool:
    query = "select 1 from sqlite_master where type = 'table' and name = ?"
    return connection.execute(query, (table,)).fetchone() is not None
