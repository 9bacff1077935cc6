"""What the rules ought to say, from the flights themselves: pandas, numpy and scikit-learn, none of our sketches.

An event (a prediction, a label, a prediction that reaches its horizon) is counted in the first collection after it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.metrics import brier_score_loss, f1_score, log_loss, precision_score, recall_score, roc_auc_score

from otelml.stats import divergence

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "flights"))
from flights import FEATURES, load

DAY = 86_400.0
LENGTHS = {"1d": DAY, "7d": 7 * DAY, "28d": 28 * DAY, "1h": 3_600.0}
PREDICTED_AFTER = 2.0  # seconds past the hour, see replica.py
HORIZON = DAY
REBOOKED_AFTER = 6 * 3_600.0
EPOCH = pd.Timestamp(0, tz="UTC")


class Truth:
    """The flights of a stretch of time, and what a rule over a window of them ought to say.

    Parameters
    ----------
    folder : of the model and its baseline.
    start, end : of the stretch, seconds.
    step : seconds between two collections.
    """

    def __init__(self, folder, start, end, step):
        self.baseline = json.loads((folder / "flights.baseline.json").read_text())
        self.threshold, self.start = self.baseline["threshold"]["value"], start
        flights = load()
        self.march = flights[(flights["month"] == 3) & flights["late"].notna()]
        made = (flights["hour_start"] - EPOCH).dt.total_seconds() + PREDICTED_AFTER
        flights = flights[(made >= start) & (made < end)].assign(made=made)
        model = joblib.load(folder / "flights.joblib")
        flights["score"] = model.predict_proba(flights[FEATURES])[:, 1]
        flights["predicted"] = (flights["score"] >= self.threshold).astype(int)
        flights["actual"] = flights["late"].astype("Int64").astype("float")
        landed = (flights["landed"] - EPOCH).dt.total_seconds()
        self.flights = flights
        self.predicted_at = _counted(made[flights.index], step)
        self.labelled_at = _counted(landed, step)
        self.delay = landed - flights["made"]
        self.matured_at = _counted(flights["made"] + HORIZON, step)
        self.bins = {
            column["name"]: self._binned(column) for column in self.baseline["columns"] if column["name"] != "class"
        }
        self.bins["class"] = "=" + flights["predicted"].astype(str)

    def _binned(self, column):
        values = self.flights["score"] if column["name"] == "score" else self.flights[column["name"]]
        if column["kind"] == "categorical":
            return categories(values, column, set(self.march[column["name"]]))
        return ranges(values.to_numpy(dtype=float), column)

    def predictions(self, at, window):
        """Flights whose prediction was counted in the window that ends at a time."""
        return self.flights[within(self.predicted_at, at, LENGTHS[window])]

    def outcomes(self, at, window):
        """Flights whose label was counted in the window."""
        return self.flights[within(self.labelled_at, at, LENGTHS[window])]

    def cohort(self, at, window):
        """Flights that reached the horizon in the window."""
        return self.flights[within(self.matured_at, at, LENGTHS[window])]

    def rebooked(self, at, window):
        """How many flights that never arrived had been gone for six hours in the window."""
        told = self.flights["made"] - PREDICTED_AFTER + REBOOKED_AFTER
        return int((within(told, at, LENGTHS[window]) & self.flights["actual"].isna()).sum())

    def performance(self, at, window):
        """What the cohort says: by series, then by class."""
        found = self.cohort(at, window)
        known = found.dropna(subset="actual")
        y, p = known["actual"].astype(int), known["predicted"]
        rate, share = self.prevalence, {}
        values = {"precision": {}, "recall": {}, "f1": {}, "precision_adjusted": {}, "f1_adjusted": {}}
        for label in (0, 1):
            tpr = recall_score(y, p, pos_label=label)
            fpr = float(((p == label) & (y != label)).sum() / (y != label).sum())
            base = rate if label else 1 - rate
            values["precision"][str(label)] = precision_score(y, p, pos_label=label)
            values["recall"][str(label)] = tpr
            values["f1"][str(label)] = f1_score(y, p, pos_label=label)
            values["precision_adjusted"][str(label)] = base * tpr / (base * tpr + (1 - base) * fpr)
            values["f1_adjusted"][str(label)] = 2 * base * tpr / (base * tpr + (1 - base) * fpr + base)
            share[str(label)] = float((y == label).mean())
        return {**values, "prevalence": share}

    def coverage(self, at, window):
        """Share of the cohort that has its label, by predicted class."""
        found = self.cohort(at, window)
        return {str(label): float(part["actual"].notna().mean()) for label, part in found.groupby("predicted")}

    def scores(self, at, window):
        """What the scores of the outcomes that came say: AUC, calibration error, losses."""
        found = self.outcomes(at, window)
        y, s = found["actual"].astype(int).to_numpy(), found["score"].to_numpy()
        place = np.searchsorted(self.baseline["score"]["bounds"], s, side="left")
        gaps = [abs(s[place == one].sum() - y[place == one].sum()) for one in np.unique(place)]
        losses = {"brier": brier_score_loss(y, s), "log": log_loss(y, s)}
        return {"roc_auc": roc_auc_score(y, s), "calibration_error": float(sum(gaps) / len(y)), "losses": losses}

    def columns(self, at, window):
        """What the columns say: by series, then by column."""
        rows = within(self.predicted_at, at, LENGTHS[window])
        values = {"column_psi": {}, "column_psi_critical": {}, "column_completeness": {}}
        for column in self.baseline["columns"]:
            name, reference = column["name"], np.array(column["counts"])
            counts = self.bins[name][rows].value_counts().reindex(column["bins"], fill_value=0).to_numpy()
            values["column_psi"][name] = float(divergence.psi(counts, reference))
            values["column_psi_critical"][name] = float(divergence.psi_critical(counts, reference))
            values["column_completeness"][name] = 1 - counts[column["bins"].index("missing")] / counts.sum()
        return values

    @property
    def prevalence(self):
        """Base rate of the baseline."""
        late = sum(cell["count"] for cell in self.baseline["cells"] if cell["actual"] == "1")
        return late / sum(cell["count"] for cell in self.baseline["cells"])


def _counted(moments, step):
    """When events are counted: in the first collection that is not before them."""
    return np.ceil(moments / step) * step


def within(moments, at, length):
    """Which moments are in a window that ends at a time, itself included."""
    return ((moments > at - length) & (moments <= at)).to_numpy()


def ranges(values, column):
    """Text of the bin that each number is in."""
    edges, labels = np.array(column["edges"]), column["bins"]
    intervals = np.array([label for label in labels if "(" in label])
    single = [label for label in labels if ":=" in label]
    place = np.clip(np.searchsorted(edges[1:-1], values, side="left"), 0, len(intervals) - 1)
    texts = intervals[place].astype(object)
    texts[values <= edges[0]] = "below"
    texts[values > edges[-1]] = "above"
    for value, label in zip(column["values"], single, strict=True):
        texts[values == value] = label
    texts[np.isnan(values)] = "missing"
    return pd.Series(texts)


def categories(values, column, seen):
    """Text of the bin that each category is in."""
    own = dict(zip(column["categories"], column["bins"], strict=False))

    def text(value):
        if value != value:  # noqa: PLR0124 -- NaN
            return "missing"
        return own.get(value, "other" if value in seen else "unseen")

    return pd.Series([text(value) for value in values])
