"""Serve the year as it happened: predict every scheduled hour, hand in each label once its flight has landed.

    opentelemetry-instrument python serve.py FOLDER [FIRST_MONTH LAST_MONTH]

FOLDER is where `train.py` left the model and its baseline. The simulated clock makes a year pass in a minute;
a service in real time has none, and needs nothing else of what is here but the lines with `otelml` in them.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import pandas as pd
from flights import FEATURES, load

import otelml
from otelml.testing import simulated_clock

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# New York sleeps at 08:00 UTC, so its days, and its months, are whole numbers of these intervals.
COLLECT_AT_HOURS = (2, 8, 14, 20)
NEW_YORK_SLEEPS = pd.Timedelta(hours=8)
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


def main(folder: Path, first_month: int = 4, last_month: int = 12) -> None:
    """Replay the flights of these months, and a day more for the last labels."""
    flights = load()
    flights = flights[flights["month"].between(first_month, last_month)].set_index("hour_start", drop=False)
    labels = flights.dropna(subset="landed").set_index("landed", drop=False).sort_index()
    before = (flights.index[0] - NEW_YORK_SLEEPS).floor("D") + NEW_YORK_SLEEPS
    end = (flights.index[-1] - NEW_YORK_SLEEPS).ceil("D") + NEW_YORK_SLEEPS + DAY
    with simulated_clock(before.timestamp()) as clock:
        model = otelml.identify(
            joblib.load(folder / "flights.joblib"),
            name="flights",
            version="1",
            baseline=folder / "flights.baseline.json",
        )
        for hour in pd.date_range(before, end, freq="h"):
            clock.set(hour.timestamp())
            if hour.day == 1 and hour.hour == NEW_YORK_SLEEPS // HOUR:
                print(f"it is {hour:%-d %B %Y}", flush=True)
            hand_in(between(labels, before, hour))
            if hour.hour in COLLECT_AT_HOURS:
                otelml.force_flush()
            predict(model, between(flights, before, hour))
            before = hour


def between(events: pd.DataFrame, after: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Rows of a sorted time index in the interval (after, until]."""
    return events.iloc[slice(*events.index.searchsorted([after, until], side="right"))]


def predict(model: Pipeline, due: pd.DataFrame) -> None:
    """Score the flights of one scheduled hour, and register them for their outcomes."""
    if len(due):
        with otelml.predictions(ids=due["id"]):
            model.predict_proba(due[FEATURES])


def hand_in(landed: pd.DataFrame) -> None:
    """Tell what became of the flights that have reached their gates."""
    if len(landed):
        seconds = landed["landed"].map(pd.Timestamp.timestamp)
        otelml.record_outcomes(landed["id"], landed["late"].astype(int), at=seconds)


if __name__ == "__main__":
    parser = ArgumentParser(description="Serve the flights of 2013 as they happened, month by month.")
    parser.add_argument("folder", type=Path, help="where train.py left the model and its baseline")
    parser.add_argument("first_month", type=int, nargs="?", default=4, choices=range(4, 13), metavar="FIRST_MONTH")
    parser.add_argument("last_month", type=int, nargs="?", default=12, choices=range(4, 13), metavar="LAST_MONTH")
    try:
        main(**vars(parser.parse_args()))
    except KeyboardInterrupt:
        sys.exit(130)
