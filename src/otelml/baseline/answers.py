"""What a model answers, and what kind of answer that is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array
from otelml.baseline.document import BaselineError
from otelml.baseline.labels import squeezed, task_of
from otelml.prediction import Task, label_text

MATRIX = 2  # dimensions
OPERATIONS = ("predict_proba", "decision_function", "predict")

Array = NDArray[Any]


def ask(model: Any, X: Any, n_rows: int) -> tuple[str, Array]:  # noqa: N803 -- scikit-learn's name
    """Ask the model by the operation that tells most; returns its name and (n_rows,) or (n_rows, n_columns).

    Raises
    ------
    BaselineError
        When the model has no such operation, or does not answer one output a row.
    """
    operation = next((name for name in OPERATIONS if callable(getattr(model, name, None))), None)
    if operation is None:
        known = ", ".join(OPERATIONS)
        raise BaselineError(f"{type(model).__name__} has none of {known}: wrap it in a class that has one")
    output = getattr(model, operation)(X)
    try:
        answer = squeezed(as_array(output))
    except TypeError as error:
        raise BaselineError(f"{operation} of {type(model).__name__} answered no array: {error}") from error
    if answer.ndim > MATRIX:
        raise BaselineError(f"{operation} answered in the shape {answer.shape}: a baseline is of one output")
    if len(answer) != n_rows:
        raise BaselineError(f"{operation} answered {len(answer)} rows and y has {n_rows}: give the same rows")
    return operation, answer


def kind_of(model: Any, operation: str, answer: Array, truth: Array) -> str:
    """Tell what the answer is: `scores`, `labels` or `values`.

    Raises
    ------
    BaselineError
        When the model is neither a classifier nor a regressor.
    """
    estimator = estimator_type(model)
    if estimator not in (None, "classifier", "regressor"):
        raise BaselineError(
            f"{type(model).__name__} is of the kind {estimator}: a baseline is of a classifier or a regressor"
        )
    if operation != "predict":
        return "scores"
    if estimator is not None or hasattr(model, "classes_"):
        return "values" if estimator == "regressor" else "labels"
    return _kind_of_stranger(answer, truth)


def estimator_type(model: Any) -> str | None:
    """What scikit-learn calls the kind of an estimator, by its own word."""
    estimator = getattr(model, "_estimator_type", None)
    if estimator is None and hasattr(model, "__sklearn_tags__"):
        estimator = model.__sklearn_tags__().estimator_type
    return estimator


def told_by(model: Any) -> tuple[Task, tuple[str, ...]]:
    """Task and classes of a model by its own word; nothing is asked of it."""
    classes: Any = getattr(model, "classes_", None)
    if classes is not None and not any(isinstance(label, np.ndarray | list) for label in classes):
        return task_of(texts := tuple(label_text(label) for label in classes)), texts
    return (Task.REGRESSION if estimator_type(model) == "regressor" else Task.OTHER), ()


def _kind_of_stranger(answer: Array, truth: Array) -> str:
    """Tell by the numbers.  A booster answers probabilities from `predict`, and does not say so."""
    if answer.dtype.kind not in "biuf" or truth.dtype.kind not in "biuf":
        return "labels"
    if answer.ndim == MATRIX or _is_binary_score(answer, truth):
        return "scores"
    return "labels" if truth.dtype.kind in "biu" and np.isin(answer, truth).all() else "values"


def _is_binary_score(answer: Array, truth: Array) -> bool:
    in_unit = bool(((answer >= 0) & (answer <= 1)).all())
    return bool(np.isin(truth, (0, 1)).all()) and in_unit and not np.isin(answer, (0, 1)).all()
