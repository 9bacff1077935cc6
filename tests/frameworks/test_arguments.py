"""Arguments by position or by name, in any order: the same call is counted the same."""

from __future__ import annotations

import warnings

import lightgbm
import numpy as np
import pytest
import xgboost

from frameworks.cases import BINARY, NUMBERS, POSITIONS, ROWS, X, boosted, booster, light, lightened
from frameworks.counts import assert_scores, assert_values, classes, counted
from otelml.patching.sites import ByName, Operation, parameters_of
from otelml.prediction import Form
from otelml.testing import select, total

INPUTS = {"ml.column.role": "input"}
DATA = xgboost.DMatrix(X)


def assert_counted(points, rows=ROWS):
    """Every column of the rows was counted, and nothing was dropped."""
    assert total(points, "ml.column.values", INPUTS).last == rows * X.shape[1]
    assert not select(points, "otelml.dropped")


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(DATA, True),  # noqa: FBT003 -- XGBoost takes it so
        lambda model: model.predict(output_margin=True, data=DATA),
        lambda model: model.inplace_predict(X, (0, 0), "margin"),
        lambda model: model.inplace_predict(predict_type="margin", data=X),
    ],
)
def test_margins_of_xgboost(captured, ask):
    """A margin is a margin however it was asked for, and the rows are the rows."""
    margins = ask(booster("binary:logistic", BINARY)())
    points = captured.points()
    assert_values(points, margins)
    assert_scores(points, [])
    assert_counted(points)


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "flags", [(False, True), (False, False, True), (False, False, True, True), (False, False, False, False, True)]
)
def test_explanations_of_xgboost(captured, flags):
    """Leaves, contributions and interactions by position are rows, and no answers."""
    booster("binary:logistic", BINARY)().predict(DATA, *flags)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert (classes(points), select(points, "otelml.dropped")) == ({}, [])
    assert_scores(points, [])
    assert_values(points, [])


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(X, 0, None, False, True),  # noqa: FBT003 -- LightGBM takes it so
        lambda model: model.predict(pred_contrib=True, data=X),
        lambda model: model.predict(num_iteration=1, pred_leaf=True, data=X),
    ],
)
def test_explanations_of_lightgbm(captured, ask):
    """Leaves and contributions are no answers, also where the rows are named last."""
    ask(light("binary", BINARY)())
    points = captured.points()
    assert classes(points) == {}
    assert_scores(points, [])
    assert_values(points, [])
    assert_counted(points)


@pytest.mark.parametrize("build", [lightened("LGBMClassifier", BINARY), boosted("XGBClassifier", BINARY)])
def test_rows_that_are_named_last(captured, build):
    """The rows are those of `X`, and not what was named first."""
    model = build()
    first = {"num_iteration": 1} if isinstance(model, lightgbm.LGBMModel) else {"iteration_range": (0, 1)}
    scores = model.predict_proba(**first, X=X)
    points = captured.points()
    assert_scores(points, scores[:, 1])
    assert_counted(points)


def test_parameters_of_the_hosts_own_classes(captured):
    """A subclass has parameters of its own: in other places, under other names, or as anything."""
    from sklearn.base import BaseEstimator, RegressorMixin

    class Own(xgboost.XGBClassifier):
        def predict(self, X, cut=0.5, **flags):
            return super().predict(X, **flags) if cut == 0.5 else (self.predict_proba(X)[:, 1] >= cut).astype(int)

    class Anything(xgboost.XGBClassifier):
        def predict(self, *args, **kwargs):
            return super().predict(*args, **kwargs)

    class Named(RegressorMixin, BaseEstimator):
        def predict(self, *, scale=1.0, table):
            return table[:, 0] * scale

    class Texts(RegressorMixin, BaseEstimator):
        def predict(self, documents, scale=1.0):
            return documents[:, 0] * scale

    labels = Own(n_estimators=2).fit(X, BINARY).predict(X, 0.4)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_counted(points)
    margins = Anything(n_estimators=2).fit(X, BINARY).predict(X, output_margin=True)
    assert_values(captured.points(), margins)
    Texts().predict(scale=2.0, documents=X)
    assert_counted(captured.points())
    Named().predict(scale=2.0, table=X)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS


@pytest.mark.parametrize("flag", ["pred_leaf", "pred_contrib"])
def test_flags_through_a_pipeline(captured, flag):
    """A pipeline hands flags on to its last step, whose explanations are no answers there either."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    for name, labels in (("LGBMRegressor", NUMBERS), ("LGBMClassifier", BINARY)):
        last = lightgbm.LGBMRegressor if name == "LGBMRegressor" else lightgbm.LGBMClassifier
        model = make_pipeline(StandardScaler(), last(n_estimators=2, min_child_samples=2, verbose=-1)).fit(X, labels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.predict(X, **{flag: True})
            margins = model.predict(X, raw_score=True) if labels is BINARY else []
        points = captured.points()
        assert_values(points, margins)
        assert not select(points, "otelml.dropped")


class Lazy:
    """Rows that were not computed yet, with any attribute that they are asked for."""

    __dask_graph__ = None

    def __getattr__(self, name):
        return Lazy()

    def __array__(self, *_args, **_kwargs):
        raise AssertionError("it was computed")


def test_lazy_answers_are_no_predictions(captured):
    """An answer that was not computed yet has no rows; whoever computes it asks the model, and is counted."""
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.linear_model import LogisticRegression

    inner = LogisticRegression().fit(X, BINARY)

    class Later(ClassifierMixin, BaseEstimator):
        classes_ = inner.classes_

        def predict(self, X):  # noqa: ARG002 -- its signature
            return Lazy()

        predict_proba = predict

    Later().predict(X)
    Later().predict_proba(X)
    labels = inner.predict(X)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == counted(labels)
    assert not select(points, "otelml.dropped")


def test_masked_answers_are_missing(captured):
    """What is masked in an answer, or in the rows, is missing, whatever lies below the mask."""
    from sklearn.base import BaseEstimator, RegressorMixin

    class Masking(RegressorMixin, BaseEstimator):
        def predict(self, X):  # noqa: ARG002 -- its signature
            return np.ma.array([1.0, 1e20, 3.0], mask=[False, True, False])

    rows = np.ma.array([[1.0], [2.0], [1e20]], mask=[[False], [False], [True]])
    answer = Masking().predict(rows)
    assert isinstance(answer, np.ma.MaskedArray)
    points = captured.points()
    assert_values(points, [1.0, 3.0])
    assert total(points, "ml.inference.rows").last == 3
    assert total(points, "otelml.dropped", {"ml.reason": "not_finite"}).last == 1
    squares = total(points, "ml.column.moment", {**INPUTS, "ml.moment": "squared"}).last
    assert squares == pytest.approx(5.0)


def test_cut_points_are_no_values(captured, caplog):
    """A `QuantileDMatrix` has forgotten the values: its columns are not counted, and that is said."""
    model = booster("multi:softprob", POSITIONS, num_class=3)()
    model.predict(xgboost.QuantileDMatrix(X))
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert not select(points, "ml.column.values", INPUTS)
    assert total(points, "otelml.dropped", {"ml.reason": "unsupported_input"}).last == ROWS
    assert "QuantileDMatrix" in caplog.text


def test_signatures_are_read_off_the_method():
    """Names of parameters in order, those of a decorated function too; where there are none, the framework's own."""
    import functools

    def method(self, rows, raw=None, *, leaf=None): ...

    @functools.wraps(method)
    def decorated(*args, **kwargs): ...

    assert parameters_of(decorated) == (("rows", "raw", "leaf"), False)
    assert parameters_of(print) == ((), True)
    read = ByName(lambda _, given: Form.MARGINS if given.get("raw") else Form.VALUES, ("data", "raw"))
    form = Operation("predict", read).at(decorated).form
    assert form(None, (X, True), {}) is Form.MARGINS
    assert form(None, (X,), {"raw": True}) is Form.MARGINS
    assert form(None, (X, False), {}) is Form.VALUES
