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
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from otelml.telemetry import names

sys.path.insert(0, str(Path(__file__).parents[3] / "examples" / "flights"))
from flights import FEATURES, load

DAY = 86_400.0
LENGTHS = {"1d": DAY, "7d": 7 * DAY, "28d": 28 * DAY, "1h": 3_600.0}
PREDICTED_AFTER = 2.0  # seconds past the hour, see replica.py
HORIZON = DAY
FEWEST = 200
REBOOKED_AFTER = 6 * 3_600.0
LABELS = {0.0: "0", 1.0: "1"}
BY_BIN = ("ml_column_name", "ml_bin")
MEASURES = ("precision", "recall", "f1", "false_positive_rate", "prevalence", "precision_adjusted", "f1_adjusted")
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

    def figures(self, at, window):
        """What rules over a window ought to say: (series without its window, labels that tell values apart, values)."""
        yield from self._cells(at, window)
        yield from self._performance(at, window)
        if window in {"1d", "7d"}:
            yield from self._scores(at, window)
            yield from self._columns(at, window)
            made = self.predictions(at, window)
            yield "ml:score_mean", ("ml_class",), {"1": made["score"].mean()}
            yield "ml:score_variance", ("ml_class",), {"1": made["score"].var(ddof=0)}

    def _cells(self, at, window):
        found = self.cohort(at, window)
        predicted, actual = found["predicted"].astype(str), found["actual"].map(LABELS).fillna("none")
        cells = (predicted + " " + actual).value_counts().to_dict()
        yield "ml:outcome_cells:increase", ("ml_predicted", "ml_actual"), cells
        known = actual != "none"
        yield "ml:labelled:increase", ("ml_model_name",), {"flights": int(known.sum())}
        yield "ml:predicted_as:increase", ("ml_class",), predicted[known].value_counts().to_dict()
        yield "ml:actually:increase", ("ml_class",), actual[known].value_counts().to_dict()
        yield "ml:rightly:increase", ("ml_class",), predicted[predicted == actual].value_counts().to_dict()
        yield "ml:label_coverage", ("ml_predicted",), known.groupby(predicted).mean().to_dict()
        yield "ml:label_coverage_all", ("ml_model_name",), {"flights": known.mean()}

    def _performance(self, at, window):
        known = self.cohort(at, window).dropna(subset="actual")
        y, p = known["actual"].astype(int), known["predicted"]
        values = {name: {} for name in MEASURES}
        for label, base in ((0, 1 - self.prevalence), (1, self.prevalence)):
            tpr, fpr = recall_score(y, p, pos_label=label), float((p[y != label] == label).mean())
            told = (
                *(precision_score(y, p, pos_label=label), tpr, f1_score(y, p, pos_label=label), fpr),
                *(float((y == label).mean()), base * tpr / (base * tpr + (1 - base) * fpr)),
                2 * base * tpr / (base * tpr + (1 - base) * fpr + base),
            )
            for name, value in zip(MEASURES, told, strict=True):
                values[name][str(label)] = value
        yield from ((f"ml:{name}", ("ml_class",), told) for name, told in values.items())
        if window == "7d":
            either = {label: int(((p == int(label)) | (y == int(label))).sum()) for label in ("0", "1")}
            told = {label: upper_f1(value, either[label]) for label, value in values["f1_adjusted"].items()}
            yield "ml:f1_upper", ("ml_class",), told
        yield "ml:accuracy", ("ml_model_name",), {"flights": accuracy_score(y, p)}

    def _scores(self, at, window):
        found = self.outcomes(at, window)
        y, s = found["actual"].astype(int).to_numpy(), found["score"].to_numpy()
        place = np.searchsorted(self.baseline["score"]["bounds"], s, side="left")
        bins = range(len(self.baseline["score"]["bounds"]) + 1)
        for name, which in (("positives", y == 1), ("negatives", y == 0)):
            counted = {str(one): int((place[which] == one).sum()) for one in bins}
            yield f"ml:score_{name}:increase", ("ml_bin",), counted
        below = {str(one): int((place[y == 0] <= one).sum()) for one in bins}
        yield "ml:score_negatives_below:increase", ("ml_bin",), below
        gaps = [abs(s[place == one].sum() - y[place == one].sum()) for one in bins]
        yield "ml:roc_auc", ("ml_class",), {"1": roc_auc_score(y, s)}
        yield "ml:calibration_error", ("ml_class",), {"1": float(sum(gaps) / len(y))}
        yield "ml:loss", ("ml_loss",), {"brier": brier_score_loss(y, s), "log": log_loss(y, s)}

    def _columns(self, at, window):
        rows = within(self.predicted_at, at, LENGTHS[window])
        iso = f"P{window.upper()}"
        for column in self.baseline["columns"]:
            reference = np.array(column["counts"])
            counts = self.bins[column["name"]][rows].value_counts().reindex(column["bins"], fill_value=0).to_numpy()
            used, own = (counts > 0) | (reference > 0), (column["name"], column["bins"])
            yield "ml:column_values:increase", BY_BIN, _by_bin(own, counts, counts > 0)
            q, p = ((side + 0.5) / (side.sum() + used.sum() / 2) for side in (counts, reference))
            yield "ml:column_share", BY_BIN, _by_bin(own, q, used)
            yield "ml:column_baseline_share", BY_BIN, _by_bin(own, p, used)
            free = used.sum() - 1
            quantile = free * (1 - 2 / (9 * free) + 4.265 * np.sqrt(2 / (9 * free))) ** 3
            critical = float(quantile * (1 / counts.sum() + 1 / reference.sum()))
            for series, value in (
                ("column_rows:increase", counts.sum()),
                ("column_bins", used.sum()),
                ("column_psi_critical", critical),
                ("column_psi", float((((q - p) * np.log(q / p))[used]).sum())),
                ("column_psi_threshold", max(0.1, critical, 1.25 * column["drift"].get(iso, 0.0))),
                ("column_completeness", 1 - counts[column["bins"].index("missing")] / counts.sum()),
            ):
                yield f"ml:{series}", ("ml_column_name",), {column["name"]: value}

    def moved(self, at):
        """How many columns have drifted within a day."""
        told = {}
        for series, _, values in self._columns(at, "1d"):
            told.setdefault(series, {}).update(values)
        rows = told["ml:column_rows:increase"]
        psi, takes = told["ml:column_psi"], told["ml:column_psi_threshold"]
        return sum(psi[name] > takes[name] and rows[name] >= FEWEST for name in psi)

    def delays(self, at, window):
        """Median and ninth decile of the delay of labels, as they are read from the buckets of the contract."""
        counts, bounds = np.histogram(self.delay[self.outcomes(at, window).index], (0.0, *names.DELAY.bounds))
        ranks = np.array([0.5, 0.9]) * counts.sum()
        return dict(zip(("p50", "p90"), np.interp(ranks, [0, *np.cumsum(counts)], bounds), strict=True))

    @property
    def prevalence(self):
        """Base rate of the baseline."""
        late = sum(cell["count"] for cell in self.baseline["cells"] if cell["actual"] == "1")
        return late / sum(cell["count"] for cell in self.baseline["cells"])


def upper_f1(f1, trials, z=1.96):
    """Upper end of Wilson's interval of J = TP / (TP + FP + FN), as F1 = 2 J / (1 + J)."""
    j = f1 / (2 - f1)
    middle, reach = j + z**2 / (2 * trials), z * np.sqrt(j * (1 - j) / trials + z**2 / (4 * trials**2))
    upper = (middle + reach) / (1 + z**2 / trials)
    return 2 * upper / (1 + upper)


def _by_bin(own, values, kept):
    """Values of the bins of a column that are kept, by its name and theirs."""
    name, labels = own
    return {f"{name} {label}": value for label, value, here in zip(labels, values, kept, strict=True) if here}


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
