"""The way into the SDK, until it has MetricProducers: what each reader collects gets our points appended.

Readers are caught where the SDK hands them their collect callback, which sees providers that are set late and
readers that are added later; those that exist are walked once.  A canary proves the whole on a throw-away
provider; where it fails, `public.py` takes over.  The private names that this needs are all in this file.
"""
# ruff: noqa: SLF001 -- the SDK has no public way in
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import functools
import weakref
from types import MethodType
from typing import TYPE_CHECKING, Any

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.util.instrumentation import InstrumentationScope

from otelml.patching.guard import swallow
from otelml.telemetry.bounded import in_thread
from otelml.telemetry.merging import merged
from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.producer import Producer, Source
from otelml.telemetry.streams import Registry
from otelml.telemetry.underway import STUCK_S, UnderWay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from opentelemetry.sdk.metrics.export import MetricsData

    from otelml.telemetry.underway import Collecting
    from otelml.telemetry.views import View

_SDK_NAMES = {Kind.COUNTER: "_Counter", Kind.UP_DOWN_COUNTER: "_UpDownCounter", Kind.HISTOGRAM: "_Histogram"}


class Shim:
    """Appends what `producer` produces to what each reader of the right provider collects."""

    def __init__(self, producer: Producer, on_catch: Callable[[], None] = lambda: None) -> None:
        self.producer, self._on_catch = producer, on_catch
        self.provider: Any = None  # what instrument() was given; None for the global one
        self.silent = False  # where the public instruments took over
        self._views: weakref.WeakKeyDictionary[MetricReader, View] = weakref.WeakKeyDictionary()
        # The SDK's callbacks, weakly too: each leads back to its reader.
        self._own: weakref.WeakKeyDictionary[MetricReader, Callable[[], Any]] = weakref.WeakKeyDictionary()
        self._original: Any = None
        self.under_way, self.patience_s = UnderWay(), STUCK_S

    @property
    def installed(self) -> bool:
        """Whether readers are being caught."""
        return self._original is not None

    def install(self) -> None:
        """Catch every reader that exists and every one to come."""
        if self.installed:
            return
        self._original = original = MetricReader._set_collect_callback

        @functools.wraps(original)
        def set_collect_callback(reader: MetricReader, collect: Callable[..., Any] | None) -> None:
            original(reader, self._caught(reader, collect))

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
        for reader, collect in self._held():
            if reader._collect is not None:
                reader._set_collect_callback(collect)
        self._own.clear()  # what each reader was told is kept, or the next catch would tell it twice

    def readers(self) -> list[MetricReader]:
        """List the readers that our points go to now."""
        return [reader for reader, _ in self._met()]

    def unmet(self) -> list[MetricReader]:
        """List the readers that would get a value in a series' first sample."""
        seen = ((reader, collect, self._views.get(reader)) for reader, collect in self._met())
        return [reader for reader, collect, view in seen if view and self.producer.unmet(view, self._sources(collect))]

    def _met(self) -> list[tuple[MetricReader, Any]]:
        return [pair for pair in self._held() if not _closing(pair[0]) and any(self._sources(pair[1]))]

    def _held(self) -> list[tuple[MetricReader, Any]]:
        own = list(self._own.items())  # copied: another thread may be letting go of them
        return [(reader, collect) for reader, reference in own if (collect := reference()) is not None]

    def misses(self, provider: Any) -> bool:
        """Whether a provider of the SDK has readers, none of which our points go to."""
        # Before 1.43, which lets readers come and go, they are with the configuration alone.
        configured = getattr(getattr(provider, "_sdk_config", None), "metric_readers", ())
        own = list(getattr(provider, "_metric_readers", configured))
        met = {reader for reader, collect in self._held() if any(self._sources(collect))}
        return bool(own) and not (_disabled(provider) or met & set(own))

    def _caught(self, reader: MetricReader, collect: Callable[..., Any] | None) -> Callable[..., Any] | None:
        try:
            if collect is not None:
                return self._catch(reader, collect)
            self._release(reader)
        except Exception as error:  # noqa: BLE001 -- the host is making a provider
            swallow("canary", error)
        return collect

    def _catch(self, reader: MetricReader, collect: Callable[..., Any]) -> Callable[..., Any]:
        self._own[reader] = weakref.WeakMethod(collect) if isinstance(collect, MethodType) else lambda: collect
        self._on_catch()
        if reader not in self._views:
            # One that is added to the provider in force begins with what is there now, as the SDK's own
            # readers do; those of a provider that is only being made are told everything.
            sources = list(self._sources(collect))
            if sources:
                self.producer.prepare()
            self._views[reader] = view = self._view(reader, sources)
            weakref.finalize(reader, self.producer.abandon, view).atexit = False
        reference = weakref.ref(reader)

        @functools.wraps(collect)
        def collect_with_ours(*args: Any, **kwargs: Any) -> MetricsData | None:
            caught = reference()
            if caught is None:
                return collect(*args, **kwargs)
            with self.under_way.collecting(caught) as this:
                self._watch(this, collect)
                try:
                    result = collect(*args, **kwargs)  # the SDK's own, and whatever it raises is the host's
                except Exception:
                    self.export_ours(caught)
                    raise
            try:
                return self._appended(caught, collect, result)
            except Exception as error:  # noqa: BLE001 -- it would end the reader's thread, and the host's metrics
                swallow("producer", error)
                return result

        return collect_with_ours

    def _watch(self, this: Collecting, collect: Any) -> None:
        """See to it that ours leaves while callbacks of the host hold a collection up, and as often as it would."""
        reader = this.reader
        if not (isinstance(reader, PeriodicExportingMetricReader) and _calls_back(collect)):
            return

        def watch() -> None:
            pause = self.patience_s
            while not this.ended.acquire(timeout=pause) and not _closed(reader):
                self.export_ours(reader)
                pause = max(self.patience_s, reader._export_interval_millis / 1e3)

        # Where the interpreter is ending no thread can be started, and this collection may be the last.
        if not in_thread(watch) and (_closing(reader) or self.producer.closing):
            self.export_ours(reader)

    def export_ours(self, reader: MetricReader) -> None:
        """Export ours alone, where the SDK's own collection failed or does not return.

        Of a reader that pushes: another one keeps what it has not collected for its next collection.
        """
        collect = self._own.get(reader, _nothing)()
        if collect is None or not isinstance(reader, PeriodicExportingMetricReader):
            return
        try:
            data = self._appended(reader, collect, None)
            if data is not None:
                reader._receive_metrics(data)
        except Exception as error:  # noqa: BLE001 -- the host's own error is on its way
            swallow("producer", error)

    def _release(self, reader: MetricReader) -> None:
        self._own.pop(reader, None)
        view = self._views.pop(reader, None)
        if view is not None:
            self.producer.forget(view)

    def _appended(self, reader: MetricReader, collect: Any, result: MetricsData | None) -> MetricsData | None:
        sources = list(self._sources(collect))
        if not sources:
            return result
        provider = sources[0].provider or self.target()
        closing = _closing(reader) or _closing(provider)
        consumer = getattr(collect, "__self__", None)
        scopes = self.producer.produce(self._views[reader], sources, closing=closing, consumer=consumer)
        return merged(result, provider._sdk_config.resource, scopes) if scopes else result

    def _view(self, reader: MetricReader, sources: list[Source]) -> View:
        preferred = reader._instrument_class_temporality
        by_name = {instrument.__name__: temporality for instrument, temporality in preferred.items()}
        return self.producer.view({kind: by_name[name] for kind, name in _SDK_NAMES.items()}, sources)

    def _sources(self, collect: Any) -> Iterator[Source]:
        """List what goes to a reader of the provider to whose consumer the method `collect` belongs."""
        consumer = getattr(collect, "__self__", None)
        target = self.target()
        for source in [] if self.silent else self.producer.sources:
            provider = source.provider or target
            own = getattr(provider, "_measurement_consumer", None)
            if own is not None and own is consumer and not _disabled(provider):
                yield source

    def target(self) -> Any:
        """Find the provider in force: the one that was given, else the global one."""
        return self.provider or metrics.get_meter_provider()

    def start_afresh(self) -> None:
        """Forget what readers were told, as a forked child must."""
        self.under_way.start_afresh()
        for view in list(self._views.values()):
            view.start_afresh()

    def owners(self) -> list[Any]:
        """What the SDK keeps: readers, and what collects for them."""
        held = self._held()
        return [*(reader for reader, _ in held), *(getattr(collect, "__self__", None) for _, collect in held)]

    def sings(self) -> bool:
        """Whether a throw-away provider's reader collects a canary of ours."""
        registry = Registry()
        scope = InstrumentationScope("otelml.canary")
        source = Source(scope, registry, whole=True)
        reader = InMemoryMetricReader()
        try:
            source.provider = MeterProvider([reader], resource=Resource.get_empty(), shutdown_on_exit=False)
            self.producer.sources = [*self.producer.sources, source]
            registry.stream(Metric("otelml.canary", Kind.COUNTER, "1", "")).number({}).add(1)
            data = reader.get_metrics_data()
            return data is not None and any(s.scope == scope for r in data.resource_metrics for s in r.scope_metrics)
        except Exception as error:  # noqa: BLE001 -- whatever it is: the way in does not work
            swallow("canary", error)
            return False
        finally:
            self.producer.sources = [held for held in self.producer.sources if held is not source]
            self._own.pop(reader, None)
            self._views.pop(reader, None)


def _closing(owner: Any) -> bool:
    return getattr(owner, "_shutdown", False) is True


def _disabled(provider: Any) -> bool:
    return bool(getattr(provider, "_disabled", False))


def _closed(reader: Any) -> bool:
    """Whether a reader's exporter takes nothing any more."""
    return bool(getattr(getattr(reader, "_exporter", None), "_shutdown", False))


def _calls_back(collect: Any) -> bool:
    """Whether a collection calls the host's code."""
    return bool(getattr(getattr(collect, "__self__", None), "_async_instruments", True))


def _nothing() -> None:
    """Stand in for a reference to nothing."""
