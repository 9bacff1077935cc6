"""The way into the SDK, until it has MetricProducers: what each reader collects gets our points appended.

Readers are caught where the SDK hands them their collect callback, which sees providers that are set late and readers
that are added later; those that exist are walked once.  A canary proves the whole on a throw-away provider; where it
fails, `instruments.py` takes over.  The private names that this needs are all in this file.
"""

from __future__ import annotations

import functools
import threading
import weakref
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricReader,
    MetricsData,
    ResourceMetrics,
    ScopeMetrics,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otelml import forking
from otelml.patching.guard import swallow
from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.producer import Producer, Source, View
from otelml.telemetry.streams import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_SDK_NAMES = {Kind.COUNTER: "_Counter", Kind.UP_DOWN_COUNTER: "_UpDownCounter", Kind.HISTOGRAM: "_Histogram"}


class Shim:
    """Appends what `producer` produces to what each reader of the right provider collects."""

    def __init__(self, producer: Producer, on_catch: Callable[[], None] = lambda: None) -> None:
        self.producer, self._on_catch = producer, on_catch
        self.provider: Any = None  # what instrument() was given; None for the global one
        self._views: weakref.WeakKeyDictionary[MetricReader, View] = weakref.WeakKeyDictionary()
        self._own: weakref.WeakKeyDictionary[MetricReader, Any] = weakref.WeakKeyDictionary()
        self._original: Any = None
        self._guard = threading.Lock()
        forking.in_child(self._start_afresh)

    @property
    def installed(self) -> bool:
        """Whether readers are being caught."""
        return self._original is not None

    def install(self) -> None:
        """Catch every reader that exists and every one to come."""
        if self.installed:
            return
        self._original = original = MetricReader._set_collect_callback
        shim = self

        @functools.wraps(original)
        def set_collect_callback(reader: MetricReader, collect: Callable[..., Any] | None) -> None:
            caught = collect if collect is None else shim._catch(reader, collect)  # noqa: SLF001 -- ours
            original(reader, caught)

        MetricReader._set_collect_callback = set_collect_callback  # type: ignore[method-assign]
        for reader in list(MeterProvider._all_metric_readers):
            if reader._collect is not None:
                reader._set_collect_callback(reader._collect)

    def remove(self) -> None:
        """Let go of every reader."""
        if not self.installed:
            return
        MetricReader._set_collect_callback = self._original  # type: ignore[method-assign]
        self._original = None
        for reader, collect in list(self._own.items()):
            if reader._collect is not None:
                reader._set_collect_callback(collect)
        self._own.clear()  # what each reader was told is kept, or the next catch would tell it twice

    def readers(self) -> list[MetricReader]:
        """The readers that our points go to now."""
        return [reader for reader, collect in list(self._own.items()) if any(self._sources(collect))]

    def unmet(self) -> list[MetricReader]:
        """Readers that would get a value in a series' first sample."""
        return [
            reader
            for reader in self.readers()
            if self._views[reader].unmet(source.registry for source in self._sources(self._own[reader]))
        ]

    def _catch(self, reader: MetricReader, collect: Callable[..., Any]) -> Callable[..., Any]:
        self._own[reader] = collect
        self._on_catch()
        if reader not in self._views:
            # One that is added to the provider in force begins with what is there now, as the SDK's own readers do;
            # those of a provider that is only being made are told everything.
            self._views[reader] = self._view(reader, list(self._sources(collect)))
        reference = weakref.ref(reader)

        @functools.wraps(collect)
        def collect_with_ours(*args: Any, **kwargs: Any) -> MetricsData | None:
            result = collect(*args, **kwargs)  # the SDK's own, and whatever it raises is the host's
            caught = reference()
            try:
                return result if caught is None else self._appended(caught, collect, result)
            except Exception as error:  # noqa: BLE001 -- it would end the reader's thread, and the host's metrics
                swallow("producer", error)
                return result

        return collect_with_ours

    def _appended(self, reader: MetricReader, collect: Any, result: MetricsData | None) -> MetricsData | None:
        sources = list(self._sources(collect))
        if not sources:
            return result
        provider = sources[0].provider or self.target()
        scopes = self.producer.produce(
            self._views[reader], sources, closing=_closing(reader) or _closing(provider)
        )
        return merged(result, provider._sdk_config.resource, scopes) if scopes else result

    def _view(self, reader: MetricReader, sources: list[Source]) -> View:
        preferred = reader._instrument_class_temporality
        by_name = {instrument.__name__: temporality for instrument, temporality in preferred.items()}
        return self.producer.view({kind: by_name[name] for kind, name in _SDK_NAMES.items()}, sources)

    def _sources(self, collect: Any) -> Iterator[Source]:
        """What goes to a reader of the provider behind `collect`, a method of that provider's consumer."""
        consumer = getattr(collect, "__self__", None)
        target = self.target()
        for source in self.producer.sources:
            provider = source.provider or target
            own = getattr(provider, "_measurement_consumer", None)
            if own is not None and own is consumer and not getattr(provider, "_disabled", False):
                yield source

    def target(self) -> Any:
        """The provider in force: the one that was given, else the global one."""
        return self.provider or metrics.get_meter_provider()

    def _start_afresh(self) -> None:
        self._guard = threading.Lock()
        for reader, collect in list(self._own.items()):
            # A fork in the middle of an export leaves the SDK's locks held in the child for ever.
            for holder, name in ((reader, "_export_lock"), (getattr(collect, "__self__", None), "_lock")):
                if hasattr(holder, name):
                    setattr(holder, name, threading.Lock())
        for view in self._views.values():
            view.start_afresh()

    def sings(self) -> bool:
        """Whether a throw-away provider's reader collects a canary of ours."""
        registry = Registry()
        scope = InstrumentationScope("otelml.canary")
        source = Source(scope, registry)
        reader = InMemoryMetricReader()
        try:
            source.provider = MeterProvider([reader], resource=Resource.get_empty(), shutdown_on_exit=False)
            self.producer.sources.append(source)
            registry.stream(Metric("otelml.canary", Kind.COUNTER, "1", "")).number({}).add(1)
            data = reader.get_metrics_data()
            return data is not None and any(
                s.scope == scope for r in data.resource_metrics for s in r.scope_metrics
            )
        except Exception as error:  # noqa: BLE001 -- whatever it is: the way in does not work
            swallow("canary", error)
            return False
        finally:
            if source in self.producer.sources:
                self.producer.sources.remove(source)


def _closing(owner: Any) -> bool:
    return getattr(owner, "_shutdown", False) is True


def merged(result: MetricsData | None, resource: Resource, scopes: Sequence[ScopeMetrics]) -> MetricsData:
    """`result` with `scopes` in it, merged into an equal resource and equal scopes.

    Of two equal scopes the OTLP encoder keeps the last, and so would lose the host's.
    """
    resources = list(result.resource_metrics) if result else []
    for index, held in enumerate(resources):
        if held.resource == resource:
            both = ResourceMetrics(held.resource, _merged_scopes(held.scope_metrics, scopes), held.schema_url)
            resources[index] = both
            return MetricsData(resources)
    return MetricsData([*resources, ResourceMetrics(resource, list(scopes), resource.schema_url)])


def _merged_scopes(own: Sequence[ScopeMetrics], ours: Sequence[ScopeMetrics]) -> list[ScopeMetrics]:
    by_scope = {held.scope: held for held in own}
    for scope in ours:
        held = by_scope.get(scope.scope)
        both = [*held.metrics, *scope.metrics] if held else scope.metrics
        by_scope[scope.scope] = ScopeMetrics(scope.scope, both, held.schema_url if held else scope.schema_url)
    return list(by_scope.values())
