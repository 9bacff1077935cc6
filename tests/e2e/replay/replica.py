"""Serve the flights as one replica of several, on a simulated clock, with a collection every so many minutes.

    opentelemetry-instrument python replica.py FOLDER START END MINUTES REPLICA REPLICAS DRAIN

The example's own program, but for a stretch of time that need not be whole months: so that a replica can be restarted
in the middle, and tell its fellows' share from its own.  It predicts what is due in [START, END), and then takes labels
for DRAIN hours more.  What a passenger of a flight that never arrived has to do, find another one, is recorded as an
action.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import joblib
import pandas as pd

import otelml
from otelml.testing import simulated_clock

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "flights"))
from flights import FEATURES, load
from serve import between, hand_in, predict

HOURLY = 60
TICK = 0.001  # what Prometheus tells times apart by: a series that is new has itself collected in between
FOREVER = ExitStack()  # never closed: the last collection, at exit, belongs to the simulated time as well
REBOOKED_AFTER = pd.Timedelta(hours=6)


def main(folder: Path, start: str, end: str, minutes: int, replica: int, replicas: int, drain: int) -> None:
    """Replay the share of one replica."""
    flights = load()
    mine = flights["id"].map(lambda one: crc32(one.encode()) % replicas == replica)
    due, until = pd.Timestamp(start, tz="UTC"), pd.Timestamp(end, tz="UTC")
    known = flights[mine].set_index("hour_start", drop=False)
    own = known[(known.index >= due) & (known.index < until)]
    if drain:
        known = own  # the labels of all others are somebody else's to take
    labels = known.dropna(subset="landed").set_index("landed", drop=False).sort_index()
    stranded = known[known["late"].isna()]
    before = due - pd.Timedelta(1, "us")
    clock = FOREVER.enter_context(simulated_clock(before.timestamp(), tick=TICK))
    model = otelml.identify(
        joblib.load(folder / "flights.joblib"),
        name="flights",
        version="1",
        baseline=folder / "flights.baseline.json",
    )
    for now in pd.date_range(due, until + pd.Timedelta(hours=drain), freq=f"{minutes}min"):
        clock.set(now.timestamp())
        hand_in(between(labels, before, now))
        gone = between(stranded, before - REBOOKED_AFTER, now - REBOOKED_AFTER)
        if len(gone):
            otelml.record_actions(gone["id"], "rebooked", at=now.timestamp())
        otelml.force_flush()
        if minutes == HOURLY:  # see evaluation.py
            clock.advance(1)
            otelml.force_flush()
        clock.set(now.timestamp() + 2)  # later than both: what reaches its horizon is then counted in the first
        if now.minute == 30:
            fail(model, own.iloc[:1])
        predict(model, between(own, before, now))
        before = now


def fail(model: Pipeline, rows: pd.DataFrame) -> None:
    """Ask without a column that the model needs, as a broken client would."""
    with suppress(ValueError):
        model.predict_proba(rows[FEATURES[:-1]])


if __name__ == "__main__":
    folder, start, end, *numbers = sys.argv[1:]
    main(Path(folder), start, end, *map(int, numbers))
