"""Rows as columns: what models are asked about, whatever library holds it, at the border and nowhere else.

A table is one matrix where all columns are numbers, and a list of columns where they are not.  As in
:mod:`otelml.arrays`, no library is imported.
"""

from __future__ import annotations

from random import randrange
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import NDArray

from otelml.arrays import as_array, column_names, is_lazy, unmasked

Array = NDArray[Any]

NUMBERS = "biuf"
MATRIX = 2  # dimensions
DMATRIX = "DMatrix"  # and none that inherits from it: a `QuantileDMatrix` holds cut points in place of the values
MOST_CELLS = 262_144  # of a sparse matrix, that are laid out at once while it is served
FEW = 256  # rows of a frame that is turned as a whole


class Table(NamedTuple):
    """Rows and columns.

    Attributes
    ----------
    names : of the columns; None where they have only places.
    rows : how many.
    matrix : (rows, n_columns) of one type, else None.
    columns : (rows,) each, of any type, where there is no matrix.
    """

    names: tuple[str, ...] | None
    rows: int
    matrix: Array | None = None
    columns: tuple[Array, ...] = ()

    @property
    def width(self) -> int:
        """How many columns."""
        return len(self.columns) if self.matrix is None else self.matrix.shape[1]

    @property
    def numeric(self) -> bool:
        """Whether it is one matrix of numbers."""
        return self.matrix is not None and self.matrix.dtype.kind in NUMBERS

    @property
    def nbytes(self) -> int:
        """What it weighs, but for what its objects hold."""
        return sum(one.nbytes for one in self.columns) if self.matrix is None else self.matrix.nbytes

    def column(self, position: int) -> Array:
        """The `(rows,)` values of a column."""
        return self.columns[position] if self.matrix is None else self.matrix[:, position]

    def every(self, step: int, start: int = 0) -> Table:
        """Every `step`-th row, from the one at `start`."""
        matrix = None if self.matrix is None else self.matrix[start::step]
        rows = len(range(start, self.rows, step))
        return Table(self.names, rows, matrix, tuple(one[start::step] for one in self.columns))

    def copied(self) -> Table:
        """The same in memory of its own, since callers reuse theirs."""
        matrix = None if self.matrix is None else np.array(self.matrix)
        return Table(self.names, self.rows, matrix, tuple(np.array(one) for one in self.columns))


def table_of(value: Any, most: int | None = None) -> Table:
    """Rows of numpy, pandas, Polars, PyArrow, SciPy sparse, tensors, lists of rows or of dicts.

    Parameters
    ----------
    most : columns of a sparse matrix that are laid out at most; None for all.

    Raises
    ------
    TypeError
        When it holds no rows, or rows of more than one dimension each.

    >>> table_of([{"a": 1, "b": "x"}, {"a": 2}]).column(1).tolist()
    ['x', None]
    """
    if isinstance(value, np.ndarray):
        return _of_array(cast("Array", value), None)
    if isinstance(value, dict):
        return _of_inputs(cast("dict[Any, Any]", value))
    if isinstance(value, list | tuple):
        return value if isinstance(value, Table) else _of_rows(cast("list[Any]", value))
    if _has(value, "tocsr"):
        return _of_array(value.tocsr()[:, :most].toarray(), None)
    if type(value).__module__ == "xgboost.core" and type(value).__name__ == DMATRIX:
        return _of_dmatrix(value, most)
    return _of_holder(value)


def part_of(value: Any, most: int | None = None) -> Any:
    """Every so many rows of a large sparse matrix, and its columns that are looked at; anything else as it is.

    To lay out a few columns of many rows takes longer than most models do, and memory that the host did not foresee.
    """
    kind: type = value.__class__
    if not (_has(value, "tocsr") or (kind.__module__ == "xgboost.core" and kind.__name__ == DMATRIX)):
        return value
    shape: tuple[int, ...] = (value.num_row(), value.num_col()) if kind.__name__ == DMATRIX else value.shape
    if len(shape) != MATRIX or shape[0] * min(shape[1], most or shape[1]) <= MOST_CELLS:
        return value
    step = -(-shape[0] * min(shape[1], most or shape[1]) // MOST_CELLS)
    return _thinned(value, most, min(step, shape[0]), randrange(min(step, shape[0])))  # noqa: S311 -- a sample


def _thinned(value: Any, most: int | None, step: int, start: int) -> Any:
    if type(value).__name__ == DMATRIX:
        return _of_stored(value.get_data()[start::step, :most], value.feature_names)
    if value.format == "coo":  # which cannot be sliced, and takes long to sort
        kept = (value.row % step == start) & (value.col < (most or value.shape[1]))
        rows = len(range(start, value.shape[0], step))
        places = value.row[kept] // step, value.col[kept]
        return type(value)((value.data[kept], places), (rows, min(value.shape[1], most or value.shape[1])))
    if value.format == "csc":  # whose columns are what is near at hand
        return value[:, :most][start::step]
    return (value if value.format == "csr" else value.tocsr())[start::step][:, :most]


def _has(value: Any, method: str) -> bool:
    """Whether its class has a method: a frame of pandas has an attribute a column, and is slow to deny one."""
    return hasattr(value.__class__, method)


def _of_holder(value: Any) -> Table:
    if is_lazy(value):
        raise TypeError(f"{type(value).__name__} was not computed yet")
    names = column_names(value)
    if names is not None:
        return _of_frame(value, names)
    if not any(_has(value, method) for method in ("to_numpy", "numpy", "detach")):
        # Anything may have `__array__`, and do anything in it: it is the host's, and called by the host alone.
        raise TypeError(f"{type(value).__name__} is no table of rows")
    array, own = _values_of(value), getattr(value, "name", None)
    return _of_array(array, (own,) if array.ndim == 1 and isinstance(own, str) and own else None)


def _of_array(array: Array, names: tuple[str, ...] | None) -> Table:
    # A matrix of numpy's has two dimensions whatever is taken of it.
    array = unmasked(array) if isinstance(array, MaskedArray) else np.asarray(array)
    fields = array.dtype.names
    if fields is not None and array.ndim == 1:
        return Table(fields, len(array), columns=tuple(array[field] for field in fields))
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != MATRIX:
        raise TypeError(f"rows of shape {array.shape[1:]}")
    return Table(names, len(array), array)


def _of_dmatrix(value: Any, most: int | None) -> Table:
    """XGBoost's own matrix, which holds what is there and leaves out what is missing."""
    return _of_stored(value.get_data()[:, :most], value.feature_names)


def _of_stored(held: Any, names: Any) -> Table:
    """A compressed matrix of which what is not stored is missing, and no zero."""
    most = held.shape[1]
    matrix = np.full(held.shape, np.nan, dtype=held.dtype)
    matrix[np.repeat(np.arange(len(matrix)), np.diff(held.indptr)), held.indices] = held.data
    return Table(None if names is None else tuple(names[:most]), len(matrix), matrix)


def _of_inputs(named: dict[Any, Any]) -> Table:
    """One array an input, as sessions take them; one of several columns numbers them."""
    names: list[str] = []
    columns: list[Array] = []
    for name, held in named.items():
        part = table_of(held)
        names += [f"{name}.{at}" for at in range(part.width)] if part.width > 1 else [str(name)]
        columns += [part.column(at) for at in range(part.width)]
    if len({len(column) for column in columns}) > 1:
        raise TypeError("inputs of different lengths")
    return Table(tuple(names), len(columns[0]) if columns else 0, columns=tuple(columns))


def _of_rows(rows: list[Any]) -> Table:
    if rows and isinstance(rows[0], dict):
        if not all(isinstance(row, dict) for row in rows):
            raise TypeError("rows of which some are dicts")
        names = tuple(dict.fromkeys(key for row in rows for key in row))
        return Table(tuple(map(str, names)), len(rows), _objects([[row.get(name) for name in names] for row in rows]))
    if rows and isinstance(rows[0], str | bytes):  # each is as wide as the longest in an array of texts
        return Table(None, len(rows), _held(rows)[:, None])
    try:
        array = np.asarray(rows)
    except ValueError:  # a row holds a list, or rows are unequal
        array = np.empty(0, dtype=object)
    if array.dtype.kind in NUMBERS or (array.ndim == 1 and array.size):
        return _of_array(array, None)
    return Table(None, len(rows), _objects(rows))  # numbers beside texts would have become texts


def _of_frame(frame: Any, own: tuple[str, ...]) -> Table:
    names = None if _only_places(frame, own) else own
    if hasattr(frame, "iloc") and len(frame) <= FEW:
        # One conversion for all columns: a column at a time costs pandas ten microseconds each.
        with np.errstate(invalid="ignore"):
            matrix = np.asarray(frame.to_numpy())
        if not _lost(matrix, frame):
            return Table(names, len(frame), matrix)
    if hasattr(frame, "get_columns") and 0 < len(frame) <= FEW:
        rows = frame.rows()
        # Beside numbers numpy would make numbers of truth values, and of vectors a third dimension.
        plain = not {bool, list}.intersection(map(type, rows[0]))
        return Table(names, len(rows), _of_rows(rows).matrix if plain else _objects(rows))
    dtypes: Any = getattr(frame, "dtypes", None)  # of pandas and Polars
    # pandas' own types have a kind too, and become objects.
    if dtypes is not None and all(isinstance(one, np.dtype) and one.kind in "iuf" for one in dtypes):
        return Table(names, len(frame), np.asarray(frame.to_numpy()))
    columns = tuple(_flat(_values_of(one)) for one in columns_of(frame, own))
    if columns and all(one.dtype.kind in "iuf" for one in columns):
        return Table(names, len(columns[0]), np.column_stack(columns))
    return Table(names, len(columns[0]) if columns else len(frame), columns=columns)


def _lost(matrix: Array, frame: Any) -> bool:
    """Whether pandas may have cast what is missing to a whole number or to True, as it does of its categories."""
    kind = matrix.dtype.kind
    doubtful = kind in "ub" or (kind == "i" and bool((matrix == np.iinfo(matrix.dtype).min).any()))
    return doubtful and not all(isinstance(one, np.dtype) for one in frame.dtypes)


def _only_places(frame: Any, names: tuple[str, ...]) -> bool:
    """Whether pandas has numbered the columns, for want of names."""
    return names[:1] == ("0",) and not isinstance(frame.columns[0], str) and names == tuple(map(str, range(len(names))))


def _values_of(column: Any) -> Array:
    # Arrow refuses to copy unless it is told to.
    return column.to_numpy(zero_copy_only=False) if _has(column, "to_pylist") else as_array(column)


def _flat(array: Array) -> Array:
    """A column, where its values are vectors too."""
    return array if array.ndim == 1 else _held(list(array))


def columns_of(frame: Any, names: tuple[str, ...]) -> list[Any]:
    """The columns of a data frame, by place: names may come twice."""
    if hasattr(frame, "iloc"):
        return [frame.iloc[:, position] for position in range(len(names))]
    if hasattr(frame, "get_columns"):
        return list(frame.get_columns())
    return [frame.column(position) if hasattr(frame, "column") else frame[name] for position, name in enumerate(names)]


def _objects(rows: list[Any]) -> Array:
    """Rows as a matrix of objects, also where an object is a list."""
    width = len(rows[0]) if rows else 0
    if any(len(row) != width for row in rows):
        raise TypeError("rows of unequal length")
    matrix = np.empty((len(rows), width), dtype=object)
    for position, row in enumerate(rows):
        matrix[position, :] = _held(row)
    return matrix


def _held(row: Any) -> Array:
    held = np.empty(len(row), dtype=object)
    for position, value in enumerate(row):
        held[position] = value
    return held


def sentinel_of(model: Any) -> float | None:
    """The number that stands for what is missing, as XGBoost's scikit-learn classes are told; None where it is NaN."""
    if all(base.__name__ != "XGBModel" for base in type(model).__mro__):
        return None
    return as_sentinel(getattr(model, "missing", None))


def as_sentinel(missing: Any) -> float | None:
    """A number that stands for what is missing; None of NaN, which does so anyway, and of what is no number."""
    number = isinstance(missing, int | float | np.number)
    return float(cast("float", missing)) if number and missing == missing else None  # noqa: PLR0124 -- not of NaN


def without(table: Table, sentinel: float | None) -> Table:
    """The same with NaN in place of the number that stands for what is missing.

    >>> without(table_of([[1, -999]]), -999.0).matrix.tolist()
    [[1.0, nan]]
    """
    if sentinel is None:
        return table
    matrix = None if table.matrix is None else _without(table.matrix, sentinel)
    return table._replace(matrix=matrix, columns=tuple(_without(one, sentinel) for one in table.columns))


def _without(array: Array, sentinel: float) -> Array:
    if array.dtype.kind not in NUMBERS:
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        missing = array.astype(np.float32) == np.float32(sentinel)  # as XGBoost compares them
    return np.where(missing, np.nan, array) if missing.any() else array


def stacked(tables: list[Table]) -> Table:
    """Tables of the same columns, one below the other.

    >>> stacked([table_of([[1.0]]), table_of([[2.0]])]).matrix.tolist()
    [[1.0], [2.0]]
    """
    if len(tables) == 1:
        return tables[0]
    first, rows = tables[0], sum(one.rows for one in tables)
    if all(one.matrix is not None for one in tables):
        return Table(first.names, rows, _joined([cast("Array", one.matrix) for one in tables]))
    columns = (_joined([one.column(at) for one in tables]) for at in range(first.width))
    return Table(first.names, rows, columns=tuple(columns))


def _joined(parts: list[Array]) -> Array:
    """Arrays one after the other; those of several types as objects, for numpy would make numbers of times."""
    if len({part.dtype for part in parts}) > 1:
        parts = [part if part.dtype.hasobject else _as_objects(part) for part in parts]
    return np.concatenate(parts)


def _as_objects(part: Array) -> Array:
    if part.dtype.kind in "mM":  # what is finer than microseconds has no object of Python's
        part = part.astype(f"{part.dtype.kind}8[us]")
    return part.astype(object)
