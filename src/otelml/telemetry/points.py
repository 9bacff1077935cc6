"""Streams → the SDK's points, at one reader's collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import Gauge, HistogramDataPoint, Metric, NumberDataPoint, Sum
from opentelemetry.sdk.metrics.export import Histogram as HistogramPoints

from otelml import clock
from otelml.telemetry.names import Kind
from otelml.telemetry.streams import Number
from otelml.telemetry.views import DELTA, ZERO, Told, snapshot

if TYPE_CHECKING:
    from otelml.telemetry.streams import Buckets, Cell, Interval, Stream
    from otelml.telemetry.views import View


class Collection:
    """Makes the points of one collection of one reader; `keep` when all of them were made.

    Parameters
    ----------
    closing : the reader's last one, at which nothing is held back.
    """

    def __init__(self, view: View, *, closing: bool) -> None:
        self._view, self._closing, self._now = view, closing, clock.now_ns()
        self._told: dict[Cell, Told] = {}

    def keep(self) -> None:
        """Remember what was told; without it the next collection tells the same once more."""
        self._view.told.update(self._told)

    def metric(self, stream: Stream) -> Metric | None:
        """Make the points of a stream; None where there is nothing to say."""
        definition = stream.metric
        data = self._data(stream)
        return Metric(definition.name, definition.doc, definition.unit, data) if data.data_points else None

    def _data(self, stream: Stream) -> Gauge | Sum | HistogramPoints:
        kind = stream.metric.kind
        cells = list(stream.cells.values())
        if kind is Kind.GAUGE:
            return Gauge([self._state(c) for c in cells if isinstance(c, Number) and c.value is not None])
        temporality = self._view.temporality[kind]
        points: list[Any] = [point for point in (self._point(stream, cell) for cell in cells) if point]
        if kind is Kind.HISTOGRAM:
            return HistogramPoints(points, temporality)
        return Sum(points, temporality, is_monotonic=kind is Kind.COUNTER)

    def _state(self, cell: Number) -> NumberDataPoint:
        return NumberDataPoint(cell.attributes, cell.birth_ns, self._now, _plain(cell.value or 0))

    def _point(self, stream: Stream, cell: Cell) -> NumberDataPoint | HistogramDataPoint | None:
        kind = stream.metric.kind
        delta = self._view.temporality[kind] is DELTA
        if kind is Kind.UP_DOWN_COUNTER and not delta and isinstance(cell, Number):
            return self._state(cell)
        told, base = self._view.told.get(cell), self._view.base.get(cell, ZERO)
        current = snapshot(cell, self._now)
        if not delta:
            self._told[cell] = current
            # `increase()` loses what is in a series' first sample: the first one says zero, the second all.
            held_back = told is None and not self._closing
            return self._difference(stream, cell, base if held_back else current, base)
        earlier = told or base
        if current.same(earlier):
            return None
        self._told[cell] = current
        return self._difference(stream, cell, current, earlier)

    def _difference(
        self, stream: Stream, cell: Cell, current: Told, earlier: Told
    ) -> NumberDataPoint | HistogramDataPoint:
        start, value = max(cell.birth_ns, earlier.time_ns), current.value - earlier.value
        if isinstance(cell, Number):
            real = isinstance(cell.value, float)  # the zero that is told first, too
            return NumberDataPoint(cell.attributes, start, self._now, _plain(float(value) if real else value))
        counts = [int(count) for count in value] if hasattr(value, "__len__") else [0] * (len(cell.bounds) + 1)
        interval = cell.next_interval(self._view) if any(counts) else None
        smallest, largest = self._extremes(stream, cell, interval)
        return HistogramDataPoint(
            attributes=cell.attributes,
            start_time_unix_nano=start,
            time_unix_nano=self._now,
            count=sum(counts),
            # A sum may go down where values are negative, and a backend would take that for a restart.
            sum=None if stream.metric.signed else float(current.total - earlier.total),  # type: ignore[arg-type]
            bucket_counts=counts,
            explicit_bounds=cell.bounds,
            min=smallest,  # type: ignore[arg-type]
            max=largest,  # type: ignore[arg-type]
            exemplars=_exemplars(interval),
        )

    def _extremes(
        self, stream: Stream, cell: Buckets, interval: Interval | None
    ) -> tuple[float, float] | tuple[None, None]:
        if interval is None or not stream.metric.extremes:
            return None, None
        delta = self._view.temporality[stream.metric.kind] is DELTA
        seen = self._view.extremes(cell, interval, delta=delta)
        return (None, None) if seen.minimum > seen.maximum else (float(seen.minimum), float(seen.maximum))


def _exemplars(interval: Interval | None) -> list[Exemplar]:
    examples = interval.examples.values() if interval else ()
    return [Exemplar({}, e.value, e.time_ns, e.span_id, e.trace_id) for e in examples]


def _plain(value: Any) -> int | float:
    """One number of Python's own: a numpy scalar fails the console exporter, and some fail a whole export."""
    return value if type(value) in (int, float) else value.item()
