"""Rows in a file: which columns there are, and those that are asked for as a data frame of pandas."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from otelml.cli.baseline.csv_files import ANY, ENCODING, Dialect, read_columns, read_names, recognised
from otelml.cli.baseline.request import RequestError, needed
from otelml.cli.baseline.writing import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

PARQUET = (".parquet", ".parq", ".pq")
CSV = re.compile(r"\.(csv|tsv)(\.(gz|zip|bz2|xz))?$", re.IGNORECASE)
UNNAMED = re.compile(r"__index_level_\d+__")


class Data(Protocol):
    """Rows that were opened and not read yet.

    Attributes
    ----------
    path : where they are.
    columns : their names, in the order of the file.
    index : names of what pandas kept as the index: to be asked for, and no column by itself.
    """

    @property
    def path(self) -> Path: ...  # noqa: D102 -- an attribute
    @property
    def columns(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def index(self) -> tuple[str, ...]: ...  # noqa: D102
    def read(self, columns: Sequence[str]) -> Any:
        """Read these columns, in this order."""
        ...


def open_data(path: Path, dialect: Dialect = ANY) -> Data:
    """Open a file, or a folder of Parquet files.

    Parameters
    ----------
    dialect : of CSV, as far as it is given.

    Raises
    ------
    RequestError
        When it is of no kind that can be read, or cannot be read.
    """
    if path.is_dir():
        if not any(found.suffix.lower() in PARQUET for found in path.rglob("*")):
            raise RequestError(f"{path} is a folder without *.parquet (--data): name a file, or a folder of Parquet")
        return _parquet(path)
    if path.suffix.lower() in PARQUET:
        return _parquet(path)
    if CSV.search(path.name):
        return _csv(path, dialect)
    raise RequestError(
        f"{path.name} is neither Parquet nor CSV by its name (--data): give *.parquet or *.csv (or *.tsv)"
    )


@dataclass(frozen=True)
class _Opened:
    path: Path
    columns: tuple[str, ...]
    reader: Callable[[list[str]], Any]
    index: tuple[str, ...] = field(default=())

    def read(self, columns: Sequence[str]) -> Any:
        """Read these columns, in this order.

        Raises
        ------
        RequestError
            When the file is damaged further down.
        """
        frame = _readable(self.path, lambda: self.reader(list(columns)))
        if not set(columns) <= set(frame.columns):  # pandas put a column where it was when the file was written
            frame = frame.reset_index()
        return frame[list(columns)]


def _parquet(path: Path) -> Data:
    pandas, dataset = needed("pandas"), needed("pyarrow.dataset")
    schema = _readable(path, lambda: dataset.dataset(path, format="parquet", partitioning="hive").schema)
    metadata: dict[str, Any] = schema.pandas_metadata or {}
    kept: list[Any] = metadata.get("index_columns", [])
    index = tuple(name for name in kept if isinstance(name, str) and not UNNAMED.fullmatch(name))
    columns = tuple(name for name in schema.names if name not in index and not UNNAMED.fullmatch(name))
    return _Opened(path, columns, lambda wanted: pandas.read_parquet(path, columns=wanted, engine="pyarrow"), index)


def _csv(path: Path, dialect: Dialect) -> Data:
    pandas = needed("pandas")
    found = recognised(path, dialect)
    names = _readable(path, lambda: read_names(pandas, path, found))
    return _Opened(path, names, lambda wanted: read_columns(pandas, path, found, wanted))


def _readable(path: Path, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except RequestError:
        raise
    except UnicodeError as error:
        raise RequestError(f"{path} is not in the encoding that it is read by ({error}): {ENCODING}") from error
    except Exception as error:  # what reads archives and columns raises of everything
        raise RequestError(
            f"{path} cannot be read ({type(error).__name__}: {first_line(error)}): "
            "it is damaged or of another kind than its name says; write it again"
        ) from error
