"""scikit-learn: what counts as a prediction, and what does not."""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pytest
import sklearn.inspection
from scipy import sparse
from sklearn import clone
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.datasets import make_multilabel_classification
from sklearn.ensemble import (
    BaggingClassifier,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import get_scorer, make_scorer
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import (
    GridSearchCV,
    RandomizedSearchCV,
    cross_val_predict,
    cross_val_score,
    cross_validate,
    learning_curve,
    permutation_test_score,
    validation_curve,
)
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

import otelml
from frameworks.cases import BINARY, LETTERS, NUMBERS, ROWS, X
from frameworks.counts import assert_scores, assert_values, classes, counted, names
from otelml.testing import capture, select, total


def test_predict_counts_labels(captured):
    """`predict` of a classifier counts its labels, and no scores."""
    model = LogisticRegression().fit(X, LETTERS)
    labels = model.predict(X)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert total(points, "ml.prediction.score").last == 0


def test_predict_proba_counts_scores_and_choices(captured):
    """`predict_proba` of three classes counts a score each, and the class chosen."""
    model = LogisticRegression().fit(X, LETTERS)
    scores = model.predict_proba(X)
    points = captured.points()
    assert classes(points) == counted(model.classes_[scores.argmax(axis=1)])
    for label in model.classes_:
        assert total(points, "ml.prediction.score", {"ml.class": label}).last == ROWS


@pytest.mark.parametrize("operation", ["predict_proba", "predict_log_proba"])
def test_binary_scores_are_the_positive_class(captured, operation):
    """Of two classes the score of the positive one is kept, also where it came as a logarithm."""
    model = LogisticRegression().fit(X, BINARY)
    getattr(model, operation)(X)
    points = captured.points()
    scores = model.predict_proba(X)[:, 1]
    assert_scores(points, scores)
    assert classes(points) == counted((scores >= 0.5).astype(int))


def test_decision_function_counts_margins(captured):
    """`decision_function` counts margins as values, negative ones too, and the classes that they choose."""
    model = LogisticRegression().fit(X, BINARY)
    margins = model.decision_function(X)
    points = captured.points()
    assert margins.min() < 0 < margins.max()
    assert_values(points, margins)
    assert classes(points) == counted((margins > 0).astype(int))


def test_regressors_answer_in_values(captured):
    """`predict` of a regressor counts values."""
    values = LinearRegression().fit(X, NUMBERS).predict(X)
    points = captured.points()
    assert_values(points, values)
    assert classes(points) == {}


def test_detectors_answer_in_two_classes(captured):
    """`predict` of an outlier detector counts inliers and outliers, `score_samples` its scores."""
    model = IsolationForest(n_estimators=8, random_state=0).fit(X)
    labels = model.predict(X)
    assert classes(captured.points()) == counted(labels)
    model.score_samples(X)
    assert total(captured.points(), "ml.prediction.value").last == ROWS


def test_clusterers_answer_in_clusters(captured):
    """`predict` of a clusterer counts clusters; a mixture's probabilities are scores of its components."""
    labels = KMeans(3, n_init=1, random_state=0).fit(X).predict(X)
    assert classes(captured.points()) == counted(labels)
    mixture = GaussianMixture(2, random_state=0).fit(X)
    mixture.predict_proba(X)
    points = captured.points()
    assert classes(points) == counted(mixture.predict_proba(X).argmax(axis=1))
    assert total(points, "ml.prediction.score").last == 2 * ROWS


def test_transform_counts_when_it_is_asked_for():
    """`transform` is a prediction where the user opted in and it is the outermost call; not otherwise."""
    scaler, model = StandardScaler().fit(X), make_pipeline(StandardScaler(), LogisticRegression()).fit(X, BINARY)
    with capture("delta") as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        scaler.transform(X)
        assert names(kept) == []
        otelml.instrument(kept.tracer_provider, kept.meter_provider, transform=True)
        scaler.transform(X)
        assert names(kept) == ["transform StandardScaler"]
        model.predict(X)
        assert names(kept)[1:] == ["predict LogisticRegression"]
        scaler.fit_transform(X)
        assert len(names(kept)) == 2
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        scaler.transform(X)
        assert len(names(kept)) == 2
        otelml.uninstrument()


def test_sparse_output_stays_sparse(monkeypatch):
    """What `transform` returns is counted by its rows, and never made dense."""
    counter = CountVectorizer().fit(["a word", "another word"])
    monkeypatch.setattr(sparse.csr_matrix, "toarray", lambda _: pytest.fail("made dense"))
    with capture("delta") as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider, transform=True)
        counter.transform(["a word"] * 3)
        assert total(kept.points(), "ml.inference.rows").last == 3
        otelml.uninstrument()


def composites():
    """Models that are made of others, and the name of the one that decides."""
    logistic = LogisticRegression()
    several = [("one", LogisticRegression()), ("two", RandomForestClassifier(4, random_state=0))]
    return {
        "pipeline": (make_pipeline(StandardScaler(), logistic), "LogisticRegression"),
        "nested pipeline": (make_pipeline(StandardScaler(), make_pipeline(logistic)), "LogisticRegression"),
        "union": (make_pipeline(FeatureUnion([("s", StandardScaler())]), logistic), "LogisticRegression"),
        "grid": (GridSearchCV(logistic, {"C": [0.1, 1.0]}, cv=2), "LogisticRegression"),
        "random": (RandomizedSearchCV(logistic, {"C": [0.1, 1.0]}, n_iter=2, cv=2), "LogisticRegression"),
        "hard vote": (VotingClassifier(several), "VotingClassifier"),
        "soft vote": (VotingClassifier(several, voting="soft", n_jobs=2), "VotingClassifier"),
        "stack": (StackingClassifier(several, cv=2), "StackingClassifier"),
        "calibrated": (CalibratedClassifierCV(logistic, cv=2), "CalibratedClassifierCV"),
        "forest": (RandomForestClassifier(16, n_jobs=2, random_state=0), "RandomForestClassifier"),
        "bagging": (BaggingClassifier(logistic, 4, n_jobs=2, random_state=0), "BaggingClassifier"),
        "one a class": (OneVsRestClassifier(logistic, n_jobs=2), "OneVsRestClassifier"),
    }


@pytest.mark.parametrize("kind", composites())
def test_composite_is_one_prediction(captured, kind):
    """However many models, threads and processes answer: one prediction, in the classes of the whole."""
    model, name = composites()[kind]
    with joblib.parallel_config(backend="threading"):
        labels = model.fit(X, LETTERS).predict(X)
    assert names(captured) == [f"predict {name}"]
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == counted(labels)


def test_process_workers_carry_the_call(captured):
    """Tasks of a call that go to other processes come back with the same answer, and count once."""
    model = BaggingClassifier(LogisticRegression(), 4, n_jobs=2, random_state=0)
    with joblib.parallel_config(backend="loky"):
        labels = model.fit(X, BINARY).predict(X)
    assert names(captured) == ["predict BaggingClassifier"]
    otelml.uninstrument()
    np.testing.assert_array_equal(labels, model.predict(X))


def test_pools_of_the_host_are_many_predictions(captured):
    """Calls that the host itself spreads over threads are predictions each."""
    model = LogisticRegression().fit(X, BINARY)
    joblib.Parallel(2, backend="threading")(joblib.delayed(model.predict)(part) for part in np.split(X, 4))
    assert names(captured) == ["predict LogisticRegression"] * 4
    assert total(captured.points(), "ml.inference.rows").last == ROWS


class Early(ClassifierMixin, BaseEstimator):
    """A classifier of the user's own, defined before anything is watched."""

    def fit(self, X, y):
        """Remember the classes."""
        self.classes_ = np.unique(y)
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        """Answer the first class."""
        return np.full(len(X), self.classes_[0])


def test_own_classes_are_watched(captured):
    """A user's own estimators are watched, whenever they are defined; an override and what it calls count once."""

    class Late(Early):
        def predict(self, X):
            return super().predict(X)[::-1]

        def predict_proba(self, X):
            return np.full((len(X), 2), 0.5)

    Early().fit(X, BINARY).predict(X)
    late = Late().fit(X, BINARY)
    late.predict(X)
    late.predict_proba(X)
    assert names(captured) == ["predict Early", "predict Late", "predict_proba Late"]
    assert {span.attributes["ml.task"] for span in captured.spans()} == {"binary"}


def test_class_of_another_base_is_watched_where_it_inherits(captured):
    """A method that comes from a base which is no estimator is watched in the estimators that inherit it."""

    class Answering:
        def predict(self, X):
            return np.zeros(len(X))

    class Model(Answering, RegressorMixin, BaseEstimator):
        pass

    Model().predict(X)
    assert names(captured) == ["predict Model"]


MAIN = """
import joblib, numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GridSearchCV
from sklearn.utils.metaestimators import available_if

class Own(ClassifierMixin, BaseEstimator):
    def __init__(self, shift=0):
        self.shift = shift
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self
    def predict(self, X):
        return self.classes_[(X[:, 0] > self.shift).astype(int)]
    @available_if(lambda self: True)
    def decision_function(self, X):
        return X[:, 0] - self.shift

X = np.random.default_rng(0).normal(size=(24, 2))
y = (X[:, 0] > 0).astype(int)
search = GridSearchCV(Own(), {"shift": [0, 1]}, cv=2, n_jobs=2, error_score="raise").fit(X, y)
model = search.best_estimator_
for ask in (model.predict, model.decision_function):
    [answer] = joblib.Parallel(2, backend="loky")([joblib.delayed(ask)(X)])
    np.testing.assert_array_equal(answer, ask(X))
print("done")
"""


def test_classes_of_main_go_to_workers(tmp_path):
    """A class of a script's own travels to worker processes although it is watched, as cloudpickle has it."""
    program = tmp_path / "program.py"
    program.write_text(MAIN)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    exporters = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "METRICS", "LOGS")}
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    done = subprocess.run(  # noqa: S603 -- ours
        [str(launcher), sys.executable, str(program)],
        env=environment | exporters,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stdout == "done\n", done.stderr


def test_unpickled_models_are_watched(captured):
    """A model that was pickled before anything was watched is watched."""
    held = pickle.dumps(make_pipeline(StandardScaler(), LogisticRegression()).fit(X, BINARY))
    pickle.loads(held).predict(X)  # noqa: S301 -- our own
    assert names(captured) == ["predict LogisticRegression"]


def test_methods_exist_as_before(captured):
    """What depends on parameters still does: watched or not, a method is there or is not, with its own signature."""
    assert not hasattr(SVC(), "predict_proba")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        assert hasattr(SVC(probability=True), "predict_proba")
    assert not hasattr(GridSearchCV(SVR(), {}), "predict_proba")
    assert hasattr(GridSearchCV(LogisticRegression(), {}), "predict_proba")
    assert not hasattr(VotingClassifier([("one", LogisticRegression())]), "predict_proba")
    assert hasattr(make_pipeline(LogisticRegression()), "decision_function")
    assert list(inspect.signature(LogisticRegression.predict).parameters) == ["self", "X"]
    assert list(inspect.signature(SVC().fit).parameters) == ["X", "y", "sample_weight"]
    assert "Predict class labels" in LogisticRegression.predict.__doc__
    assert LogisticRegression().get_params() == clone(LogisticRegression()).get_params()
    assert captured.spans() == []


def scored(estimator, X, y):
    """Score, as a user's own function does."""
    return float((estimator.predict(X) == y).mean())


TRAINING = {
    "fit": lambda: StackingClassifier([("one", LogisticRegression())], cv=2).fit(X, BINARY),
    "fit_predict": lambda: KMeans(3, n_init=1).fit_predict(X),
    "fit_transform": lambda: StandardScaler().fit_transform(X),
    "pipeline fit": lambda: make_pipeline(StandardScaler(), LogisticRegression()).fit(X, BINARY),
    "search": lambda: GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2, scoring=scored).fit(X, BINARY),
    "parallel search": lambda: GridSearchCV(LogisticRegression(), {"C": [1, 2]}, cv=2, n_jobs=2).fit(X, BINARY),
    "cross_validate": lambda: cross_validate(
        LogisticRegression(), X, BINARY, cv=2, scoring=["accuracy", "roc_auc"], n_jobs=2
    ),
    "cross_val_score": lambda: cross_val_score(LogisticRegression(), X, BINARY, cv=2, scoring=scored),
    "cross_val_predict": lambda: cross_val_predict(LogisticRegression(), X, BINARY, cv=2, method="predict_proba"),
    "learning_curve": lambda: learning_curve(LogisticRegression(), X, BINARY, cv=2, train_sizes=[0.9]),
    "validation_curve": lambda: validation_curve(
        LogisticRegression(), X, BINARY, cv=2, param_name="C", param_range=[1, 2]
    ),
    "permutation_test": lambda: permutation_test_score(
        LogisticRegression(), X, BINARY, cv=2, n_permutations=2, scoring=scored
    ),
}


@pytest.mark.parametrize("way", TRAINING)
def test_training_is_no_prediction(captured, way):
    """What training, a search or a cross-validation asks of a model is no prediction, in this thread or others."""
    with joblib.parallel_config(backend="threading"):
        TRAINING[way]()
    assert captured.spans() == []
    assert not select(captured.points(), "ml.inference.duration")


EVALUATION = {
    "score": lambda model: model.score(X, BINARY),
    "scorer": lambda model: get_scorer("neg_log_loss")(model, X, BINARY),
    "own scorer": lambda model: make_scorer(lambda actual, predicted: (actual == predicted).mean())(model, X, BINARY),
    "importance": lambda model: sklearn.inspection.permutation_importance(model, X, BINARY, n_repeats=2, n_jobs=2),
    "importance by several": lambda model: sklearn.inspection.permutation_importance(
        model, X, BINARY, n_repeats=2, scoring=["accuracy", "roc_auc"]
    ),
    "importance by own": lambda model: sklearn.inspection.permutation_importance(
        model, X, BINARY, n_repeats=2, scoring=scored
    ),
    "dependence": lambda model: sklearn.inspection.partial_dependence(model, X, [0], grid_resolution=3, method="brute"),
}


@pytest.mark.parametrize("way", EVALUATION)
def test_evaluation_is_no_prediction(captured, way):
    """What scoring or explaining asks of a model is no prediction."""
    model = LogisticRegression().fit(X, BINARY)
    with joblib.parallel_config(backend="threading"):
        EVALUATION[way](model)
    assert captured.spans() == []
    model.predict(X)
    assert names(captured) == ["predict LogisticRegression"]


def test_refitted_model_is_looked_at_anew(captured):
    """A model that is trained again on other labels is counted in those from then on, under the same name."""
    model = otelml.identify(LogisticRegression(), name="again")
    for labels, task in ((BINARY, "binary"), (LETTERS, "multiclass"), (BINARY, "binary")):
        answered = model.fit(X, labels).predict(X)
        assert captured.spans()[-1].attributes["ml.task"] == task
        points = captured.points()
        assert classes(points) == counted(answered)
        infos = select(points, "ml.model.info", {"ml.model.name": "again"})
        assert [point.attributes["ml.task"] for point in infos if point.value] == [task]
    assert set(names(captured)) == {"predict again"}


def test_identify_after_a_call_counts(captured):
    """What the user says of a model after its first call holds from then on."""
    model = LogisticRegression().fit(X, BINARY)
    scores = model.predict_proba(X)[:, 1]
    captured.points()
    otelml.identify(model, name="strict", threshold=0.9)
    model.predict_proba(X)
    points = captured.points()
    assert classes(points) == counted((scores >= 0.9).astype(int))
    assert {point.attributes["ml.model.name"] for point in select(points, "ml.predictions")} == {"strict"}


def test_model_that_is_not_trained(captured):
    """Asking too early raises scikit-learn's own error; the name is the same once it is trained."""
    model = LogisticRegression()
    with pytest.raises(NotFittedError):
        model.predict(X)
    model.fit(X, BINARY).predict(X)
    assert names(captured) == ["predict LogisticRegression"] * 2


def test_uncertainty_is_left_out(captured):
    """Of a prediction that came with its standard deviation the prediction is counted."""
    model = GaussianProcessRegressor(optimizer=None).fit(X, NUMBERS)
    model.predict(X, return_std=True)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert total(points, "ml.prediction.value").last == ROWS


SEVERAL, MANY = make_multilabel_classification(ROWS, 3, n_classes=3, random_state=0)


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(4),
        MultiOutputClassifier(LogisticRegression()),
        OneVsRestClassifier(LogisticRegression()),
        ClassifierChain(LogisticRegression()),
        MLPClassifier(2, max_iter=3),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_several_labels_a_row(captured, model):
    """Models that give several labels a row are counted by their rows, and nothing is dropped."""
    model.fit(SEVERAL, MANY)
    model.predict(SEVERAL)
    model.predict_proba(SEVERAL)
    assert {span.attributes["ml.task"] for span in captured.spans()} == {"multilabel"}
    points = captured.points()
    assert total(points, "ml.inference.rows").last == 2 * ROWS
    assert classes(points) == {}
    assert not select(points, "otelml.dropped")


def test_several_numbers_a_row(captured):
    """Models that give several numbers a row are counted by their rows."""
    model = MultiOutputRegressor(Ridge(), n_jobs=2)
    with joblib.parallel_config(backend="threading"):
        model.fit(X, X[:, :2]).predict(X)
    assert names(captured) == ["predict MultiOutputRegressor"]
    assert total(captured.points(), "ml.inference.rows").last == ROWS


def test_many_values_of_a_forest(captured):
    """A regression by threads is one prediction."""
    RandomForestRegressor(8, n_jobs=2, random_state=0).fit(X, NUMBERS).predict(X)
    assert names(captured) == ["predict RandomForestRegressor"]


class Lists(ClassifierMixin, BaseEstimator):
    """A model that answers in Python's own types."""

    classes_ = np.array([0, 1])

    def predict(self, X):
        """Answer in a list."""
        return [int(row[0] > 0) for row in X]

    def predict_proba(self, X):
        """Answer in lists of lists."""
        return [[0.25, 0.75] for _ in X]


def test_answers_in_lists(captured):
    """Answers in lists are counted as those in arrays."""
    model = Lists()
    model.predict(X)
    assert classes(captured.points()) == counted(BINARY)
    model.predict_proba(X)
    points = captured.points()
    assert classes(points) == {"1": ROWS}
    assert total(points, "ml.prediction.score").last == ROWS


class Shrinking(TransformerMixin, BaseEstimator):
    """A transformer of the user's own."""

    def fit(self, X, y=None):  # noqa: ARG002 -- scikit-learn's signature
        """Learn nothing."""
        return self

    def transform(self, X):
        """Halve."""
        return X / 2


def test_transformers_are_left_alone(captured):
    """`transform` is no prediction unless somebody opts in, and answers as it did."""
    np.testing.assert_array_equal(Shrinking().fit(X).transform(X), X / 2)
    assert captured.spans() == []
