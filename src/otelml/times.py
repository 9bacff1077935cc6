"""One reader of times: whatever they come as, seconds since the epoch, or the name of what they look like.

Times are seconds since the epoch, `datetime`, `date`, `datetime64`, pandas' and Arrow's own, or ISO 8601 texts; those
without a zone are UTC.  A number that is a time in another unit, or a text whose day and month could be either, is
refused by the name of the likely form: to guess would be to move a label by decades.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from otelml.labels import entries, is_missing, plain
from otelml.outside import let_pass

Array = NDArray[Any]
Floats = NDArray[np.float64]

NEEDED = "give datetimes, ISO 8601 texts such as 2024-03-01T10:00:00Z, or seconds since the epoch"
EARLIEST_S, LATEST_S = -6.3e10, 1e11  # the years -26 and 5138; beyond are milliseconds or less
MICROSECONDS, NANOSECONDS = 1e14, 1e17
DIGITS = {8: "%Y%m%d", 6: "%Y%m", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
NAMES = {8: "yyyymmdd", 6: "yyyymm", 10: "yyyymmddhh", 12: "yyyymmddhhmm", 14: "yyyymmddhhmmss"}
YEARS = (1900, 2100)
HOUR_S = 3_600.0
SERIAL_DAYS = (20_000.0, 80_000.0)  # of Excel: 1954 to 2119
JULIAN_DAYS = (2_400_000.0, 2_500_000.0)

ISO = re.compile(
    r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*"
    r"(Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?)?",
    re.IGNORECASE,
)
EITHER = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})\b.*", re.DOTALL)
NUMBER = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", re.IGNORECASE)


class UnreadableTimeError(ValueError):
    """Times that are none, or in another form; the text names the form and what to give, and quotes no value."""


def as_seconds(times: Any) -> Floats:
    """Seconds since the epoch, `()` or `(n,)`; NaN for a time that is missing.

    Parameters
    ----------
    times : one or several numbers of seconds, `datetime64`, datetimes or dates (UTC without a zone), ISO 8601 texts.

    Raises
    ------
    UnreadableTimeError
        When one of them is none of these; a `ValueError`.

    >>> as_seconds([datetime(1970, 1, 2), "1970-01-02T00:00:01+00:00", date(1970, 1, 2), None]).tolist()
    [86400.0, 86401.0, 86400.0, nan]
    >>> as_seconds(1_700_000_000_000)
    Traceback (most recent call last):
    otelml.times.UnreadableTimeError: the times look like milliseconds: give datetimes, ...
    """
    seconds, problem = read(times)
    if problem is not None:
        raise UnreadableTimeError(problem)
    return seconds


def read(times: Any) -> tuple[Floats, str | None]:
    """Seconds since the epoch, NaN for what is missing or unreadable, and what is wrong with the latter.

    Never raises.  Numbers are judged together: one that could be a day's number and a second is a second where it is
    among seconds.

    >>> read(["01/02/2023", "2023-02-01"])
    (array([          nan, 1.6752096e+09]), 'a time is a text in which day and month could be either: give ...')
    """
    try:
        return _read(times)
    except Exception as error:  # noqa: BLE001 -- a class of the host's own may raise anything
        let_pass(error)
        shape = (len(cast("list[Any]", times)),) if isinstance(times, list | tuple) else ()
        return np.full(shape, np.nan), _unreadable(cast("object", times), error)


def _unreadable(value: object, error: Exception | None = None) -> str:
    failed = "" if error is None else f" that cannot be read ({type(error).__name__})"
    return f"a time is of type {type(value).__name__}{failed}: {NEEDED}"


def _read(times: Any) -> tuple[Floats, str | None]:
    array = _as_array(times)
    if array is not None:
        return (_of_datetime64(array), None) if array.dtype.kind == "M" else _judged(array.astype(np.float64))
    alone = _is_one(times)
    read = _each([times] if alone else entries(times))
    seconds = np.array([one[0] for one in read], dtype=np.float64)
    numeric = np.array([one[1] for one in read], dtype=bool)
    seconds[numeric], of_numbers = _judged(seconds[numeric])
    problem = next((one[2] for one in read if one[2] is not None), of_numbers)
    return (seconds[0] if alone else seconds), problem


def _as_array(times: Any) -> Array | None:
    """An array, or a series of pandas, that holds plain numbers or times; None of anything else."""
    kind = getattr(getattr(times, "dtype", None), "kind", "")
    if not kind or kind not in "iufM" or isinstance(times, np.ma.MaskedArray):
        return None
    try:
        return np.asarray(times, dtype="datetime64[us]" if kind == "M" else np.float64)
    except (TypeError, ValueError):  # a series that has missing integers
        return None


def _each(times: list[Any]) -> list[tuple[float, bool, str | None]]:
    known: dict[str, tuple[float, bool, str | None]] = {}
    read: list[tuple[float, bool, str | None]] = []
    for time in times:
        found = known.get(time) if type(time) is str else None
        if found is None:
            found = _one(time)
            if type(time) is str and len(known) < _MOST_KNOWN:
                known[time] = found
        read.append(found)
    return read


_MOST_KNOWN = 100_000


def _is_one(times: Any) -> bool:
    if isinstance(times, str | bytes) or not hasattr(times, "__iter__"):
        return True
    return getattr(times, "shape", None) == ()


def _of_datetime64(times: Array) -> Floats:
    return np.where(np.isnat(times), np.nan, times.astype("datetime64[us]").astype(np.int64) / 1e6)


def _one(time: Any) -> tuple[float, bool, str | None]:
    """Seconds or a number that may be some, whether it is the latter, and what is wrong; never raises."""
    try:
        return _recognised(time)
    except Exception as error:  # noqa: BLE001 -- a class of the host's own may raise anything
        let_pass(error)
        return np.nan, False, _unreadable(cast("object", time), error)


def _recognised(time: Any) -> tuple[float, bool, str | None]:
    moment: Any = cast("Any", time) if isinstance(time, np.datetime64) else plain(time)
    if is_missing(moment):
        return np.nan, False, None
    if isinstance(moment, str | bytes):
        return _text((moment if isinstance(moment, str) else moment.decode(errors="replace")).strip())
    if isinstance(moment, int | float | Decimal | Fraction) and not isinstance(moment, bool):
        return float(moment), True, None
    seconds = _of_moment(moment)
    return seconds, False, None if seconds == seconds else _unreadable(cast("object", time))  # noqa: PLR0124 -- not NaN


def _of_moment(moment: Any) -> float:
    """Seconds of a date or time of any library; NaN of what is none."""
    if hasattr(moment, "to_timestamp"):  # a period of pandas begins at a time
        moment = moment.to_timestamp()
    if isinstance(moment, np.datetime64):
        return float(_of_datetime64(np.asarray(cast("Any", moment))))
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
    if isinstance(moment, date):
        return datetime(moment.year, moment.month, moment.day, tzinfo=timezone.utc).timestamp()
    return np.nan


def _text(text: str) -> tuple[float, bool, str | None]:
    if not text:
        return np.nan, False, None
    if NUMBER.fullmatch(text):
        return float(text), True, None
    iso = ISO.fullmatch(text)
    if iso is not None:
        try:
            return _moment(iso), False, None
        except ValueError:
            return np.nan, False, f"a time is a text of a day or hour that does not exist: {NEEDED}"
    if EITHER.fullmatch(text):
        return np.nan, False, f"a time is a text in which day and month could be either: {NEEDED}"
    return np.nan, False, f"a time is a text that is not ISO 8601: {NEEDED}"


def _moment(iso: re.Match[str]) -> float:
    year, month, day, hour, minute, second, part, zone = iso.groups()
    micro = int((part or "0").ljust(6, "0")[:6])
    clock = (int(hour), int(minute), int(second or 0), micro) if hour else (0, 0, 0, 0)
    moment = datetime(int(year), int(month), int(day or 1), *clock, tzinfo=timezone.utc)
    return (moment - _offset(zone or "Z")).timestamp()


def _offset(zone: str) -> timedelta:
    if zone[0] not in "+-":
        return timedelta(0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return ahead if zone[0] == "+" else -ahead


def _judged(numbers: Floats) -> tuple[Floats, str | None]:
    """Numbers that are seconds; NaN for those that look like something else, by which name."""
    there = np.isfinite(numbers)
    if not there.any():
        return numbers, None
    form = _form_of_all(numbers[there])
    if form is not None:
        return np.full(numbers.shape, np.nan), f"the times look like {form}: {NEEDED}"
    far = there & ((numbers > LATEST_S) | (numbers < EARLIEST_S))
    if not far.any():
        return numbers, None
    return np.where(far, np.nan, numbers), f"the times look like {_unit(np.abs(numbers[far]))}: {NEEDED}"


def _unit(numbers: Floats) -> str:
    middle = float(np.median(numbers))
    if middle < MICROSECONDS:
        return "milliseconds"
    return "microseconds" if middle < NANOSECONDS else "nanoseconds"


def _form_of_all(numbers: Floats) -> str | None:
    """What all of these numbers look like, where it is a count of days or the digits of a date; else None."""
    low, high = float(numbers.min()), float(numbers.max())
    if SERIAL_DAYS[0] <= low and high <= SERIAL_DAYS[1] and (numbers % HOUR_S).any():  # noon of 1970 is 43,200
        return "serial days of a spreadsheet"
    if JULIAN_DAYS[0] <= low and high <= JULIAN_DAYS[1]:
        return "Julian days"
    if low <= 0 or len(str(int(low))) != len(str(int(high))) or (numbers != np.floor(numbers)).any():
        return None
    count = len(str(int(low)))
    if count in DIGITS and all(_is_date(str(int(one)), DIGITS[count]) for one in np.unique(numbers)):
        return f"{NAMES[count]}, the digits of a date"
    return None


def _is_date(digits: str, form: str) -> bool:
    if not YEARS[0] <= int(digits[:4]) <= YEARS[1]:
        return False
    try:
        datetime.strptime(digits, form)  # noqa: DTZ007 -- whether it is one
    except ValueError:
        return False
    return True
