"""Outputs of a session, in any order and under any name: which are labels, which are scores, which are numbers.

A graph says of its outputs their names, types and shapes, and converters call anything `probabilities`: margins of a
linear SVM, raw scores of boosted trees.  So what numbers are is read off the first answers, with the label that comes
beside them (:mod:`otelml.evidence`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from otelml.arrays import as_array, keys_of, n_rows
from otelml.evidence import Verdict, alone, judge, named, within
from otelml.prediction import Description, Form, Reading, Task, label_text, label_texts, task_of

Array = NDArray[Any]

TINY = float(np.finfo(np.float32).tiny)
LABELS, NUMBERS = "iubUSO", "f"  # kinds of types


class Outputs(NamedTuple):
    """What is known of a session's outputs; the note of its `Description`.

    Attributes
    ----------
    names : of all of them, in the session's order.
    labelled : one of them is a label a row.
    several : one of them is several labels a row.
    form : what the numbers are; None until an answer tells.
    seen : positions of the classes that labels have shown.
    source : the outputs that held the numbers; several where each is the probability of a class.
    """

    names: tuple[str, ...]
    labelled: bool
    several: bool
    form: Form | None = None
    seen: tuple[int, ...] = ()
    source: tuple[str, ...] = ()


def read(description: Description, values: list[Any], names: Any = None) -> Reading:
    """The most that the values of some outputs tell: scores, labels, or numbers; `names` are those asked for."""
    known: Outputs = description.note
    if names is None and len(values) == 2 and known.form is Form.PROBABILITIES and known.labelled:
        usual = _usual(description, known, values)
        if usual is not None:
            return usual
    label = next(filter(_is_labels, values), None)
    if label is not None and label.ndim == 2:
        if label.shape[1] > 1:
            return _several(description, label, values)
        label = label[:, 0]
    asked = names or (known.names if len(values) == len(known.names) else ())
    numbers, prob, source = _numbers(known, values, asked, labelled=label is not None)
    if numbers is None:
        return _alone(description, label) if label is not None else Reading(range(_rows(known, values)), Form.OPAQUE)
    if label is not None and len(label) != (n_rows(numbers) or 0):  # a version, a count: no label a row
        label = None
    learned = None
    if known.source and source and source != known.source:  # other numbers than before
        known = known._replace(form=None, seen=())
        description = replace(description, note=known)
    if known.form is None or (len(known.seen) < len(description.classes) and _is_new(description, label)):
        learned = _learned(description, numbers, label, prob=prob, source=source)
    elif known.form is Form.PROBABILITIES and not known.labelled and not within(as_array(numbers)):
        learned = Description(note=known._replace(form=Form.VALUES))  # they only were called so
    form = known.form if learned is None else cast("Outputs", learned.note).form
    return Reading(*_as_known(learned or description, form, numbers, label), learned)


def _usual(description: Description, known: Outputs, values: list[Any]) -> Reading | None:
    """What most classifiers answer, where all is known: a label, and the probability of each class; else None."""
    if len(known.names) != 2 or len(known.source) != 1 or len(known.seen) < len(description.classes):
        return None
    at = known.names.index(known.source[0])
    numbers, label = values[at], values[1 - at]
    if type(numbers) is not np.ndarray or type(label) is not np.ndarray:
        return None
    plain = numbers.dtype.kind in NUMBERS and numbers.ndim == 2 and label.dtype.kind in LABELS and label.ndim == 1
    plain = plain and len(label) == len(numbers)
    return Reading(numbers, Form.PROBABILITIES) if plain else None


def _has(value: Any, kinds: str) -> bool:
    """Whether a value is rows of some kind of type, a number or a few each."""
    return type(value) is np.ndarray and value.dtype.kind in kinds and 0 < value.ndim < 3  # pyright: ignore[reportUnknownMemberType]


def _is_labels(value: Any) -> bool:
    return _has(value, LABELS)


def _alone(description: Description, label: Array) -> Reading:
    """A label without numbers is a class; one that is new has its place only where no other is left."""
    known, classes = description.note, description.classes
    texts = {label_text(one) for one in classes}
    strange = [one for one in set(label.tolist()) if label_text(one) not in texts]
    if not strange:
        return Reading(label, Form.LABELS)
    held = {at: classes[at] for at in known.seen}
    if known.form is None or known.form is Form.VALUES or not held:
        found = alone([*held.values(), *strange])
        known = known if known.form is Form.VALUES else known._replace(form=None)
    else:
        left = [at for at in range(len(classes)) if at not in held]
        held |= dict(zip(left, strange, strict=False))
        found = (named(held, len(classes)), tuple(sorted(held))) if len(left) == len(strange) == 1 else None
    if found is None:
        return Reading(label, Form.LABELS)
    return Reading(label, Form.LABELS, Description(task_of(found[0]), found[0], None, known._replace(seen=found[1])))


def _numbers(known: Outputs, values: list[Any], names: Any, *, labelled: bool) -> tuple[Any, bool, tuple[str, ...]]:
    """The output that holds numbers (dicts, a column a class, or the first), if it is called so, and its name."""
    best: Any = None
    called, source = False, 0
    narrow: dict[str, Array] = {}
    for at, value in enumerate(values):
        if keys_of(value):
            return value, True, tuple(names[at : at + 1])
        if not _has(value, NUMBERS):
            continue
        if value.ndim == 1 and at < len(names):
            narrow[names[at]] = value
        prob = at < len(names) and "prob" in names[at].lower()
        wider = labelled and best is not None and best.ndim == 1 < value.ndim
        if best is None or (prob and not called) or wider:
            best, called, source = value, prob, at
    if known.labelled and (len(narrow) > 1 or (narrow and len(known.source) > 1)) and best.ndim == 1:
        columns = _columns(known, narrow, labelled=labelled)
        if columns is not None:
            return columns
    return best, called, tuple(names[source : source + 1])


def _columns(
    known: Outputs, narrow: dict[str, Array], *, labelled: bool
) -> tuple[Array | None, bool, tuple[str, ...]] | None:
    """Probabilities of which each class has an output of its own; None where these outputs are no such thing."""
    told = len(known.source) > 1 and not narrow.keys().isdisjoint(known.source)
    order = known.source if told else tuple(name for name in known.names if name in narrow)
    held = {name: narrow[name] for name in order if name in narrow}
    if len(held) < len(order):
        if len(order) > 2:  # of two classes one is what the other is not
            return (None, False, ()) if labelled else None
        [(name, one)] = held.items()
        held[order[1 - order.index(name)]] = 1 - one
    if len({len(one) for one in held.values()}) != 1:
        return None
    scores: Array = np.column_stack([held[name] for name in order])
    verdict = None if told else judge(scores, None)
    return (scores, True, order) if told or verdict is not None else None


def _rows(known: Outputs, values: list[Any]) -> int:
    """How many rows outputs are about that are no table."""
    first = values[0] if values else None
    if known.several and isinstance(first, list) and first:  # one array an output
        return n_rows(cast("list[Any]", first)[0]) or 0
    shape: tuple[int, ...] = getattr(cast("Any", first), "shape", ())
    return shape[1] if known.several and len(shape) == 3 else n_rows(first) or 0


def _several(description: Description, label: Array, values: list[Any]) -> Reading:
    """Several labels a row, where the scores beside them say so: whole numbers in a row may be anything."""
    learned = None
    if description.task is not Task.MULTILABEL and any(_beside(one, label) for one in values):
        learned = Description(Task.MULTILABEL, note=description.note)
    return Reading(label, Form.OPAQUE, learned)


def _beside(value: Any, label: Array) -> bool:
    """Whether an output holds the scores of several labels a row: an array an output, or a probability a label."""
    rows, count = label.shape
    if isinstance(value, list) and not keys_of(value):
        parts = cast("list[Any]", value)
        return len(parts) == count and all(n_rows(one) == rows for one in parts)
    scores: Any = as_array(value) if isinstance(value, list) else value
    if type(scores) is not np.ndarray or scores.dtype.kind != NUMBERS:
        return False
    if scores.ndim == 3:
        return scores.shape[:2] == (count, rows)
    return (
        scores.shape == label.shape and within(scores) and {label_text(one) for one in np.unique(label)} <= {"0", "1"}
    )


def _is_new(description: Description, label: Array | None) -> bool:
    """Whether a label is of none of the classes that were seen."""
    if label is None:
        return False
    seen = {label_text(description.classes[at]) for at in description.note.seen}
    return any(label_text(one) not in seen for one in (label if len(label) == 1 else np.unique(label)))


def _learned(
    description: Description, numbers: Any, label: Array | None, *, prob: bool, source: tuple[str, ...]
) -> Description | None:
    """What is known of the session from this answer on; None where the answer tells nothing new."""
    known, scores = description.note, as_array(numbers)
    verdict = (
        _verdict(known, scores.reshape(len(scores), -1), label, keys_of(numbers), prob=prob) if len(scores) else None
    )
    if verdict is None:
        return None
    classes, seen = verdict.classes, verdict.seen
    if known.seen and verdict.form is known.form:
        both = {at: description.classes[at] for at in known.seen} | {at: classes[at] for at in seen}
        classes, seen = named(both, len(classes)), tuple(sorted(both))
    task = task_of(classes) if classes else Task.OTHER
    return Description(task, classes, None, known._replace(form=verdict.form, seen=seen, source=source or known.source))


def _verdict(
    known: Outputs, scores: Array, label: Array | None, keys: tuple[Any, ...], *, prob: bool
) -> Verdict | None:
    verdict = judge(scores, label)
    if keys:  # a dict a row says its classes, and no more: margins come in dicts too
        probable = verdict is not None and verdict.form is Form.PROBABILITIES
        return Verdict(Form.PROBABILITIES if probable else Form.LABELS, keys, tuple(range(len(keys))))
    if label is not None or known.labelled:
        return verdict
    if verdict is not None and prob:
        return verdict._replace(seen=tuple(range(len(verdict.classes))))
    # One column, and no label anywhere: what is called a probability, and could be one, is; anything else is numbers.
    single = prob and scores.shape[1] == 1 and within(scores)
    return Verdict(Form.PROBABILITIES, (0, 1), (0, 1)) if single else Verdict(Form.VALUES)


def _as_known(description: Description, form: Form | None, numbers: Any, label: Any) -> tuple[Any, Form]:
    if form is Form.LABELS:  # several margins a row say less than the label
        return (numbers, Form.MARGINS) if label is None else (label, form)
    if form is Form.MARGINS and label is not None and not numbers.all():
        # At zero, on the side that the session itself decided for.
        positive = label_text(description.classes[1])
        above: Any = np.array([one == positive for one in label_texts(cast("Array", label))])
        above = above.reshape(numbers.shape)
        return np.where((numbers == 0) & above, TINY, numbers), form
    return numbers, form or Form.VALUES
