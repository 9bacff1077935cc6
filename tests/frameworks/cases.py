"""Every adapter, with tiny models of several kinds and the ways to ask them; `test_contract.py` crosses them all.

Frameworks are imported by who builds a model: a program under the launcher takes one of these cases too.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROWS = 24
X = np.random.default_rng(7).normal(size=(ROWS, 3)).astype(np.float32)
BINARY = (X[:, 0] > 0).astype(int)
LETTERS = np.array(["a", "b", "c"])[np.digitize(X[:, 0], [-0.5, 0.5])]
POSITIONS = np.digitize(X[:, 0], [-0.5, 0.5])
NUMBERS = X @ np.array([1.0, -2.0, 0.5], dtype=np.float32)
GRADES = np.clip(POSITIONS, 0, 2)


class Refusal(Exception):  # noqa: N818 -- what a host raises need not be called an error
    """An exception of the host's own."""


class Refusing:
    """Rows, or a setting, that raise `error` when they are read."""

    shape, ndim, dtype = (2, 3), 2, np.dtype("float32")

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __len__(self) -> int:
        return 2

    def __array__(self, *_args: Any, **_kwargs: Any) -> Any:
        raise self.error

    def __getitem__(self, _position: int) -> Any:
        raise self.error

    def __deepcopy__(self, _memo: Any) -> Any:
        raise self.error


def plain(rows: Any) -> tuple[Any, ...]:
    """The rows, and nothing else."""
    return (rows,)


@dataclass(frozen=True)
class Ask:
    """One way to ask: the operation, its arguments for some rows, and arguments with which it raises an error."""

    operation: str
    arguments: Callable[[Any], tuple[Any, ...]] = plain
    refusing: Callable[[Exception], tuple[tuple[Any, ...], Mapping[str, Any]]] = lambda error: ((Refusing(error),), {})

    def __call__(self, model: Any, rows: Any = X) -> Any:
        """Ask `model` about `rows`."""
        return getattr(model, self.operation)(*self.arguments(rows))

    def refused(self, model: Any, error: Exception) -> Any:
        """Ask `model` so that it raises this very `error`."""
        args, kwargs = self.refusing(error)
        return getattr(model, self.operation)(*args, **kwargs)


@dataclass(frozen=True)
class Case:
    """One kind of model: how to build it, what it is for, and how it is asked."""

    entry_point: str
    kind: str
    build: Callable[[], Any]
    task: str
    asks: tuple[Ask, ...]
    pickles: bool = True

    @functools.cached_property
    def model(self) -> Any:
        """One such model; built when it is first needed."""
        return self.build()

    def __hash__(self) -> int:
        return hash((self.entry_point, self.kind))


def logistic() -> Any:
    """Two classes."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(X, BINARY)


def search() -> Any:
    """Three classes, found by a search over a pipeline."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    return GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2).fit(X, LETTERS)


def forest() -> Any:
    """Trees in threads."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(8, n_jobs=2, random_state=0).fit(X, LETTERS)


def linear() -> Any:
    """A number."""
    from sklearn.linear_model import LinearRegression

    return LinearRegression().fit(X, NUMBERS)


def isolation() -> Any:
    """An outlier or not."""
    from sklearn.ensemble import IsolationForest

    return IsolationForest(n_estimators=8, random_state=0).fit(X)


def means() -> Any:
    """One of three clusters."""
    from sklearn.cluster import KMeans

    return KMeans(3, n_init=1, random_state=0).fit(X)


SKLEARN = (
    Case(
        "ml_sklearn",
        "classifier",
        logistic,
        "binary",
        (Ask("predict"), Ask("predict_proba"), Ask("predict_log_proba"), Ask("decision_function")),
    ),
    Case("ml_sklearn", "search", search, "multiclass", (Ask("predict"), Ask("predict_proba"))),
    Case("ml_sklearn", "forest", forest, "multiclass", (Ask("predict"), Ask("predict_proba"))),
    Case("ml_sklearn", "regressor", linear, "regression", (Ask("predict"),)),
    Case(
        "ml_sklearn",
        "detector",
        isolation,
        "anomaly",
        (Ask("predict"), Ask("decision_function"), Ask("score_samples")),
    ),
    Case("ml_sklearn", "clusterer", means, "clustering", (Ask("predict"),)),
)


def matrix(rows: Any) -> tuple[Any, ...]:
    """XGBoost's own container."""
    import xgboost

    return (xgboost.DMatrix(rows),)


def refusing_matrix(error: Exception) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    """A container that raises as soon as it is looked at."""
    import xgboost

    class RefusingMatrix(xgboost.DMatrix):
        @property
        def feature_names(self) -> Any:
            raise error

        @feature_names.setter
        def feature_names(self, names: Any) -> None:
            pass

    return (RefusingMatrix(X),), {}


def booster(objective: str, labels: Any, **parameters: Any) -> Callable[[], Any]:
    """A booster of XGBoost."""

    def build() -> Any:
        import xgboost

        settings = {"objective": objective, "verbosity": 0, "max_depth": 2, "nthread": 1, **parameters}
        data = xgboost.DMatrix(X, label=labels)
        if objective.startswith("rank:"):
            data.set_group([ROWS // 2, ROWS // 2])
        return xgboost.train(settings, data, num_boost_round=2)

    return build


def boosted(name: str, labels: Any, **fit: Any) -> Callable[[], Any]:
    """A scikit-learn class of XGBoost."""

    def build() -> Any:
        import xgboost

        return getattr(xgboost, name)(n_estimators=2, max_depth=2, n_jobs=1).fit(X, labels, **fit)

    return build


DMATRIX = Ask("predict", matrix, refusing=refusing_matrix)
INPLACE = Ask("inplace_predict", refusing=lambda error: ((X,), {"iteration_range": Refusing(error)}))
XGBOOST = (
    Case("ml_xgboost", "booster-binary", booster("binary:logistic", BINARY), "binary", (DMATRIX, INPLACE)),
    Case(
        "ml_xgboost",
        "booster-multiclass",
        booster("multi:softprob", POSITIONS, num_class=3),
        "multiclass",
        (DMATRIX, INPLACE),
    ),
    Case("ml_xgboost", "booster-regression", booster("reg:squarederror", NUMBERS), "regression", (DMATRIX,)),
    Case("ml_xgboost", "booster-ranking", booster("rank:pairwise", GRADES), "ranking", (DMATRIX,)),
    Case(
        "ml_xgboost",
        "classifier",
        boosted("XGBClassifier", BINARY),
        "binary",
        (Ask("predict"), Ask("predict_proba")),
    ),
    Case("ml_xgboost", "regressor", boosted("XGBRegressor", NUMBERS), "regression", (Ask("predict"),)),
    Case(
        "ml_xgboost",
        "ranker",
        boosted("XGBRanker", GRADES, group=[ROWS // 2, ROWS // 2]),
        "ranking",
        (Ask("predict"),),
    ),
)


def light(objective: str, labels: Any, **parameters: Any) -> Callable[[], Any]:
    """A booster of LightGBM."""

    def build() -> Any:
        import lightgbm

        groups = [ROWS // 2, ROWS // 2] if objective == "lambdarank" else None
        settings = {"objective": objective, "verbosity": -1, "min_data_in_leaf": 2, "num_threads": 1, **parameters}
        return lightgbm.train(settings, lightgbm.Dataset(X, labels, group=groups), num_boost_round=2)

    return build


def lightened(name: str, labels: Any, **fit: Any) -> Callable[[], Any]:
    """A scikit-learn class of LightGBM."""

    def build() -> Any:
        import lightgbm

        model = getattr(lightgbm, name)(n_estimators=2, min_child_samples=2, n_jobs=1, verbose=-1)
        return model.fit(X, labels, **fit)

    return build


LIGHT = Ask("predict", refusing=lambda error: ((X,), {"parameter": Refusing(error)}))  # it copies parameters
LIGHTGBM = (
    Case("ml_lightgbm", "booster-binary", light("binary", BINARY), "binary", (LIGHT,)),
    Case(
        "ml_lightgbm",
        "booster-multiclass",
        light("multiclass", POSITIONS, num_class=3),
        "multiclass",
        (LIGHT,),
    ),
    Case("ml_lightgbm", "booster-regression", light("regression", NUMBERS), "regression", (LIGHT,)),
    Case("ml_lightgbm", "booster-ranking", light("lambdarank", GRADES), "ranking", (LIGHT,)),
    Case(
        "ml_lightgbm",
        "classifier",
        lightened("LGBMClassifier", LETTERS),
        "multiclass",
        (Ask("predict"), Ask("predict_proba")),
    ),
    Case("ml_lightgbm", "regressor", lightened("LGBMRegressor", NUMBERS), "regression", (Ask("predict"),)),
    Case(
        "ml_lightgbm",
        "ranker",
        lightened("LGBMRanker", GRADES, group=[ROWS // 2, ROWS // 2]),
        "ranking",
        (Ask("predict"),),
    ),
)


class RefusingFeed(dict[str, Any]):
    """Inputs of a session that raise `error` when they are read."""

    def __init__(self, error: Exception) -> None:
        super().__init__(X=X)
        self.error = error

    def keys(self) -> Any:
        """Raise."""
        raise self.error


def session(build: Callable[[], Any], threads: int = 1, **options: Any) -> Callable[[], Any]:
    """A session with a scikit-learn model, converted."""

    def convert() -> Any:
        import onnxruntime
        from skl2onnx import to_onnx

        opsets = {"": 15, "ai.onnx.ml": 3}
        model = to_onnx(build(), X[:1], options=options or None, target_opset=opsets).SerializeToString()
        quiet = onnxruntime.SessionOptions()
        quiet.intra_op_num_threads = threads
        return onnxruntime.InferenceSession(model, quiet, providers=["CPUExecutionProvider"])

    return convert


def lettered() -> Any:
    """Three classes."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression().fit(X, LETTERS)


RUN = Ask("run", lambda rows: (None, {"X": rows}), refusing=lambda error: ((None, RefusingFeed(error)), {}))
ONNXRUNTIME = tuple(
    Case("ml_onnxruntime", kind, build, task, (RUN,), pickles=False)
    for kind, build, task in (
        ("zipmap", session(lettered), "multiclass"),
        ("tensor", session(logistic, zipmap=False), "binary"),
        ("regressor", session(linear), "other"),
    )
)

CASES = (*SKLEARN, *XGBOOST, *LIGHTGBM, *ONNXRUNTIME)
