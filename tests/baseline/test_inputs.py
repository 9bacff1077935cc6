"""Which rows, labels and times `fit` takes, and what it says to others."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.cluster import KMeans
from sklearn.ensemble import IsolationForest, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from otelml.baseline import Baseline, BaselineError

if TYPE_CHECKING:
    from collections.abc import Callable

    from baseline.conftest import Case

START = datetime(2013, 3, 1, tzinfo=timezone.utc)


@pytest.mark.parametrize("turn", [np.asarray, pd.DataFrame, lambda rows: rows.tolist()])
@pytest.mark.parametrize("label", [np.asarray, pd.Series, lambda labels: labels.tolist(), pl.Series])
def test_rows_and_labels_come_in_any_container(
    churn: Case, turn: Callable[[Any], Any], label: Callable[[Any], Any]
) -> None:
    """numpy, pandas, Polars and lists give one and the same baseline."""
    expected = Baseline.fit(churn.model, churn.X, churn.y)
    assert Baseline.fit(churn.model, turn(churn.X), label(churn.y)) == expected


def test_polars_rows_reach_the_model_as_they_are(cancer: Case) -> None:
    """A model fitted on a Polars frame is asked with one."""
    frame = pl.from_pandas(cancer.X)
    model = LogisticRegression(max_iter=10_000).fit(frame, cancer.y)
    baseline = Baseline.fit(model, frame, pl.Series(cancer.y))
    unread = [f"x{position}" for position in range(cancer.X.shape[1])]  # scikit-learn 1.7 and Polars 2 are strangers
    assert baseline.fingerprint.columns == tuple(getattr(model, "feature_names_in_", unread))


@pytest.mark.parametrize("kind", [np.bool_, np.int8, np.float64, object])
def test_labels_that_are_equal_are_the_same(cancer: Case, kind: type) -> None:
    """Labels of another type than in training are known as long as Python holds them equal."""
    expected = Baseline.fit(cancer.model, cancer.X, cancer.y)
    assert Baseline.fit(cancer.model, cancer.X, np.asarray(cancer.y).astype(kind)) == expected


def test_a_column_of_labels_is_labels(churn: Case) -> None:
    """Labels as a matrix of one column are taken as a vector."""
    assert Baseline.fit(churn.model, churn.X, churn.y[:, None]) == Baseline.fit(churn.model, churn.X, churn.y)


HOURS = [START + timedelta(hours=hour) for hour in range(3000)]
TIMES = {
    "aware": HOURS,
    "naive": [time.replace(tzinfo=None) for time in HOURS],
    "another zone": [time.astimezone(timezone(timedelta(hours=5))) for time in HOURS],
    "seconds": [time.timestamp() for time in HOURS],
    "datetime64": np.array([time.replace(tzinfo=None) for time in HOURS], dtype="datetime64[us]"),
    "pandas": pd.Series(HOURS),
    "pandas naive": pd.Series(HOURS).dt.tz_localize(None),
    "pandas index": pd.DatetimeIndex(HOURS),
    "polars": pl.Series(HOURS),
    "dates": [time.date() for time in HOURS],
    "numbers as objects": pd.Series([np.int64(time.timestamp()) for time in HOURS], dtype=object),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_come_in_any_form(churn: Case, name: str) -> None:
    """Datetimes of any library and zone, dates, and seconds fall on the same days."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, time=TIMES[name])
    assert baseline == Baseline.fit(churn.model, churn.X, churn.y, time=TIMES["aware"])
    assert baseline.days == 125


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (HOURS[:5], "time has 5 entries for 3000 rows"),
        ([None, *HOURS[1:]], "1 of 3000 times are missing"),
        (pd.Series([*HOURS[1:], pd.NaT]), "1 of 3000 times are missing"),
        (pd.Series([*HOURS[2:], pd.NaT, pd.NA], dtype=object), "2 of 3000 times are missing"),
        (np.ma.masked_less(np.arange(3000.0), 5), "5 of 3000 times are missing"),
        (["yesterday"] * 3000, "give datetimes or seconds since the epoch"),
        (pd.Series(["yesterday"] * 3000), "time holds what is no time"),
        (np.full(3000, np.nan), "3000 of 3000 times are missing"),
        (np.full(3000, np.datetime64("NaT", "s")), "3000 of 3000 times are missing"),
        (np.arange(3000) * 1e6 + 1.36e12, "milliseconds"),
        (7, "time holds no times"),
    ],
)
def test_wrong_times_are_refused(churn: Case, time: Any, message: str) -> None:
    """What is no time a row is refused with what to give."""
    with pytest.raises(BaselineError, match=message):
        Baseline.fit(churn.model, churn.X, churn.y, time=time)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (7, "y holds no labels"),
        ([], "there are no rows"),
        (np.ones((3000, 2)), "one label a row"),
        (["left"] * 7, "answered 3000 rows and y has 7"),
        (["left"] * 2999 + ["gone"], r"labels \['gone'\] are none of the model's classes"),
        (["left"] * 2999 + [None], "1 of 3000 labels in y are missing"),
        ([1.0] * 2998 + [np.nan] * 2, "2 of 3000 labels in y are missing"),
        (pd.Series(["left"] * 2999 + [pd.NA], dtype="string"), "1 of 3000 labels in y are missing"),
        (pd.Series([True] * 2998 + [pd.NA] * 2, dtype="boolean"), "2 of 3000 labels in y are missing"),
        (pd.Series(["left"] * 2999 + [None], dtype="category"), "1 of 3000 labels in y are missing"),
        (pl.Series(["left"] * 2999 + [None]), "1 of 3000 labels in y are missing"),
        (np.ma.masked_less(np.arange(3000), 3), "3 of 3000 labels in y are missing"),
        (np.array([*range(2999), "NaT"], dtype="datetime64[s]"), "1 of 3000 labels in y are missing"),
    ],
)
def test_wrong_labels_are_refused(churn: Case, y: Any, message: str) -> None:
    """Labels that are missing, unknown or of other rows are refused with the fix."""
    with pytest.raises(BaselineError, match=message):
        Baseline.fit(churn.model, churn.X, y)


class Answers:
    """A model that answers what it was told."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def predict(self, _: Any) -> Any:
        """Answer."""
        return self.answer


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (object(), "has none of predict_proba, decision_function, predict"),
        (Answers(None), "answered no array"),
        (Answers(np.zeros((4, 2, 2))), "a baseline is of one output"),
        (Answers(np.array([0.5, 0.7, np.nan, 1.5])), "NaN or infinities"),
        (Answers(np.array(["a", "b", "a", "c"])), "none of the model's classes"),
        (IsolationForest(), "is of the kind outlier_detector"),
        (KMeans(2), "is of the kind clusterer"),
    ],
)
def test_models_without_an_answer_are_refused(model: Any, message: str) -> None:
    """A model that answers nothing to measure is refused with the reason."""
    rows = np.random.default_rng(0).random((4, 2))
    if hasattr(model, "fit"):
        model.fit(rows)
    with pytest.raises(BaselineError, match=message):
        Baseline.fit(model, rows, [0.25, 1.5, 2.5, 3.5])


def test_several_outputs_are_refused(churn: Case) -> None:
    """A model of several outputs is refused, however it answers."""
    both = np.stack([churn.y == "left", churn.X[:, 0] > 0], axis=1).astype(int)
    model = RandomForestClassifier(2).fit(churn.X, both)
    with pytest.raises(BaselineError, match="one output"):
        Baseline.fit(model, churn.X, both[:, 0])


def test_the_models_own_error_is_its_own(churn: Case) -> None:
    """What the model raises passes untouched."""
    with pytest.raises(ValueError, match="features") as caught:
        Baseline.fit(churn.model, churn.X[:, :3], churn.y)
    assert not isinstance(caught.value, BaselineError)


def test_a_score_that_is_not_finite_is_refused() -> None:
    """NaN among probabilities is refused, not measured."""

    class Broken:
        classes_ = (0, 1)

        def predict_proba(self, X: Any) -> Any:
            return np.full((len(X), 2), np.nan)

    with pytest.raises(BaselineError, match="NaN or infinities"):
        Baseline.fit(Broken(), [[1.0]] * 3, [0, 1, 1])


def test_segments_are_refused(churn: Case) -> None:
    """`segment` is reserved, and says so."""
    with pytest.raises(BaselineError, match="segment is not supported yet"):
        Baseline.fit(churn.model, churn.X, churn.y, segment=churn.y)


def test_an_unknown_positive_class_is_refused(churn: Case, digits: Case) -> None:
    """The positive class has to be one of two."""
    with pytest.raises(BaselineError, match="positive_class 'gone' is not one of two"):
        Baseline.fit(churn.model, churn.X, churn.y, positive_class="gone")
    with pytest.raises(BaselineError, match="positive_class '3' is not one of two"):
        Baseline.fit(digits.model, digits.X, digits.y, positive_class=3)
