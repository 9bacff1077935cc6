"""A margin a class: the class that the model itself chooses, and no outcome counted as wrong where nobody can tell."""

from __future__ import annotations

import numpy as np
import pytest
from lightgbm import LGBMClassifier
from opentelemetry.instrumentation.utils import suppress_instrumentation
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    StackingClassifier,
)
from sklearn.feature_selection import RFE
from sklearn.linear_model import LogisticRegression, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC, NuSVC
from xgboost import DMatrix, XGBClassifier

import otelml
from frameworks.counts import assert_values, classes, counted
from otelml.testing import select, total

ROWS = 150
GENERATOR = np.random.default_rng(11)
X = GENERATOR.normal(size=(ROWS, 4))
TRUE = np.digitize(X[:, 0] + 0.5 * GENERATOR.normal(size=ROWS), [-0.5, 0.5])
LETTERS = np.array(["late", "early", "on time"])[TRUE]
IDS = range(ROWS)


class Stubborn(LogisticRegression):
    """A class of the host's, which decides in its own way."""

    def predict(self, X):
        """Choose the least likely class."""
        return self.classes_[self.decision_function(X).argmin(axis=1)]


DECIDE = (
    LinearSVC(),
    RidgeClassifier(),
    SGDClassifier(random_state=0),
    LogisticRegression(),
    LinearDiscriminantAnalysis(),
    QuadraticDiscriminantAnalysis(),
    GradientBoostingClassifier(n_estimators=3),
    HistGradientBoostingClassifier(max_iter=3),
    AdaBoostClassifier(n_estimators=3),
    OneVsRestClassifier(LogisticRegression()),
    OneVsOneClassifier(LinearSVC()),
    SVC(break_ties=True),
    make_pipeline(StandardScaler(), LogisticRegression()),
    StackingClassifier([("one", LogisticRegression())], final_estimator=LogisticRegression()),
    RFE(LinearSVC()),
)
UNDECIDED = (
    SVC(),
    SVC(decision_function_shape="ovo"),
    NuSVC(),
    make_pipeline(StandardScaler(), SVC()),
    BaggingClassifier(LogisticRegression(), 3, max_samples=0.2, random_state=0),
    StackingClassifier([("one", LogisticRegression())], final_estimator=SVC()),
    Stubborn(),
)


def joined(points, true, predicted):
    """Assert that outcomes are those of these predictions."""
    for correct in (True, False):
        assert total(points, "ml.outcomes", {"ml.correct": correct}).last == ((true == predicted) == correct).sum()


@pytest.mark.parametrize("model", DECIDE, ids=str)
def test_largest_margin(captured, model):
    """The class of the largest margin counts where the model chooses that one, and outcomes are judged by it."""
    model.fit(X, LETTERS)
    with otelml.predictions(ids=IDS):
        margins = model.decision_function(X)
    otelml.record_outcomes(IDS, LETTERS)
    points = captured.points()
    with suppress_instrumentation():
        predicted = model.predict(X)
    assert classes(points) == counted(predicted)
    assert_values(points, margins)
    joined(points, LETTERS, predicted)


@pytest.mark.parametrize("model", UNDECIDED, ids=str)
def test_margins_that_decide_nothing(captured, caplog, request, model):
    """Margins by which a model does not choose are values; its outcomes are neither right nor wrong, and say so."""
    otelml.identify(model.fit(X, LETTERS), name=request.node.name)
    with otelml.predictions(ids=IDS):
        margins = model.decision_function(X)
    otelml.record_outcomes(IDS, LETTERS)
    points = captured.points()
    assert classes(points) == {}
    assert_values(points, margins)
    assert sum(point.value for point in select(points, "ml.outcomes")) == 0
    assert total(points, "ml.outcome.rejections", {"ml.reason": "no_class"}).last == ROWS
    assert "whose class is not known" in caplog.text


ASKS = {
    "xgboost": lambda: (XGBClassifier(n_estimators=3).fit(X, TRUE), lambda m: m.predict(X, output_margin=True)),
    "booster": lambda: (
        XGBClassifier(n_estimators=3).fit(X, TRUE),
        lambda m: m.get_booster().predict(DMatrix(X), output_margin=True),
    ),
    "inplace": lambda: (
        XGBClassifier(n_estimators=3, objective="multi:softmax").fit(X, TRUE),
        lambda m: m.get_booster().inplace_predict(X, predict_type="margin"),
    ),
    "lightgbm": lambda: (
        LGBMClassifier(n_estimators=3, verbose=-1).fit(X, TRUE),
        lambda m: m.predict(X, raw_score=True),
    ),
    "lightgbm booster": lambda: (
        LGBMClassifier(n_estimators=3, verbose=-1).fit(X, TRUE),
        lambda m: m.booster_.predict(X, raw_score=True),
    ),
    "pipeline": lambda: (
        make_pipeline(StandardScaler(), XGBClassifier(n_estimators=3)).fit(X, TRUE),
        lambda m: m.predict(X, output_margin=True),
    ),
}


@pytest.mark.parametrize("ask", ASKS.values(), ids=ASKS.keys())
def test_raw_scores_of_trees(captured, ask):
    """Raw scores of boosted trees choose the class of the largest."""
    model, raw = ask()
    with otelml.predictions(ids=IDS):
        margins = raw(model)
    otelml.record_outcomes(IDS, TRUE)
    points = captured.points()
    with suppress_instrumentation():
        predicted = np.asarray(model.predict(X))
    assert classes(points) == counted(predicted)
    assert_values(points, margins)
    joined(points, TRUE, predicted)


def test_scores_of_a_model_that_cuts_its_margins(captured):
    """Probabilities beside a threshold on margins tell no class: no outcome is wrong, and the scores are judged."""
    late = (TRUE == 0).astype(int)
    model = FixedThresholdClassifier(LogisticRegression(), threshold=1.0, response_method="decision_function")
    model.fit(X, late)
    with otelml.predictions(ids=IDS):
        model.predict_proba(X)
    otelml.record_outcomes(IDS, late)
    points = captured.points()
    assert classes(points) == {}
    assert sum(point.value for point in select(points, "ml.outcomes")) == 0
    assert total(points, "ml.outcome.loss", {"ml.loss": "brier"}).last == ROWS
    assert total(points, "ml.outcome.rejections", {"ml.reason": "no_class"}).last == ROWS
