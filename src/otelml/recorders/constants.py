"""What is told of a baseline: each constant with the metric that it is of, and its labels.

The processes ship these, and `otelml rules --baseline` writes them into rules instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.stats.binning import FEWEST_ROWS
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.baseline import Baseline
    from otelml.baseline.columns import Column
    from otelml.telemetry.names import Metric

Constant = tuple["Metric", dict[str, str], float]


def of_model(baseline: Baseline) -> Iterator[Constant]:
    """Confusion cells and performance of a baseline."""
    for (predicted, actual), count in baseline.cells.items():
        yield names.BASELINE_CELLS, {names.PREDICTED: predicted, names.ACTUAL: actual}, count
    for one in baseline.performance:
        labels = {names.METRIC: one.metric}
        labels |= {names.CLASS: one.label} if one.label is not None else {}
        labels |= {names.WINDOW: one.window} if one.window is not None else {}
        for bound, value in (("value", one.value), ("lower", one.lower), ("upper", one.upper)):
            if value is not None:
                yield names.BASELINE_PERFORMANCE, {**labels, names.BOUND: bound}, value


def of_column(column: Column) -> Iterator[Constant]:
    """Shares of the bins, rows, moments and drift of one column."""
    if not column.rows:
        return
    own = {names.COLUMN_NAME: column.name, names.COLUMN_ROLE: column.role}
    for label, count in zip(column.bins.labels, column.counts, strict=True):
        yield names.BASELINE_VALUES, {**own, names.BIN: label}, count / column.rows
    yield names.BASELINE_ROWS, own, column.rows
    for labels, value in _moments_of(column):
        yield names.BASELINE_MOMENT, {**own, **labels}, value
    for window, index in column.drift.items():
        yield names.BASELINE_DRIFT, {**own, names.WINDOW: window}, index


def _moments_of(column: Column) -> Iterator[tuple[dict[str, str], float]]:
    """Moments of a column, each with its labels: over all rows, and within what blocks stay."""
    if column.rows * column.completeness >= FEWEST_ROWS:  # of fewer, the mean is somebody's
        for moment, value in (("mean", column.mean), ("standard_deviation", column.sd)):
            if value is not None:
                yield {names.MOMENT: moment}, value
    for window, moments in column.blocks.items():
        for moment, limits in moments.items():
            for bound, value in limits._asdict().items():
                yield {names.MOMENT: moment, names.BOUND: bound, names.WINDOW: window}, value
