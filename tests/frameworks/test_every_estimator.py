"""Every estimator that scikit-learn has: asked with us and without, it answers the same, and is one prediction."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators
from threadpoolctl import threadpool_limits

import otelml
from otelml.frameworks.sklearn import ADAPTER
from otelml.patching.guard import loud
from otelml.testing import capture, select, total

if TYPE_CHECKING:
    from otelml.testing import Point

ROWS = 40
X = np.abs(np.random.default_rng(0).normal(size=(ROWS, 4))) + 0.1
LABELS = np.arange(ROWS) % 2
NUMBERS = X[:, 0] + 1
REQUIRED = {
    "base_estimator": LogisticRegression(),
    "estimator": LogisticRegression(),
    "estimators": [("one", LogisticRegression())],
    "param_distributions": {"C": [1.0, 2.0]},
    "param_grid": {"C": [1.0, 2.0]},
    "steps": [("scale", StandardScaler()), ("decide", LogisticRegression())],
    "transformer_list": [("scale", StandardScaler())],
    "transformers": [("scale", StandardScaler(), [0, 1])],
}
SETTINGS = {
    "SelectKBest": {"k": 2},
    **{name: {"n_components": 1} for name in ("CCA", "PLSCanonical", "PLSSVD")},
    **{name: {"n_components": 2} for name in ("GaussianRandomProjection", "SparseRandomProjection")},
    "RandomizedSearchCV": {"n_iter": 2},
    "RANSACRegressor": {"estimator": Ridge(), "min_samples": 5},
    "RFECV": {"cv": 2},
    "SequentialFeatureSelector": {"cv": 2, "n_features_to_select": 1},
    "StackingRegressor": {"estimators": [("one", Ridge())]},
    "VotingRegressor": {"estimators": [("one", Ridge())]},
}
# They want texts, dicts, images, a square matrix, one column, several targets, or labels alone.
OTHER_INPUT = frozenset({
    "CountVectorizer", "HashingVectorizer", "TfidfVectorizer", "DictVectorizer", "FeatureHasher", "PatchExtractor",
    "KernelCenterer", "SparseCoder", "IsotonicRegression", "ClassifierChain", "RegressorChain", "MultiOutputClassifier",
    "MultiOutputRegressor", "MultiTaskElasticNet", "MultiTaskElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV",
    "LabelBinarizer", "LabelEncoder", "MultiLabelBinarizer", "FrozenEstimator",
})  # fmt: skip
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    ESTIMATORS = [(name, kind) for name, kind in all_estimators() if name not in OTHER_INPUT]
OPERATIONS = tuple(operation.name for operation in ADAPTER.sites[0].operations)


def made(name, kind):
    """Make an estimator with what it requires."""
    parameters = inspect.signature(kind).parameters
    required = {
        key: REQUIRED[key]
        for key, parameter in parameters.items()
        if parameter.default is inspect.Parameter.empty and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    seed = {"random_state": 0} if "random_state" in parameters else {}
    if name == "SelfTrainingClassifier":  # its default is None, and its parameter was base_estimator before 1.6
        required[next(iter(parameters))] = LogisticRegression()
    return kind(**required | seed | SETTINGS.get(name, {}))


def asked(model):
    """Give the answer of each operation that the model has."""
    return {operation: getattr(model, operation)(X) for operation in OPERATIONS if hasattr(model, operation)}


def dense(answer):
    """Give the numbers of an answer."""
    return answer.toarray() if sparse.issparse(answer) else np.asarray(answer)


@dataclass
class Seen:
    """What became of one estimator: its answers with us and without, and what we saw of them."""

    trained: int
    watched: dict[str, Any]
    spans: list[tuple[Any, Any]]
    points: list[Point] = field(default_factory=list)
    plain: dict[str, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def seen():
    """Train and ask each estimator while it is watched, and ask it again when it is not."""
    models, found = {}, {}
    with warnings.catch_warnings(), loud(), threadpool_limits(1), capture("delta") as kept:
        warnings.simplefilter("ignore")  # scikit-learn's own, on data that fits few of its models well
        for name, kind in ESTIMATORS:
            otelml.instrument(kept.tracer_provider, kept.meter_provider, transform=True)
            kept.exporter.clear()
            models[name] = made(name, kind).fit(X, NUMBERS if "Regressor" in name else LABELS)
            otelml.identify(models[name], name=name)
            trained, watched = len(kept.spans()), asked(models[name])
            spans = [(span.attributes["ml.operation.name"], span.attributes["ml.batch.size"]) for span in kept.spans()]
            found[name] = Seen(trained, watched, spans)
        for point in kept.points():
            if point.attributes.get("ml.model.name") in found:
                found[point.attributes["ml.model.name"]].points.append(point)
        otelml.uninstrument()
        for name, model in models.items():
            found[name].plain = asked(model)
    return found


EACH = pytest.mark.parametrize("name", [name for name, _ in ESTIMATORS])


@EACH
def test_answers_are_the_same(seen, name):
    """Every answer is what it is without us, of the same type."""
    one = seen[name]
    assert one.watched.keys() == one.plain.keys()
    for operation, answer in one.plain.items():
        assert type(one.watched[operation]) is type(answer)
        np.testing.assert_array_equal(dense(one.watched[operation]), dense(answer))


@EACH
def test_calls_are_predictions(seen, name):
    """No call within the training counts; each call after it is one span and request of its rows; none is lost."""
    one = seen[name]
    assert one.trained == 0
    assert one.spans == [(operation, ROWS) for operation in one.plain]
    assert total(one.points, "ml.inference.rows").last == ROWS * len(one.plain)
    assert total(one.points, "ml.inference.active").last == 0
    assert not select(one.points, "otelml.dropped")
