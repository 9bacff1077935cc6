"""From a model and labelled rows to what a baseline holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from otelml.arrays import n_rows
from otelml.baseline import labels, performance
from otelml.baseline.answers import told_by
from otelml.baseline.columns import MOST_COLUMNS
from otelml.baseline.content import Content
from otelml.baseline.days import Days
from otelml.baseline.distribution import MOST_BOUNDS, PER_CLASS, counts_by_class, quantile_bounds
from otelml.baseline.document import BaselineError
from otelml.baseline.doubts import doubts
from otelml.baseline.fingerprints import fingerprint
from otelml.baseline.learning import Answers, Learned, learn, outputs
from otelml.baseline.sample import MARGIN, Sample, take_sample
from otelml.baseline.thresholds import Decided, Scored, decide
from otelml.prediction import Task
from otelml.stats.confusion import count_cells
from otelml.stats.histogram import count_bins
from otelml.tables import sentinel_of, table_of, without

if TYPE_CHECKING:
    from collections.abc import Callable

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
    tick: Callable[[str], object] = lambda _step: None,
) -> tuple[Content, list[str]]:
    """Ask the model, and measure its answers; returns the content and what is doubtful about it.

    `tick` is told of each step as it is done: each column by its name, `answers`, `performance`.

    Raises
    ------
    BaselineError
        When something given does not fit.
    """
    rows = len(labels.truth_of(y))
    days = None if time is None else Days.of(time, rows)
    learned, found = _inputs(X, days, tick, sentinel_of(model))  # before the model is asked, which may change its input
    sample = take_sample(model, X, y, positive_class)
    tick("answers")
    decided = _decided(sample, threshold, days)
    parts = _parts(sample, decided, days)
    tick("performance")
    content = Content(
        fingerprint=fingerprint(model),
        task=sample.task,
        rows=rows,
        days=None if days is None else days.count,
        classes=sample.classes,
        columns=(*learned.columns, *outputs(_answers(sample, decided), days)),
        embeddings=learned.embeddings,
        **parts,
    )
    return content, [*doubts(sample, decided, days), *found]


def look(
    model: Any,
    X: Any,  # noqa: N803 -- scikit-learn's name
    *,
    time: Any = None,
    tick: Callable[[str], object] = lambda _step: None,
) -> tuple[Content, list[str]]:
    """Look at rows alone: nothing is asked of the model, and nothing is said of its answers.

    Raises
    ------
    BaselineError
        When `X` holds no columns.
    """
    days = None if time is None else Days.of(time, n_rows(X) or 0)
    learned, found = _inputs(X, days, tick, sentinel_of(model))
    return of_columns(model, learned, days and days.count, *found), found


def of_columns(model: Any, learned: Learned, days: int | None = None, *doubtful: str) -> Content:
    """What a baseline holds of columns alone, and of what the model says of itself.

    Raises
    ------
    BaselineError
        When there are no columns, or no rows.
    """
    if not learned.columns or not learned.columns[0].rows:
        why = doubtful[0] if doubtful else "give a table of rows and columns"
        raise BaselineError(f"without y a baseline is one of the columns of X, and there are none: {why}")
    task, classes = told_by(model)
    return Content(
        fingerprint=fingerprint(model),
        task=task,
        rows=learned.columns[0].rows,
        days=days,
        classes=classes,
        columns=learned.columns,
        embeddings=learned.embeddings,
    )


def _inputs(
    X: Any,  # noqa: N803
    days: Days | None,
    tick: Callable[[str], object],
    sentinel: float | None,
) -> tuple[Learned, list[str]]:
    """Columns of the rows, and what is doubtful about them."""
    try:
        table = without(table_of(X, MOST_COLUMNS), sentinel)
    except TypeError as error:
        return Learned((), {}), [f"the columns of X are not in the baseline: {error}; give a table of rows and columns"]
    learned = learn(table, days, tick)
    beyond = max(table.width - MOST_COLUMNS, 0) if table.names is not None else 0
    return learned, [f"of {table.width} columns the first {MOST_COLUMNS} are in the baseline"] if beyond else []


def _answers(sample: Sample, decided: Decided | None) -> Answers:
    """What the model answered, as it is seen in a service."""
    if sample.task is Task.REGRESSION:
        return Answers((), value=sample.predicted)
    predicted = sample.predicted
    if decided is not None and sample.positive is not None and sample.scores is not None:
        # At the one threshold that a service has, also where the cells are cross-fitted.
        called = sample.scores >= decided.threshold
        predicted = np.where(called, sample.positive, 1 - sample.positive)
    if sample.kind != MARGIN:
        return Answers(sample.classes, predicted, sample.scores)
    if sample.positive is None or sample.scores is None:
        return Answers(sample.classes, predicted)
    own = sample.scores if sample.positive else -sample.scores  # a service's own margins are of the second class
    return Answers(sample.classes, (own > 0).astype(np.intp), value=own)


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
    with np.errstate(over="ignore", invalid="ignore"):  # squares of what is very large do not fit
        mean, sd = float(np.mean(values)), float(np.std(values))
        # The deviation of equal values is not always exactly 0.
        varies = bool(np.ptp(values) > 0) and np.isfinite(mean) and 0 < sd < np.inf
    return {
        "value_bounds": bounds,
        "value_counts": tuple(count_bins(values, np.array(bounds)).tolist()),
        "value_mean": mean if varies else None,
        "value_sd": sd if varies else None,
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
