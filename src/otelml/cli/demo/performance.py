"""Measures of a binary classifier, with their intervals, from counts that arrived over OTLP."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.demo.arrivals import COHORT, SCORES, of
from otelml.stats.confusion import Confusion, ratio
from otelml.stats.intervals import Z, f1_interval, wilson
from otelml.stats.ranking import auc_from_bins, auc_interval
from otelml.telemetry.names import NONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otelml.cli.demo.arrivals import Baseline, Counts

POSITIVE = "1"
NEGATIVE = "0"


class Measure(NamedTuple):
    """A value between its 95 % bounds, which take rows as independent."""

    value: float
    low: float
    high: float


class Performance(NamedTuple):
    """How right a model was over one stretch of time."""

    confusion: Confusion[float]
    unlabelled: int
    precision: Measure
    recall: Measure
    f1: Measure
    f1_adjusted: Measure
    roc_auc: Measure

    @property
    def coverage(self) -> float:
        """Share of the predictions that have their outcome."""
        labelled = self.confusion.total
        return labelled / (labelled + self.unlabelled) if labelled else math.nan


def performance(counts: Counts, prevalence: float) -> Performance:
    """Measures of the cohorts (by prediction, at their horizon) and of the scores (by arrival) in `counts`.

    Parameters
    ----------
    counts
        Increments of `ml.outcome.cohort` and `ml.outcome.score.values`.
    prevalence
        Base rate at which `f1_adjusted` is told.
    """
    cells = of(counts, COHORT)
    confusion = confusion_of(cells)
    tp, fp, fn = confusion.tp, confusion.fp, confusion.fn
    return Performance(
        confusion=confusion,
        unlabelled=sum(n for (_, actual), n in cells.items() if actual == NONE),
        precision=Measure(confusion.precision, *wilson(tp, tp + fp)),
        recall=Measure(confusion.recall, *wilson(tp, tp + fn)),
        f1=Measure(confusion.f1, *f1_interval(tp, fp, fn)),
        f1_adjusted=adjusted_f1(confusion, prevalence),
        roc_auc=area(of(counts, SCORES)),
    )


def confusion_of(cells: Mapping[tuple[str, ...], float]) -> Confusion[float]:
    """Matrix of the labelled predictions among (predicted, actual) counts."""

    def cell(predicted: str, actual: str) -> float:
        return float(cells.get((predicted, actual), 0))

    return Confusion(
        tp=cell(POSITIVE, POSITIVE),
        fp=cell(POSITIVE, NEGATIVE),
        fn=cell(NEGATIVE, POSITIVE),
        tn=cell(NEGATIVE, NEGATIVE),
    )


def unlabelled_share(counts: Counts, predicted: Sequence[str] = (NEGATIVE, POSITIVE)) -> float:
    """Share of the cohorts with these predictions that reached the horizon without an outcome."""
    cells = {key: n for key, n in of(counts, COHORT).items() if key[0] in predicted}
    return ratio(float(sum(n for (_, actual), n in cells.items() if actual == NONE)), float(sum(cells.values())))


def adjusted_f1(confusion: Confusion[float], prevalence: float) -> Measure:
    """F1 at another base rate, with bounds by the delta method on the two rates, which are independent.

    With ``F = 2 p t / D``, ``D = p t + (1 - p) f + p``: ``dF/dt = 2 p ((1 - p) f + p) / D**2`` and
    ``dF/df = -2 p (1 - p) t / D**2``.
    """
    value = confusion.adjusted_f1(prevalence)
    positives, negatives = confusion.tp + confusion.fn, confusion.fp + confusion.tn
    if not positives or not negatives or math.isnan(value):
        return Measure(value, math.nan, math.nan)
    hit, alarm = confusion.tpr, confusion.fpr
    rest = (1 - prevalence) * alarm + prevalence
    scale = 2 * prevalence / (prevalence * hit + rest) ** 2
    reach = Z * math.hypot(
        scale * rest * math.sqrt(hit * (1 - hit) / positives),
        scale * (1 - prevalence) * hit * math.sqrt(alarm * (1 - alarm) / negatives),
    )
    return Measure(value, max(value - reach, 0.0), min(value + reach, 1.0))


def area(bins: Mapping[tuple[str, ...], int]) -> Measure:
    """Area under the ROC curve from counts by (actual, bin); texts of bins sort by score."""
    order = sorted({name for _, name in bins})
    positives = [bins.get((POSITIVE, name), 0) for name in order]
    negatives = [bins.get((NEGATIVE, name), 0) for name in order]
    value = float(auc_from_bins(positives, negatives)) if order else math.nan
    return Measure(value, *auc_interval(value, sum(positives), sum(negatives)))


def at_baseline(baseline: Baseline) -> Performance:
    """Read the same measures of the baseline's own data."""
    confusion = confusion_of(baseline.cells)
    tp, fp, fn = confusion.tp, confusion.fp, confusion.fn
    f1 = Measure(confusion.f1, *f1_interval(tp, fp, fn))
    auc = baseline.performance.get(("roc_auc", "value", ""), math.nan)
    return Performance(
        confusion=confusion,
        unlabelled=0,
        precision=Measure(confusion.precision, *wilson(tp, tp + fp)),
        recall=Measure(confusion.recall, *wilson(tp, tp + fn)),
        f1=f1,
        f1_adjusted=f1,
        roc_auc=Measure(auc, *auc_interval(auc, tp + fn, confusion.fp + confusion.tn)),
    )


def quantile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float:
    """Estimate a quantile from upper-inclusive buckets, linear inside a bucket; NaN of none.

    The first bucket is taken to begin at 0; of what lies above the last bound only that bound is known.

    >>> quantile((1.0, 2.0), (2, 2, 0), 0.75)
    1.5
    """
    rank, seen = share * sum(counts), 0
    if not rank:
        return math.nan
    for low, high, n in zip((0.0, *bounds), bounds, counts, strict=False):
        if n and seen + n >= rank:
            return low + (high - low) * (rank - seen) / n
        seen += n
    return bounds[-1]
