"""Anything that holds rows → numpy, at the border and nowhere else.

numpy arrays pass untouched; pandas, Polars, PyArrow, SciPy sparse, PyTorch, TensorFlow and lists are turned.
None of those libraries is imported: an object that comes from one brings the method that is asked for.
"""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import NDArray

from otelml.labels import is_missing

Array = NDArray[Any]
__all__ = ["as_array", "classes_in", "column", "column_names", "is_missing", "keys_of", "n_rows"]


def as_array(value: Any) -> Array:
    """The rows of `value` as a dense array of one or more dimensions.

    Raises
    ------
    TypeError
        When there are no rows in it: None, a scalar, a generator, a ragged list.
    """
    array = cast("Array", value) if isinstance(value, np.ndarray) else _converted(value)
    if array.ndim == 0:
        raise TypeError(f"{type(value).__name__} holds no rows")  # pyright: ignore[reportUnknownArgumentType]
    return unmasked(array) if isinstance(array, MaskedArray) else array


def unmasked(array: Array) -> Array:
    """The same with what is masked as missing: NaN among numbers, None among anything else.

    >>> unmasked(np.ma.array([1, 2], mask=[False, True])).tolist()
    [1.0, nan]
    """
    masked = cast("MaskedArray[Any, Any]", array)
    if masked.dtype.names is not None or not np.ma.is_masked(masked):
        return np.asarray(masked.data)
    number = masked.dtype.kind in "iuf"
    plain: Array = masked.data.astype(
        object if not number else masked.dtype if masked.dtype.kind == "f" else np.float64
    )
    plain[np.ma.getmaskarray(masked)] = np.nan if number else None
    return plain


def is_lazy(value: Any) -> bool:
    """Whether `value` stands for rows that were not computed yet, as those of Dask, Polars' lazy frames and Spark do.

    Of its class, since some of them have any attribute that they are asked for.
    """
    cls = value.__class__
    return hasattr(cls, "__dask_graph__") or (hasattr(cls, "collect") and not hasattr(cls, "__len__"))


def _converted(value: Any) -> Array:
    if is_lazy(value):  # to look at it would be to compute it, once more than the host does
        raise TypeError(f"{type(value).__name__} was not computed yet")
    for method in ("detach", "cpu"):  # a tensor that is on a graph, or on a device
        value = getattr(value, method)() if hasattr(value, method) else value
    for method in ("toarray", "to_numpy", "numpy"):
        if hasattr(value, method):
            return np.asarray(getattr(value, method)())
    if not isinstance(value, list | tuple) and not hasattr(value, "__array__"):
        raise TypeError(f"{type(value).__name__} holds no rows")
    rows: Any = value  # pyright: ignore[reportUnknownVariableType] -- a list of anything
    keys = keys_of(rows)
    if keys:
        return np.asarray([[row.get(key) for key in keys] for row in rows])
    try:
        return np.asarray(rows)
    except ValueError as error:
        raise TypeError(f"{type(rows).__name__} of unequal rows") from error


def keys_of(value: Any) -> tuple[Any, ...]:
    """The keys of rows that are dicts, in the order of the first; nothing of rows that are not."""
    rows = cast("list[Any]", value) if isinstance(value, list) else []
    return tuple(cast("dict[Any, Any]", rows[0])) if rows and isinstance(rows[0], dict) else ()


def classes_in(probabilities: Any) -> tuple[Any, ...]:
    """The classes that `(n_rows, n_classes)` probabilities tell: the keys of rows that are dicts, else positions."""
    shape = getattr(probabilities, "shape", ())
    return keys_of(probabilities) or tuple(range(shape[1] if len(shape) > 1 and shape[1] > 1 else 2))


def n_rows(value: Any) -> int | None:
    """How many rows `value` holds, or None when it cannot tell; of a dict of columns, those of its first."""
    if isinstance(value, dict):
        value = next(iter(cast("dict[Any, Any]", value).values()), ())
    if hasattr(value, "num_row"):  # XGBoost's own matrix
        return int(value.num_row())
    shape = getattr(value, "shape", None)
    try:
        return int(cast("tuple[int, ...]", shape)[0]) if isinstance(shape, tuple) and shape else len(value)
    except (TypeError, ValueError):  # one that was not computed yet has NaN rows
        return None


def column_names(value: Any) -> tuple[str, ...] | None:
    """Names of the columns of a data frame, or None where there are none."""
    # Of the class: PyArrow's `columns` are data, and a frame of pandas has an attribute a column.
    attribute = "column_names" if hasattr(value.__class__, "column_names") else "columns"
    names: Any = getattr(value, attribute, None)
    return None if names is None or callable(names) else tuple(str(name) for name in names)


def column(value: Any, name: str) -> Array | None:
    """The column `name` of a data frame or a list of dicts; None where it has no such column."""
    if isinstance(value, list):
        rows = cast("list[Any]", value)
        if rows and isinstance(rows[0], dict) and name in rows[0]:
            return np.asarray([row.get(name) for row in rows], dtype=object)
        return None
    names = column_names(value)
    return None if names is None or name not in names else as_array(value[name])
