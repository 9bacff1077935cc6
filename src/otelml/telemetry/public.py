"""The other way out, by public instruments alone: for an SDK that does not let our points in.

Counters and gauges are exact, as observable instruments.  Histograms are sampled: the public API takes one
value at a time, and no negative ones, so at most `MOST_SAMPLES` a series and collection are recorded, each at
the middle of its bucket; what was left out is counted in `otelml.dropped`.  Said once in the log.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from opentelemetry.metrics import Observation

from otelml.ledger import ledger
from otelml.patching.guard import swallow
from otelml.telemetry.names import Kind
from otelml.telemetry.streams import Buckets, Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.metrics import CallbackOptions, Meter

    from otelml.telemetry.producer import Producer, Source
    from otelml.telemetry.shim import Shim
    from otelml.telemetry.streams import Stream

MOST_SAMPLES = 64
SAME_COLLECTION_S = 0.05


class PublicInstruments:
    """Public instruments in place of the shim: after `take_over`, or for a provider out of its reach."""

    def __init__(self, producer: Producer, shim: Shim) -> None:
        self._producer, self._shim = producer, shim
        self._served: set[Stream] = set()
        self._seen: dict[Buckets, Any] = {}
        self._prepared = 0.0
        self._said: set[str] = set()

    def check(self) -> None:
        """Take over where a provider in force is not one whose readers the shim reaches."""
        target = self._shim.target()
        if not (self._shim.installed or self._shim.silent):
            return
        for source in self._producer.sources:
            provider = source.provider or target
            if self._needed(provider):
                self._serve(source, provider)

    def take_over(self, reason: str) -> None:
        """Ship everything by public instruments from now on."""
        self._shim.silent = True
        self._say(reason)

    def _needed(self, provider: Any) -> bool:
        if type(provider).__module__.startswith("opentelemetry.metrics"):
            return False  # none was set yet, or one that does nothing
        if not hasattr(provider, "_measurement_consumer"):
            self._say(f"{type(provider).__name__} is not the SDK's MeterProvider")
            return True
        if not self._shim.silent and self._shim.misses(provider):
            self.take_over("the readers of the MeterProvider do not ask us")
        return self._shim.silent

    def _say(self, reason: str) -> None:
        if reason not in self._said:
            self._said.add(reason)
            ledger.error("shim")
            ledger.warn_once("otelml: %s; counters are shipped exactly, histograms as samples", reason)

    def _serve(self, source: Source, provider: Any) -> None:
        scope = source.scope
        meter = provider.get_meter(scope.name, scope.version, scope.schema_url)
        for stream in source.registry.streams:
            if stream not in self._served and self._producer.select(stream.metric.name):
                self._served.add(stream)
                self._create(meter, stream)

    def _create(self, meter: Meter, stream: Stream) -> None:
        metric = stream.metric
        if metric.kind is Kind.HISTOGRAM:
            histogram = meter.create_histogram(
                metric.name, metric.unit, metric.doc, explicit_bucket_boundaries_advisory=list(metric.bounds)
            )
            # An observable counter is what calls back at collection; its counts are exact.
            meter.create_observable_counter(f"{metric.name}.count", [self._sampling(stream, histogram)], "{value}")
            return
        create: dict[Kind, Callable[..., Any]] = {
            Kind.COUNTER: meter.create_observable_counter,
            Kind.UP_DOWN_COUNTER: meter.create_observable_up_down_counter,
            Kind.GAUGE: meter.create_observable_gauge,
        }
        create[metric.kind](metric.name, [self._observing(stream)], metric.unit, metric.doc)

    def _observing(self, stream: Stream) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            self._prepare()
            cells = (cell for cell in stream.cells.values() if isinstance(cell, Number))
            return [Observation(cell.value, cell.attributes) for cell in cells if cell.value is not None]

        return observe

    def _sampling(self, stream: Stream, histogram: Any) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_: CallbackOptions) -> Iterable[Observation]:
            self._prepare()
            cells = [cell for cell in stream.cells.values() if isinstance(cell, Buckets)]
            for cell in cells:
                self._sample(cell, histogram)
            return [Observation(int(cell.counts.sum()), cell.attributes) for cell in cells]

        return observe

    def _sample(self, cell: Buckets, histogram: Any) -> None:
        counts, _ = cell.read()
        fresh = counts - self._seen.get(cell, 0)
        self._seen[cell] = counts
        values = np.repeat(_middles(cell), fresh)
        welcome = values[values >= 0]  # the API takes no negative ones
        chosen = welcome[:: max(1, -(-len(welcome) // MOST_SAMPLES))]
        ledger.drop("sampled", len(values) - len(chosen))
        for value in chosen.tolist():
            histogram.record(value, cell.attributes)

    def _prepare(self) -> None:
        now = time.monotonic()
        if now - self._prepared < SAME_COLLECTION_S:
            return
        self._prepared = now
        for prepare in self._producer.preparations:
            try:
                prepare()
            except Exception as error:  # noqa: BLE001, PERF203 -- the host's own callbacks are next
                swallow("collection", error)


def _middles(cell: Buckets) -> Any:
    lifetime, bounds = cell.since_birth, cell.bounds
    low, high = min(lifetime.minimum, *bounds, 0.0), max(lifetime.maximum, *bounds, 0.0)
    edges = np.array([low, *bounds, high])
    return (edges[:-1] + edges[1:]) / 2
