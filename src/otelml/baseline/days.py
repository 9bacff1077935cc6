"""The day of each row, and sums a day: what the block bootstrap resamples."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array
from otelml.baseline.document import BaselineError
from otelml.times import as_seconds

DAY_S = 86_400
WINDOWS = {"P1D": 1, "P7D": 7, "P28D": 28}  # days
LATEST_S = 1e11  # the year 5138; what is above are milliseconds

Array = NDArray[Any]


@dataclass(frozen=True)
class Days:
    """The days that have rows, in order.

    Attributes
    ----------
    index : (n_rows,) position of each row's day.
    count : how many days.
    numbers : (count,) days since the epoch.
    """

    index: NDArray[np.intp]
    count: int
    numbers: NDArray[np.int64]

    @classmethod
    def of(cls, time: Any, n_rows: int) -> Days:
        """Find each row's day, in UTC.

        Parameters
        ----------
        time : one a row: datetimes (those without a zone are UTC), dates, `datetime64`, or seconds since the
        epoch.

        Raises
        ------
        BaselineError
            When the length differs, a time is missing, or it is neither.
        """
        try:
            times = as_array(time).ravel()
        except TypeError as error:
            raise BaselineError(f"time holds no times ({error}): give one a row") from error
        if len(times) != n_rows:
            raise BaselineError(f"time has {len(times)} entries for {n_rows} rows: give one a row")
        numbers, index = np.unique(_day_numbers(times), return_inverse=True)
        return cls(index.ravel(), len(numbers), numbers)

    def blocks(self, length: int) -> NDArray[np.int64]:
        """Position of each row's block of `length` days, counted from the first day that has rows; `(n_rows,)`."""
        return ((self.numbers - self.numbers[0]) // length)[self.index]

    def whole_blocks(self, length: int) -> int:
        """How many blocks of `length` days there are, without a last one that is shorter."""
        return int(self.numbers[-1] - self.numbers[0] + 1) // length if self.count else 0

    def sums(self, *columns: Array) -> NDArray[np.float64]:
        """Sum each of the `(n_rows,)` columns a day; `(n_days, n_columns)`."""
        return np.stack([np.bincount(self.index, column, self.count) for column in columns], axis=1, dtype=np.float64)

    def counts(self, index: NDArray[np.intp], n_bins: int, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Count the chosen rows a day and bin; `(n_days, n_bins)`."""
        flat: Array = np.bincount(self.index[rows] * n_bins + index[rows], minlength=self.count * n_bins)
        return np.reshape(flat, (self.count, n_bins)).astype(np.float64)


def _day_numbers(times: Array) -> NDArray[np.int64]:
    masked = np.ma.getmaskarray(times)
    times = np.ma.getdata(times)
    if times.dtype.kind in "iuf" and np.abs(times[np.isfinite(times)]).max(initial=0) > LATEST_S:
        raise BaselineError("times as numbers are seconds since the epoch; these look like milliseconds or less")
    if times.dtype.kind == "O":
        times = np.array([*map(_moment, times.tolist()), None], dtype=object)[:-1]  # or numpy would look into them
    try:
        seconds = np.asarray(as_seconds(times), dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise BaselineError(
            f"time holds what is no time ({error}): give datetimes or seconds since the epoch"
        ) from error
    known = np.isfinite(seconds) & ~masked
    missing = int(np.count_nonzero(~known))
    if missing:
        raise BaselineError(f"{missing} of {len(seconds)} times are missing: leave those rows out")
    return np.floor(seconds / DAY_S).astype(np.int64)


def _moment(time: Any) -> Any:
    if isinstance(time, date) and not isinstance(time, datetime):
        return datetime(time.year, time.month, time.day, tzinfo=timezone.utc)
    return time
