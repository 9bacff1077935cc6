"""How good the model was on the baseline's rows, and how far that varies.

Over all rows each metric has the interval of independent rows, where one is known.  With days, each window
length has the interval in which the metric of such a window stays, from the block bootstrap of whole days.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from otelml.baseline.content import Performance
from otelml.baseline.days import WINDOWS, Days
from otelml.baseline.sample import PROBABILITY
from otelml.stats.bootstrap import block_bootstrap
from otelml.stats.calibration import brier_losses
from otelml.stats.confusion import Confusion, count_cells, one_vs_rest, ratio
from otelml.stats.histogram import bin_index
from otelml.stats.intervals import Z, f1_interval, wilson
from otelml.stats.ranking import auc_from_bins, auc_interval, roc_auc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otelml.baseline.sample import Sample

Array = NDArray[Any]
Floats = NDArray[np.float64]
Interval = tuple[float, float]

UNKNOWN = (math.nan, math.nan)
# Per-class metrics of more classes than are ever emitted would be a file of numbers that nobody reads.
MOST_CLASSES = 20


@dataclass(frozen=True)
class Measure:
    """A metric over all rows, and how to make it from sums a day.

    `days` holds (n_days, k) sums, or None; `of` makes (..., k) sums into the metric.
    """

    metric: str
    label: str | None
    value: float
    interval: Interval
    days: Floats | None
    of: Callable[[Floats], Floats]


def entries(measures: Iterator[Measure]) -> Iterator[Performance]:
    """Make each measure an entry over all rows and one a window; what is undefined is left out."""
    for measure in measures:
        if not math.isfinite(measure.value):
            continue
        yield Performance(measure.metric, measure.label, None, measure.value, *_limits(measure.interval))
        if measure.days is not None:
            for window, length in WINDOWS.items():
                stays = block_bootstrap(measure.days, length, measure.of)
                yield Performance(measure.metric, measure.label, window, measure.value, *_limits(stays))


def _limits(interval: Interval) -> tuple[float | None, float | None]:
    """Round to six digits: a bootstrap knows no more, and neither does its reader."""
    low, high = (float(f"{bound:.6g}") if math.isfinite(bound) else None for bound in interval)
    return low, high


def _mean_interval(values: Floats) -> Interval:
    """Interval of a mean of what is never negative, by the central limit theorem."""
    reach = Z * float(np.std(values)) / math.sqrt(len(values))
    mean = float(np.mean(values))
    return max(mean - reach, 0.0), mean + reach


def binary(sample: Sample, predicted: NDArray[np.bool_], bounds: Floats | None, days: Days | None) -> Iterator[Measure]:
    """Measure a binary decision, and the scores behind it where there are any."""
    label = sample.classes[sample.positive or 0]
    actual = sample.actual == sample.positive
    outcomes = predicted & actual, predicted & ~actual, ~predicted & actual, ~predicted & ~actual
    sums = None if days is None else days.sums(*outcomes)
    whole = Confusion(*(float(np.count_nonzero(rows)) for rows in outcomes))
    for metric, (interval, of) in _decisions(whole).items():
        value = float(of(np.array([whole.tp, whole.fp, whole.fn, whole.tn])))
        yield Measure(metric, None if metric == "accuracy" else label, value, interval, sums, of)
    if sample.scores is not None and bounds is not None:
        yield _area(label, sample.scores, actual, bounds, days)
        if sample.kind == PROBABILITY:
            yield _brier(label, brier_losses(sample.scores, actual), days)


def _decisions(whole: Confusion[float]) -> dict[str, tuple[Interval, Callable[[Floats], Floats]]]:
    """Interval of each metric, and how it is made of (..., 4) counts."""
    tp, fp, fn, tn = whole.tp, whole.fp, whole.fn, whole.tn

    def of(sums: Floats) -> Confusion[Floats]:
        return Confusion(sums[..., 0], sums[..., 1], sums[..., 2], sums[..., 3])

    return {
        "precision": (wilson(tp, tp + fp), lambda sums: of(sums).precision),
        "recall": (wilson(tp, tp + fn), lambda sums: of(sums).recall),
        "f1": (f1_interval(tp, fp, fn), lambda sums: of(sums).f1),
        "precision_adjusted": (UNKNOWN, lambda sums: of(sums).adjusted_precision(whole.prevalence)),
        "f1_adjusted": (UNKNOWN, lambda sums: of(sums).adjusted_f1(whole.prevalence)),
        "accuracy": (wilson(tp + tn, whole.total), lambda sums: of(sums).accuracy),
    }


def _area(label: str, scores: Floats, actual: NDArray[np.bool_], bounds: Floats, days: Days | None) -> Measure:
    """Measure the ROC AUC: exact over all rows; windows from the bins, as a backend sees them later."""
    n_bins = len(bounds) + 1
    area = roc_auc(scores, actual)
    n_positive = int(np.count_nonzero(actual))
    sums = None
    if days is not None:
        index = bin_index(scores, bounds)
        sums = np.hstack([days.counts(index, n_bins, actual), days.counts(index, n_bins, ~actual)])
    return Measure(
        "roc_auc",
        label,
        area,
        auc_interval(area, n_positive, len(actual) - n_positive),
        sums,
        lambda sums: auc_from_bins(sums[..., :n_bins], sums[..., n_bins:]),
    )


def _brier(label: str, squares: Floats, days: Days | None) -> Measure:
    sums = None if days is None else days.sums(squares, np.ones(len(squares)))
    return Measure("brier", label, float(np.mean(squares)), _mean_interval(squares), sums, _mean)


def _mean(sums: Floats) -> Floats:
    return ratio(sums[..., 0], sums[..., 1])


def multiclass(sample: Sample, predicted: NDArray[np.intp], days: Days | None) -> Iterator[Measure]:
    """Measure a choice among classes: accuracy, and each class against the rest."""
    right = (predicted == sample.actual).astype(np.float64)
    interval = wilson(float(right.sum()), len(right))
    sums = None if days is None else days.sums(right, np.ones(len(right)))
    yield Measure("accuracy", None, float(right.mean()), interval, sums, _mean)
    if len(sample.classes) > MOST_CLASSES:
        return
    each = one_vs_rest(count_cells(predicted, sample.actual, len(sample.classes)))
    for position, label in enumerate(sample.classes):
        chosen, held = predicted == position, sample.actual == position
        sums = None if days is None else days.sums(chosen & held, chosen & ~held, ~chosen & held, ~chosen & ~held)
        whole = Confusion(*(float(counts[position]) for counts in (each.tp, each.fp, each.fn, each.tn)))
        for metric, (interval, of) in _decisions(whole).items():
            if metric in ("precision", "recall", "f1"):
                yield Measure(metric, label, getattr(whole, metric), interval, sums, of)


def regression(sample: Sample, predicted: Floats, days: Days | None) -> Iterator[Measure]:
    """Measure the error of numbers."""
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is undefined, and left out
        yield from _errors(sample, predicted, days)


def _errors(sample: Sample, predicted: Floats, days: Days | None) -> Iterator[Measure]:
    error = predicted - sample.actual
    absolute, squares = np.abs(error), error**2
    truth = sample.actual - np.mean(sample.actual)  # centred, or its squares lose their digits
    sums = None if days is None else days.sums(absolute, squares, truth, truth**2, np.ones(len(error)))
    whole = np.array([absolute.sum(), squares.sum(), truth.sum(), (truth**2).sum(), len(error)])
    low, high = _mean_interval(squares)
    ways: dict[str, tuple[Interval, Callable[[Floats], Floats]]] = {
        "mae": (_mean_interval(absolute), lambda sums: ratio(sums[..., 0], sums[..., 4])),
        "rmse": (
            (math.sqrt(low), math.sqrt(high)),
            lambda sums: np.sqrt(ratio(sums[..., 1], sums[..., 4])),
        ),
        "r2": (UNKNOWN, _r2),
    }
    for metric, (interval, of) in ways.items():
        yield Measure(metric, None, float(of(whole)), interval, sums, of)


def _r2(sums: Floats) -> Floats:
    """Share of the variance explained; NaN where the truth does not vary."""
    variation = sums[..., 3] - ratio(sums[..., 2] ** 2, sums[..., 4])
    return 1 - ratio(sums[..., 1], np.where(variation > 0, variation, np.nan))
