"""What the specification calls a MetricProducer: everything of ours, as one reader is to see it.

`Producer.produce` is shaped like the specification's `Produce()`; `shim.py` brings what it returns into
readers until the Python SDK has MetricProducers of its own.
"""

from __future__ import annotations

import time
import weakref
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics.export import ScopeMetrics

from otelml import clock
from otelml.ledger import ledger
from otelml.patching.guard import swallow
from otelml.telemetry import cost
from otelml.telemetry.choice import selected
from otelml.telemetry.points import Collection
from otelml.telemetry.soundness import sound_scope
from otelml.telemetry.streams import Buckets
from otelml.telemetry.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from opentelemetry.sdk.metrics.export import AggregationTemporality
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from otelml.telemetry.names import Kind
    from otelml.telemetry.streams import Cell, Registry, Stream
    from otelml.telemetry.views import Told


@dataclass
class Source:
    """The streams of one scope, and the provider to whose readers they go; None for the one in force.

    `whole`: shipped whatever metrics were chosen.
    """

    scope: InstrumentationScope
    registry: Registry
    provider: Any = None
    whole: bool = False


@dataclass(eq=False)
class Served:
    """A provider that readers of ours belong to, by what collects for it, and what they were told."""

    consumer: Callable[[], Any]
    told: dict[Cell, Told] = field(default_factory=dict["Cell", "Told"])


def _reference(consumer: Any) -> Callable[[], Any]:
    try:
        return weakref.ref(consumer)
    except TypeError:
        return lambda: consumer


class Producer:
    """Everything of ours that a reader collects."""

    def __init__(self) -> None:
        self.sources: list[Source] = []
        self.preparations: list[Callable[[], None]] = []
        self.select: Callable[[str], bool] = lambda _name: True
        self.closing = False
        self._abandoned: deque[View] = deque()
        self._served: list[Served] = []

    def choose(self, globs: tuple[str, ...]) -> None:
        """Ship the metrics that a glob names and no `!glob` does."""
        self.select = partial(selected, globs)

    def view(self, temporality: dict[Kind, AggregationTemporality], sources: Iterable[Source]) -> View:
        """Make a new reader's view, which begins after what is in `sources` now."""
        view = View(temporality)
        view.begin((cell for source in sources for cell in source.registry.cells()), clock.now_ns())
        return view

    def abandon(self, view: View) -> None:
        """Forget a reader at the next collection: the garbage collector, which calls this, may hold any lock."""
        self._abandoned.append(view)

    def forget(self, view: View) -> None:
        """Keep no more accounts for a reader that left."""
        for cell in (cell for source in self.sources for cell in source.registry.cells()):
            if isinstance(cell, Buckets):
                cell.close_interval(view)

    def unmet(self, view: View, sources: Iterable[Source]) -> bool:
        """Whether a reader would get a value in a series' first sample."""
        return view.unmet(stream for source in sources for stream in self._chosen(source))

    def prepare(self) -> None:
        """Have what is staged folded, and gauges brought up to now."""
        with suppress(IndexError):  # there are no more
            while True:
                self.forget(self._abandoned.popleft())
        for prepare in self.preparations:
            try:
                prepare()
            except Exception as error:  # noqa: BLE001, PERF203 -- one room's failure is nobody else's
                swallow("collection", error)

    def produce(
        self, view: View, sources: Iterable[Source], *, closing: bool, consumer: Any = None
    ) -> list[ScopeMetrics]:
        """Make the points of `sources` as `view` is to see them.

        Parameters
        ----------
        closing : at a reader's last collection.
        consumer : stands for the provider whose reader it is.
        """
        started = time.perf_counter()
        self.prepare()
        scopes: list[ScopeMetrics] = []
        # Not where a signal handler collects while its own thread is at it: what it would have got comes next time.
        view.lock.attempt(self._collect, view, list(sources), closing or self.closing, consumer, scopes)
        ledger.spend(time.perf_counter() - started + cost.of_encoding(scopes))
        return scopes

    def _collect(
        self,
        view: View,
        sources: Sequence[Source],
        closing: bool,  # noqa: FBT001 -- one of several
        consumer: Any,
        scopes: list[ScopeMetrics],
    ) -> None:
        served = self._serve(view, consumer)
        collection = Collection(view, closing=closing)
        scopes += [scope for source in sources if (scope := self._scope(source, collection))]
        collection.keep()
        served.told.update(collection.told)

    def _serve(self, view: View, consumer: Any) -> Served:
        """What this provider's readers were told; one made anew goes on where the ones before it were left."""
        others = [one for one in self._served if one.consumer() is not consumer]
        own = [one for one in self._served if one.consumer() is consumer]
        if not view.succeeded:
            told: dict[Cell, Told] = {}
            for one in others:
                told.update(one.told)
            view.succeed(told)
        if not own:
            own = [Served(_reference(consumer))]
            # Providers that are gone are one; those that are there may come back.
            gone = [one for one in others if one.consumer() is None]
            for one in gone[1:]:
                gone[0].told.update(one.told)
            self._served = [one for one in others if one not in gone[1:]] + own
        return own[0]

    def start_afresh(self) -> None:
        """Forget what was told, as a forked child must."""
        self._served = []

    def _scope(self, source: Source, collection: Collection) -> ScopeMetrics | None:
        if not sound_scope(source.scope):
            ledger.drop("invalid_series", sum(1 for _ in source.registry.cells()))
            return None
        made = (collection.metric(stream) for stream in self._chosen(source))
        metrics = [metric for metric in made if metric is not None]
        return ScopeMetrics(source.scope, metrics, source.scope.schema_url or "") if metrics else None

    def _chosen(self, source: Source) -> Iterator[Stream]:
        return (s for s in source.registry.streams if source.whole or self.select(s.metric.name))
