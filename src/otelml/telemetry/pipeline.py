"""The one way out of a process: producer, shim and fallback put together, flushed, and ended in order."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otelml.patching.guard import guarded, swallow
from otelml.telemetry import connections
from otelml.telemetry.bounded import Errand
from otelml.telemetry.endings import Endings, finishing
from otelml.telemetry.exporting import MILLIS, Exporting, all_done, lost
from otelml.telemetry.meter import Meter
from otelml.telemetry.producer import Producer, Source
from otelml.telemetry.public import PublicInstruments
from otelml.telemetry.shim import Shim
from otelml.telemetry.streams import Allowance, Registry
from otelml.telemetry.underway import HOLD_S, STUCK_S

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SOON_S = 0.05
FLUSH_S = 10.0
SHUTDOWN_S = 5.0


DRAINING_SHARE = 0.5  # of a worker: whoever started it waits for it, and then ends within a deadline of its own
CLOSING_SHARE = 0.3  # of the deadline, for zero of new series; the rest is for what the providers export


class Pipeline:
    """Where streams go.  One a process; see `PIPELINE`."""

    def __init__(self) -> None:
        self.producer = Producer()
        self._endings = Endings(self.close, self._drain)
        self.shim = Shim(self.producer, on_catch=self._endings.before_providers)
        self.exporting = Exporting(self.producer, self.shim)
        self.fallback = PublicInstruments(self.producer, self.shim)
        self.allowance = Allowance()
        self.endings: list[Callable[[], None]] = []
        self._meters: dict[Any, Meter] = {}
        self._held: list[Any] = []
        self._limit(SHUTDOWN_S)
        self._renew()
        finishing(self)

    def _limit(self, shutdown_s: float) -> None:
        self._shutdown_s = self._left_s = shutdown_s
        self.shim.patience_s = min(STUCK_S, shutdown_s / 5)

    def _renew(self) -> None:
        self._making, self._hurry = threading.RLock(), threading.Event()
        self._announcement = Errand(lambda deadline: bool(self._announce_soon(deadline)), "announcement")
        self._closing, self._folding = Errand(self._close_now, "exit"), Errand(self._prepared, "flush")

    def open(
        self,
        provider: Any = None,
        *,
        globs: tuple[str, ...] = ("*",),
        most_points: int = 10_000,
        shutdown_s: float = SHUTDOWN_S,
        others: tuple[Any, ...] = (),
    ) -> None:
        """Bring our points into the readers of `provider`, or of the global one.

        Parameters
        ----------
        shutdown_s : seconds that the end of the process may wait for exports.
        others : providers of spans and events, which are flushed as well.
        """
        self.shim.provider = provider
        self.producer.choose(globs)
        self.allowance.most = most_points
        self.producer.closing = False
        self.exporting.providers = others
        self._limit(shutdown_s)
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
            all_done(self.exporting.flush(time.monotonic() + FLUSH_S))
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
        """Export new series at zero, soon: a backend loses what a first sample holds."""
        self.fallback.check()
        # Where no thread can be started there is no announcement: a prediction is not held up by an export.
        self._announced = self._announcement.start(time.monotonic() + FLUSH_S, inline=False)

    @guarded("announcement")
    def _announce_soon(self, deadline: float) -> bool:
        self._hurry.wait(SOON_S)  # the call that a model is born by brings more series
        return all_done(self.exporting.zero(deadline))

    def flush(self, timeout_millis: float = 10_000) -> bool:
        """Export everything now; False when it did not get through in time.

        Readers that were added to a provider later are flushed too, which the provider's own `force_flush` skips.
        """
        return self._flushed(time.monotonic() + timeout_millis / MILLIS)

    def _flushed(self, deadline: float) -> bool:
        spans = self.exporting.flush_spans(deadline)  # at once: what is folded takes a while
        tickets = [*self.exporting.flush(deadline), *spans]
        return self.exporting.waited(tickets or [self._folding.start(deadline)], deadline)

    def _prepared(self, _deadline: float) -> bool:
        self.producer.prepare()
        return True

    @guarded("exit")
    def close(self) -> None:
        """Before the process ends: no series keeps anything back, and none begins with its value."""
        started = time.monotonic()
        self.exporting.take_over()
        self.exporting.notice()
        if self.exporting.hung():
            self._left_s = min(self._left_s, STUCK_S)
        self._hurry.set()
        self._closing.start(started + self._left_s * CLOSING_SHARE).wait()
        self._hurry.clear()
        self.producer.closing = True
        self._left_s -= min(self._left_s * CLOSING_SHARE, time.monotonic() - started)

    def _close_now(self, deadline: float) -> bool:
        """Settle, export zero of what is new, and ours alone where callbacks of the host hold a reader up."""
        self._settle()
        tickets = self.exporting.zero(deadline)
        for reader in self.shim.under_way.stuck(self.shim.patience_s):
            self.shim.export_ours(reader)
        return self.exporting.waited(tickets, deadline)

    @guarded("exit")
    def finish(self) -> None:
        """At the very end: shut the providers down that the launcher made, by the deadline."""
        if self.exporting.hung():
            self._left_s = min(self._left_s, STUCK_S)
        self.exporting.shut_down(time.monotonic() + self._left_s)

    @guarded("exit")
    def _drain(self) -> None:
        """Before a process ends whose exporters nobody shuts down; one that lives on has lost nothing."""
        self.exporting.notice()
        deadline = time.monotonic() + (STUCK_S if self.exporting.hung() else self._shutdown_s * DRAINING_SHARE)
        self._hurry.set()
        Errand(self._settled, "exit").start(deadline).wait()
        self._hurry.clear()
        if not self._flushed(deadline):
            lost({"metrics or spans": 1})

    def _settled(self, _deadline: float) -> bool:
        self._settle()
        return True

    def _settle(self) -> None:
        for end in list(self.endings):
            end()

    def hold(self) -> None:
        """Before a fork: let collections and exports end for a moment, and none begin."""
        deadline = time.monotonic() + HOLD_S
        self.shim.under_way.hold(deadline)
        for lock in self.exporting.locks():
            if lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
                self._held.append(lock)

    def release(self) -> None:
        """After a fork: let collections and exports begin again."""
        while self._held:
            self._held.pop().release()
        self.shim.under_way.release()

    def start_afresh(self) -> None:
        """Start from zero, with new locks and connections, as a forked child must."""
        self.release()
        self._renew()
        owners = (self.shim.target(), trace.get_tracer_provider(), *self.exporting.providers)
        connections.renew([*self.shim.owners(), *owners])
        self.shim.start_afresh()
        self.producer.start_afresh()
        self.exporting.start_afresh()
        self._limit(self._shutdown_s)
        for meter in self._meters.values():
            meter.start_afresh()
        for source in self.producer.sources:
            source.registry.reset()


PIPELINE = Pipeline()
