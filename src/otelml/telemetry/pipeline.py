"""The one way out of a process: producer, shim and fallback put together, flushed, and ended in order."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otelml import forking
from otelml.patching.guard import guarded, swallow
from otelml.telemetry.endings import Endings
from otelml.telemetry.meter import Meter
from otelml.telemetry.producer import Producer, Source
from otelml.telemetry.public import PublicInstruments
from otelml.telemetry.shim import Shim
from otelml.telemetry.streams import Allowance, Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.metrics.export import MetricReader

MILLIS = 1_000
SOON_S = 0.05
FLUSH_S = 10.0


class Pipeline:
    """Where streams go.  One a process; see `PIPELINE`."""

    def __init__(self) -> None:
        self.producer = Producer()
        self._endings = Endings(self.close, self._drain)
        self.shim = Shim(self.producer, on_catch=self._endings.before_providers)
        self.fallback = PublicInstruments(self.producer, self.shim)
        self.allowance = Allowance()
        self.endings: list[Callable[[], None]] = []
        self._meters: dict[Any, Meter] = {}
        self._announcing: threading.Thread | None = None
        self._making, self._hurry = threading.RLock(), threading.Event()
        forking.in_child(self._start_afresh)

    def open(self, provider: Any = None, *, globs: tuple[str, ...] = ("*",), most_points: int = 10_000) -> None:
        """Bring our points into the readers of `provider`, or of the global one."""
        self.shim.provider = provider
        self.producer.choose(globs)
        self.allowance.most = most_points
        self.producer.closing = False
        self._install()

    def _install(self) -> None:
        with self._making:
            if self.shim.installed or self.shim.silent:
                return
            if not self._lets_in():
                self.fallback.take_over("this OpenTelemetry SDK does not let our points in")
            self._endings.watch()

    def _lets_in(self) -> bool:
        try:
            self.shim.install()
            return self.shim.sings()
        except Exception as error:  # noqa: BLE001 -- a private name is gone
            swallow("canary", error)
            return False

    def remove(self) -> None:
        """Let go of the SDK, once readers that push were told; what was counted stays."""
        try:
            self._export(time.monotonic() + FLUSH_S)
        finally:
            self._endings.leave()
            self.shim.remove()
            self.shim.provider = None

    def meter(
        self,
        name: str,
        version: str | None = None,
        *,
        provider: Any = None,
        schema_url: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Meter:
        """Get the meter of an instrumentation scope, the same one each time."""
        self._install()
        scope = InstrumentationScope(name, version, schema_url or "", dict(attributes) if attributes else None)
        key = (scope, provider)
        with self._making:
            if key not in self._meters:
                registry = Registry(self.allowance, self.fallback.check)
                self.producer.sources = [*self.producer.sources, Source(scope, registry, provider)]
                self._meters[key] = Meter(registry)
            return self._meters[key]

    def announce(self) -> None:
        """Tell push readers of new series, at zero: a backend loses what a first sample holds."""
        self.fallback.check()
        running = self._announcing
        if running is None or not running.is_alive():
            self._announcing = threading.Thread(target=self._announce_soon, name="otelml-announce", daemon=True)
            self._announcing.start()

    def _announce_soon(self) -> None:
        self._hurry.wait(SOON_S)  # the call that a model is born by brings more series
        self._announce()

    @guarded("announcement")
    def _announce(self) -> None:
        for reader in self._losing():
            reader.collect()

    def _losing(self) -> list[MetricReader]:
        """List push readers that would get a value in a series' first sample; the others ask when they ask."""
        self.producer.prepare()  # what is staged may be the first of its series
        return [reader for reader in self.shim.unmet() if isinstance(reader, PeriodicExportingMetricReader)]

    def flush(self, timeout_millis: float = 10_000) -> bool:
        """Export everything now; False when it did not get through in time.

        Readers that were added to a provider later are flushed too, which the provider's own `force_flush` skips.
        """
        deadline = time.monotonic() + timeout_millis / MILLIS
        done = self._export(deadline)
        flush_spans = getattr(trace.get_tracer_provider(), "force_flush", None)
        if flush_spans is not None:
            done &= bool(flush_spans(max(1, round((deadline - time.monotonic()) * MILLIS))))
        return done

    def _export(self, deadline: float) -> bool:
        done = True
        for reader in [*self._losing(), *self.shim.readers()]:
            done &= _pulled(reader) or _flushed(reader, deadline)
        return done

    @guarded("exit")
    def close(self) -> None:
        """Before the process ends: no series keeps anything back, and none begins with its value."""
        self._settle()
        self._announce()
        self.producer.closing = True

    @guarded("exit")
    def _drain(self) -> None:
        """Before a process ends whose exporters nobody shuts down; one that lives on has lost nothing."""
        self._settle()
        self.flush()

    def _settle(self) -> None:
        if self._announcing is not None and self._announcing.is_alive():
            self._hurry.set()
            self._announcing.join(timeout=1.0)
            self._hurry.clear()
        for end in list(self.endings):
            end()

    def _start_afresh(self) -> None:
        self._announcing, self._making, self._hurry = None, threading.RLock(), threading.Event()
        for source in self.producer.sources:
            source.registry.reset()


def _pulled(reader: MetricReader) -> bool:
    """Whether a reader is asked for what it holds: what a flush made it hold is told twice, or never."""
    return isinstance(reader, InMemoryMetricReader) or type(reader).__name__ == "PrometheusMetricReader"


def _flushed(reader: MetricReader, deadline: float) -> bool:
    try:
        return reader.force_flush(max(1.0, (deadline - time.monotonic()) * MILLIS))
    except Exception as error:  # noqa: BLE001 -- the host asked for a bool
        swallow("flush", error)
        return False


PIPELINE = Pipeline()
