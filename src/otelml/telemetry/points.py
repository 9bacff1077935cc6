"""Streams → the SDK's points, at one reader's collection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import Gauge, HistogramDataPoint, Metric, NumberDataPoint, Sum
from opentelemetry.sdk.metrics.export import Histogram as HistogramPoints

from otelml import clock
from otelml.ledger import ledger
from otelml.outside import let_pass
from otelml.telemetry.names import Kind
from otelml.telemetry.soundness import plain, sound_cell, sound_metric, sound_number
from otelml.telemetry.streams import Number
from otelml.telemetry.views import DELTA, ZERO, Told, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

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
        self.told: dict[Cell, Told] = {}

    def keep(self) -> None:
        """Remember what was told; without it the next collection tells the same once more."""
        self._view.told.update(self.told)

    def metric(self, stream: Stream) -> Metric | None:
        """Make the points of a stream; None where there is nothing to say."""
        definition = stream.metric
        data = self._data(stream)
        return Metric(definition.name, definition.doc, definition.unit, data) if data.data_points else None

    def _data(self, stream: Stream) -> Gauge | Sum | HistogramPoints:
        kind = stream.metric.kind
        if kind is Kind.GAUGE:
            return Gauge(self._made(stream, self._gauge))
        temporality = self._view.temporality[kind]
        points = self._made(stream, lambda cell: self._point(stream, cell))
        if kind is Kind.HISTOGRAM:
            return HistogramPoints(points, temporality)
        return Sum(points, temporality, is_monotonic=kind is Kind.COUNTER)

    def _made(self, stream: Stream, make: Callable[[Cell], Any]) -> list[Any]:
        """Make a point of each series; one that cannot be made or sent is dropped and counted, and no other."""
        points: list[Any] = []
        whole = sound_metric(stream.metric)
        for cell in list(stream.cells.values()):
            told = self.told.get(cell)
            try:
                point = make(cell) if whole and self._sound(cell) else self._refuse(stream, cell)
            except Exception as error:  # noqa: BLE001 -- a value of a wrong type
                let_pass(error)
                point = self._refuse(stream, cell, error)
                self.told.pop(cell, None) if told is None else self.told.update({cell: told})
            if point is not None:
                points.append(point)
        return points

    def _sound(self, cell: Cell) -> bool:
        sound = self._view.sound.get(cell)
        if sound is None:
            sound = self._view.sound[cell] = sound_cell(cell)
        return sound

    def _refuse(self, stream: Stream, cell: Cell, error: Exception | None = None) -> None:
        if cell not in self._view.refused:
            self._view.refused.add(cell)
            ledger.drop("invalid_series")
            kind = type(error).__name__ if error else "no text that can be encoded"
            # The metric, never the value: it may be the host's data.
            ledger.warn_once("otelml: a series of %a cannot be exported (%s); it is left out", stream.metric.name, kind)

    def _gauge(self, cell: Cell) -> NumberDataPoint | None:
        return self._state(cell) if isinstance(cell, Number) and cell.value is not None else None

    def _state(self, cell: Number) -> NumberDataPoint:
        return NumberDataPoint(cell.attributes, cell.birth_ns, self._now, plain(cell.value or 0))

    def _point(self, stream: Stream, cell: Cell) -> NumberDataPoint | HistogramDataPoint | None:
        kind = stream.metric.kind
        delta = self._view.temporality[kind] is DELTA
        if kind is Kind.UP_DOWN_COUNTER and not delta and isinstance(cell, Number):
            return self._state(cell)
        told, base = self._view.told.get(cell), self._view.base.get(cell, ZERO)
        current = snapshot(cell, self._now)
        if not delta:
            # `increase()` loses what is in a series' first sample: the first one says zero, the second all.
            held_back = told is None and not self._closing
            self.told[cell] = base if held_back else current
            return self._difference(stream, cell, base if held_back else current, base)
        earlier = told or base
        if current.same(earlier):
            return None
        self.told[cell] = current
        return self._difference(stream, cell, current, earlier)

    def _difference(
        self, stream: Stream, cell: Cell, current: Told, earlier: Told
    ) -> NumberDataPoint | HistogramDataPoint:
        start, value = max(cell.birth_ns, earlier.time_ns), current.value - earlier.value
        if isinstance(cell, Number):
            real = isinstance(cell.value, float)  # the zero that is told first, too
            return NumberDataPoint(cell.attributes, start, self._now, plain(float(value) if real else value))
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
    examples = [e for e in interval.examples.values() if sound_number(e.value)] if interval else ()
    return [Exemplar({}, plain(e.value), e.time_ns, e.span_id, e.trace_id) for e in examples]
