"""What the demo has to show, computed offline from the raw flights with scikit-learn."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import joblib
import numpy as np
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score, roc_auc_score

if TYPE_CHECKING:
    from types import ModuleType

    from otelml.baseline import Baseline
    from otelml.baseline.columns import Column

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
HORIZON = pd.Timedelta(hours=24)
WEEK = pd.Timedelta(days=7)


class Far(NamedTuple):
    """How far a column of some flights is from March's, and how far the farthest of March's own weeks is."""

    psi: float
    of_weeks: float

    @property
    def moved(self) -> bool:
        """Whether the index is worth a person's time; of a month of flights chance makes less than 0.01."""
        return self.psi > max(0.1, 1.25 * self.of_weeks)


class Truth(NamedTuple):
    """One month as scikit-learn sees it; `cells` is (actual, predicted), as its confusion matrix is."""

    cells: np.ndarray
    unlabelled: int
    precision: float
    recall: float
    f1: float
    roc_auc: float


def example() -> ModuleType:
    """Import the example's own reading of the data; the examples are no package."""
    sys.path.insert(0, str(FLIGHTS))
    try:
        return importlib.import_module("flights")
    finally:
        sys.path.remove(str(FLIGHTS))


def read_flights() -> pd.DataFrame:
    """Read the flights with the example's own code."""
    return example().load()


def scored(flights: pd.DataFrame, model_file: Path) -> pd.DataFrame:
    """Add the model's score of every flight, in one call."""
    model = joblib.load(model_file)
    return flights.assign(score=model.predict_proba(flights[list(model.feature_names_in_)])[:, 1])


def truth_by_month(flights: pd.DataFrame, threshold: float) -> dict[int, Truth]:
    """Measure every month of flights with their scores; a label later than the horizon counts as none."""
    return {int(month): _truth(group, threshold) for month, group in flights.groupby("month")}


def _truth(month: pd.DataFrame, threshold: float) -> Truth:
    in_time = (month["landed"] - month["hour_start"]) < HORIZON
    known = month[in_time]
    actual = known["late"].astype(int).to_numpy()
    predicted = (known["score"] >= threshold).astype(int).to_numpy()
    return Truth(
        cells=confusion_matrix(actual, predicted),
        unlabelled=int((~in_time).sum()),
        precision=precision_score(actual, predicted),
        recall=recall_score(actual, predicted),
        f1=f1_score(actual, predicted),
        roc_auc=roc_auc_score(actual, known["score"]),
    )


def far_from_march(flights: pd.DataFrame, baseline: Baseline, month: int) -> dict[tuple[str, str], Far]:
    """Compare the raw rows of a month with March's, and the weeks of March with one another, in the baseline's bins."""
    march = (flights["month"] == 3) & flights["late"].notna()
    days = flights["hour_start"][march].dt.floor("D")
    weeks = (days - days.min()) // WEEK
    whole = range((days.max() - days.min() + pd.Timedelta(days=1)) // WEEK)
    found = {}
    for column in baseline.columns:
        bins = _bins_of(column, flights, baseline)
        rows, known = bins[flights["month"] == month].value_counts(), bins[march]
        apart = [_psi(known[weeks == week].value_counts(), known[weeks != week].value_counts()) for week in whole]
        far = Far(_psi(rows, known.value_counts()), max(apart))
        if column.name == "class":
            # Of a tuned threshold the baseline's answers are those of each fifth's own threshold.
            far = Far(_psi(rows, pd.Series({at: n for at, n in enumerate(column.counts) if n})), column.drift["P7D"])
        found[column.role, column.name] = far
    return found


def _bins_of(column: Column, flights: pd.DataFrame, baseline: Baseline) -> pd.Series:
    """Position of the bin of every flight, which has its score."""
    late = (flights["score"] >= baseline.threshold).astype(int).astype(str)
    held = late if column.name == "class" else flights[column.source]
    values = held.tolist() if column.kind == "categorical" else held.to_numpy(dtype=float)
    return pd.Series(column.bins.index(values), index=flights.index)


def _psi(rows: pd.Series, known: pd.Series) -> float:
    """Population stability index with Jeffreys' shares, from the rows in each bin."""
    table = pd.concat([rows, known], axis=1).fillna(0)
    shares = (table + 0.5) / (table.sum() + len(table) / 2)
    q, p = shares.to_numpy().T
    return float(((q - p) * np.log(q / p)).sum())
