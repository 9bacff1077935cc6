"""The streams of the columns, and how many series a column makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otelml.baseline.columns import Limits
from otelml.stats.binning import FEWEST_ROWS, NumericBins
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.baseline import Baseline
    from otelml.baseline.columns import Column
    from otelml.settings import Settings
    from otelml.telemetry.streams import Stream

DAY = 86_400.0
WINDOWS = {"P1D": (DAY, 12), "P7D": (7 * DAY, 14)}  # few sub-windows: each holds all bins once more


class ColumnStreams(NamedTuple):
    """The streams of the columns, shared by all models."""

    values: Stream
    moments: Stream
    violations: Stream
    drift: Stream
    critical: Stream
    mean: Stream
    variance: Stream
    completeness: Stream
    baseline_values: Stream
    baseline_rows: Stream
    baseline_moments: Stream
    baseline_drift: Stream


def series_of(column: Column) -> int:
    """How many series a column makes, but for gauges and violations."""
    return column.bins.size + len(moments_of(column))


def moments_of(column: Column) -> tuple[str, ...]:
    """The moments that a column has: numbers have all of them, categories none."""
    return names.MOMENTS if isinstance(column.bins, NumericBins) else ()


def constants_of(column: Column) -> int:
    """How many series say what a column was like in the baseline."""
    blocks = sum(len(Limits._fields) * len(moments) for moments in column.blocks.values())
    return column.bins.size + 1 + (column.mean is not None) + (column.sd is not None) + len(column.drift) + blocks


def baseline_moments_of(column: Column) -> Iterator[tuple[dict[str, str], float]]:
    """The baseline's moments of a column, each with its labels: over all rows, and within what blocks stay."""
    if column.rows * column.completeness >= FEWEST_ROWS:  # of fewer, the mean is somebody's
        for moment, value in (("mean", column.mean), ("standard_deviation", column.sd)):
            if value is not None:
                yield {names.MOMENT: moment}, value
    for window, moments in column.blocks.items():
        for moment, limits in moments.items():
            for bound, value in limits._asdict().items():
                yield {names.MOMENT: moment, names.BOUND: bound, names.WINDOW: window}, value


def gauges_of(column: Column, kind: str, *, known: bool = True) -> int:
    """How many gauges of a column there will be, by the setting; `known`: there is a baseline to compare with."""
    if kind == "off":
        return 0
    if kind == "psi":
        return 2 * known * len(WINDOWS)
    numeric = isinstance(column.bins, NumericBins)
    return ((8 if numeric else 5) * known + (3 if numeric else 1)) * len(WINDOWS)


def forecast(baseline: Baseline, settings: Settings) -> int:
    """How many series the columns of a model will make, and what its baseline says of it."""
    columns = baseline.columns if settings.columns else ()
    series = sum(series_of(column) + gauges_of(column, settings.gauges) for column in columns)
    if settings.baseline_metrics:
        series += sum(constants_of(column) for column in columns) + len(baseline.cells) + 3 * len(baseline.performance)
    return series
