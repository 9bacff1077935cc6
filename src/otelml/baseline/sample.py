"""What the model answers on the baseline's rows, beside what happened there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array
from otelml.baseline.document import BaselineError
from otelml.baseline.labels import (
    TWO_CLASSES,
    classes_of,
    positions_of,
    positive_of,
    squeezed,
    task_of,
    truth_of,
)
from otelml.prediction import Task

PROBABILITY, MARGIN = "probability", "margin"
MATRIX = 2  # dimensions
OPERATIONS = ("predict_proba", "decision_function", "predict")

Array = NDArray[Any]


@dataclass(frozen=True)
class Sample:
    """Answers and outcomes of `n_rows` rows.

    Attributes
    ----------
    actual : (n_rows,) positions in `classes`; of a regression the true values.
    predicted : (n_rows,) the same of the answers; None for a binary score, which a threshold decides.
    scores : (n_rows,) score of the positive class; of more classes, of the class chosen; None where none are
    known. kind : what the scores are, `probability` or `margin`.
    """

    task: Task
    classes: tuple[str, ...]
    actual: Array
    predicted: Array | None
    scores: NDArray[np.float64] | None = None
    kind: str | None = None
    positive: int | None = None


def take_sample(model: Any, X: Any, y: Any, positive_class: Any = None) -> Sample:  # noqa: N803 -- scikit-learn's name
    """Ask the model once for all rows.

    Raises
    ------
    BaselineError
        When there are no rows, lengths differ, labels are missing or unknown, or the answers fit no task.
    """
    truth = truth_of(y)
    operation, answer = _answer(model, X)
    if len(answer) != len(truth):
        raise BaselineError(
            f"{operation} answered {len(answer)} rows and y has {len(truth)}: give y of the same rows"
        )
    answer = squeezed(answer)
    if answer.ndim > MATRIX:
        raise BaselineError(f"{operation} answered in the shape {answer.shape}: a baseline is of one output")
    kind = _kind_of(model, operation, answer, truth)
    if kind == "regressor":
        return _regression(operation, answer, truth)
    classes = classes_of(model, truth)
    positions = positions_of(classes, truth)
    positive = positive_of(classes, positive_class)
    if kind == "labels":
        predicted = positions_of(classes, answer)
        return Sample(task_of(classes), classes, positions, predicted, positive=positive)
    return _scored(
        MARGIN if operation == "decision_function" else PROBABILITY, answer, positions, classes, positive
    )


def _answer(model: Any, X: Any) -> tuple[str, Array]:  # noqa: N803 -- scikit-learn's name
    for operation in OPERATIONS:
        method = getattr(model, operation, None)
        if callable(method):
            try:
                return operation, as_array(method(X))
            except TypeError as error:
                if "holds no rows" not in str(error) and "unequal rows" not in str(error):
                    raise  # the model's own
                raise BaselineError(
                    f"{operation} of {type(model).__name__} answered no array: {error}"
                ) from error
    raise BaselineError(
        f"{type(model).__name__} has none of {', '.join(OPERATIONS)}: wrap it in a class that has one"
    )


def _kind_of(model: Any, operation: str, answer: Array, truth: Array) -> str:
    """`scores`, `labels` or `regressor`."""
    kind = _estimator_type(model)
    if kind not in (None, "classifier", "regressor"):
        raise BaselineError(
            f"{type(model).__name__} is a {kind}: a baseline is of a classifier or a regressor"
        )
    if operation != "predict":
        return "scores"
    if kind is not None or hasattr(model, "classes_"):
        return "regressor" if kind == "regressor" else "labels"
    # A booster answers probabilities from `predict`, and says of itself neither that nor what it is.
    if answer.dtype.kind not in "biuf" or truth.dtype.kind not in "biuf":
        return "labels"
    if answer.ndim == MATRIX or _is_binary_score(answer, truth):
        return "scores"
    return "labels" if truth.dtype.kind in "biu" and np.isin(answer, truth).all() else "regressor"


def _estimator_type(model: Any) -> str | None:
    kind = getattr(model, "_estimator_type", None)
    if kind is None and hasattr(model, "__sklearn_tags__"):
        kind = model.__sklearn_tags__().estimator_type
    return kind


def _is_binary_score(answer: Array, truth: Array) -> bool:
    in_unit = bool(((answer >= 0) & (answer <= 1)).all())
    return bool(np.isin(truth, (0, 1)).all()) and in_unit and not np.isin(answer, (0, 1)).all()


def _scored(
    kind: str, answer: Array, actual: NDArray[np.intp], classes: tuple[str, ...], positive: int | None
) -> Sample:
    answer = answer.astype(np.float64, copy=False)
    if not np.isfinite(answer).all():
        raise BaselineError("the model's scores hold NaN or infinities: leave those rows out of X and y")
    columns = 1 if answer.ndim == 1 else answer.shape[1]
    if positive is not None and columns <= TWO_CLASSES:
        scores = answer[:, positive] if columns > 1 else _mirrored(answer, kind, positive)
        return Sample(Task.BINARY, classes, actual, None, scores, kind, positive)
    if columns != len(classes):
        raise BaselineError(f"the model answers {columns} scores a row for {len(classes)} classes")
    chosen = np.argmax(answer, axis=1)
    return Sample(Task.MULTICLASS, classes, actual, chosen, answer[np.arange(len(answer)), chosen], kind)


def _mirrored(answer: Array, kind: str, positive: int) -> Array:
    """One column of scores is about the second class; turn it round when the first is the positive one."""
    if positive == 1:
        return answer
    return 1 - answer if kind == PROBABILITY else -answer


def _regression(operation: str, answer: Array, truth: Array) -> Sample:
    if answer.ndim != 1:
        raise BaselineError(f"{operation} answered in the shape {answer.shape}: a baseline is of one output")
    try:
        predicted, actual = answer.astype(np.float64), truth.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BaselineError(f"a regression needs numbers: {error}") from error
    if not (np.isfinite(predicted).all() and np.isfinite(actual).all()):
        raise BaselineError("predictions or y hold NaN or infinities: leave those rows out of X and y")
    return Sample(Task.REGRESSION, (), actual, predicted)
