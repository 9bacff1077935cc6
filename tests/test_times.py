"""One reader of times: every way to write a moment is the same seconds, and what is not is refused by name."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from otelml.labels import is_missing
from otelml.times import UnreadableTimeError, as_seconds, read

NOON = datetime(1970, 1, 1, 12, tzinfo=timezone.utc)
TIMES = {
    "seconds": 43_200,
    "UTC": NOON,
    "without a zone": NOON.replace(tzinfo=None),
    "another zone": NOON.astimezone(timezone(timedelta(hours=5))),
    "datetime64": np.datetime64("1970-01-01T12:00"),
    "pandas": pd.Timestamp("1970-01-01T14:00", tz="Etc/GMT-2"),
}


@pytest.mark.parametrize("time", TIMES.values(), ids=TIMES)
def test_times_become_seconds(time):
    """One time, a list and a series of any kind are seconds since the epoch; those without a zone are UTC."""
    assert as_seconds(time) == 43_200
    for several in ([time] * 2, pd.Series([time] * 2, index=[7, 7])):
        assert as_seconds(several).tolist() == [43_200] * 2


@pytest.mark.parametrize("missing", [None, np.nan, pd.NaT, pd.NA, np.datetime64("NaT", "s")])
def test_missing_times_are_nan(missing):
    """A time that is missing is NaN, alone and among others, and no date long ago."""
    assert is_missing(missing)
    assert np.isnan(as_seconds(missing))
    assert np.isnan(as_seconds([NOON, missing])).tolist() == [False, True]


def test_what_is_no_time_says_so():
    """A text is no time: the caller is told."""
    with pytest.raises((TypeError, ValueError)):
        as_seconds(["noon"])


MOMENT = 1_700_000_000.0  # 2023-11-14T22:13:20Z
SAME = {
    "ISO with Z": "2023-11-14T22:13:20Z",
    "ISO with an offset": "2023-11-14T23:13:20+01:00",
    "ISO of PostgreSQL": "2023-11-14 22:13:20+00",
    "ISO with nanoseconds": "2023-11-14T22:13:20.000000000Z",
    "ISO without a zone": "2023-11-14 22:13:20",
    "UTC by name": "2023-11-14 22:13:20 UTC",
    "year first with slashes": "2023/11/14 22:13:20",
    "bytes": b"2023-11-14T22:13:20Z",
    "number in a text": "1700000000",
    "Decimal": Decimal(1_700_000_000),
    "int64": np.int64(1_700_000_000),
    "array without dimensions": np.array(MOMENT),
    "nanoseconds of numpy": np.datetime64(1_700_000_000_000_000_000, "ns"),
    "pandas in Berlin": pd.Timestamp(MOMENT, unit="s", tz="Europe/Berlin"),
    "scalar of Arrow": pa.scalar(datetime.fromtimestamp(MOMENT, timezone.utc)),
}


@pytest.mark.parametrize("one", SAME.values(), ids=SAME)
def test_one_moment_is_the_same_seconds(one):
    """Alone, in a list with a missing one, and in a series of pandas."""
    assert as_seconds(one) == MOMENT
    listed = as_seconds([one, None])
    assert listed[0] == MOMENT
    assert np.isnan(listed[1])
    assert as_seconds(pd.Series([one] * 2)).tolist() == [MOMENT] * 2


DAYS = pd.to_datetime(["2024-03-01", "2024-03-02"])
DAY = 1_709_251_200.0
CONTAINERS = {
    "pandas": pd.Series(DAYS),
    "pandas in another zone": pd.Series(DAYS.tz_localize("UTC").tz_convert("Asia/Tokyo")),
    "pandas texts": pd.Series(["2024-03-01", "2024-03-02"]),
    "pandas nullable numbers": pd.Series([DAY, DAY + 86_400]).astype("Int64"),
    "polars": pl.Series(DAYS.to_pydatetime().tolist()),
    "polars dates": pl.Series([date(2024, 3, 1), date(2024, 3, 2)]),
    "Arrow": pa.array(DAYS),
    "Arrow dates": pa.array([date(2024, 3, 1), date(2024, 3, 2)]),
    "numpy days": DAYS.to_numpy().astype("datetime64[D]"),
    "dates": [date(2024, 3, 1), date(2024, 3, 2)],
    "mixed": [DAY, "2024-03-02"],
    "periods": pd.period_range("2024-03-01", periods=2, freq="D"),
    "masked": np.ma.array([DAY, DAY + 86_400], mask=[False, False]),
    "generator": (one for one in ("2024-03-01", "2024-03-02")),
}


@pytest.mark.parametrize("several", CONTAINERS.values(), ids=CONTAINERS)
def test_containers_hold_the_same_days(several):
    """Whichever library brings them."""
    assert as_seconds(several).tolist() == [DAY, DAY + 86_400]


NULLS = {
    "Arrow": pa.array([DAYS[0], None]),
    "polars": pl.Series([DAYS[0].to_pydatetime(), None]),
    "pandas nullable": pd.Series([DAY, None]).astype("Int64"),
    "masked": np.ma.array([DAY, 0], mask=[False, True]),
    "empty text": ["2024-03-01", ""],
}


@pytest.mark.parametrize("several", NULLS.values(), ids=NULLS)
def test_nulls_of_every_library_are_nan(several):
    """And the time beside them is read."""
    seconds = as_seconds(several)
    assert seconds[0] == DAY
    assert np.isnan(seconds[1])


REFUSED = {
    "milliseconds": (1_700_000_000_000, "milliseconds"),
    "milliseconds of JavaScript": ([1_700_000_000_000.0, 1_700_000_100_000.0], "milliseconds"),
    "milliseconds in a text": (["1700000000000"], "milliseconds"),
    "microseconds": (1_700_000_000_000_000, "microseconds"),
    "nanoseconds": (pd.Series([1_700_000_000_000_000_000]), "nanoseconds"),
    "yyyymmdd": ([20_240_301, 20_240_302], "yyyymmdd"),
    "yyyymmdd in texts": (["20240301", "20240302"], "yyyymmdd"),
    "yyyymm": ([202_403, 202_404], "yyyymm"),
    "yyyymmddhhmmss": ([20_240_301_120_000], "yyyymmddhhmmss"),
    "spreadsheet": ([45_352, 45_353.5], "spreadsheet"),
    "Julian": (2_460_371.5, "Julian"),
    "day first": (["01/02/2023", "13/02/2023"], "day and month"),
    "German": ("01.02.2023 10:00", "day and month"),
    "a name of a month": ("Feb 1 2023", "not ISO 8601"),
    "no such day": ("2023-02-30", "does not exist"),
    "truth": (True, "bool"),
    "list": ([[1, 2]], "list"),
    "duration": (timedelta(days=1), "timedelta"),
}


@pytest.mark.parametrize(("times", "form"), REFUSED.values(), ids=REFUSED)
def test_other_forms_are_refused_by_name(times, form):
    """The error names what the times look like and what to give, and quotes none of them."""
    with pytest.raises(UnreadableTimeError, match=form) as error:
        as_seconds(times)
    assert "ISO 8601" in str(error.value)
    assert "2023" not in str(error.value)


def test_one_odd_time_costs_that_one():
    """The others of a batch are read, whatever the odd one is."""

    class Odd:
        def __str__(self):
            raise RuntimeError

    seconds, problem = read([MOMENT, 1_700_000_000_000, "2023-11-14T22:13:20Z", Odd(), None])
    assert seconds[[0, 2]].tolist() == [MOMENT] * 2
    assert np.isnan(seconds[[1, 3, 4]]).all()
    assert problem is not None


def test_numbers_among_seconds_are_seconds():
    """A number that could be the digits of a date is one only where all of them are."""
    assert as_seconds([20_240_301, 90_000_000]).tolist() == [20_240_301, 90_000_000]
    assert as_seconds([0, 45_352]).tolist() == [0, 45_352]
    assert as_seconds(np.arange(3_000) * 3_600.0)[-1] == 2_999 * 3_600


def test_now_is_a_time():
    """In seconds, of this day, by the clock and by pandas."""
    now = time.time()
    assert as_seconds(now) == now
    assert as_seconds(pd.Timestamp(now, unit="s", tz="Asia/Kolkata")) == pytest.approx(now, abs=1e-3)
