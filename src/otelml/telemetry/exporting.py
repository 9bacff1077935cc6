"""Exports through the readers and processors of the SDK, each in a thread of its own and none waited for too long."""

from __future__ import annotations

import time
import weakref
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader

from otelml.ledger import ledger
from otelml.patching.guard import swallow
from otelml.telemetry import connections, launched
from otelml.telemetry.bounded import Errand
from otelml.telemetry.underway import STUCK_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from opentelemetry.sdk.metrics.export import MetricReader

    from otelml.telemetry.bounded import Ticket
    from otelml.telemetry.producer import Producer
    from otelml.telemetry.shim import Shim

MILLIS = 1_000
GENEROUS_S = 60.0  # what the SDK's own shutdown is given: the caller stops waiting for it before


class Exporting:
    """What is exported, and through whom.

    Attributes
    ----------
    providers : of spans and of events, that were given; the global ones are flushed, too.
    """

    def __init__(self, producer: Producer, shim: Shim) -> None:
        self._producer, self._shim = producer, shim
        self.providers: tuple[Any, ...] = ()
        self.start_afresh()

    def start_afresh(self) -> None:
        """Wait for no thread, as a forked child must: it has none of its parent's."""
        self._errands: weakref.WeakKeyDictionary[Any, dict[str, Errand]] = weakref.WeakKeyDictionary()
        self._slow: weakref.WeakKeyDictionary[Any, float] = weakref.WeakKeyDictionary()
        self._busy: list[Any] = []
        self._launched: dict[str, Any] = {}

    def zero(self, deadline: float) -> list[Ticket]:
        """Export zero of new series, through push readers that would get a value in a series' first sample."""
        return [self._errand(reader, "zero", self._announced).start(deadline) for reader in self.losing()]

    def losing(self) -> list[MetricReader]:
        """List push readers that would get a value in a series' first sample; the others ask when they ask."""
        self._producer.prepare()  # what is staged may be the first of its series
        return [reader for reader in self._shim.unmet() if isinstance(reader, PeriodicExportingMetricReader)]

    def flush(self, deadline: float) -> list[Ticket]:
        """Export everything through every reader that pushes."""
        readers = [reader for reader in self._shim.readers() if not _pulled(reader)]
        return [self._errand(reader, "flush", self._flushed).start(deadline) for reader in readers]

    def flush_spans(self, deadline: float) -> list[Ticket]:
        """Export spans and events."""
        every = {id(one): one for one in (trace.get_tracer_provider(), *self.providers) if _flushes(one)}
        return [self._errand(one, "flush", _provider_flushed).start(deadline) for one in every.values()]

    def _errand(self, owner: Any, name: str, work: Callable[[Any, float], bool]) -> Errand:
        errands = self._errands.setdefault(owner, {})
        if name not in errands:
            reference, slow = weakref.ref(owner), self._slow

            def run(deadline: float) -> bool:
                held = reference()
                if held is None:
                    return True
                started = slow[held] = time.monotonic()
                done = work(held, deadline)
                if time.monotonic() - started < STUCK_S:
                    slow.pop(held, None)
                return done

            errands[name] = Errand(run, "flush")
        return errands[name]

    def _announced(self, reader: MetricReader, deadline: float) -> bool:
        reader.collect(timeout_millis=_millis_until(deadline))
        return True

    def _flushed(self, reader: MetricReader, deadline: float) -> bool:
        done = True
        if reader in self.losing():
            done = _tried(lambda: self._announced(reader, deadline))
        return _tried(lambda: reader.force_flush(_millis_until(deadline))) and done

    def hung(self) -> bool:
        """Whether an endpoint did not answer lately: something of it has been under way for long, or was."""
        now = time.monotonic()
        return any(now - started > STUCK_S for started in list(self._slow.values()))

    def locks(self) -> list[Any]:
        """Locks that are held while something is being exported."""
        return connections.export_locks([self._shim.readers(), trace.get_tracer_provider(), *self.providers])

    def notice(self) -> None:
        """As the process begins to end: which exports are under way; one that stays so does not get through."""
        self._busy = [lock for lock in self.locks() if lock.locked()]

    def waited(self, tickets: Iterable[Ticket], deadline: float) -> bool:
        """Whether all succeeded by the deadline; an endpoint that has not answered for long is not waited for."""
        every, soon = list(tickets), time.monotonic() + STUCK_S
        for ticket in every:
            ticket.wait(soon)
        if any(lock.locked() for lock in self._busy):
            deadline = soon
        results = [ticket.wait(deadline) for ticket in every]  # each is waited for
        return all(results)

    def take_over(self) -> None:
        """Leave the shutdown of the providers that the launcher made to us."""
        for signal, provider in launched.providers().items():
            launched.take_over(provider)
            self._launched[signal] = provider

    def shut_down(self, deadline: float) -> None:
        """Shut the providers down that the launcher made; what does not get through by the deadline is counted."""
        tickets: dict[str, Ticket] = {}
        waiting: dict[str, int] = {}
        self.take_over()
        for signal, provider in self._launched.items():
            waiting[signal] = _waiting(provider)
            tickets[signal] = self._errand(provider, "shutdown", _shut_down).start(deadline)
        self.waited(tickets.values(), deadline)
        late = {signal: waiting[signal] for signal, ticket in tickets.items() if ticket.pending}
        if "metrics" in late:
            late["metrics"] = sum(1 for source in self._producer.sources for _ in source.registry.cells())
        lost(late)


def lost(late: dict[str, int]) -> None:
    """Count and log what did not get through before the process ended."""
    if late:
        ledger.drop("shutdown", max(1, sum(late.values())))
        ledger.warn_once(
            "otelml: not exported when the process ended, within OTEL_PYTHON_ML_SHUTDOWN_TIMEOUT: %s",
            ", ".join(f"{signal} (up to {count} items)" for signal, count in late.items()),
        )


def _shut_down(provider: Any, _deadline: float) -> bool:
    try:
        provider.shutdown(timeout_millis=GENEROUS_S * MILLIS)
    except TypeError:  # that of spans takes no timeout
        provider.shutdown()
    return True


def _waiting(provider: Any) -> int:
    """Count the spans or events that wait in queues."""
    queues = [getattr(one, "_queue", None) for one in connections.walk([provider], deepest=5)]
    return sum(len(queue) for queue in queues if queue is not None)


def _provider_flushed(provider: Any, deadline: float) -> bool:
    return bool(provider.force_flush(max(1, round(_millis_until(deadline)))))


def _flushes(provider: Any) -> bool:
    return getattr(provider, "force_flush", None) is not None


def _tried(work: Callable[[], object]) -> bool:
    try:
        return bool(work())
    except Exception as error:  # noqa: BLE001 -- the host asked for a bool
        swallow("flush", error)
        return False


def _millis_until(deadline: float) -> float:
    return max(1.0, (deadline - time.monotonic()) * MILLIS)


def _pulled(reader: MetricReader) -> bool:
    """Whether a reader is asked for what it holds: what a flush made it hold is told twice, or never."""
    return isinstance(reader, InMemoryMetricReader) or type(reader).__name__ == "PrometheusMetricReader"


def all_done(tickets: Iterable[Ticket]) -> bool:
    """Whether everything was done in time; waits for each."""
    results = [ticket.wait() for ticket in tickets]
    return all(results)
