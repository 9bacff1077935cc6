"""XGBoost: what a booster's numbers are depends on its objective, and on what was asked of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xgboost
from opentelemetry.instrumentation.utils import suppress_instrumentation

import otelml
from frameworks.cases import BINARY, GRADES, LETTERS, NUMBERS, POSITIONS, ROWS, X, boosted, booster
from frameworks.counts import assert_scores, assert_values, classes, counted, names
from otelml.testing import select, total

DATA = xgboost.DMatrix(X)


@pytest.mark.parametrize("ask", [lambda model: model.predict(DATA), lambda model: model.inplace_predict(X)])
def test_logistic_answers_in_probabilities(captured, ask):
    """A binary objective answers in probabilities of the second class."""
    scores = ask(booster("binary:logistic", BINARY)())
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted((scores >= 0.5).astype(int))
    assert_values(points, [])


def test_softprob_answers_in_probabilities_of_each_class(captured):
    """A multi-class objective answers in one probability a class."""
    scores = booster("multi:softprob", POSITIONS, num_class=3)().predict(DATA)
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted(scores.argmax(axis=1))


@pytest.mark.parametrize(
    ("objective", "labels", "parameters"),
    [("multi:softmax", POSITIONS, {"num_class": 3}), ("binary:hinge", BINARY, {})],
)
def test_some_objectives_answer_in_labels(captured, objective, labels, parameters):
    """Softmax and hinge answer in labels, written as numbers."""
    answer = booster(objective, labels, **parameters)().predict(DATA)
    points = captured.points()
    assert classes(points) == counted(answer.astype(int))
    assert_scores(points, [])
    assert_values(points, [])


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.predict(DATA, output_margin=True),
        lambda model: model.inplace_predict(X, predict_type="margin"),
    ],
)
def test_margins_are_no_probabilities(captured, ask):
    """A margin that was asked for is a value, and decides the class by its sign."""
    margins = ask(booster("binary:logistic", BINARY)())
    points = captured.points()
    assert_values(points, margins)
    assert_scores(points, [])
    assert classes(points) == counted((margins > 0).astype(int))


def test_raw_objective_answers_in_margins(captured):
    """The objective that has no probabilities answers in margins."""
    assert_values(captured.points(), [])
    margins = booster("binary:logitraw", BINARY)().predict(DATA)
    assert_values(captured.points(), margins)


@pytest.mark.parametrize("flag", ["pred_leaf", "pred_contribs", "pred_interactions", "approx_contribs"])
def test_explanations_are_no_answers(captured, flag):
    """Leaves and contributions count as rows that were answered, and as nothing else."""
    flags = {"pred_contribs": True} if flag == "approx_contribs" else {}
    booster("binary:logistic", BINARY)().predict(DATA, **flags, **{flag: True})
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == {}
    assert_scores(points, [])
    assert_values(points, [])


@pytest.mark.parametrize(
    ("objective", "labels"), [("reg:squarederror", NUMBERS), ("rank:pairwise", GRADES), ("count:poisson", GRADES)]
)
def test_numbers_are_values(captured, objective, labels):
    """Regressions and rankings answer in values."""
    answer = booster(objective, labels)().predict(DATA)
    points = captured.points()
    assert_values(points, answer)
    assert classes(points) == {}


def test_classifier_answers_in_labels_and_scores(captured):
    """`XGBClassifier.predict` counts labels, `predict_proba` scores, and a margin is a margin."""
    model = boosted("XGBClassifier", BINARY)()
    labels = model.predict(X)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_scores(points, [])
    scores = model.predict_proba(X)
    assert_scores(captured.points(), scores[:, 1])
    margins = model.predict(X, output_margin=True)
    assert_values(captured.points(), margins)


def test_several_labels_a_row(captured):
    """Several labels a row are counted by their rows, and nothing is dropped."""
    model = boosted("XGBClassifier", np.c_[BINARY, 1 - BINARY])()
    model.predict(X)
    model.predict_proba(X)
    model.get_booster().predict(DATA)
    assert {span.attributes["ml.task"] for span in captured.spans()} == {"multilabel"}
    points = captured.points()
    assert total(points, "ml.inference.rows").last == 3 * ROWS
    assert not select(points, "otelml.dropped")


def test_training_is_no_prediction(captured):
    """Custom objectives, metrics and callbacks ask the booster while it is trained; none of that counts."""

    class Asking(xgboost.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):  # noqa: ARG002 -- XGBoost's signature
            model.predict(DATA)
            return False

    def objective(margins, data):
        return margins - data.get_label(), np.ones(len(margins))

    def metric(margins, data):
        return "off", float(np.abs(margins - data.get_label()).mean())

    data = xgboost.DMatrix(X, label=BINARY)
    own = {"obj": objective, "custom_metric": metric}
    settings = {"verbosity": 0, "disable_default_eval_metric": 1}
    trained = xgboost.train(settings, data, 2, evals=[(data, "own")], verbose_eval=False, callbacks=[Asking()], **own)
    xgboost.cv(settings, data, 2, nfold=2, **own)
    trained.update(data, 2, objective)
    boosted("XGBClassifier", BINARY, eval_set=[(X, BINARY)], verbose=False)().score(X, BINARY)
    assert captured.spans() == []


def test_booster_without_a_model(captured):
    """A booster that was neither trained nor loaded raises XGBoost's own error, and is seen to."""
    with pytest.raises(xgboost.core.XGBoostError):
        xgboost.Booster().predict(DATA)
    assert [span.attributes["error.type"] for span in captured.spans()] == ["XGBoostError"]


def test_own_subclass_is_watched(captured):
    """A user's own subclass of a scikit-learn class is XGBoost's, and one prediction."""

    class Own(xgboost.XGBClassifier):
        def predict(self, X, **kwargs):
            return super().predict(X, **kwargs)

    labels = Own(n_estimators=2).fit(X, BINARY).predict(X)
    [span] = captured.spans()
    assert (span.name, span.attributes["ml.system.name"]) == ("predict Own", "xgboost")
    assert classes(captured.points()) == counted(labels)


def test_pipelines_are_scikit_learns(captured):
    """In a pipeline the outermost call is scikit-learn's; the booster within is not counted again."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    make_pipeline(StandardScaler(), xgboost.XGBRegressor(n_estimators=2)).fit(X, NUMBERS).predict(X)
    [span] = captured.spans()
    assert (span.name, span.attributes["ml.system.name"]) == ("predict XGBRegressor", "scikit_learn")


def test_two_boosters_are_kept_apart(captured, caplog):
    """Boosters over other columns get names of their own, and a warning says how to name them."""
    booster("reg:squarederror", NUMBERS)().predict(DATA)
    named = xgboost.DMatrix(X, label=NUMBERS, feature_names=["length", "width", "height"])
    xgboost.train({"verbosity": 0}, named, 1).predict(named)
    first, second = names(captured)
    assert first == "predict Booster"
    assert second.startswith("predict Booster-")
    assert "otelml.identify(model, name=...)" in caplog.text


def test_letters_are_positions():
    """XGBoost's labels are positions; letters it refuses itself."""
    with pytest.raises(ValueError, match="Expected"):
        boosted("XGBClassifier", LETTERS)()


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("ask", ["class", "booster", "one by one", "frame"])
def test_number_that_stands_for_missing(captured, ask, dtype):
    """What a model is told to take as missing counts as missing, whichever way it is asked; so does its baseline."""
    rows = (10 * X).round().astype(dtype)
    rows[::5, 1] = -999
    model = xgboost.XGBClassifier(n_estimators=2, missing=-999).fit(rows, BINARY)
    if ask == "booster":
        model.get_booster().inplace_predict(rows, missing=-999)
    elif ask == "one by one":
        for row in rows:
            model.predict(row[None])
    else:
        model.predict(pd.DataFrame(rows, columns=["f0", "f1", "f2"]) if ask == "frame" else rows)
    points = captured.points()
    right = (rows == -999).sum(axis=0)
    for at in range(3):
        own = {"ml.column.name": f"f{at}"}
        assert total(points, "ml.column.values", {**own, "ml.bin": "missing"}).last == right[at]
        positive, negative = (
            total(points, "ml.column.moment", {**own, "ml.moment": one}).last for one in ("positive", "negative")
        )
        assert positive - negative == pytest.approx(float(rows[:, at][rows[:, at] != -999].sum()))
    with suppress_instrumentation():
        learned = otelml.Baseline.fit(model, rows, name="told").columns
    assert learned[1].mean == pytest.approx(float(rows[:, 1][rows[:, 1] != -999].mean()))
