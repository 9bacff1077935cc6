"""What kind of column holds what, and how each kind is read as numbers or as categories.

Numbers are read as they are.  A date-time is read by the hour of its day (by its day of the week where it has no time
of day), since time itself always moves on; a text, or a list of any length, by its length; an embedding by where its
vectors lie.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sized
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import is_missing
from otelml.prediction import label_text
from otelml.stats.categories import mark_of
from otelml.times import as_seconds

Array = NDArray[Any]
Floats = NDArray[np.float64]

NUMERIC, CATEGORICAL, BOOLEAN, DATETIME, TEXT, EMBEDDING = (
    "numeric", "categorical", "boolean", "datetime", "text", "embedding",
)  # fmt: skip
HOUR, WEEKDAY, LENGTH = "hour", "weekday", "length"

HOUR_S, DAY_S = 3_600.0, 86_400.0
THURSDAY = 3  # the first of January 1970; weeks begin on Monday
MOST_CATEGORIES = 200  # of a column whose texts are categories, whatever its length
DISTINCT = 0.1  # share of the rows that may be different where there are more
FEWEST_DIMENSIONS = 2
LONGEST, KEPT = 60, 49  # bytes of a category's text, and what is kept of a longer one

TRUTHS = (bool, np.bool_)
NUMBERS = (int, float, np.integer, np.floating, Decimal, Fraction, timedelta)  # a duration is its seconds
TIMES = (date, np.datetime64)  # a datetime is a date
WITHOUT_LENGTH = (*TRUTHS, *NUMBERS, *TIMES)
VECTORS = (list, tuple, np.ndarray)
PRESENT = (str, bytes, *VECTORS)
UNREAD = (np.datetime64, np.timedelta64, np.complexfloating)  # numpy makes numbers of them all the same


def kind_of(column: Array) -> str:
    """What a `(n_rows,)` column holds.

    >>> [kind_of(np.array(one, dtype=object)) for one in ([1, None], [True, False], ["a", "a"], [None, None])]
    ['numeric', 'boolean', 'categorical', 'numeric']
    """
    plain = {"b": BOOLEAN, "i": NUMERIC, "u": NUMERIC, "f": NUMERIC, "m": NUMERIC, "M": DATETIME}
    if column.dtype.kind in plain:
        return plain[column.dtype.kind]
    held = [value for value in _values(column) if not _is_missing(value)]
    if not held:
        return NUMERIC
    for kind, types in ((BOOLEAN, TRUTHS), (NUMERIC, NUMBERS), (DATETIME, TIMES)):
        if all(isinstance(value, types) for value in held):
            return kind
    return _kind_of_texts(held) if _dimensions(held) is None else EMBEDDING


def dimensions_of(column: Array) -> int | None:
    """Length of the vectors that a column holds; None where most of its values are no vectors of one length.

    >>> dimensions_of(np.array([[1.0, 2.0], [3.0, 4.0], [5.0], None], dtype=object))
    2
    """
    return _dimensions([value for value in _values(column) if not _is_missing(value)])


def _dimensions(held: list[Any]) -> int | None:
    (length, count), *_ = Counter(map(_vector_length, held)).most_common(1) or [(0, 0)]
    return length if length and 2 * count > len(held) else None


def _vector_length(value: Any) -> int:
    """How many numbers a vector has; 0 of what is none."""
    if not isinstance(value, VECTORS):
        return 0
    try:
        array: Array = np.asarray(cast("Any", value))
    except ValueError:  # lists of unequal length
        return 0
    length = len(array) if array.ndim == 1 and array.dtype.kind in "biuf" else 0
    return length if length >= FEWEST_DIMENSIONS else 0


def _kind_of_texts(held: list[Any]) -> str:
    """Texts that hardly ever come twice are read, not chosen from a list; numbers with a few texts stay numbers."""
    try:
        once: Any = set(held)
    except TypeError:  # lists cannot be hashed
        once = held
    distinct, rows = len({label_text(value) for value in once}), len(held)
    few = distinct <= MOST_CATEGORIES or distinct <= DISTINCT * rows
    if few and (2 * distinct <= rows or distinct == 1):
        return CATEGORICAL
    return NUMERIC if 2 * sum(isinstance(value, NUMBERS) for value in held) > rows else TEXT


def numbers_of(column: Array) -> tuple[Floats, int]:
    """A column as numbers, NaN where one is missing, and how many values are there and are no numbers.

    >>> numbers, mistyped = numbers_of(np.array([1, "2.5", "?", None], dtype=object))
    >>> numbers.tolist(), mistyped
    ([1.0, 2.5, nan, nan], 1)
    """
    objects = set[type](map(type, column.tolist())) if column.dtype.hasobject else ()
    if column.dtype.kind in "biufOSU" and not any(issubclass(one, UNREAD) for one in objects):
        try:
            return column.astype(np.float64), 0
        except (TypeError, ValueError, OverflowError):
            pass
    return _read(_number, column)


def _read(reader: Callable[[Any], float | None], column: Array) -> tuple[Floats, int]:
    """What a reader makes of each value, NaN where one is missing, and of how many it makes nothing."""
    read = [np.nan if _is_missing(value) else reader(value) for value in _values(column)]
    return np.array([np.nan if one is None else one for one in read], dtype=np.float64), read.count(None)


def _values(column: Array) -> list[Any]:
    """The values of a column as Python's own; a time in nanoseconds would be a bare integer."""
    return (column.astype(f"{column.dtype.kind}8[us]") if column.dtype.kind in "mM" else column).tolist()


def _number(value: Any) -> float | None:
    if isinstance(value, UNREAD):
        return float(value / np.timedelta64(1, "s")) if isinstance(value, np.timedelta64) else None
    try:
        return value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def texts_of(column: Array) -> list[str | None]:
    """A column as texts, None where one is missing."""
    known: dict[Any, str | None] = {}
    return [_text(value, known) for value in _values(column)]


def counted_texts(column: Array) -> Counter[str | None]:
    """How often each text occurs in a column, None for what is missing."""
    counts: Counter[str | None] = Counter()
    if column.dtype.kind in "biuf":
        values, each = np.unique(column, return_counts=True)
        for value, count in zip(values.tolist(), each.tolist(), strict=True):
            counts[_text(value, {})] += count
        return counts
    held = _values(column)
    try:
        for value, count in Counter(held).items():  # at the speed of a dict; few values are turned into texts
            counts[_text(value, {})] += count
    except TypeError:  # of values that cannot be hashed
        counts.update(texts_of(column))
    return counts


def _text(value: Any, known: dict[Any, str | None]) -> str | None:
    try:
        text = known.get(value, "")
    except TypeError:
        return _category(value)
    if text == "":
        text = known[value] = None if _is_missing(value) else _category(value)
    return text


def _category(value: Any) -> str:
    """The text of a category; a long one is cut, and keeps a mark by which it is told from others that begin alike."""
    text = label_text(value)
    if 4 * len(text) <= LONGEST or len(raw := text.encode()) <= LONGEST:  # no character has more than four bytes
        return text
    return f"{raw[:KEPT].decode(errors='ignore')}…{mark_of(text)}"


def hours_of(column: Array) -> tuple[Floats, int]:
    """Hour of the day, in UTC, and how many values are there and are no times."""
    seconds, mistyped = _seconds_of(column)
    return np.mod(seconds, DAY_S) / HOUR_S, mistyped


def weekdays_of(column: Array) -> tuple[Floats, int]:
    """Day of the week, 0 for Monday, in UTC, and how many values are there and are no times."""
    seconds, mistyped = _seconds_of(column)
    return np.mod(np.floor(seconds / DAY_S) + THURSDAY, 7), mistyped


def part_of_time(column: Array) -> str:
    """What a date-time is read by."""
    hours, _ = hours_of(column)
    return HOUR if (hours[~np.isnan(hours)] > 0).any() else WEEKDAY


def _seconds_of(column: Array) -> tuple[Floats, int]:
    if column.dtype.kind == "M":
        return as_seconds(column), 0
    held = _values(column)
    times = [_moment(value) for value in held]
    mistyped = sum(time is None and not _is_missing(value) for time, value in zip(times, held, strict=True))
    return as_seconds(np.array(times, dtype=object)) if times else np.empty(0), mistyped


def _moment(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return cast("Any", value).astype("datetime64[us]").item()
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- UTC without a zone, as everywhere
    return value if isinstance(value, datetime) else None


def lengths_of(column: Array) -> tuple[Floats, int]:
    """Length of each text in characters, of each list in entries, and how many values are there and have none."""
    return _read(_length, column)


def _length(value: Any) -> float | None:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, WITHOUT_LENGTH):
        return None
    if isinstance(value, np.ndarray):
        return value.size
    return len(value) if isinstance(value, Sized) else len(label_text(value))


def vectors_of(column: Array, dimensions: int) -> tuple[Floats, int]:
    """`(n_rows, dimensions)`, NaN where a vector is missing, and how many are there and of another length or kind."""
    held = column.tolist() if column.dtype.hasobject else list(column)
    read = [_vector(value, dimensions) for value in held]
    missing = np.full(dimensions, np.nan)
    vectors = np.array([missing if one is None else one for one in read]).reshape(-1, dimensions)
    return vectors, sum(one is None and not _is_missing(value) for one, value in zip(read, held, strict=True))


def _vector(value: Any, dimensions: int) -> Floats | None:
    try:
        return np.asarray(value, dtype=np.float64).reshape(dimensions)
    except (TypeError, ValueError, OverflowError):
        return None


def missing_in(column: Array) -> int:
    """How many values of a column of any kind are missing."""
    if column.dtype.kind in "biuSU":
        return 0
    if column.dtype.kind in "fmM":
        return int(np.count_nonzero(column != column))  # noqa: PLR0124 -- true of NaN and NaT alone
    return sum(map(_is_missing, _values(column)))


def _is_missing(value: Any) -> bool:
    """Whether one value of a column is none; a list is one, whatever it holds."""
    return not isinstance(value, PRESENT) and is_missing(value)


READERS: dict[str | None, Callable[[Array], tuple[Floats, int]]] = {
    None: numbers_of, HOUR: hours_of, WEEKDAY: weekdays_of, LENGTH: lengths_of,
}  # fmt: skip
"""How a column is read as numbers, by the part that it is read by."""
