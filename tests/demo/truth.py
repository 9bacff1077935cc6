"""What the demo has to show, computed offline from the raw flights with scikit-learn."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import joblib
import pandas as pd
from sklearn.metrics import confusion_matrix, f1_score, precision_score, recall_score, roc_auc_score

if TYPE_CHECKING:
    from types import ModuleType

    import numpy as np

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
HORIZON = pd.Timedelta(hours=24)


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
