"""`ml.performance`: for backends that cannot compute, precision and the like over windows, with intervals.

Windows are of cohorts: a prediction enters when it reaches the outcome horizon, so that late labels never look like a
drop.  One process sees its own predictions only; the counters in `ml.outcome.cohort` add up over a fleet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from otelml.prediction import Task
from otelml.stats.confusion import Confusion
from otelml.stats.histogram import bin_index
from otelml.stats.intervals import f1_interval, wilson
from otelml.stats.limits import SumLimits
from otelml.stats.ranking import auc_from_bins, auc_interval
from otelml.stats.window import Window
from otelml.telemetry import names
from otelml.telemetry.accuracy import MOST_WEIGHT
from otelml.telemetry.streams import key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from otelml.outcomes.records import Awaited, Matured, Outcome
    from otelml.telemetry.accuracy import Judged
    from otelml.telemetry.streams import Attributes, Key, Stream

DAY = 86_400.0
WINDOWS = {"P1D": (DAY, 24), "P7D": (7 * DAY, 84), "P28D": (28 * DAY, 112)}

Estimate = tuple[str, str | None, float, float, float]  # metric, class, value, lower, upper
NOT_KNOWN = (math.nan, math.nan)


class Performance:
    """The gauges of one model."""

    def __init__(self, stream: Stream, attributes: Attributes, judged: Judged) -> None:
        self._stream, self._attributes, self._judged = stream, dict(attributes), judged
        self._edges = np.array(judged.bounds, dtype=np.float64)
        self._shown: set[str] = set()
        self._refused: set[Key] = set()
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with empty windows."""
        self._windows = {name: Window(length, buckets) for name, (length, buckets) in WINDOWS.items()}
        self._limits = SumLimits([False, False])

    def add(self, matured: Sequence[Matured], horizon: float) -> None:
        """Take in predictions that reached the horizon, at the moment when each did."""
        hours: dict[int, list[Matured]] = {}
        for one in matured:
            if one.outcome is not None:
                hours.setdefault(int((one.awaited.time + horizon) // 3_600), []).append(one)
        for hour, group in hours.items():
            vector = self._vector(group)
            for window in self._windows.values():
                window.add(hour * 3_600.0, vector)

    def _vector(self, group: Sequence[Matured]) -> NDArray[np.float64]:
        if self._judged.task is Task.REGRESSION:
            predicted, actual = value_pairs([(m.awaited, m.outcome) for m in group if m.outcome])
            with np.errstate(over="ignore"):
                error = predicted - actual
            kept = self._bounded(error, actual)
            error, actual = error[kept], actual[kept]
            return np.array([len(error), np.abs(error).sum(), (error**2).sum(), actual.sum(), (actual**2).sum()])
        labels = {label: position for position, label in enumerate(self._judged.classes)}
        size = len(labels) + 1
        cells = np.zeros((size, size))
        for one in group:
            if one.outcome and one.awaited.predicted is not None and one.outcome.weight <= MOST_WEIGHT:
                predicted = labels.get(one.awaited.predicted, size - 1)
                cells[predicted, labels.get(one.outcome.actual, size - 1)] += one.outcome.weight
        return np.concatenate([cells.ravel(), self._score_bins(group)])

    def _bounded(self, *columns: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows no number of which would hide all others for as long as the window is."""
        kept = np.ones(len(columns[0]), dtype=np.bool_)
        for at, values in enumerate(columns):
            self._limits.learn(at, values)
            kept &= self._limits.kept(at, values)
        return kept

    def _score_bins(self, group: Sequence[Matured]) -> NDArray[np.float64]:
        bins = np.zeros((2, len(self._edges) + 1))
        scored = [m for m in group if is_probability(m.awaited.score) and m.outcome is not None]
        if scored and self._judged.task is Task.BINARY:
            index = bin_index([m.awaited.score or 0.0 for m in scored], self._edges)
            for position, one in zip(index, scored, strict=True):
                bins[int(one.outcome is not None and one.outcome.actual == self._judged.positive), position] += 1
        return bins.ravel()

    def show(self, now: float) -> None:
        """Bring the gauges up to `now`; a window without outcomes is left out."""
        for name, window in self._windows.items():
            total = window.total(now)
            if total is None and name not in self._shown:
                continue
            self._shown.add(name)
            for metric, label, *values in self._estimates(total):
                labels = {names.METRIC: metric, names.WINDOW: name} | ({names.CLASS: label} if label else {})
                for bound, value in zip(("value", "lower", "upper"), values, strict=True):
                    self._set({**labels, names.BOUND: bound}, float(value))

    def _set(self, labels: Attributes, value: float) -> None:
        key, registry = key_of(labels), self._stream.registry
        if key in self._refused and not registry.has_room(self._stream.metric.rank):
            return  # counted when it was refused
        number = self._stream.number({**self._attributes, **labels})
        number.set(value if math.isfinite(value) else None)
        (self._refused.discard if number.shipped else self._refused.add)(key)

    def _estimates(self, total: NDArray[np.float64] | None) -> Iterator[Estimate]:
        if self._judged.task is Task.REGRESSION:
            yield from _of_values(np.zeros(5) if total is None else total)
            return
        size = len(self._judged.classes) + 1
        vector = np.zeros(size**2 + 2 * (len(self._edges) + 1)) if total is None else total
        cells, bins = vector[: size**2].reshape(size, size), vector[size**2 :].reshape(2, -1)
        yield ("accuracy", None, *_share(np.trace(cells[:-1, :-1]), cells.sum()))
        for position, label in enumerate(self._judged.classes[: names.MOST_CLASSES]):
            if self._judged.task is not Task.BINARY or label == self._judged.positive:
                yield from _of_class(label, cells, position)
        if self._judged.task is Task.BINARY:
            negatives, positives = bins
            auc = float(auc_from_bins(positives, negatives))
            known = positives.sum() and negatives.sum()
            interval = auc_interval(auc, positives.sum(), negatives.sum()) if known else NOT_KNOWN
            yield ("roc_auc", self._judged.positive, auc, *interval)


def is_probability(score: float | None) -> bool:
    """Whether a score can be judged: a model may answer NaN, or what is no probability."""
    return score is not None and 0 <= score <= 1


def value_pairs(pairs: Sequence[tuple[Awaited, Outcome]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Predicted and actual numbers, `(n,)` each, of the pairs that have both, finite."""
    known = [(a.value, o.value) for a, o in pairs if a.value is not None and o.value is not None]
    columns = np.array(known, dtype=np.float64).reshape(len(known), 2)
    columns = columns[np.isfinite(columns).all(axis=1)]
    return columns[:, 0], columns[:, 1]


def _share(successes: float, trials: float) -> tuple[float, float, float]:
    return (successes / trials, *wilson(successes, trials)) if trials else (math.nan, *NOT_KNOWN)


def _of_class(label: str, cells: NDArray[np.float64], position: int) -> Iterator[Estimate]:
    tp = float(cells[position, position])
    fp, fn = float(cells[position].sum()) - tp, float(cells[:, position].sum()) - tp
    yield ("precision", label, *_share(tp, tp + fp))
    yield ("recall", label, *_share(tp, tp + fn))
    f1 = Confusion(tp, fp, fn, 0.0).f1
    yield ("f1", label, f1, *(NOT_KNOWN if math.isnan(f1) else f1_interval(tp, fp, fn)))


def _of_values(total: NDArray[np.float64]) -> Iterator[Estimate]:
    n, absolute, squared, sum_, squares = (float(x) for x in total)
    if not n:
        n = math.nan
    spread = squares - sum_**2 / n
    yield ("mae", None, absolute / n, *NOT_KNOWN)
    yield ("rmse", None, math.sqrt(squared / n), *NOT_KNOWN)
    yield ("r2", None, 1 - squared / spread if spread else math.nan, *NOT_KNOWN)
