"""What the model answers on the baseline's rows, beside what happened there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array
from otelml.baseline import labels
from otelml.baseline.answers import ask, kind_of
from otelml.baseline.document import BaselineError
from otelml.prediction import Task

PROBABILITY, MARGIN = "probability", "margin"

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    """Answers and outcomes of `n_rows` rows.

    Attributes
    ----------
    classes : labels as text; none of a regression.
    actual : (n_rows,) positions in `classes`; of a regression the true values.
    predicted : (n_rows,) the same of the answers; None for a binary score, which a threshold decides.
    scores : (n_rows,) of the positive class; of more classes, of the class chosen; None where none are known.
    kind : what the scores are, `probability` or `margin`.
    positive : position of the positive class; None unless there are two.
    """

    task: Task
    classes: tuple[str, ...]
    actual: Array
    predicted: Array | None = None
    scores: Floats | None = None
    kind: str | None = None
    positive: int | None = None


def take_sample(model: Any, X: Any, y: Any, positive_class: Any = None) -> Sample:  # noqa: N803 -- scikit-learn's
    """Ask the model for all rows.

    It is asked once; a model of margins of more than two classes once more, for its choice need not be the
    highest margin (`SVC` lets its pairs vote).

    Raises
    ------
    BaselineError
        When there are no rows, lengths differ, labels are missing or unknown, or the answers fit no task.
    """
    truth = labels.truth_of(y)
    operation, answer = ask(model, X, len(truth))
    kind = kind_of(model, operation, answer, truth)
    if kind == "values":
        return _regression(answer, truth)
    classes = labels.classes_of(model, truth)
    positive = labels.positive_of(classes, positive_class)
    sample = Sample(labels.task_of(classes), classes, labels.positions_of(classes, truth), positive=positive)
    if kind == "labels":
        return replace(sample, predicted=labels.positions_of(classes, answer))
    if operation != "decision_function":
        return _with_probabilities(sample, _finite(answer))
    if positive is not None:
        return replace(sample, scores=_finite(answer) if positive else -_finite(answer), kind=MARGIN)
    chosen = labels.positions_of(classes, labels.squeezed(as_array(model.predict(X))))
    return _with_margins(replace(sample, predicted=chosen), _finite(answer))


def _finite(answer: Array) -> Floats:
    scores = answer.astype(np.float64, copy=False)
    if not np.isfinite(scores).all():
        raise BaselineError("the model's scores hold NaN or infinities: leave those rows out of X and y")
    return scores


def _with_probabilities(sample: Sample, scores: Floats) -> Sample:
    if scores.ndim == 1:  # of the second of two classes
        scores = np.stack([1 - scores, scores], axis=1)
    if scores.shape[1] != len(sample.classes):
        raise BaselineError(f"the model answers {scores.shape[1]} scores a row for {len(sample.classes)} classes")
    if sample.positive is not None:
        return replace(sample, scores=scores[:, sample.positive], kind=PROBABILITY)
    return replace(sample, predicted=np.argmax(scores, axis=1), scores=np.max(scores, axis=1), kind=PROBABILITY)


def _with_margins(sample: Sample, margins: Floats) -> Sample:
    """Take the margin of the class chosen; margins of pairs of classes (`ovo`) belong to none."""
    if margins.ndim == 1 or margins.shape[1] != len(sample.classes) or sample.predicted is None:
        return sample
    return replace(sample, scores=margins[np.arange(len(margins)), sample.predicted], kind=MARGIN)


def _regression(answer: Array, truth: Array) -> Sample:
    if answer.ndim != 1:
        raise BaselineError(f"predict answered in the shape {answer.shape}: a baseline is of one output")
    try:
        predicted, actual = answer.astype(np.float64), truth.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise BaselineError(f"a regression needs numbers: {error}") from error
    if not (np.isfinite(predicted).all() and np.isfinite(actual).all()):
        raise BaselineError("predictions or y hold NaN or infinities: leave those rows out of X and y")
    return Sample(Task.REGRESSION, (), actual, predicted)
