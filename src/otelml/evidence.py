"""What the numbers of an answer are, judged by their range and by the labels that came beside them, never by a name.

Probabilities lie in [0, 1] and add up to one a row.  Margins do not, and the label is where they are largest, or
which side of zero they are on.  What shows neither is numbers: distances to clusters, for one, are smallest where
the label is.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from otelml.prediction import Form, label_text

Array = NDArray[Any]
Floats = NDArray[np.float64]

AGREE = 0.95  # share of the rows that have to show the same, since equal numbers are decided either way
HALF_PRECISION, ROUNDING, TIE = 1e-2, 1e-3, 1e-6
HALF = 0.5
MOST_ALONE = 20  # labels that are told to be classes by nothing but themselves


class Verdict(NamedTuple):
    """What numbers are.

    Attributes
    ----------
    form : probabilities; margins, of one column; labels, where the margins of several columns say less than the label
        beside them; values.
    classes : of the columns, or the negative and the positive one of a single column; none of values.
    seen : positions of the classes that labels have shown; the others are named after their positions.
    """

    form: Form
    classes: tuple[Any, ...] = ()
    seen: tuple[int, ...] = ()


VALUES = Verdict(Form.VALUES)


def judge(scores: Array, labels: Array | None) -> Verdict | None:
    """Judge `(n_rows, n_columns)` numbers by `(n_rows,)` labels, or by themselves; None where these rows do not tell.

    >>> judge(np.array([[-2.0, 2.0], [0.5, -0.5]]), np.array(["late", "early"]))[:2]
    (<Form.LABELS: 'labels'>, ('early', 'late'))
    >>> judge(np.array([[0.3, 0.7]]), None)[:2]
    (<Form.PROBABILITIES: 'probabilities'>, (0, 1))
    """
    finite = np.isfinite(scores).all(axis=1)
    rounding = HALF_PRECISION if scores.dtype.itemsize <= 2 else ROUNDING
    numbers: Floats = scores[finite].astype(np.float64)
    beside = None if labels is None else labels[finite]
    if not len(numbers):
        return None
    if numbers.shape[1] == 1:
        return None if beside is None else _of_one_column(numbers[:, 0], beside)
    if (
        within(numbers, rounding)
        and (np.abs(numbers.sum(axis=1) - 1) <= rounding * max(1, numbers.shape[1] / 10)).all()
    ):
        return Verdict(Form.PROBABILITIES, *_classes(numbers, beside))
    return None if beside is None else _of_columns(numbers, beside)


def within(numbers: Array, rounding: float = ROUNDING) -> bool:
    """Whether all of some numbers may be probabilities."""
    return bool(numbers.min(initial=0) >= -rounding and numbers.max(initial=0) <= 1 + rounding)


def named(seen: dict[int, Any], count: int) -> tuple[Any, ...]:
    """Classes by position: as they were seen, the others by their number.

    >>> named({0: "late"}, 2), named({0: 1}, 2)
    (('late', 1), (1, 'class 1'))
    """
    texts = {label_text(one) for one in seen.values()}
    return tuple(seen.get(at, f"class {at}" if str(at) in texts else at) for at in range(count))


def alone(labels: list[Any]) -> tuple[tuple[Any, ...], tuple[int, ...]] | None:
    """Classes that labels without numbers show, and the positions of those; None where they are too many for classes.

    >>> alone(["late", "early"]), alone([2, 0]), alone([1]), alone([2, 1])
    ((('early', 'late'), (0, 1)), ((0, 1, 2), (0, 2)), ((0, 1), (1,)), ((1, 2), (0, 1)))
    """
    shown = {label_text(one): one for one in labels}
    if len(shown) > MOST_ALONE:
        return None
    classes = tuple(shown[text] for text in sorted(shown))
    if all(type(one) is bool for one in classes):
        classes = (False, True)
    elif all(type(one) is int for one in classes):
        classes = _whole(sorted(classes))
    seen = tuple(at for at, one in enumerate(classes) if label_text(one) in shown)
    return classes, seen


def _whole(labels: list[int]) -> tuple[int, ...]:
    """Whole numbers from 0 on have none left out; one alone is of 0 and 1, or of -1 and 1."""
    if labels[0] == 0 and labels[-1] < MOST_ALONE:
        return tuple(range(max(2, labels[-1] + 1)))
    return {1: (0, 1), -1: (-1, 1)}.get(labels[0], (labels[0],)) if len(labels) == 1 else tuple(labels)


def _classes(numbers: Floats, labels: Array | None) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The classes of columns, and which of them these labels show; positions, where they show none."""
    count = numbers.shape[1]
    seen = None if labels is None else _columns_of(*_largest(numbers, labels))
    if seen is None:
        return tuple(range(count)), () if labels is None else tuple(range(count))
    if _by_position(seen, labels):
        return tuple(range(count)), tuple(range(count))
    return named(seen, count), tuple(sorted(seen))


def _of_columns(numbers: Floats, labels: Array) -> Verdict | None:
    """Margins, where the label is that of the largest."""
    count = numbers.shape[1]
    columns, beside = _largest(numbers, labels)
    if not len(columns):
        return None
    seen = _columns_of(columns, beside)
    if seen is None:
        return VALUES
    if _by_position(seen, labels):
        return Verdict(Form.LABELS, tuple(range(count)), tuple(range(count)))
    positions = set(range(count))
    if labels.dtype.kind in "iub" and positions.issuperset(seen.values()):
        # Whole numbers that are positions, but of other columns: those of the nearest cluster, or classes from 1 on.
        if (numbers.argmin(axis=1) == labels).all() and (numbers >= 0).all():
            return VALUES
        if len(seen) == 1:
            return None
    return Verdict(Form.LABELS, named(seen, count), tuple(sorted(seen)))


def _largest(numbers: Floats, labels: Array) -> tuple[Array, Array]:
    """The column of the largest number of each row, and its label; without the rows that have two of them."""
    two = np.partition(numbers, -2, axis=1)[:, -2:]
    clear = two[:, 1] - two[:, 0] > TIE * np.abs(two).max(axis=1)
    return numbers.argmax(axis=1)[clear], labels[clear]


def _columns_of(columns: Array, labels: Array) -> dict[int, Any] | None:
    """The label of each column, in most rows; None where rows, or columns, contradict each other."""
    counts = Counter(zip(columns.tolist(), labels.tolist(), strict=True))
    seen: dict[int, Any] = {}
    agreeing = 0
    for (column, label), count in counts.most_common():
        if column not in seen:
            seen[column] = label
            agreeing += count
    distinct = len({label_text(label) for label in seen.values()}) == len(seen)
    return seen if distinct and agreeing >= AGREE * len(labels) else None


def _by_position(seen: dict[int, Any], labels: Array | None) -> bool:
    whole = labels is not None and labels.dtype.kind in "iub"
    return whole and bool(seen) and all(column == label for column, label in seen.items())


def _of_one_column(numbers: Floats, labels: Array) -> Verdict | None:
    """One number a row: a margin where its sign is the label, a probability where one half parts the labels."""
    if within(numbers, 0.0):
        return _of_unit_interval(numbers, labels)
    signed = numbers != 0
    seen = _columns_of((numbers[signed] > 0).astype(np.intp), labels[signed])
    return VALUES if seen is None else _two(Form.MARGINS, seen)


def _of_unit_interval(numbers: Floats, labels: Array) -> Verdict | None:
    off_half = numbers != HALF
    seen = _columns_of((numbers[off_half] > HALF).astype(np.intp), labels[off_half])
    if seen is not None and len(seen) == 2:
        return _two(Form.PROBABILITIES, seen)
    positive = (numbers > 0) & (numbers < HALF)  # where a margin and a probability say different things
    told = {label_text(label) for label in labels[positive].tolist()}
    if told == {"1"}:
        return _two(Form.MARGINS, {1: labels[positive][0].item()})
    if told == {"0"}:
        return _two(Form.PROBABILITIES, {0: labels[positive][0].item()})
    return VALUES if len(told) > 1 else None


def _two(form: Form, seen: dict[int, Any]) -> Verdict:
    """Two classes, of which one may be unseen; whole numbers are 0 and 1, or -1 and 1."""
    if len(seen) == 1:
        [(at, label)] = seen.items()
        usual = {(0, "0"): (0, 1), (0, "-1"): (-1, 1), (1, "1"): (0, 1)}.get((at, label_text(label)))
        if usual is not None:
            return Verdict(form, usual, (at,))
    return Verdict(form, named(seen, 2), tuple(sorted(seen)))
