"""Streams → the SDK's points: what the specification calls a MetricProducer.

`Producer.produce` is shaped like the specification's `Produce()`; `shim.py` brings what it returns into readers until
the Python SDK has MetricProducers of its own.  Per reader it keeps a `View`: what that reader was told last, from
which deltas follow, and which series it has not met yet.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Gauge,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ScopeMetrics,
    Sum,
)
from opentelemetry.sdk.metrics.export import Histogram as HistogramPoints

from otelml import clock
from otelml.ledger import ledger
from otelml.patching.guard import swallow
from otelml.telemetry import cost
from otelml.telemetry.names import Kind
from otelml.telemetry.streams import Buckets, Number, Registry, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from otelml.telemetry.streams import Cell, Interval

CUMULATIVE, DELTA = AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA


@dataclass
class Source:
    """The streams of one scope, and the provider to whose readers they go; None for the one in force."""

    scope: InstrumentationScope
    registry: Registry
    provider: Any = None


@dataclass(frozen=True)
class Told:
    """The value of a series when a reader last heard of it, or when that reader came."""

    value: Any
    total: float
    time_ns: int


ZERO = Told(0, 0.0, 0)


@dataclass(eq=False)
class View:
    """One reader's side of the streams.

    Attributes
    ----------
    temporality : by instrument kind, as the reader prefers.
    base : what series held when this reader came; it is told of what came after, as the SDK's own readers are.
    told : by series, the latest that it was told.
    """

    temporality: dict[Kind, AggregationTemporality]
    born_ns: int
    lock: threading.Lock = field(default_factory=threading.Lock)
    base: dict[Cell, Told] = field(default_factory=dict["Cell", Told])
    told: dict[Cell, Told] = field(default_factory=dict["Cell", Told])

    def unmet(self, registries: Iterable[Registry]) -> bool:
        """Whether a series' first sample would carry a value that a backend which takes differences loses."""
        return CUMULATIVE in self.temporality.values() and any(
            cell not in self.told
            for registry in registries
            for stream in registry.streams
            if stream.metric.kind in (Kind.COUNTER, Kind.HISTOGRAM)
            for cell in stream.cells.values()
        )

    def start_afresh(self) -> None:
        """Forget what was told, as a forked child must."""
        self.lock, self.born_ns = threading.Lock(), clock.now_ns()
        self.base.clear()
        self.told.clear()


class Producer:
    """Everything of ours that a reader collects."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.preparations: list[Callable[[], None]] = []
        self.select: Callable[[str], bool] = lambda _name: True
        self.closing = False

    def choose(self, globs: tuple[str, ...]) -> None:
        """Ship the metrics that a glob names and no `!glob` does."""
        wanted = [glob for glob in globs if not glob.startswith("!")] or ["*"]
        unwanted = [glob[1:] for glob in globs if glob.startswith("!")]

        def select(name: str) -> bool:
            return any(fnmatchcase(name, g) for g in wanted) and not any(
                fnmatchcase(name, g) for g in unwanted
            )

        self.select = select

    def view(self, temporality: dict[Kind, AggregationTemporality], sources: Iterable[Source]) -> View:
        """A new reader's view, which begins with what is there now."""
        view = View(temporality, clock.now_ns())
        for cell in (cell for source in sources for cell in source.registry.cells()):
            view.base[cell] = _snapshot(cell, view.born_ns)
            if isinstance(cell, Buckets):
                cell.open_interval(view)
        return view

    def prepare(self) -> None:
        """Have what is staged folded, and gauges brought up to now."""
        for prepare in self.preparations:
            try:
                prepare()
            except Exception as error:  # noqa: BLE001 -- one room's failure takes nobody else's points along
                swallow("collection", error)

    def produce(self, view: View, sources: Iterable[Source], *, closing: bool) -> list[ScopeMetrics]:
        """The points of `sources` as `view` is to see them now; `closing` at a reader's last collection."""
        started = time.perf_counter()
        self.prepare()
        with view.lock:
            scopes = list(
                filter(None, (self._scope(source, view, closing or self.closing) for source in sources))
            )
        ledger.spend(time.perf_counter() - started + cost.of_encoding(scopes))
        return scopes

    def _scope(self, source: Source, view: View, closing: bool) -> ScopeMetrics | None:  # noqa: FBT001 -- private
        metrics = [
            metric
            for stream in source.registry.streams
            if self.select(stream.metric.name)
            for metric in _metric(stream, view, closing)
        ]
        return ScopeMetrics(source.scope, metrics, source.scope.schema_url or "") if metrics else None


def _metric(stream: Stream, view: View, closing: bool) -> list[Metric]:  # noqa: FBT001 -- private
    definition, now = stream.metric, clock.now_ns()
    data: Gauge | Sum | HistogramPoints
    if definition.kind is Kind.GAUGE:
        values = ((cell, cell.value) for cell in stream.cells.values() if isinstance(cell, Number))
        gauges = [
            NumberDataPoint(c.attributes, c.birth_ns, now, value) for c, value in values if value is not None
        ]
        data = Gauge(gauges)
    else:
        temporality = view.temporality[definition.kind]
        points: list[Any] = [
            p for p in (_point(stream, c, view, now, closing) for c in stream.cells.values()) if p
        ]
        if definition.kind is Kind.HISTOGRAM:
            data = HistogramPoints(points, temporality)
        else:
            data = Sum(points, temporality, is_monotonic=definition.kind is Kind.COUNTER)
    return [Metric(definition.name, definition.doc, definition.unit, data)] if data.data_points else []


def _point(
    stream: Stream, cell: Cell, view: View, now: int, closing: bool
) -> NumberDataPoint | HistogramDataPoint | None:  # noqa: FBT001, PLR0913, PLR0917, E501 -- private
    kind = stream.metric.kind
    delta = view.temporality[kind] is DELTA
    if kind is Kind.UP_DOWN_COUNTER and not delta:
        return NumberDataPoint(cell.attributes, cell.birth_ns, now, cell.value)  # type: ignore[union-attr]
    since = view.told.get(cell)
    base = view.base.get(cell, ZERO)
    start = max(cell.birth_ns, base.time_ns)
    current = _snapshot(cell, now)
    if delta:
        earlier = since or base
        if _same(current, earlier):
            return None
        view.told[cell] = current
        return _difference(stream, cell, view, current, earlier, max(start, earlier.time_ns))
    # `increase()` loses what is already in a series' first sample, so the first one says zero and the second all.
    view.told[cell] = current
    held_back = since is None and not closing
    return _difference(
        stream, cell, view, Told(base.value, base.total, now) if held_back else current, base, start
    )


def _difference(  # noqa: PLR0913, PLR0917 -- private
    stream: Stream, cell: Cell, view: View, current: Told, earlier: Told, start: int
) -> NumberDataPoint | HistogramDataPoint:
    value = current.value - earlier.value
    if isinstance(cell, Number):
        return NumberDataPoint(cell.attributes, start, current.time_ns, value)
    counts = [int(count) for count in value] if hasattr(value, "__len__") else [0] * (len(cell.bounds) + 1)
    count = sum(counts)
    lifetime, interval = cell.since_birth, cell.next_interval(view) if count else None
    extremes = _extremes(
        lifetime if earlier is ZERO and view.temporality[Kind.HISTOGRAM] is CUMULATIVE else interval
    )
    return HistogramDataPoint(
        attributes=cell.attributes,
        start_time_unix_nano=start,
        time_unix_nano=current.time_ns,
        count=count,
        # A sum may go down where values are negative, and a backend would take that for a restart.
        sum=None if stream.metric.signed else current.total - earlier.total,  # type: ignore[arg-type]
        bucket_counts=counts,
        explicit_bounds=cell.bounds,
        min=extremes[0] if count else None,  # type: ignore[arg-type]
        max=extremes[1] if count else None,  # type: ignore[arg-type]
        exemplars=_exemplars(interval),
    )


def _extremes(interval: Interval | None) -> tuple[float | None, float | None]:
    if interval is None or interval.minimum > interval.maximum:
        return None, None
    return interval.minimum, interval.maximum


def _exemplars(interval: Interval | None) -> list[Exemplar]:
    examples = interval.examples.values() if interval else ()
    return [Exemplar({}, e.value, e.time_ns, e.span_id, e.trace_id) for e in examples]


def _snapshot(cell: Cell, now: int) -> Told:
    if isinstance(cell, Number):
        return Told(cell.value or 0, 0.0, now)
    counts, total = cell.read()
    return Told(counts, total, now)


def _same(current: Told, earlier: Told) -> bool:
    same = current.value == earlier.value
    return bool(same.all()) if hasattr(same, "all") else bool(same)
