"""LightGBM: what the numbers are depends on the objective, and on what was asked."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest

from frameworks.cases import BINARY, GRADES, LETTERS, NUMBERS, POSITIONS, ROWS, X, light, lightened
from frameworks.counts import assert_scores, assert_values, classes, counted
from otelml.testing import total


def test_binary_answers_in_probabilities(captured):
    """A binary objective answers in probabilities of the second class."""
    scores = light("binary", BINARY)().predict(X)
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted((scores >= 0.5).astype(int))


@pytest.mark.parametrize("objective", ["multiclass", "multiclassova"])
def test_multiclass_answers_in_probabilities_of_each_class(captured, objective):
    """A multi-class objective answers in one probability a class."""
    scores = light(objective, POSITIONS, num_class=3)().predict(X)
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted(scores.argmax(axis=1))


@pytest.mark.parametrize("arguments", [((), {"raw_score": True}), ((0, None, True), {})])
def test_raw_scores_are_margins(captured, arguments):
    """A raw score is a margin, whether it was asked for by name or by position."""
    args, kwargs = arguments
    margins = light("binary", BINARY)().predict(X, *args, **kwargs)
    points = captured.points()
    assert_values(points, margins)
    assert_scores(points, [])
    assert classes(points) == counted((margins > 0).astype(int))


@pytest.mark.parametrize("flag", ["pred_leaf", "pred_contrib"])
@pytest.mark.parametrize("build", [light("binary", BINARY), lightened("LGBMClassifier", LETTERS)])
def test_explanations_are_no_answers(captured, flag, build):
    """Leaves and contributions count as rows that were answered, and as nothing else."""
    build().predict(X, **{flag: True})
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == {}
    assert_scores(points, [])
    assert_values(points, [])


@pytest.mark.parametrize(
    ("objective", "labels"),
    [("regression", NUMBERS), ("lambdarank", GRADES), ("cross_entropy", BINARY), ("poisson", GRADES)],
)
def test_numbers_are_values(captured, objective, labels):
    """Regressions and rankings answer in values."""
    answer = light(objective, labels)().predict(X)
    assert_values(captured.points(), answer)


def test_classifier_answers_in_its_labels(captured):
    """`LGBMClassifier` counts the labels that it was trained on."""
    model = lightened("LGBMClassifier", LETTERS)()
    labels = model.predict(X)
    assert classes(captured.points()) == counted(labels)
    scores = model.predict_proba(X)
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted(model.classes_[scores.argmax(axis=1)])


def test_classifier_answers_in_margins_where_asked(captured):
    """Raw scores of a classifier are margins, from `predict` by name or position and from `decision_function`."""
    model = lightened("LGBMClassifier", BINARY)()
    margins = model.predict(X, raw_score=True)
    assert_values(captured.points(), margins)
    model.predict(X, True)  # noqa: FBT003 -- LightGBM takes it so
    assert_values(captured.points(), margins)
    if hasattr(model, "decision_function"):  # new in 4.7
        model.decision_function(X)
        assert_values(captured.points(), margins)


def squares(labels, margins):
    """An objective of the user's own."""
    return margins - labels, np.ones(len(labels))


@pytest.mark.filterwarnings("ignore:Cannot compute class probabilities")
def test_objective_of_the_users_own(captured):
    """Under an objective of the user's own, answers are raw scores and not taken for probabilities."""
    model = lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=2, objective=squares, verbose=-1, n_jobs=1)
    answer = model.fit(X, BINARY).predict(X)
    points = captured.points()
    assert_scores(points, [])
    assert_values(points, answer)


def test_loaded_booster_is_known(captured):
    """A booster that was read from text knows its objective."""
    text = light("binary", BINARY)().model_to_string()
    scores = lightgbm.Booster(model_str=text).predict(X)
    assert_scores(captured.points(), scores)


def test_training_is_no_prediction(captured):
    """What metrics, callbacks and refitting ask the booster while it is trained does not count."""

    def asking(environment):
        environment.model.predict(X)

    def metric(margins, data):
        return "off", float(np.abs(margins - data.get_label()).mean()), False

    settings = {"objective": "binary", "verbosity": -1, "min_data_in_leaf": 2, "num_threads": 1}
    data = lightgbm.Dataset(X, BINARY, free_raw_data=False)
    model = lightgbm.train(settings, data, 2, valid_sets=[data], feval=metric, callbacks=[asking])
    lightgbm.cv(settings, data, 2, nfold=2, feval=metric)
    model.refit(X, BINARY)
    lightened("LGBMClassifier", BINARY)().score(X, BINARY)
    assert captured.spans() == []


def test_model_that_is_not_trained(captured):
    """Asking too early raises LightGBM's own error, and is seen to."""
    with pytest.raises(ValueError, match="not fitted"):
        lightgbm.LGBMClassifier().predict(X)
    assert [span.status for span in captured.spans()] == ["ERROR"]
