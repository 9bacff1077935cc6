"""Counting predictions against their actual outcomes: confusion cells, losses, and class counts by bin of the score.

Counted, not averaged: precision, AUC or calibration follow from these counts over any window and fleet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.ledger import ledger
from otelml.prediction import Task, label_texts
from otelml.stats.calibration import EPSILON, brier_losses
from otelml.stats.histogram import Histogram, bin_index, bin_labels
from otelml.telemetry import names
from otelml.telemetry.allowance import Group
from otelml.telemetry.names import Rank
from otelml.telemetry.streams import key_of, within

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from otelml.telemetry.allowance import Entry
    from otelml.telemetry.names import Metric
    from otelml.telemetry.streams import Attributes, Buckets, Key, Number, Stream

    Floats = NDArray[np.float64]


MOST_BOUND = 100
MOST_WEIGHT = 2.0**32  # of one outcome: beside a larger one, an outcome that counts once would hardly add


class Cells:
    """A counter by predicted and actual class, of at most 20 labels each and `other`.

    A label that is none of the model's classes is `other`: it may be anything, and is not told.  Of a model whose
    classes are not known, they are what it predicts; a user's own instrument has those that come first.
    """

    def __init__(self, stream: Stream, attributes: Attributes, judged: Judged) -> None:
        classes = judged.classes
        self._stream, self._attributes = stream, dict(attributes)
        self._known: dict[str, str] = {label: label for label in classes[: names.MOST_CLASSES]}
        self._taken = (judged.open or not classes, judged.open)  # whether new labels are: predicted, actual
        self._numbers: dict[tuple[str, str], Number] = {}
        self._few = len(classes) ** 2 <= names.MOST_ZERO_CELLS and not judged.open
        if len(classes) ** 2 <= names.MOST_ZERO_CELLS:
            for predicted in classes:
                for actual in classes:
                    self._number(predicted, actual)

    def add(self, predicted: Sequence[str], actual: Sequence[str], weights: Sequence[float] | None = None) -> None:
        """Count pairs of labels, each as often as its weight says."""
        totals: dict[tuple[str, str], float] = {}
        for pair, weight in zip(zip(predicted, actual, strict=True), weights or [1] * len(predicted), strict=True):
            if weight > MOST_WEIGHT:
                ledger.drop("overflow", model=str(self._attributes.get(names.MODEL_NAME, "")))
                continue
            totals[pair] = totals.get(pair, 0) + weight
        for pair, total in totals.items():
            self._number(*pair).add(total)

    def _number(self, predicted: str, actual: str) -> Number:
        number = self._numbers.get((predicted, actual))
        if number is None or not number.shipped:
            held = [self._label(*one) for one in zip((predicted, actual), self._taken, strict=True)]
            correct = {} if actual == names.NONE else {names.CORRECT: predicted == actual}
            labels = {names.PREDICTED: held[0], names.ACTUAL: held[1], **correct}
            number = self._stream.number({**self._attributes, **labels}, needed=self._few)
            if not number.shipped:
                return self._without_labels(actual, correct)
            if len(self._numbers) < 4 * names.MOST_CLASSES**2:
                self._numbers[predicted, actual] = number
        return number

    def _without_labels(self, actual: str, correct: dict[str, bool]) -> Number:
        """Where a model's cells do not all fit, it still has how many were right, were wrong, and have no outcome."""
        labels = {names.PREDICTED: names.OTHER, names.ACTUAL: names.NONE if actual == names.NONE else names.OTHER}
        return self._stream.number({**self._attributes, **labels, **correct}, needed=True)

    def _label(self, label: str, taken: bool) -> str:  # noqa: FBT001 -- one of `_taken`
        if label == names.NONE:
            return label
        if label not in self._known and taken:
            fits = len(self._known) < names.MOST_CLASSES
            self._known[label if fits else names.OTHER] = label if fits else names.OTHER
            if not fits:
                ledger.drop("cardinality")
        return self._known.get(label, names.OTHER)


@dataclass(frozen=True)
class AccuracyStreams:
    """The streams of one accuracy instrument."""

    cells: Stream
    loss: Stream
    values: Stream
    below: Stream
    sums: Stream


@dataclass(frozen=True)
class Judged:
    """What is needed to judge answers: task, classes in order, the positive one, bins of the score.

    `open`: labels that are none of the classes are told, too.
    """

    task: Task
    classes: tuple[str, ...] = ()
    positive: str | None = None
    bounds: tuple[float, ...] = names.SCORE_BOUNDS
    open: bool = False


class BoundAccuracy:
    """An accuracy under fixed attributes."""

    def __init__(self, streams: AccuracyStreams, attributes: Attributes, judged: Judged, binned: Attributes) -> None:
        self._streams, self._attributes, self._judged = streams, attributes, judged
        self._binned = {**attributes, **binned}
        self._cells = Cells(streams.cells, attributes, judged) if judged.task is not Task.REGRESSION else None
        self._bins: Bins | None = None

    def record_labels(
        self, predicted: Sequence[str], actual: Sequence[str], weights: Sequence[float] | None = None
    ) -> None:
        """Count label texts against label texts."""
        if self._cells is not None:
            self._cells.add(predicted, actual, weights)

    def record_scores(self, scores: Floats, actual: Sequence[str]) -> None:
        """Judge `(n,)` probabilities of the positive class against label texts."""
        truth = np.array([label == self._judged.positive for label in actual], dtype=bool)
        if self._bins is None:
            self._bins = Bins(self._streams, self._binned, self._judged)
        self._bins.add(scores, truth)
        clipped = np.maximum(np.where(truth, scores, 1 - scores), EPSILON)
        self._lose("brier", brier_losses(scores, truth))
        self._lose("log", -np.log(clipped))

    def record_values(self, predicted: Floats, actual: Floats) -> None:
        """Judge `(n,)` numbers against `(n,)` numbers."""
        with np.errstate(over="ignore"):
            error = predicted - actual
        if self._judged.task is Task.REGRESSION:
            self._streams.cells.number(self._attributes, needed=True).add(len(error))
        # Sum and count travel together: an error that is too large for the sums is in no count of losses either.
        error = within(self._loss("squared"), error, known=False)
        self._lose("squared", error**2)
        self._lose("absolute", np.abs(error))
        self._lose("over", np.maximum(error, 0.0))
        self._lose("under", np.maximum(-error, 0.0))

    def _lose(self, loss: str, values: Floats) -> None:
        batch = Histogram(())
        batch.add(values)
        self._loss(loss).add(batch)

    def _loss(self, loss: str) -> Buckets:
        return self._streams.loss.buckets({**self._attributes, names.LOSS: loss})


class Bins:
    """Class counts by bin of the score: what AUC and calibration are computed from.

    All series exist from the start: a join over bins drops those that are missing on either side.
    """

    def __init__(self, streams: AccuracyStreams, attributes: Attributes, judged: Judged) -> None:
        self._streams, self._attributes, self._judged = streams, dict(attributes), judged
        self._labels = bin_labels(judged.bounds)
        self._edges = np.array(judged.bounds, dtype=np.float64)
        self._registry = streams.sums.registry
        self._group = Group(streams.sums.metric.rank, 5 * len(self._labels), self._made)
        self._registry.admit([self._group])

    def _made(self) -> list[Entry]:
        """Sums by bin, then values and values below, of positives and of negatives each."""
        judged, streams = self._judged, self._streams
        negative = next((label for label in judged.classes if label != judged.positive), names.OTHER)
        binned = [{**self._attributes, names.BIN: label} for label in self._labels]
        made = streams.sums.numbers(binned)
        for stream in (streams.values, streams.below):
            for actual in (judged.positive or "", negative):
                made += stream.numbers({**one, names.ACTUAL: actual} for one in binned)
        return made

    def add(self, scores: Floats, truth: NDArray[np.bool_]) -> None:
        """Count `(n,)` scores in [0, 1] of rows that are positive where `truth` says so."""
        if not self._group.shipped:
            self._registry.admit([self._group], again=True)
        cells, bins = self._group.cells, len(self._labels)
        if not cells:
            ledger.drop("cardinality", len(scores), str(self._attributes.get(names.MODEL_NAME, "")))
            return
        index = bin_index(scores, self._edges)
        sums, *others = (cells[at : at + bins] for at in range(0, 5 * bins, bins))
        counts = [np.bincount(index[truth == positive], minlength=bins) for positive in (True, False)]
        for numbers, amounts in zip(others, [*counts, *map(np.cumsum, counts)], strict=True):
            _add_all(numbers, amounts)
        _add_all(sums, np.bincount(index, weights=scores, minlength=bins))


def _add_all(numbers: list[Number], amounts: NDArray[Any]) -> None:
    for position in np.flatnonzero(amounts):
        numbers[position].add(amounts[position].item())


class Accuracy:
    """Predictions against their actual outcomes.

    Ships `<name>` by predicted and actual label, `<name>.loss`, and for binary scores `<name>.score.values`,
    `.score.below` and `.score.sum`.
    """

    def __init__(self, streams: AccuracyStreams, judged: Judged) -> None:
        self._streams, self._judged = streams, judged
        self._bound: dict[Key, BoundAccuracy] = {}

    def record(
        self, predicted: Any, actual: Any, score: float | None = None, attributes: Attributes | None = None
    ) -> None:
        """Record one prediction and its actual outcome."""
        self.record_batch([predicted], [actual], None if score is None else [score], attributes)

    def record_batch(
        self,
        predicted: ArrayLike,
        actual: ArrayLike,
        scores: ArrayLike | None = None,
        attributes: Attributes | None = None,
    ) -> None:
        """Record `(n,)` predictions, the actual outcome of each, and binary scores of the positive class.

        Raises
        ------
        ValueError
            When the lengths differ.
        """
        said, true = np.asarray(predicted).ravel(), np.asarray(actual).ravel()
        if len(said) != len(true):
            raise ValueError(f"{len(said)} predictions and {len(true)} actual values")
        bound = self.bind(attributes or {})
        if self._judged.task is Task.REGRESSION:
            bound.record_values(*_finite_pairs(said, true))
            return
        texts = label_texts(true)
        bound.record_labels(label_texts(said), texts)
        if scores is not None:
            bound.record_scores(_checked(scores, len(texts)), texts)

    def bind(self, attributes: Attributes) -> BoundAccuracy:
        """Get the accuracy under these attributes."""
        key = key_of(attributes)
        bound = self._bound.get(key)
        if bound is None:
            bound = BoundAccuracy(self._streams, attributes, self._judged, {})
            if len(self._bound) < MOST_BOUND:  # the others are made anew each time, and held by nobody
                self._bound[key] = bound
        return bound


def streams(make: Callable[[Metric], Stream], cells: Metric, prefix: str) -> AccuracyStreams:
    """Make the streams of an accuracy with these cells, whose other names begin with `prefix`."""
    others = (names.LOSSES, names.SCORE_VALUES, names.SCORE_BELOW, names.SCORE_SUM)
    own = {"rank": Rank.USER} if cells.rank is Rank.USER else {}
    renamed = (replace(m, name=m.name.replace("ml.outcome", prefix, 1), **own) for m in others)
    return AccuracyStreams(make(cells), *map(make, renamed))


def _finite_pairs(predicted: NDArray[Any], actual: NDArray[Any]) -> tuple[Floats, Floats]:
    pairs = np.stack([predicted.astype(np.float64), actual.astype(np.float64)])
    finite = np.isfinite(pairs).all(axis=0)
    ledger.drop("not_finite", int(np.count_nonzero(~finite)))
    return pairs[0, finite], pairs[1, finite]


def _checked(scores: ArrayLike, rows: int) -> Floats:
    array = np.asarray(scores, dtype=np.float64).ravel()
    if len(array) != rows:
        raise ValueError(f"{len(array)} scores for {rows} rows")
    if not (np.isfinite(array).all() and array.min(initial=0.0) >= 0 and array.max(initial=0.0) <= 1):
        raise ValueError("scores are probabilities: finite, from 0 to 1")
    return array
