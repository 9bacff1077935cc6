"""The normal form of a prediction: what every framework's answer is turned into, once.

Frameworks answer in labels, probabilities, margins or plain numbers, as one column or many.  An adapter says which
`Form` an operation answers in and what it knows of the model (`Description`); :func:`normalise` makes a
`Prediction` of it, and everything behind it knows that type alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

HALF = 0.5


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

    `classes` holds the labels in the order of the probability columns; `indices` says that labels come as
    positions in `classes`.  `note` is the adapter's own (an objective, the names of outputs).
    """

    task: Task = Task.OTHER
    classes: tuple[Any, ...] = ()
    columns: tuple[str, ...] | None = None
    note: Any = None


@dataclass(frozen=True)
class Decision:
    """How scores become classes: labels as text, the positive one, and where the cut lies."""

    task: Task = Task.OTHER
    classes: tuple[str, ...] = ()
    positive: int | None = None
    threshold: float = HALF


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


def label_text(label: object) -> str:
    """One text for all labels that Python holds equal.

    >>> [label_text(x) for x in (True, 1, 1.0, np.int64(1), 1.5, "late", None)]
    ['1', '1', '1', '1', '1.5', 'late', 'None']
    """
    if isinstance(label, np.generic):
        label = cast("object", label.item())
    if isinstance(label, bytes):
        return shortened(label.decode(errors="replace"))
    if isinstance(label, bool | int):
        return str(int(label))
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    return shortened(encodable(str(label)))


def encodable(text: str) -> str:
    """A text that can leave the process: half of a surrogate pair, as JSON lets in, fails a whole export.

    >>> encodable("late" + chr(0xD83D)), encodable("spät")
    ('late?', 'spät')
    """
    return text if text.isascii() else text.encode(errors="replace").decode()


MOST_TEXT = 120  # characters of an attribute's value: as many as of a column's name
DIGEST_BYTES = 4


def shortened(text: str) -> str:
    """A text that is no longer than an attribute may be; the end of a longer one tells it from others that begin alike.

    >>> shortened("late"), len(shortened("x" * 1_000)), shortened("x" * 1_000) == shortened("x" * 1_001)
    ('late', 120, False)
    """
    if len(text) <= MOST_TEXT:
        return text
    digest = blake2b(text.encode(errors="replace"), digest_size=DIGEST_BYTES).hexdigest()
    return f"{text[: MOST_TEXT - len(digest) - 1]}~{digest}"


def label_texts(labels: Sequence[object] | NDArray[Any]) -> list[str]:
    """`label_text` of each; (n_rows,) in, as many texts out."""
    if isinstance(labels, np.ndarray):
        unique, inverse = np.unique(labels, return_inverse=True) if labels.dtype.kind in "biuf" else (None, None)
        if unique is not None and inverse is not None:
            texts = np.array([label_text(label) for label in unique.tolist()], dtype=object)
            return texts[inverse.reshape(-1)].tolist()
        labels = labels.tolist()
    return [label_text(label) for label in labels]


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
        predicted = np.where(scores >= decision.threshold, decision.positive, 1 - decision.positive)
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
        # One margin a class says little: SVC's choice, for one, need not be the class of the largest.
        return Prediction(len(margins))
    margin = margins[:, 0]
    return Prediction(len(margin), (margin > 0).astype(np.intp), values=margin)
