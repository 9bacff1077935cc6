"""What kind of column holds what, and how each kind is read as numbers or as categories.

Numbers are read as they are.  A date-time is read by the hour of its day (by its day of the week where it has no time
of day), since time itself always moves on; a text by its length; an embedding by where its vectors lie.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.arrays import as_seconds, is_missing
from otelml.prediction import label_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def kind_of(column: Array) -> str:
    """What a `(n_rows,)` column holds.

    >>> [kind_of(np.array(one, dtype=object)) for one in ([1, None], [True, False], ["a", "a"], [None, None])]
    ['numeric', 'boolean', 'categorical', 'numeric']
    """
    plain = {"b": BOOLEAN, "i": NUMERIC, "u": NUMERIC, "f": NUMERIC, "M": DATETIME}
    if column.dtype.kind in plain:
        return plain[column.dtype.kind]
    held = [value for value in column.tolist() if not _is_missing(value)]
    if not held:
        return NUMERIC
    if all(isinstance(value, bool | np.bool_) for value in held):
        return BOOLEAN
    if all(isinstance(value, int | float | np.number) for value in held):
        return NUMERIC
    if all(isinstance(value, date) for value in held):  # a datetime is one
        return DATETIME
    if _same_length(held):
        return EMBEDDING
    return _kind_of_texts(Counter(label_text(value) for value in held))


def _same_length(held: list[Any]) -> bool:
    """Whether all are vectors of one length."""
    if not all(isinstance(value, list | tuple | np.ndarray) for value in held):
        return False
    shapes = {np.shape(value) for value in held}
    return len(shapes) == 1 and len(shape := shapes.pop()) == 1 and shape[0] >= FEWEST_DIMENSIONS


def _kind_of_texts(counts: Counter[str]) -> str:
    """Texts that hardly ever come twice are read, not chosen from a list."""
    rows = counts.total()
    few = len(counts) <= MOST_CATEGORIES or len(counts) <= DISTINCT * rows
    return CATEGORICAL if few and (2 * len(counts) <= rows or len(counts) == 1) else TEXT


def numbers_of(column: Array) -> tuple[Floats, int]:
    """A column as numbers, NaN where one is missing, and how many values are there and are no numbers.

    >>> numbers, mistyped = numbers_of(np.array([1, "2.5", "?", None], dtype=object))
    >>> numbers.tolist(), mistyped
    ([1.0, 2.5, nan, nan], 1)
    """
    try:
        return column.astype(np.float64), 0
    except (TypeError, ValueError):
        pass
    numbers, mistyped = np.full(len(column), np.nan), 0
    for position, value in enumerate(column.tolist()):
        if not _is_missing(value):
            try:
                numbers[position] = float(value)
            except (TypeError, ValueError, OverflowError):
                mistyped += 1
    return numbers, mistyped


def texts_of(column: Array) -> list[str | None]:
    """A column as texts, None where one is missing."""
    known: dict[Any, str | None] = {}
    return [_text(value, known) for value in column.tolist()]


def counted_texts(column: Array) -> Counter[str | None]:
    """How often each text occurs in a column, None for what is missing."""
    counts: Counter[str | None] = Counter()
    if column.dtype.kind in "biuf":
        values, each = np.unique(column, return_counts=True)
        for value, count in zip(values.tolist(), each.tolist(), strict=True):
            counts[_text(value, {})] += count
        return counts
    values = column.tolist()
    try:
        for value, count in Counter(values).items():  # at the speed of a dict; few values are turned into texts
            counts[_text(value, {})] += count
    except TypeError:  # of values that cannot be hashed
        counts.update(texts_of(column))
    return counts


def _text(value: Any, known: dict[Any, str | None]) -> str | None:
    try:
        text = known.get(value, "")
    except TypeError:
        return label_text(value)
    if text == "":
        text = known[value] = None if _is_missing(value) else label_text(value)
    return text


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
    held: list[Any] = column.tolist()
    times = [_moment(value) for value in held]
    mistyped = sum(time is None and not _is_missing(value) for time, value in zip(times, held, strict=True))
    return as_seconds(np.array(times, dtype=object)) if times else np.empty(0), mistyped


def _moment(value: Any) -> Any:
    if isinstance(value, datetime) or (isinstance(value, np.datetime64) and not np.isnat(value)):
        return value if isinstance(value, datetime) else value.astype("datetime64[us]").item()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 -- UTC without a zone, as everywhere
    return None


def lengths_of(column: Array) -> tuple[Floats, int]:
    """Length of each text in characters, and how many values are there and are no texts."""
    held: list[Any] = column.tolist()
    lengths = np.array([len(value) if isinstance(value, str) else np.nan for value in held], dtype=np.float64)
    return lengths, sum(not isinstance(value, str) and not _is_missing(value) for value in held)


def vectors_of(column: Array, dimensions: int) -> tuple[Floats, int]:
    """`(n_rows, dimensions)`, NaN where a vector is missing, and how many are there and of another length or kind."""
    vectors, mistyped = np.full((len(column), dimensions), np.nan), 0
    for position, value in enumerate(column.tolist() if column.dtype.hasobject else column):
        try:
            vectors[position] = np.asarray(value, dtype=np.float64).reshape(dimensions)
        except (TypeError, ValueError):
            mistyped += not _is_missing(value)
    return vectors, mistyped


def missing_in(column: Array) -> int:
    """How many values of a column of any kind are missing."""
    if column.dtype.kind in "biuSU":
        return 0
    if column.dtype.kind in "fM":
        return int(np.count_nonzero(column != column))  # noqa: PLR0124 -- true of NaN and NaT alone
    return sum(map(_is_missing, column.tolist()))


def _is_missing(value: Any) -> bool:
    """Whether one value of a column is none; a list is one, whatever it holds."""
    return not isinstance(value, list | tuple | np.ndarray) and is_missing(value)


READERS = {NUMERIC: numbers_of, HOUR: hours_of, WEEKDAY: weekdays_of, LENGTH: lengths_of}
