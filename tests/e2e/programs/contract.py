"""A host that gives every metric of the contract something to say.

`test_contract.py` prepares its models and its rows, and knows what has to arrive.
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress

import joblib
import numpy as np

import otelml

HORIZON_S = 1.0


def outcomes(rows):
    """Predict under ids of our own, and record actual outcomes: of half of it, some wrong, some twice."""
    late = otelml.identify(
        joblib.load("late.joblib"), name="late", version="2", baseline="late.baseline.json", positive_class=1
    )
    ids = [f"order-{number}" for number in range(len(rows["X"]))]
    known = rows["known"]
    with otelml.predictions(ids=ids):
        late.predict_proba(rows["X"])
    otelml.record_outcomes([ids[i] for i in known], rows["first"][known])
    changed = np.flatnonzero(rows["first"][known] != rows["actual"][known])
    otelml.record_outcomes([ids[i] for i in known[changed]], rows["actual"][known][changed])  # corrections
    otelml.record_outcomes([ids[known[0]]], [rows["actual"][known[0]]])  # a duplicate
    otelml.record_outcomes(["order-none"], [1])  # nobody waits for it
    otelml.record_outcomes([ids[0]], [None])  # invalid
    otelml.record_actions(ids[:9], "click")
    otelml.record_actions(ids[:1], "click")  # a duplicate


def numbers(rows):
    """Predict numbers, some of them negative, and fail once."""
    length = otelml.identify(joblib.load("length.joblib"), name="length", baseline="length.baseline.json")
    with otelml.predictions(ids=range(len(rows["X"]))) as batch:
        length.predict(rows["X"])
    otelml.record_outcomes(batch.ids, rows["y"])
    with suppress(ValueError):
        length.predict(rows["X"][:, :1])


def main():
    """Serve, and live on until the predictions have reached the horizon."""
    rows = np.load("rows.npz")
    outcomes(rows)
    numbers(rows)
    otelml.identify(joblib.load("length.joblib"), name="lost", baseline="nowhere.baseline.json").predict(rows["X"])
    with otelml.predictions(ids=["one", "two"]):  # ids for two rows where there are more
        joblib.load("length.joblib").predict(rows["X"])
    threading.Event().wait(HORIZON_S + 0.3)


if __name__ == "__main__":
    sys.exit(main())
