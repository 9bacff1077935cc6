"""From a model and labelled rows to what a baseline holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from otelml.baseline import performance
from otelml.baseline.content import Content
from otelml.baseline.days import Days
from otelml.baseline.distribution import MOST_BOUNDS, PER_CLASS, counts_by_class, quantile_bounds
from otelml.baseline.document import BaselineError
from otelml.baseline.doubts import doubts
from otelml.baseline.fingerprints import fingerprint
from otelml.baseline.sample import MARGIN, Sample, take_sample
from otelml.baseline.thresholds import Decided, Scored, decide
from otelml.prediction import Task
from otelml.stats.confusion import count_cells
from otelml.stats.histogram import count_bins

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_FULL_CLASSES = 20

Parts = dict[str, Any]


def measure(
    model: Any,
    X: Any,  # noqa: N803 -- scikit-learn's name
    y: Any,
    *,
    threshold: float | str | None,
    time: Any,
    positive_class: Any,
) -> tuple[Content, list[str]]:
    """Ask the model, and measure its answers; returns the content and what is doubtful about it.

    Raises
    ------
    BaselineError
        When something given does not fit.
    """
    sample = take_sample(model, X, y, positive_class)
    rows = len(sample.actual)
    days = None if time is None else Days.of(time, rows)
    decided = _decided(sample, threshold, days)
    content = Content(
        fingerprint=fingerprint(model),
        task=sample.task,
        rows=rows,
        days=None if days is None else days.count,
        classes=sample.classes,
        **_parts(sample, decided, days),
    )
    return content, list(doubts(sample, decided, days))


def _decided(sample: Sample, threshold: float | str | None, days: Days | None) -> Decided | None:
    if sample.positive is not None and sample.scores is not None:
        return decide(Scored(sample.scores, sample.actual == sample.positive, sample.kind), threshold, days)
    if threshold is not None:
        raise BaselineError("a threshold needs two classes and a score: leave threshold out")
    return None


def _parts(sample: Sample, decided: Decided | None, days: Days | None) -> Parts:
    if sample.task is Task.REGRESSION:
        return _regression(sample, days)
    if sample.positive is None:
        return _multiclass(sample, cast("NDArray[np.intp]", sample.predicted), days)
    return _binary(sample, sample.positive, decided, days)


def _binary(sample: Sample, positive: int, decided: Decided | None, days: Days | None) -> Parts:
    called = decided.predicted if decided else np.asarray(sample.predicted == positive)
    parts = _scores(sample, (decided.threshold,), each=PER_CLASS) if decided else {}
    bounds = np.array(parts["score_bounds"]) if decided else None
    return {
        **parts,
        "positive_class": sample.classes[positive],
        "threshold": decided.threshold if decided else None,
        "threshold_source": decided.source if decided else None,
        "cells": _cells(sample, np.where(called, positive, 1 - positive)),
        "performance": tuple(performance.entries(performance.binary(sample, called, bounds, days))),
    }


def _multiclass(sample: Sample, predicted: NDArray[np.intp], days: Days | None) -> Parts:
    return {
        **_scores(sample, (), each=MOST_BOUNDS),
        "cells": _cells(sample, predicted),
        "performance": tuple(performance.entries(performance.multiclass(sample, predicted, days))),
    }


def _scores(sample: Sample, extra: tuple[float, ...], each: int) -> Parts:
    """Distribution of the scores; margins are values too, for that is how they are emitted."""
    scores = sample.scores
    if scores is None:
        return {}
    apart = [scores[sample.actual == position] for position in (0, 1)] if extra else [scores]
    bounds = quantile_bounds(apart, each, extra)
    parts: Parts = {
        "score_kind": sample.kind,
        "score_bounds": bounds,
        "score_counts": counts_by_class(scores, sample.actual, sample.classes, bounds),
    }
    if sample.kind != MARGIN:
        return parts
    if sample.positive == 0:  # the model's own margins are about the other class
        return {**parts, **_values(-scores, tuple(-bound for bound in reversed(bounds)))}
    return {**parts, **_values(scores, bounds)}


def _values(values: NDArray[np.float64], bounds: tuple[float, ...]) -> Parts:
    """Distribution of values; mean and deviation only where they vary, or nothing is standardised by them."""
    varies = bool(np.ptp(values) > 0)  # the deviation of equal values is not always exactly 0
    return {
        "value_bounds": bounds,
        "value_counts": tuple(count_bins(values, np.array(bounds)).tolist()),
        "value_mean": float(np.mean(values)) if varies else None,
        "value_sd": float(np.std(values)) if varies else None,
    }


def _regression(sample: Sample, days: Days | None) -> Parts:
    predicted = cast("NDArray[np.float64]", sample.predicted)
    measures = performance.regression(sample, predicted, days)
    distribution = _values(predicted, quantile_bounds([predicted], MOST_BOUNDS))
    return {**distribution, "performance": tuple(performance.entries(measures))}


def _cells(sample: Sample, predicted: NDArray[np.intp]) -> dict[tuple[str, str], int]:
    """Every cell of up to 20 classes; of more, those that are not empty."""
    classes = sample.classes
    counts = count_cells(predicted, sample.actual, len(classes)).tolist()
    return {
        (classes[row], classes[column]): count
        for row, across in enumerate(counts)
        for column, count in enumerate(across)
        if count or len(classes) <= MOST_FULL_CLASSES
    }
