"""What kind a column is of, and how each kind is read."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.readings import (
    counted_texts,
    dimensions_of,
    hours_of,
    kind_of,
    lengths_of,
    missing_in,
    numbers_of,
    part_of_time,
    texts_of,
    vectors_of,
    weekdays_of,
)

NOON = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)  # a Friday


def held(*values):
    """A column of objects, whatever they are."""
    column = np.empty(len(values), dtype=object)
    for at, value in enumerate(values):
        column[at] = value
    return column


KINDS = {
    "numbers": (np.arange(3), "numeric"),
    "numbers and nothing": (held(1, None, 2.5, np.float32(3)), "numeric"),
    "truth values": (np.array([True, False]), "boolean"),
    "truth values and nothing": (held(np.True_, None, np.False_), "boolean"),
    "nothing": (held(None, np.nan, pd.NA, pd.NaT), "numeric"),
    "no rows": (held(), "numeric"),
    "decimals": (held(Decimal("1.5"), Fraction(1, 3), None), "numeric"),
    "huge numbers": (held(2**70, 10**400, -1), "numeric"),
    "durations": (np.array([1, 2], dtype="m8[h]"), "numeric"),
    "durations as objects": (held(timedelta(hours=1), pd.Timedelta("2h"), pd.NaT), "numeric"),
    "numbers and a few texts": (held(*[at * 1.5 for at in range(50)], "?"), "numeric"),
    "times": (np.array(["2024-03-01"], dtype="M8[ns]"), "datetime"),
    "times as objects": (held(NOON, NOON.date(), pd.Timestamp(0), np.datetime64("2024-03-01"), pd.NaT), "datetime"),
    "few texts, often": (held("a", "b", "a", "b", None), "categorical"),
    "texts of numpy": (np.array(["a", "a", "b", "b"]), "categorical"),
    "bytes": (held(b"a", b"a"), "categorical"),
    "one text": (held("only once"), "categorical"),
    "all different": (held("a", "b", "c"), "text"),
    "many, and few times each": (held(*(f"{at}" for at in range(1000)) , *(f"{at}" for at in range(1000))), "text"),
    "many, and many times each": (held(*[f"{at}" for at in range(300)] * 10), "categorical"),
    "numbers and texts": (held(1, "a", 1, "a", 2.5, 2.5), "categorical"),
    "vectors": (held([1.0, 2.0], (3, 4), np.array([5.0, 6.0]), None), "embedding"),
    "vectors, but a few": (held([1.0, 2.0], [3.0, 4.0], [5.0]), "embedding"),
    "lists of all lengths": (held([1], [1, 2], [1, 2, 3], []), "text"),
    "lists of lists": (held([[1], [2, 3]], [[1], [2, 3]]), "categorical"),
    "lists of texts": (held(["a", "b"], ["a", "b"]), "categorical"),
    "lists of one": (held([1.0], [2.0], [3.0]), "text"),
    "dicts": (held({"a": 1}, {"a": 1}), "categorical"),
    "times of day": (held(time(1), time(2), time(3)), "text"),
    "ids": (held(*(uuid.UUID(int=at) for at in range(3))), "text"),
    "complex numbers as objects": (held(*np.array([1j, 2j, 3j], dtype=np.complex64)), "text"),
    "complex numbers": (np.array([1j, 2j, 3j]), "text"),
}  # fmt: skip


@pytest.mark.parametrize("case", KINDS)
def test_kinds(case):
    """The kind is that of what is there; what is missing says nothing."""
    column, kind = KINDS[case]
    assert kind_of(column) == kind


MISSING = {
    "None": None,
    "NaN": np.nan,
    "NaN of numpy": np.float32("nan"),
    "NaN of decimals": Decimal("nan"),
    "NaT": pd.NaT,
    "NaT of numpy": np.datetime64("NaT", "ns"),
    "no duration": np.timedelta64("NaT", "ns"),
    "NA": pd.NA,
}


@pytest.mark.parametrize("missing", MISSING.values(), ids=MISSING)
def test_what_is_missing_is_missing_to_every_reader(missing):
    """Whatever a library says instead of a value, it is no value, and of no wrong type."""
    column = held(missing, missing)
    assert missing_in(column) == 2
    assert texts_of(column) == [None, None]
    assert counted_texts(column) == {None: 2}
    for reader in (numbers_of, hours_of, weekdays_of, lengths_of, lambda column: vectors_of(column, 2)):
        read, mistyped = reader(column)
        assert np.isnan(read).all()
        assert (len(read), mistyped) == (2, 0)


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1, None], dtype="Int64"),
        pd.Series([1, None], dtype="int64[pyarrow]"),
        pd.Series(["a", None], dtype="string"),
        pd.Series(["a", None], dtype="category"),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([NOON, None]),
        pd.Series([timedelta(1), None]),
        pl.Series([1, None]),
        pl.Series(["a", None]),
        pl.Series([True, None]),
        pl.Series([NOON, None]),
        pl.Series([[1.0, 2.0], None]),
        pa.chunked_array([[1], [None]]),
        pa.chunked_array([["a"], [None]]),
    ],
    ids=lambda column: f"{type(column).__module__.split('.')[0]}-{getattr(column, 'dtype', None) or column.type}",
)
def test_one_of_two_is_missing_in_every_library(column):
    """A null of pandas, Polars or Arrow is missing, whatever else is in the column."""
    assert missing_in(np.asarray(column.to_numpy())) == 1


NUMBERS = {
    "whole": (np.array([1, 2]), [1, 2], 0),
    "truth": (np.array([True, False]), [1, 0], 0),
    "texts that are numbers": (held("1", " 2.5 "), [1, 2.5], 0),
    "texts that are none": (held("one", 2), [None, 2], 1),
    "decimals": (held(Decimal("0.5"), Fraction(1, 4)), [0.5, 0.25], 0),
    "bytes": (np.array([b"1", b"2.5"]), [1, 2.5], 0),
    "infinities": (held(np.inf, "-inf"), [np.inf, -np.inf], 0),
    "beyond all numbers": (held(10**400, 1), [None, 1], 1),
    "complex": (np.array([1j, 2]), [None, None], 2),
    "durations": (np.array([1, 90], dtype="m8[m]"), [60, 5400], 0),
    "durations by nanosecond": (np.array([1500, "NaT"], dtype="m8[ms]").astype("m8[ns]"), [1.5, None], 0),
    "durations as objects": (held(timedelta(minutes=1), pd.Timedelta("2min")), [60, 120], 0),
    "times": (np.array(["2024-03-01", "NaT"], dtype="M8[D]"), [None, None], 1),
    "times by nanosecond": (np.array(["2024-03-01", "NaT"], dtype="M8[ns]"), [None, None], 1),
    "times as objects": (held(NOON, pd.NaT), [None, None], 1),
    "numpy's own as objects": (
        held(np.datetime64("2024-03-01"), np.timedelta64(2, "m"), np.complex64(1), np.int8(4)),
        [None, 120, None, 4],
        2,
    ),
    "lists": (held([1.0], np.array([1.0]), "x"), [None, None, None], 3),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers(case):
    """Numbers are read as they are, durations in seconds; of what is there and is none, it is told how many."""
    column, numbers, mistyped = NUMBERS[case]
    read, wrong = numbers_of(column)
    np.testing.assert_array_equal(read, np.array(numbers, dtype=np.float64))
    assert wrong == mistyped


ZONES = [timezone.utc, timezone(timedelta(hours=9)), None]


@pytest.mark.parametrize("zone", ZONES)
def test_times_are_read_in_utc(zone):
    """Hour and weekday are those of UTC, in which a time without a zone is."""
    when = NOON.astimezone(zone) if zone else NOON.replace(tzinfo=None)
    naive = np.array([NOON.replace(tzinfo=None)] * 2, dtype="M8[ns]")
    for column in (held(when, pd.Timestamp(when)), naive, held(*naive.astype("M8[s]"))):
        assert hours_of(column)[0].tolist() == [12, 12]
        assert weekdays_of(column)[0].tolist() == [4, 4]


def test_weekdays_are_pandas_own():
    """Over three weeks, before 1970 too, Monday is 0 and Sunday 6."""
    days = pd.date_range("1969-12-20", periods=21, freq="D")
    expected = [day.weekday() for day in days]
    assert weekdays_of(np.asarray(days))[0].tolist() == expected
    assert weekdays_of(held(*days.date))[0].tolist() == expected


def test_dates_are_read_by_their_weekday():
    """A column without times of day is read by the weekday, one with a single hour by the hour."""
    assert part_of_time(held(date(2024, 3, 1), datetime(2024, 3, 2), None)) == "weekday"  # noqa: DTZ001 -- without a zone
    assert part_of_time(held(date(2024, 3, 1), NOON)) == "hour"
    assert part_of_time(held(None)) == "weekday"


def test_what_is_no_time_is_of_a_wrong_type():
    """Texts and numbers are no times, also where they could be read as such."""
    read, mistyped = hours_of(held(NOON, "2024-03-01", 1_700_000_000, None, pd.NaT))
    assert (np.isnan(read).tolist(), mistyped) == ([False, True, True, True, True], 2)
    assert hours_of(np.arange(3))[1] == 3
    assert hours_of(np.empty(0, dtype=object))[0].tolist() == []


def test_texts_and_lists_are_read_by_their_length():
    """Characters of a text, entries of a list; a number or a date has no length."""
    read, mistyped = lengths_of(held("", "spät", b"ab", [1, 2, 3], np.zeros(4), time(1), None))
    assert (read.tolist()[:-1], mistyped) == ([0, 4, 2, 3, 4, 8], 0)
    assert lengths_of(held(1, 2.5, np.True_, NOON, None))[1] == 4
    assert lengths_of(np.array(["a", "ab"]))[0].tolist() == [1, 2]


def test_vectors_of_another_kind_are_told():
    """A vector of another length, a text, or a number is none; a missing one is missing."""
    column = held([1.0, 2.0], (3, 4), np.array([5, 6]), [1.0], "ab", 7.0, [1.0, None], [10**400, 1], None)
    read, mistyped = vectors_of(column, 2)
    assert read[:3].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert np.isnan(read[3:]).any(axis=1).all()
    assert mistyped == 4
    assert vectors_of(held(), 2)[0].shape == (0, 2)
    assert vectors_of(np.array([[1.0, 2.0]]), 2)[0].tolist() == [[1, 2]]


def test_a_columns_dimensions_are_those_of_most_vectors():
    """More than half of what is there has to be vectors of one length."""
    assert dimensions_of(held([1, 2], [3, 4], [5], None, None, None)) == 2
    assert dimensions_of(held([1, 2], [3], "a")) is None
    assert dimensions_of(held([1, 2], [3])) is None
    assert dimensions_of(held()) is None


def test_equal_values_are_one_category():
    """What Python holds equal has one text, in whatever type a column comes."""
    for column in (
        np.array([1, 0]),
        np.array([1.0, 0.0]),
        np.array([True, False]),
        held(np.True_, 0),
        np.array(["1", "0"]),
    ):
        assert texts_of(column) == ["1", "0"]
        assert counted_texts(column) == {"1": 1, "0": 1}


def test_odd_texts_can_leave_the_process():
    """Half of a surrogate pair, and bytes that are no text, become texts that can be encoded."""
    for text in texts_of(held("late\ud83d", b"\xff", ("a", 1), {"a": "\udc00"}, frozenset({1}))):
        assert text.encode()


@pytest.mark.parametrize("sign", ["a", "ä", "語", "😀"])
def test_long_categories_are_cut_and_told_apart(sign):
    """A category of more than 60 bytes is cut to 60 with a mark of its own; others are as they are."""
    size = len(sign.encode())
    whole = sign * (60 // size)
    one, other = texts_of(held(whole + sign + "1", whole + sign + "2"))
    assert texts_of(held(whole)) == [whole]
    assert one != other
    assert one.startswith(sign * 12)
    assert len(one.encode()) <= 60


@given(
    st.lists(st.none() | st.integers(-3, 3) | st.sampled_from("abc") | st.floats(-2, 2) | st.booleans(), max_size=20)
)
def test_counting_is_the_sum_of_reading(values):
    """Texts are counted as often as they are read, of any mixture."""
    column = held(*values)
    assert counted_texts(column) == Counter(texts_of(column))
    assert texts_of(column).count(None) == missing_in(column)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32), max_size=20))
def test_numbers_are_read_alike_in_every_type(values):
    """Numbers as objects are the numbers of an array, and as many are missing."""
    column = np.array(values, dtype=np.float32)
    np.testing.assert_array_equal(numbers_of(held(*column.tolist()))[0], numbers_of(column)[0])
    assert missing_in(column) == missing_in(held(*values)) == np.isnan(numbers_of(column)[0]).sum()
