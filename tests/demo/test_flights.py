"""The example's data: nothing that tells the answer, and labels that come when their flights have landed."""

from __future__ import annotations

import pandas as pd
import pytest

from demo.truth import example, read_flights


@pytest.fixture(scope="module")
def flights() -> pd.DataFrame:
    """Read the year."""
    return read_flights()


def test_the_year_is_complete(flights: pd.DataFrame) -> None:
    """All 336,776 flights are there, in order, each with an id of its own; 2.8 % never get a label."""
    assert len(flights) == 336_776
    assert flights["id"].is_unique
    assert flights["hour_start"].is_monotonic_increasing
    assert flights["late"].isna().mean() == pytest.approx(0.028, abs=0.0005)
    assert (flights["late"].isna() == flights["landed"].isna()).all()


def test_features_are_known_before_the_flight(flights: pd.DataFrame) -> None:
    """What is only known afterwards, and the label itself, are no features; nor is the month."""
    features = set(example().FEATURES)
    assert features <= set(flights.columns)
    assert not features & {
        "dep_delay",
        "dep_time",
        "arr_delay",
        "arr_time",
        "air_time",
        "late",
        "landed",
        "month",
    }


def test_labels_come_after_the_prediction(flights: pd.DataFrame) -> None:
    """No label is known within half an hour of the prediction, and all but one within a day."""
    delay = (flights["landed"] - flights["hour_start"]).dropna()
    assert delay.min() > pd.Timedelta(minutes=30)
    assert (delay > pd.Timedelta(days=1)).sum() == 1
    assert delay.median() == pd.Timedelta(hours=3, minutes=17)


def test_a_known_flight_landed_when_it_did(flights: pd.DataFrame) -> None:
    """United 1545 left Newark at 05:17 on New Year's Day and was in Houston at 08:30, Central time."""
    flight = flights[flights["id"] == "2013-01-01T10 UA1545"].iloc[0]
    assert flight["landed"] == pd.Timestamp("2013-01-01 14:30", tz="UTC")
    assert not flight["late"]


@pytest.mark.parametrize(
    ("arr_time", "air_time", "zone", "landed"),
    [
        (42, 80, "America/New_York", "2013-07-02 04:42"),  # after midnight
        (2359, 40, "America/New_York", "2013-07-02 03:59"),  # before it, although the estimate is after
        (330, 610, "Pacific/Honolulu", "2013-07-02 13:30"),  # six hours behind
        (2400, 30, "America/New_York", "2013-07-02 04:00"),  # the data write midnight as 24:00
    ],
)
def test_dates_follow_from_the_destinations_clock(arr_time: int, air_time: int, zone: str, landed: str) -> None:
    """A departure at 22:50 in New York: the date of the arrival is the one nearest to the estimate."""
    row = {"minute": 50, "dep_delay": 0.0, "arr_time": arr_time, "air_time": air_time}
    flight = pd.DataFrame([{"hour_start": pd.Timestamp("2013-07-02 02:00", tz="UTC"), **row}])
    (moment,) = example().landing_times(flight, pd.Series([zone]))
    assert moment == pd.Timestamp(landed, tz="UTC")
