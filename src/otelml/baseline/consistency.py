"""What the parts of a baseline have to be beside each other, which a schema cannot say."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from otelml.baseline.columns import INPUT, MOST_COLUMNS, OUTPUT
from otelml.readings import EMBEDDING
from otelml.stats.binning import NumericBins
from otelml.stats.precision import DOUBLE, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from otelml.baseline.columns import Column
    from otelml.baseline.content import Content, Performance

SHARES = ("precision", "recall", "f1", "precision_adjusted", "f1_adjusted", "accuracy", "roc_auc", "brier")
UNBOUNDED = ("r2",)
OUTPUTS = ("class", "score", "value")


def first_conflict(content: Content) -> str | None:
    """Say which parts contradict each other; None where none do."""
    return next(_conflicts(content), None)


def _conflicts(content: Content) -> Iterator[str]:
    if content.positive_class is not None and content.positive_class not in content.classes:
        yield f"positive_class is none of the classes: {content.positive_class!r}"
    if (content.threshold is None) != (content.threshold_source is None):
        yield "threshold has a value without a source, or a source without a value"
    if content.days is not None and content.days > content.rows:
        yield f"there are {content.days} days and {content.rows} rows"
    yield from _distributions(content)
    yield from _confusion(content)
    yield from _performances(content)
    yield from _columns(content)


def _distributions(content: Content) -> Iterator[str]:
    if content.score_bounds is not None:
        if set(content.score_counts) != set(content.classes):
            yield "score counts other classes than there are"
        yield from _binned("score", content.score_bounds, list(content.score_counts.values()), content.rows)
    if content.value_bounds is not None and content.value_counts is not None:
        yield from _binned("value", content.value_bounds, [content.value_counts], content.rows)


def _binned(what: str, bounds: Sequence[float], each: list[tuple[int, ...]], rows: int) -> Iterator[str]:
    if not _increases(bounds):
        yield f"the bounds of {what} do not increase"
    if any(len(counts) != len(bounds) + 1 for counts in each):
        yield f"{what} has other bins than bounds"
    if sum(map(sum, each)) != rows:
        yield f"the counts of {what} do not add up to the rows"


def _confusion(content: Content) -> Iterator[str]:
    if not content.cells:
        return
    if not {name for pair in content.cells for name in pair} <= set(content.classes):
        yield "cells are of classes that there are not"
    if sum(content.cells.values()) != content.rows:
        yield "cells do not add up to the rows"


def _performances(content: Content) -> Iterator[str]:
    entries = content.performance
    if _twice((entry.metric, entry.label, entry.window) for entry in entries):
        yield "performance has one metric twice"
    for entry in entries:
        if entry.label is not None and entry.label not in content.classes:
            yield f"performance is of a class that there is not: {entry.label!r}"
        if entry.window is not None and content.days is None:
            yield "performance has windows without days"
        if not _plausible(entry):
            yield f"performance has a {entry.metric} that cannot be, or limits in the wrong order"


def _plausible(entry: Performance) -> bool:
    known = [one for one in (entry.value, entry.lower, entry.upper) if one is not None]
    if entry.metric not in UNBOUNDED and min(known) < 0:
        return False
    if entry.metric in SHARES and entry.value > 1:
        return False
    return entry.lower is None or entry.upper is None or entry.lower <= entry.upper


def _columns(content: Content) -> Iterator[str]:
    columns = content.columns
    if _twice((column.role, column.name) for column in columns):
        yield "two columns of one role have the same name"
    if sum(column.role == INPUT for column in columns) > MOST_COLUMNS:
        yield f"there are more than {MOST_COLUMNS} input columns"
    if any(column.role == OUTPUT and column.name not in OUTPUTS for column in columns):
        yield "there is an output that no model answers"
    for column in columns:
        yield from (f"column {column.name!r}: {why}" for why in _column(column, content))


def _column(column: Column, content: Content) -> Iterator[str]:
    if column.rows != content.rows:
        yield "its counts do not add up to the rows"
    if (column.drift or column.blocks) and content.days is None:
        yield "it knows of windows without days"
    if isinstance(column.bins, NumericBins):
        yield from _numbers(column.bins)
    for limits in (limits for moments in column.blocks.values() for limits in moments.items()):
        if limits[1].lower > limits[1].upper or (limits[0] == "variance" and limits[1].lower < 0):
            yield "its blocks have limits in the wrong order"
    if column.kind == EMBEDDING:
        embedding = content.embeddings.get(column.source)
        if embedding is None or column.part not in embedding.names:
            yield "it is a part of an embedding that there is not"


def _numbers(bins: NumericBins) -> Iterator[str]:
    values = bins.values
    if not _increases(values):
        yield "its values do not increase"
    elif values and not (bins.edges and bins.edges[0] < values[0] and values[-1] <= bins.edges[-1]):
        yield "its values are outside of its edges"
    elif bins.precision != DOUBLE and any(float(kind_of(bins.precision).type(value)) != value for value in values):
        yield f"its values are none of {bins.precision} precision"


def _increases(numbers: Sequence[float]) -> bool:
    return all(low < high for low, high in pairwise(numbers))


def _twice(keys: Iterable[object]) -> bool:
    held = list(keys)
    return len(set(held)) < len(held)
