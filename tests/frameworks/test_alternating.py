"""Calls of one operation whose answers look alike and are not: each is counted as what it is, in any order."""

from __future__ import annotations

import numpy as np
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from onnx import TensorProto
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info
from onnx.numpy_helper import from_array
from onnxruntime import InferenceSession
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import DMatrix, XGBClassifier, XGBRegressor

import otelml
from frameworks.cases import BINARY, LETTERS, ROWS, X, boosted, booster, light, lightened
from frameworks.counts import assert_scores, assert_values, classes, counted
from otelml.testing import total

RAW = (0, None, True)
PROBABILITIES, MARGINS, LEAVES = "probabilities", "margins", "leaves"


CASES = {
    "lightgbm booster": (
        light("binary", BINARY),
        {PROBABILITIES: lambda model: model.predict(X), MARGINS: lambda model: model.predict(X, raw_score=True)},
    ),
    "lightgbm booster, by position": (
        light("binary", BINARY),
        {PROBABILITIES: lambda model: model.predict(X), MARGINS: lambda model: model.predict(X, *RAW)},
    ),
    "lightgbm classifier of three": (
        lightened("LGBMClassifier", LETTERS),
        {
            PROBABILITIES: lambda model: model.predict_proba(X),
            MARGINS: lambda model: model.predict_proba(X, raw_score=True),
        },
    ),
    "xgboost booster": (
        booster("binary:logistic", BINARY),
        {
            PROBABILITIES: lambda model: model.predict(DMatrix(X)),
            MARGINS: lambda model: model.predict(DMatrix(X), output_margin=True),
            LEAVES: lambda model: model.predict(DMatrix(X), pred_leaf=True, iteration_range=(0, 1)),
        },
    ),
    "xgboost booster in place": (
        booster("binary:logistic", BINARY),
        {
            PROBABILITIES: lambda model: model.inplace_predict(X),
            MARGINS: lambda model: model.inplace_predict(X, predict_type="margin"),
        },
    ),
    "xgboost classifier of three": (
        boosted("XGBClassifier", np.unique(LETTERS, return_inverse=True)[1]),
        {
            PROBABILITIES: lambda model: model.get_booster().predict(DMatrix(X)),
            MARGINS: lambda model: model.get_booster().predict(DMatrix(X), output_margin=True),
        },
    ),
}
ORDER = (PROBABILITIES, PROBABILITIES, MARGINS, PROBABILITIES, MARGINS, MARGINS, LEAVES, PROBABILITIES, LEAVES, MARGINS)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_forms_that_alternate_are_not_mixed_up(captured, case):
    """Arrays of one type and shape, now probabilities, now raw scores: only the former are scores."""
    build, asks = case
    model = build()
    answers = [(form, asks[form](model)) for form in ORDER if form in asks]
    assert len({answer.dtype for _, answer in answers}) == 1
    points = captured.points()
    scores = np.concatenate([answer for form, answer in answers if form == PROBABILITIES])
    margins = np.concatenate([answer for form, answer in answers if form == MARGINS])
    assert_scores(points, scores)
    if scores.ndim == 1:
        assert_values(points, margins)
        chosen = np.concatenate([scores >= 0.5, margins > 0]).astype(int)
    else:
        chosen = np.concatenate([scores, margins]).argmax(axis=1)
    decided = classes(points)
    named = getattr(model, "classes_", range(scores.ndim + 1))
    assert decided == counted([named[one] for one in chosen])


TRUTH = BINARY.astype(float)
TREES = {
    "lightgbm": lambda: (LGBMClassifier(n_estimators=3, verbose=-1).fit(X, TRUTH), lambda model: model.booster_, X),
    "xgboost": lambda: (XGBClassifier(n_estimators=3).fit(X, BINARY), lambda model: model.get_booster(), DMatrix(X)),
}


@pytest.mark.parametrize("build", TREES.values(), ids=TREES.keys())
@pytest.mark.parametrize("first", ["estimator", "booster"])
def test_an_estimator_and_its_booster_under_one_name(captured, build, first):
    """One answers in labels, the other in probabilities; by either's name neither is read as the other."""
    model, booster_of, rows = build()
    booster = booster_of(model)
    otelml.identify(model, name=f"one-{first}")
    otelml.identify(booster, name=f"one-{first}")
    asks = [lambda: model.predict(X), lambda: booster.predict(rows)]
    for _ in range(3):
        for ask in asks if first == "estimator" else asks[::-1]:
            ask()
    points = captured.points()
    scores = booster.predict(rows)
    assert_scores(points, np.tile(scores, 3))
    assert classes(points) == {label: 6 * count for label, count in counted((scores >= 0.5).astype(int)).items()}


REGRESSORS = {
    "lightgbm": lambda: LGBMRegressor(objective="binary", n_estimators=3, verbose=-1).fit(X, BINARY),
    "xgboost": lambda: XGBRegressor(objective="binary:logistic", n_estimators=3).fit(X, BINARY),
}


@pytest.mark.parametrize("build", REGRESSORS.values(), ids=REGRESSORS.keys())
def test_a_regressor_with_a_binary_objective_answers_in_probabilities(captured, build):
    """`predict` of a regressor gives what its objective does, and no labels."""
    scores = build().predict(X)
    points = captured.points()
    assert_scores(points, scores)
    assert classes(points) == counted((scores >= 0.5).astype(int))


@pytest.mark.parametrize("raw_first", [False, True])
def test_flags_that_a_pipeline_passes_on(captured, raw_first):
    """Raw scores of a pipeline's last step are margins, before and after probabilities of the same shape."""
    model = make_pipeline(StandardScaler(), LGBMClassifier(n_estimators=3, verbose=-1)).fit(X, LETTERS)
    asks = [lambda: model.predict_proba(X), lambda: model.predict_proba(X, raw_score=True)]
    answers = [ask() for ask in (asks[::-1] if raw_first else asks)]
    points = captured.points()
    assert_scores(points, answers[raw_first])
    assert classes(points) == counted(model.classes_[np.concatenate(answers).argmax(axis=1)])


def test_a_number_beside_the_rows_is_no_label(captured):
    """A session that gives its version beside probabilities: as many rows as probabilities, and no class 7."""
    session = versioned()
    answers = [session.run(None, {"x": X[:, :2]})[1] for _ in range(3)]
    points = captured.points()
    assert total(points, "ml.inference.rows").last == 3 * ROWS
    assert_scores(points, np.concatenate(answers)[:, 1])
    assert classes(points) == counted(np.concatenate(answers).argmax(axis=1))


def versioned():
    """Build a session of two outputs: a version, and the probabilities of two classes."""
    nodes = [make_node("Softmax", ["x"], ["probabilities"], axis=1), make_node("Identity", ["held"], ["version"])]
    outputs = [
        make_tensor_value_info("version", TensorProto.INT64, [1]),
        make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2]),
    ]
    inputs = [make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])]
    graph = make_graph(nodes, "graph", inputs, outputs, [from_array(np.array([7]), "held")])
    model = make_model(graph, opset_imports=[make_opsetid("", 13)], ir_version=8)
    return InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
