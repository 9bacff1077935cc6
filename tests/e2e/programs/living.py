"""A service of two models until its standard input ends: `living.py FOLDER`; labels, actions, failures and losses too.

The models and their baselines lie in FOLDER: `class.joblib`, `class.baseline.json`, `number.joblib`, ….
"""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import joblib
import numpy as np

import otelml

PACE_S = 0.1
WIDTH = 3


def main(folder):
    """Predict a batch with each model ten times a second, and record the actual outcomes at once."""
    models = {
        name: otelml.identify(
            joblib.load(folder / f"{name}.joblib"),
            name=name,
            version="1",
            baseline=folder / f"{name}.baseline.json",
        )
        for name in ("class", "number")
    }
    ended, random = threading.Event(), np.random.default_rng(0)
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    for turn in count():
        if ended.wait(PACE_S):
            break
        for name, model in models.items():
            serve(name, model, random.normal(size=(20, WIDTH)), turn)


def serve(name, model, rows, turn):
    """One batch of rows, its labels and actions; now and then a call that fails, and one that cannot be joined."""
    ids = [f"{name}-{turn}-{row}" for row in range(len(rows))]
    with otelml.predictions(ids=ids):
        answers = model.predict_proba(rows)[:, 1] if name == "class" else model.predict(rows)
    truth = (answers > 0.5).astype(int) if name == "class" else answers + 0.5
    truth[::4] = 1 - truth[::4]
    otelml.record_outcomes(ids[2:], truth[2:])
    otelml.record_outcomes([f"nobody-{turn}"], [1])
    otelml.record_actions(ids[:3], "click")
    if turn % 10 == 0:
        with suppress(ValueError):
            model.predict(rows[:, :1])
        with otelml.predictions(ids=["one"]):  # two rows: there is no telling which of them it is
            model.predict(rows[:2])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
