"""The labels that rows really had, and the classes of a model, as texts and positions."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array, is_missing
from otelml.baseline.document import BaselineError
from otelml.prediction import Task, label_text, label_texts

Array = NDArray[Any]

TWO_CLASSES = 2


def squeezed(array: Array) -> Array:
    """Make a matrix of one column a vector; leave everything else."""
    return array[:, 0] if array.ndim > 1 and array.shape[1:] == (1,) else array


def truth_of(y: Any) -> Array:
    """Outcomes as (n_rows,).

    Raises
    ------
    BaselineError
        When there are none, one is missing, or there are several a row.
    """
    try:
        truth = squeezed(as_array(y))
    except TypeError as error:
        raise BaselineError(f"y holds no labels ({error}): give one label a row") from error
    if truth.ndim != 1:
        raise BaselineError(f"y has the shape {truth.shape}: a baseline is of one output, one label a row")
    if not len(truth):
        raise BaselineError("there are no rows: a baseline needs rows that the model was not trained on")
    missing = np.count_nonzero(_missing(truth) | np.ma.getmaskarray(truth))
    if missing:
        raise BaselineError(f"{missing} of {len(truth)} labels in y are missing: leave those rows out of X and y")
    return truth


def _missing(labels: Array) -> NDArray[np.bool_]:
    if labels.dtype.kind == "f":
        return np.isnan(labels)
    if labels.dtype.kind == "O":
        return np.array([is_missing(label) for label in labels.tolist()])
    if labels.dtype.kind in "mM":
        return np.isnat(labels)
    return np.zeros(len(labels), dtype=np.bool_)


def classes_of(model: Any, truth: Array) -> tuple[str, ...]:
    """Classes of the model in the order of its answers; those of the labels where it does not say.

    Raises
    ------
    BaselineError
        When there is one class only, or the model has several outputs.
    """
    known = getattr(model, "classes_", None)
    labels: Any = np.unique(truth) if known is None else known
    if any(isinstance(label, np.ndarray | list) for label in labels):
        raise BaselineError(f"{type(model).__name__} has several outputs: a baseline is of one")
    classes = tuple(label_text(label) for label in labels)
    if len(classes) < TWO_CLASSES:
        raise BaselineError(f"there is one class, {classes}: give rows of two or more")
    return classes


def positions_of(classes: tuple[str, ...], labels: Array) -> NDArray[np.intp]:
    """Position of each label in the classes, (n_rows,).

    Raises
    ------
    BaselineError
        When a label is none of them.
    """
    position = {text: index for index, text in enumerate(classes)}
    texts = label_texts(labels)
    unknown = sorted(set(texts) - set(classes))
    if unknown:
        raise BaselineError(
            f"labels {unknown[:3]} are none of the model's classes {list(classes[:20])}: "
            "give the labels as they were in training"
        )
    return np.array([position[text] for text in texts], dtype=np.intp)


def task_of(classes: tuple[str, ...]) -> Task:
    """Tell two classes from more."""
    return Task.BINARY if len(classes) == TWO_CLASSES else Task.MULTICLASS


def positive_of(classes: tuple[str, ...], positive_class: Any) -> int | None:
    """Position of the positive class: the one asked for, else the second; None of more than two.

    Raises
    ------
    BaselineError
        When the one asked for is none of the classes, or there are more than two.
    """
    if positive_class is None:
        return 1 if len(classes) == TWO_CLASSES else None
    text = label_text(positive_class)
    if len(classes) != TWO_CLASSES or text not in classes:
        raise BaselineError(f"positive_class {text!r} is not one of two classes, they are {list(classes[:20])}")
    return classes.index(text)
