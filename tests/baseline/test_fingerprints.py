"""The fingerprint: the same for the same model anywhere, another for another."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from xgboost import XGBClassifier

from otelml.baseline import fingerprint

if TYPE_CHECKING:
    from baseline.conftest import Case


def test_class_columns_and_parameters_are_told(cancer: Case) -> None:
    """Class, names of the columns and nested parameters are readable in it."""
    mark = fingerprint(cancer.model)
    assert mark.class_name == "sklearn.pipeline.Pipeline"
    assert mark.columns == tuple(cancer.X.columns)
    assert mark.parameters["steps"][1][1]["C"] == 1.0
    assert len(mark.hex) == 16


def test_columns_without_names_are_numbered(churn: Case) -> None:
    """A model fitted on an array knows how many columns there are; one not fitted not even that."""
    assert fingerprint(churn.model).columns == tuple(f"x{position}" for position in range(8))
    assert fingerprint(LogisticRegression()).columns is None


def test_it_survives_pickling(cancer: Case) -> None:
    """A model loaded in the service has the fingerprint that it had in training."""
    loaded = pickle.loads(pickle.dumps(cancer.model))  # noqa: S301 -- our own bytes
    assert fingerprint(loaded) == fingerprint(cancer.model)


def test_it_is_the_same_in_another_process() -> None:
    """No address and no order of a set is in it: another process, with other hashes, finds the same."""
    code = (
        "from otelml.baseline import fingerprint; from sklearn.preprocessing import FunctionTransformer as F;"
        "import numpy as np; print(fingerprint(F(np.log1p, kw_args={'where': {'b', 'a', 'c'}})).hex)"
    )
    shown = {
        subprocess.run(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(shown) == 1


def others() -> list[Any]:
    """Models that differ in one thing each."""
    return [
        LogisticRegression(),
        LogisticRegression(C=2.0),
        LogisticRegression(class_weight={0: 1, 1: 5}),
        LogisticRegression(class_weight={0: 1, 1: 6}),
        make_pipeline(LogisticRegression()),
        make_pipeline(StandardScaler(), LogisticRegression()),
        GridSearchCV(LogisticRegression(), {"C": [1, 2]}),
        GridSearchCV(LogisticRegression(), {"C": [1, 3]}),
        GridSearchCV(LogisticRegression(), {"C": np.arange(3)}),
        GridSearchCV(LogisticRegression(), {"C": np.arange(4)}),
        FunctionTransformer(np.log1p),
        FunctionTransformer(np.expm1),
        FunctionTransformer(partial(np.clip, a_min=0)),
        FunctionTransformer(partial(np.clip, a_min=1)),
        ColumnTransformer([("code", OneHotEncoder(), ["a"])]),
        ColumnTransformer([("code", OneHotEncoder(), ["b"])]),
        ColumnTransformer([("code", OneHotEncoder(), [f"c{i}" for i in range(80)])]),
        ColumnTransformer([("code", OneHotEncoder(), [f"d{i}" for i in range(80)])]),
        VotingClassifier([("one", LogisticRegression())]),
        VotingClassifier([("one", LogisticRegression(C=3.0))]),
        XGBClassifier(max_depth=2),
        XGBClassifier(max_depth=3),
        LGBMClassifier(num_leaves=3),
        LGBMClassifier(num_leaves=4),
    ]


def test_models_that_differ_have_other_fingerprints() -> None:
    """One parameter, however deep, changes it; a clone does not; each can be written as JSON."""
    models = others()
    marks = [fingerprint(model) for model in models]
    assert len({mark.hex for mark in marks}) == len(models)
    assert [fingerprint(clone(model)) for model in models] == marks
    assert all(json.dumps(mark.parameters, allow_nan=False) for mark in marks)


@pytest.mark.parametrize("parameters", [{"n_jobs": 2}, {"verbose": 1}])
def test_what_only_changes_speed_is_left_out(parameters: dict[str, int]) -> None:
    """A service may run with other workers than the training did."""
    assert fingerprint(RandomForestClassifier(**parameters)) == fingerprint(RandomForestClassifier())


def test_a_model_that_is_no_estimator_is_known_by_its_class() -> None:
    """An object without parameters has a fingerprint of its class alone."""

    class Session:
        pass

    mark = fingerprint(Session())
    assert (mark.columns, mark.parameters) == (None, {})
    assert mark.class_name.endswith("Session")
    assert mark == fingerprint(Session())


def test_a_model_within_itself_ends() -> None:
    """A parameter that holds the model itself does not recurse for ever."""

    class Circular(BaseEstimator):
        def __init__(self, inner: Any = None) -> None:
            self.inner = inner

    model = Circular()
    model.inner = [model]
    assert len(fingerprint(model).hex) == 16


def test_numbers_are_the_same_whoever_holds_them() -> None:
    """A parameter as numpy's number equals it as Python's."""
    assert fingerprint(LogisticRegression(C=np.float64(2))) == fingerprint(LogisticRegression(C=2.0))
