"""The normal form of a prediction: what every framework's answer is turned into, once.

Frameworks answer in labels, probabilities, margins or plain numbers, as one column or many.  An adapter says which
`Form` an operation answers in and what it knows of the model (`Description`); :func:`normalise` makes a
`Prediction` of it, and everything behind it knows that type alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.labels import encodable, label_text, label_texts

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

HALF = 0.5
UNKNOWN = math.nan  # one object, which equals itself among the fields of a decision
__all__ = [  # the texts of labels are of `otelml.labels`
    "Decision",
    "Description",
    "Form",
    "ModelIdentity",
    "Prediction",
    "Task",
    "encodable",
    "label_text",
    "label_texts",
    "normalise",
    "task_of",
]


class Task(str, Enum):
    """What a model is for; the values of `ml.task`."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    MULTILABEL = "multilabel"
    REGRESSION = "regression"
    RANKING = "ranking"
    EMBEDDING = "embedding"
    ANOMALY = "anomaly"
    CLUSTERING = "clustering"
    OTHER = "other"


class Form(Enum):
    """What the numbers of an answer are."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"
    LOG_PROBABILITIES = "log_probabilities"
    MARGINS = "margins"
    VALUES = "values"
    OPAQUE = "opaque"


@dataclass(frozen=True)
class ModelIdentity:
    """Name and version under which a model is watched."""

    name: str
    version: str | None = None


@dataclass(frozen=True)
class Description:
    """What an adapter knows of a model before it has answered anything.

    `classes` holds the labels in the order of the probability columns.  `note` is the adapter's own (an objective, the
    names of outputs).  `cut` is how the model itself decides between its classes, `missing` the number that stands for
    what is missing.
    """

    task: Task = Task.OTHER
    classes: tuple[Any, ...] = ()
    columns: tuple[str, ...] | None = None
    note: Any = None
    cut: Cut | None = None
    missing: float | None = None


@dataclass(frozen=True)
class Cut:
    """How a model decides between its classes.

    Attributes
    ----------
    positive : position of the class that is decided for; None for the second.
    threshold : its probability from which on it is; None where the larger probability decides, NaN where probabilities
        decide nothing.
    margin : the margin above which it is; NaN where margins decide nothing.
    inclusive : also at that margin.
    largest : among more than two classes, that of the largest margin is chosen.
    """

    positive: int | None = None
    threshold: float | None = None
    margin: float = 0.0
    inclusive: bool = False
    largest: bool = False


class Reading(NamedTuple):
    """What an adapter read off an answer that itself tells what it is.

    Attributes
    ----------
    answer : the rows, in `form`; anything where the form is opaque.
    learned : what the model is known to be from this answer on; None where that is as before.
    """

    answer: Any
    form: Form
    learned: Description | None = None


@dataclass(frozen=True)
class Decision:
    """How scores become classes: labels as text, the positive one, and where the cut lies.

    A score at the threshold is positive, but for `first`: there the larger probability decides, and of equal ones that
    of the first class.  NaN as `threshold` or `margin` says that scores, or margins, decide nothing; a margin at the
    cut is positive where it is `inclusive`.  Of several margins a row the `largest` decides, or none does.
    """

    task: Task = Task.OTHER
    classes: tuple[str, ...] = ()
    positive: int | None = None
    threshold: float = HALF
    margin: float = 0.0
    inclusive: bool = False
    first: bool = False
    largest: bool = False


@dataclass
class Prediction:
    """The answers to `n_rows` rows.

    Attributes
    ----------
    predicted : (n_rows,) positions in the decision's classes, -1 for a class it does not know; or None.
    scores : binary: (n_rows,) probability of the positive class; multi-class: (n_rows, n_classes); or None.
    values : (n_rows,) or (n_rows, n_outputs) numbers that are no probabilities; or None.
    """

    n_rows: int
    predicted: NDArray[np.intp] | None = None
    scores: NDArray[np.float64] | None = None
    values: NDArray[np.float64] | None = None
    unknown: tuple[str, ...] = field(default=())


def task_of(classes: Collection[Any]) -> Task:
    """The task of choosing one of `classes`.

    >>> task_of(["ham", "spam"]).value
    'binary'
    """
    return Task.BINARY if len(classes) == 2 else Task.MULTICLASS


def normalise(form: Form, decision: Decision, answer: NDArray[Any]) -> Prediction:
    """Turn an answer of `(n_rows, …)` into the normal form.

    Raises
    ------
    ValueError
        When the shape fits neither the form nor the number of classes, or what should be numbers is not.  The text
        never quotes the answer.
    """
    rows = len(answer)
    if form is Form.OPAQUE or rows == 0 or decision.task is Task.MULTILABEL:
        return Prediction(rows)
    if form is Form.LABELS:  # without classes that are known, labels count nothing: they are no numbers
        return _from_labels(decision, answer) if decision.classes else Prediction(rows)
    if form in (Form.PROBABILITIES, Form.LOG_PROBABILITIES):
        numbers = _numbers(answer).reshape(rows, -1)
        probabilities = np.exp(numbers) if form is Form.LOG_PROBABILITIES else numbers
        return _from_probabilities(decision, probabilities)
    if form is Form.MARGINS and decision.classes:
        return _from_margins(decision, _numbers(answer).reshape(rows, -1))
    values = _numbers(answer)
    if values.ndim > 2:  # as many numbers a row, laid out flat
        values = values.reshape(rows, int(np.prod(values.shape[1:], dtype=int)))
    return Prediction(rows, values=values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values)


def _numbers(answer: NDArray[Any]) -> NDArray[np.float64]:
    if answer.dtype.kind in "biufUS":
        try:
            return answer.astype(np.float64, copy=False)
        except ValueError:
            pass  # numpy quotes what it could not convert
    raise ValueError(f"what should be numbers is {answer.dtype.name}")


def _from_labels(decision: Decision, answer: NDArray[Any]) -> Prediction:
    if answer.ndim == 2 and answer.shape[1] == 1:
        answer = answer[:, 0]
    if answer.ndim != 1:
        return Prediction(len(answer))
    positions = _positions(decision.classes)
    texts = label_texts(answer)
    predicted = np.fromiter((positions.get(text, -1) for text in texts), dtype=np.intp, count=len(texts))
    unknown = tuple({text for text in texts if text not in positions}) if (predicted < 0).any() else ()
    return Prediction(len(answer), predicted=predicted, unknown=unknown)


@lru_cache(maxsize=256)
def _positions(classes: tuple[str, ...]) -> dict[str, int]:
    return {text: index for index, text in enumerate(classes)}


def _from_probabilities(decision: Decision, probabilities: NDArray[np.float64]) -> Prediction:
    rows, columns = probabilities.shape
    if decision.task is Task.BINARY and decision.positive is not None and columns in (1, 2):
        scores = probabilities[:, decision.positive if columns == 2 else 0]
        if columns == 1 and decision.positive == 0:  # one column is of the second class
            scores = 1 - scores
        if np.isnan(decision.threshold):
            return Prediction(rows, scores=scores)
        above = scores > HALF if decision.first and decision.positive == 1 else scores >= decision.threshold
        predicted = np.where(above, decision.positive, 1 - decision.positive)
        return Prediction(rows, _unless_missing(predicted, scores), scores)
    if columns == len(decision.classes):
        predicted = np.argmax(probabilities, axis=1)
        return Prediction(rows, _unless_missing(predicted, probabilities.sum(axis=1)), probabilities)
    raise ValueError(f"{columns} columns of probabilities for {len(decision.classes)} classes")


def _unless_missing(predicted: NDArray[np.intp], scores: NDArray[np.float64]) -> NDArray[np.intp]:
    """A row whose score is NaN is of no class: to compare it with a threshold would call it negative."""
    finite = np.isfinite(scores)
    return predicted if finite.all() else np.where(finite, predicted, -1)


def _from_margins(decision: Decision, margins: NDArray[np.float64]) -> Prediction:
    if margins.shape[1] != 1 or len(decision.classes) != 2:
        # SVC's choice, for one, need not be the class of the largest; and it may have a margin a pair of classes.
        decided = decision.largest and margins.shape[1] == len(decision.classes)
        chosen = _unless_missing(margins.argmax(axis=1), margins.sum(axis=1)) if decided else None
        return Prediction(len(margins), chosen, values=margins)
    margin = margins[:, 0]
    if np.isnan(decision.margin):
        return Prediction(len(margin), values=margin)
    above = margin >= decision.margin if decision.inclusive else margin > decision.margin
    return Prediction(len(margin), _unless_missing(above.astype(np.intp), margin), values=margin)
