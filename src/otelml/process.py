"""otelml in one process: settings, models, outcomes and the way out, put together once."""

from __future__ import annotations

import functools
import logging
import threading
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry import trace

from otelml import clock, forking
from otelml.batches import Watched
from otelml.ledger import ledger
from otelml.locks import Lock
from otelml.models import Models
from otelml.outcomes.desk import Desk
from otelml.outcomes.memory import MemoryStore
from otelml.outcomes.records import Ages, Store
from otelml.patching.guard import guarded
from otelml.recorders.instruments import Instruments
from otelml.recorders.upkeep import Upkeep
from otelml.settings import load, variable
from otelml.telemetry import events, names, streams
from otelml.telemetry.choice import misfits
from otelml.telemetry.pipeline import PIPELINE

if TYPE_CHECKING:
    from otelml.settings import Loaded, Settings
    from otelml.telemetry.meter import Meter

MEMORY, SQLITE = "memory", "sqlite:///"


class Process:
    """The state behind the public API.  One a process, made when it is first needed; see `current`."""

    def __init__(
        self,
        loaded: Loaded,
        before: Process | None = None,
        *,
        tracer_provider: Any = None,
        meter_provider: Any = None,
        logger_provider: Any = None,
    ) -> None:
        self.settings = settings = loaded.settings
        for problem in loaded.problems:
            logging.getLogger("otelml").error("otelml: %s", problem)
        for misfit in misfits(settings.metrics):
            logging.getLogger("otelml").error("otelml: %s %s: %s", variable("metrics"), *misfit)
        PIPELINE.open(
            meter_provider,
            globs=settings.metrics,
            most_points=settings.max_points,
            shutdown_s=settings.shutdown_timeout,
            others=tuple(one for one in (tracer_provider, logger_provider) if one is not None),
        )
        meter = PIPELINE.meter(names.SCOPE, version("otelml"), schema_url=names.SCHEMA_URL)
        tracer = trace.get_tracer(names.SCOPE, version("otelml"), tracer_provider, names.SCHEMA_URL)
        events.choose(logger_provider)
        instruments, self._upkeep = _contract(meter)
        self.models = Models(settings, instruments, tracer if settings.traces else None)
        self.store = _store(settings, before)
        self.desk = self.models.desk = Desk(self.store, self.models.outcomes_of, self.models.fold)
        if before is not None:
            self.models.inherit(before.models)
        self._preparing = Lock()
        PIPELINE.producer.preparations.append(self.prepare)
        PIPELINE.endings.append(self.desk.close)

    def prepare(self) -> None:
        """Before a collection: fold what is staged, count what reached the horizon, bring gauges up to now."""
        self._preparing.attempt(self._prepare)

    def _prepare(self) -> None:
        for step in (self.models.fold, self.desk.mature, lambda: self.models.show(clock.now()), self._upkeep.show):
            guarded("collection")(step)()  # one room's failure is nobody else's

    def close(self) -> None:
        """Let go of stores, and of the SDK."""
        self.models.close()
        guarded("close")(self.prepare)()
        self.models.withdraw()
        PIPELINE.producer.preparations.remove(self.prepare)
        PIPELINE.endings.remove(self.desk.close)
        self.desk.close()

    def start_afresh(self) -> None:
        """Start from zero in a forked child."""
        self._preparing = Lock()
        self.store.start_afresh()
        self.desk.start_afresh()
        self.models.start_afresh()


@functools.cache
def _contract(meter: Meter) -> tuple[Instruments, Upkeep]:
    """The contract's instruments in a meter; a process that is made anew goes on with the same series."""
    return Instruments(meter, PIPELINE.announce), Upkeep(meter)


def _store(settings: Settings, before: Process | None) -> Store:
    ages = Ages(settings.outcome_horizon, settings.outcome_ttl)
    if before is not None and isinstance(before.store, MemoryStore) and settings.outcome_store == MEMORY:
        before.store.govern(ages, settings.outcome_capacity)
        return before.store
    if settings.outcome_store.startswith(SQLITE):
        from otelml.outcomes.sqlite import SqliteStore  # noqa: PLC0415 -- a driver is loaded where it is used

        return SqliteStore(ages, settings.outcome_store[len(SQLITE) :])
    return MemoryStore(ages, settings.outcome_capacity)


_process: Process | None = None
_making = threading.RLock()


def current() -> Process:
    """The process's state; made from the environment where nobody configured it."""
    return _process or _first()


def _first() -> Process:
    with _making:
        return _process or configure()


def _start_afresh() -> None:
    global _making  # noqa: PLW0603 -- the parent's may be held by a thread that the child lacks
    _making = threading.RLock()
    ledger.reset()
    for room in (streams, PIPELINE, _process):
        if room is not None:
            guarded("fork")(room.start_afresh)()  # what fails in one leaves the others as they have to be


forking.register(guarded("fork")(PIPELINE.hold), guarded("fork")(PIPELINE.release), _start_afresh)


def configure(loaded: Loaded | None = None, **providers: Any) -> Process:
    """Make the state anew; models that were identified stay so, what waits and what was counted goes on."""
    global _process  # noqa: PLW0603 -- one a process
    with _making:
        before = _process
        _process = made = Process(loaded or load(), before, **providers)
        Watched.on = made.settings.enabled
        if before is not None:
            before.close()
        return made


def end() -> None:
    """Let go of everything; what was counted stays, and goes on after the next `configure`."""
    global _process  # noqa: PLW0603 -- one a process
    with _making:
        if _process is not None:
            Watched.on = False
            _process.close()
            _process = None
            PIPELINE.remove()
