"""Models that become other models in place: what they are for is looked at again."""

from __future__ import annotations

import numpy as np
import pytest

import otelml
from frameworks.cases import BINARY, NUMBERS, POSITIONS, ROWS, X, boosted, booster, light, lightened
from frameworks.counts import assert_scores, assert_values, classes, counted
from otelml.testing import select, total


def tasks(kept):
    """List the tasks on the spans so far."""
    return [span.attributes["ml.task"] for span in kept.spans()]


def xgboost_ways():
    """Ways in which one booster takes the place of another."""
    import xgboost

    def by_state(model, other):
        model.__setstate__(other.__getstate__())

    def by_bytes(model, other):
        model.load_model(other.save_raw())

    def by_config(model, other):
        assert isinstance(model, xgboost.Booster)
        model.load_model(other.save_raw())
        model.load_config(other.save_config())

    return by_state, by_bytes, by_config


@pytest.mark.parametrize("renew", xgboost_ways(), ids=lambda way: way.__name__)
def test_booster_of_xgboost(captured, renew):
    """From the first call on, the task and classes are those of the model that was loaded."""
    model, other = booster("binary:logistic", BINARY)(), booster("multi:softprob", POSITIONS, num_class=3)()
    model.inplace_predict(X)
    renew(model, other)
    scores = model.inplace_predict(X)
    points = captured.points()
    assert tasks(captured) == ["binary", "multiclass"]
    assert not select(points, "otelml.dropped")
    assert total(points, "ml.prediction.score").last == ROWS + scores.size


def test_objective_that_is_set(captured):
    """A parameter that changes what the numbers are counts from the next call on."""
    model = booster("binary:logistic", BINARY)()
    model.inplace_predict(X)
    model.set_param({"objective": "binary:logitraw"})
    margins = model.inplace_predict(X)
    points = captured.points()
    if margins.min() < 0:  # as XGBoost itself has it
        assert_values(points, margins)


def test_classifier_of_xgboost(captured, tmp_path):
    """A scikit-learn class that loads another file, or whose booster does, is that model."""
    model, path = boosted("XGBClassifier", BINARY)(), str(tmp_path / "three.json")
    boosted("XGBClassifier", POSITIONS)().save_model(path)
    model.predict_proba(X)
    model.load_model(path)
    model.predict(X)
    model = boosted("XGBClassifier", BINARY)()
    model.predict_proba(X)
    model.get_booster().load_model(path)
    model.predict_proba(X)
    assert tasks(captured) == ["binary", "multiclass", "binary", "multiclass"]
    points = captured.points()
    assert sum(classes(points).values()) == 4 * ROWS
    assert not select(points, "otelml.dropped")


def test_booster_of_lightgbm(captured):
    """From text or from a state, LightGBM's boosters too are what was loaded."""
    other = light("regression", NUMBERS)()
    for renew in (
        lambda model: model.model_from_string(other.model_to_string()),
        lambda model: model.__setstate__(other.__getstate__()),
    ):
        model = light("binary", BINARY)()
        model.predict(X)
        renew(model)
        values = model.predict(X)
        assert_values(captured.points(), values)
    assert tasks(captured) == ["binary", "regression"] * 2


def test_estimator_of_lightgbm(captured):
    """A booster that is loaded within a scikit-learn class is seen there."""
    model = lightened("LGBMClassifier", BINARY)()
    model.predict_proba(X)
    captured.points()
    model.booster_.model_from_string(light("binary", 1 - BINARY)().model_to_string())
    scores = model.predict_proba(X)
    assert_scores(captured.points(), scores[:, 1])


def pipelines():
    """Ways to change what a pipeline ends in."""
    from sklearn.linear_model import LogisticRegression

    three = LogisticRegression().fit(X, POSITIONS)
    return {
        "set_params": lambda model: model.set_params(logisticregression=three),
        "refit": lambda model: model[-1].fit(X, POSITIONS),
        "setstate": lambda model: model[-1].__setstate__(three.__getstate__()),
    }


@pytest.mark.parametrize("way", pipelines())
def test_pipeline(captured, way):
    """A pipeline whose last step becomes another answers in the classes of that."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(LogisticRegression()).fit(X, BINARY)
    model.predict_proba(X)
    pipelines()[way](model)
    model.predict_proba(X)
    assert tasks(captured) == ["binary", "multiclass"]
    assert not select(captured.points(), "otelml.dropped")


def delegators():
    """Estimators that answer by others, fitted."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.feature_selection import RFE
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.multiclass import OneVsRestClassifier

    base = LogisticRegression()
    made = {
        "rfe": RFE(base, n_features_to_select=3),
        "search": GridSearchCV(base, {"C": [1.0]}, cv=2),
        "calibrated": CalibratedClassifierCV(base, cv=2),
        "one-vs-rest": OneVsRestClassifier(base),
    }
    return {name: model.fit(X, BINARY) for name, model in made.items()}


@pytest.mark.parametrize("name", ["rfe", "search", "calibrated", "one-vs-rest"])
def test_identified_delegator(captured, name):
    """Who is identified is counted under that name, whoever answers for it."""
    model = otelml.identify(delegators()[name], "churn", version="7")
    model.predict(X)
    model.predict_proba(X)
    points = captured.points()
    assert total(points, "ml.inference.rows", {"ml.model.name": "churn", "ml.model.version": "7"}).last == 2 * ROWS


class Handing:
    """A wrapper of the host's own, that hands on whatever it is asked."""

    def __init__(self, model):
        self.model = model

    def __getattr__(self, name):
        return getattr(self.model, name)


def handing():
    """Wrappers that hand all questions on."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression().fit(X, BINARY)
    frozen = pytest.importorskip("sklearn.frozen").FrozenEstimator
    return [Handing(model), frozen(model), frozen(frozen(model)), Handing(frozen(model))]


@pytest.mark.parametrize("at", range(4))
def test_identified_wrapper(captured, at):
    """A name that is given to what hands all questions on is the name of what answers."""
    model = otelml.identify(handing()[at], "churn", version="7")
    model.predict(X)
    assert total(captured.points(), "ml.inference.rows", {"ml.model.name": "churn"}).last == ROWS


def test_identified_step_names_its_pipeline(captured):
    """A pipeline or search that was given no name has that of the model which answers for it."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    search = delegators()["search"]
    otelml.identify(search.best_estimator_, "churn")
    search.predict(X)
    make_pipeline(StandardScaler().fit(X), search).predict(X)
    assert total(captured.points(), "ml.inference.rows", {"ml.model.name": "churn"}).last == 2 * ROWS


def cuts():
    """Classifiers that cut elsewhere than at one half."""
    selection = pytest.importorskip("sklearn.model_selection")
    if not hasattr(selection, "FixedThresholdClassifier"):
        pytest.skip("new in scikit-learn 1.5")
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    fixed, base = selection.FixedThresholdClassifier, LogisticRegression()
    letters = np.where(BINARY, "yes", "no")
    return {
        "fixed": fixed(base, threshold=0.3).fit(X, BINARY),
        "auto": fixed(base).fit(X, BINARY),
        "first": fixed(base, threshold=0.8, pos_label="no").fit(X, letters),
        "margin": fixed(base, threshold=1.0, response_method="decision_function").fit(X, BINARY),
        "margin of the first": fixed(LinearSVC(), threshold=0.2, pos_label="no").fit(X, letters),
        "tuned": selection.TunedThresholdClassifierCV(base, scoring="balanced_accuracy", cv=2).fit(X, BINARY),
        "pipeline": make_pipeline(StandardScaler(), fixed(base, threshold=0.3)).fit(X, BINARY),
        "search": selection.GridSearchCV(fixed(base), {"threshold": [0.3]}, cv=2).fit(X, BINARY),
    }


@pytest.mark.parametrize("name", ["fixed", "auto", "first", "tuned", "pipeline", "search"])
def test_models_own_threshold(captured, name):
    """Classes are those that the model itself decides for, whether labels or probabilities were asked for."""
    model = cuts()[name]
    labels = model.predict(X)
    assert classes(captured.points()) == counted(labels)
    model.predict_proba(X)
    assert classes(captured.points()) == counted(labels)


@pytest.mark.parametrize("name", ["margin", "margin of the first"])
def test_models_own_margin(captured, name):
    """A cut among margins decides margins, and leaves open what probabilities decide."""
    model = cuts()[name]
    labels = model.predict(X)
    captured.points()
    margins = model.decision_function(X)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_values(points, margins)
    if hasattr(model, "predict_proba"):
        scores = model.predict_proba(X)
        points = captured.points()
        assert classes(points) == {}
        assert_scores(points, scores[:, 1])


def test_threshold_of_the_user_goes_first(captured):
    """What the user says of a threshold, or of the positive class, holds against the model's own."""
    model = cuts()["fixed"]
    scores = otelml.identify(model, "given", threshold=0.9).predict_proba(X)
    assert classes(captured.points()) == counted((scores[:, 1] >= 0.9).astype(int))
    labels = otelml.identify(cuts()["first"], "other", positive_class="yes").predict(X)
    captured.points()
    otelml.identify(cuts()["first"], "other", positive_class="yes").predict_proba(X)
    assert classes(captured.points()) == counted(labels)


def ties():
    """Models that are asked about rows on which they cannot decide."""
    from sklearn.ensemble import GradientBoostingClassifier, IsolationForest
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier, LocalOutlierFactor
    from sklearn.tree import DecisionTreeClassifier

    rows = np.random.default_rng(0).integers(0, 3, size=(200, 3)).astype(float)
    same = np.zeros((4, 1))
    return {
        "forest": (IsolationForest(contamination=0.1, random_state=0).fit(rows), rows),
        "neighbours": (LocalOutlierFactor(novelty=True, contamination=0.2).fit(rows), rows + 0.0),
        "tree": (DecisionTreeClassifier().fit(same, [0, 1, 0, 1]), same),
        "nearest": (KNeighborsClassifier(4).fit(same, ["a", "b", "b", "a"]), same),
        "boosting": (GradientBoostingClassifier(n_estimators=1).fit(same, [0, 1, 0, 1]), same),
        "line": (LogisticRegression().fit([[-1.0], [1.0]], [0, 1]), same),
    }


@pytest.mark.parametrize("name", ["forest", "neighbours", "tree", "nearest", "boosting", "line"])
def test_ties_are_decided_as_the_model_does(captured, name):
    """Where a model cannot decide, each way to ask it counts the class that it takes."""
    model, rows = ties()[name]
    labels = counted(model.predict(rows))
    captured.points()
    for ask in ("decision_function", "predict_proba", "predict_log_proba"):
        if hasattr(model, ask):
            getattr(model, ask)(rows)
            assert classes(captured.points()) == labels, ask
