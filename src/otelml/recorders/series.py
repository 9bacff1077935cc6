"""The streams of the columns, and how many series a column makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otelml.recorders.constants import of_column, of_model
from otelml.stats.binning import NumericBins
from otelml.telemetry import names
from otelml.telemetry.allowance import Group
from otelml.telemetry.names import Rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otelml.baseline import Baseline
    from otelml.baseline.columns import Column
    from otelml.recorders.constants import Constant
    from otelml.settings import Settings
    from otelml.telemetry.allowance import Entry
    from otelml.telemetry.names import Metric
    from otelml.telemetry.streams import Attributes, Stream

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


def gauges_of(column: Column, kind: str, *, known: bool = True) -> int:
    """How many gauges of a column there will be, by the setting; `known`: there is a baseline to compare with."""
    if kind == "off":
        return 0
    if kind == "psi":
        return 2 * known * len(WINDOWS)
    numeric = isinstance(column.bins, NumericBins)
    return ((8 if numeric else 5) * known + (3 if numeric else 1)) * len(WINDOWS)


def settled(streams: Mapping[Metric, Stream], attributes: Attributes, constants: Sequence[Constant]) -> Group:
    """Constants as one group of gauges that have their values from the start; all of them or none are shipped."""

    def make() -> list[Entry]:
        entries: list[Entry] = []
        for metric, labels, value in constants:
            (entry,) = streams[metric].numbers([{**attributes, **labels}])
            entry[2].value = value  # type: ignore[union-attr]
            entries.append(entry)
        return entries

    return Group(Rank.CONSTANT, len(constants), make)


def forecast(baseline: Baseline, settings: Settings) -> int:
    """How many series the columns of a model will make, and what its baseline says of it."""
    columns = baseline.columns if settings.columns else ()
    series = sum(series_of(column) + gauges_of(column, settings.gauges) for column in columns)
    if settings.baseline_metrics:
        series += sum(1 for column in columns for _ in of_column(column)) + sum(1 for _ in of_model(baseline))
    return series
