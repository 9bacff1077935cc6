"""The way into the SDK: each line of its contract (docs/decisions, design) has a test that fails without it."""

from __future__ import annotations

import threading

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExporter,
    MetricExportResult,
    MetricReader,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import DropAggregation, View

from otelml.ledger import ledger
from otelml.patching.guard import loud
from otelml.testing import points_from_sdk, select, total

NEVER_MS = 3_600_000
READERS_COME_AND_GO = pytest.mark.skipif(
    not hasattr(MeterProvider, "add_metric_reader"), reason="the SDK lets readers come and go since 1.43"
)


class Exported(MetricExporter):
    """An exporter that keeps what it is given, and says so."""

    def __init__(self):
        super().__init__()
        self.points, self.arrived = [], threading.Semaphore(0)

    def export(self, metrics_data, timeout_millis=10_000, **_):
        """Keep the points."""
        del timeout_millis
        self.points += points_from_sdk(metrics_data)
        self.arrived.release()
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis=10_000):
        """Hold nothing back."""
        return bool(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **_):
        """Hold nothing that has to be let go of."""


def names(points):
    """Return the names of the metrics among these points."""
    return sorted({point.name for point in points})


def fail(*_args, **_kwargs):
    """Stand in for a part of ours that is broken."""
    raise LookupError("broken")


def test_our_failure_leaves_the_hosts_result(pipeline, provide, keeper, streams, monkeypatch):
    """What the SDK collected is returned untouched when ours raises, and the error is counted."""
    reader = keeper()
    provider = provide(reader)
    provider.get_meter("host").create_counter("orders").add(2)
    pipeline.open(provider)
    streams.add(1)
    monkeypatch.setattr(pipeline.producer, "produce", fail)
    errors = ledger.errors["producer"]
    with loud(on=False):
        [orders] = reader.points()
    assert (orders.name, orders.value) == ("orders", 2)
    assert ledger.errors["producer"] == errors + 1


def test_our_failure_ends_no_reader_thread(pipeline, provide, streams, monkeypatch):
    """A periodic reader goes on exporting the host's metrics after ours has raised."""
    exporter = Exported()
    provider = provide(PeriodicExportingMetricReader(exporter, export_interval_millis=10))
    provider.get_meter("host").create_counter("orders").add(2)
    pipeline.open(provider)
    streams.add(1)
    monkeypatch.setattr(pipeline.producer, "produce", fail)
    with loud(on=False):
        for _ in range(3):
            assert exporter.arrived.acquire(timeout=10)
        provider.shutdown()
    assert names(exporter.points) == ["orders"]


def test_equal_scopes_become_one(pipeline, provide, keeper, streams):
    """The host's metrics in a scope of the same name and version arrive beside ours, in one resource."""
    reader = keeper("delta")
    provider = provide(reader)
    pipeline.open(provider)
    provider.get_meter("shop", "1").create_counter("orders").add(2)
    provider.get_meter("other").create_counter("visits").add(3)
    streams.add(5)
    assert names(reader.points()) == ["orders", "shop.rows", "visits"]
    [resource] = reader.collections[-1].resource_metrics
    assert sorted(scope.scope.name for scope in resource.scope_metrics) == ["other", "shop"]
    assert {point.resource["service.name"] for point in reader.everything()} == {"shop"}


def test_ours_arrive_where_the_host_measures_nothing(pipeline, provide, keeper, streams):
    """A reader whose provider collected nothing gets our points, under the provider's resource."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.add(5)
    [point] = reader.points()
    assert (point.name, point.value, point.resource) == ("shop.rows", 5, {"service.name": "shop"})


@pytest.mark.usefixtures("eager_threads")
def test_concurrent_collections_tell_everything_once(pipeline, provide, keeper, streams):
    """Deltas that several threads collect at a time add up to what was counted."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    done = threading.Event()

    def collect():
        while not done.is_set():
            reader.collect()

    threads = [threading.Thread(target=collect) for _ in range(4)]
    for thread in threads:
        thread.start()
    for count in range(4_000):
        streams.add(1, shard=str(count % 20))
    done.set()
    for thread in threads:
        thread.join()
    reader.collect()
    assert total(reader.everything(), "shop.rows") == (4_000, 4_000)


def test_what_a_callback_of_the_host_counts_is_told_at_once(pipeline, provide, keeper, streams):
    """Ours comes after the SDK's own collection, so predictions that its callbacks make are in it."""
    reader = keeper("delta")
    provider = provide(reader)
    pipeline.open(provider)

    def predict(_):
        streams.add(7)
        return ()

    provider.get_meter("host").create_observable_gauge("forecast", [predict])
    assert total(reader.points(), "shop.rows").last == 7


def test_a_failed_collection_takes_no_delta_along(pipeline, provide, keeper, streams):
    """The SDK's own exception reaches the host, and what was counted comes with the next collection."""
    reader = keeper("delta")
    provider = provide(reader)
    pipeline.open(provider)
    provider.get_meter("host").create_observable_gauge("slow", [lambda _: ()])
    streams.add(3)
    with pytest.raises(Exception, match="Timed out while executing callback"):
        reader.collect(timeout_millis=0)
    assert total(reader.points(), "shop.rows").last == 3


def test_points_that_could_not_be_made_come_next_time(pipeline, provide, keeper, streams):
    """A series whose value is no number is left out and counted; the others leave, and it does when it is one."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.add(3)
    bad = streams.rows.number({"bad": "yes"})
    bad.value = "three"
    dropped = ledger.dropped["invalid_series", ""]
    assert total(reader.points(), "shop.rows").last == 3
    reader.points()
    assert ledger.dropped["invalid_series", ""] == dropped + 1
    bad.value = 4
    [point] = reader.points()
    assert (point.attributes, point.value) == ({"bad": "yes"}, 4)


@READERS_COME_AND_GO
def test_readers_are_caught_whenever_they_come(pipeline, provide, keeper, streams):
    """Readers that were there, those of a provider made later, and those added later get what nobody got before."""
    early, late, added = keeper("delta"), keeper("delta"), keeper("delta")
    pipeline.remove()
    before = provide(early)
    pipeline.open(before)
    streams.add(1)
    assert total(early.points(), "shop.rows").last == 1
    after = provide(late)
    pipeline.open(after)
    streams.add(2)
    assert total(late.points(), "shop.rows").last == 2
    after.add_metric_reader(added)
    streams.add(4)
    assert total(added.points(), "shop.rows").last == 4


@READERS_COME_AND_GO
def test_a_reader_that_comes_back_begins_anew(pipeline, provide, keeper, streams, temporality):
    """One that was removed and added again is told what came since, as the SDK's own readers are."""
    reader = keeper(temporality)
    provider = provide(reader)
    pipeline.open(provider)
    streams.add(1)
    reader.points()
    provider.remove_metric_reader(reader)
    streams.add(2)
    provider.add_metric_reader(reader)
    streams.add(4)
    first, second = reader.points(), reader.points()
    assert total(first + second, "shop.rows").last == 4


@READERS_COME_AND_GO
def test_a_reader_added_later_starts_at_zero(pipeline, provide, keeper, streams, temporality):
    """One added to the provider in force is told of values after it came, as to count, sum and extremes."""
    reader, added = keeper(temporality), keeper(temporality)
    provider = provide(reader)
    pipeline.open(provider)
    streams.add(1)
    streams.record([0.5, 50.0])
    provider.add_metric_reader(added)
    streams.add(2)
    streams.record([2.0, 3.0])
    added.points()
    streams.record([4.0])
    added.points()
    points = added.everything()
    assert total(points, "shop.rows") == (2, 2)
    assert total(points, "shop.sizes") == (3, 3)
    assert total(points, "shop.sizes", read=lambda point: point.sum).last == 9.0
    told = [point for point in select(points, "shop.sizes") if point.count]
    assert (min(point.min for point in told), max(point.max for point in told)) == (2.0, 4.0)
    starts = {point.start_ns for point in points}
    assert min(starts) > min(point.start_ns for point in reader.points() + reader.points() if point.start_ns)


def test_only_the_target_gets_ours(pipeline, provide, keeper, streams):
    """A provider that was not named gets the host's metrics alone, and one that a meter names gets its own."""
    target, other = keeper("delta"), keeper("delta")
    chosen, second = provide(target), provide(other)
    pipeline.open(chosen)
    second.get_meter("host").create_counter("orders").add(1)
    streams.add(1)
    assert names(other.points()) == ["orders"]
    assert names(target.points()) == ["shop.rows"]
    own = pipeline.meter("mine", provider=second)
    own.create_score_histogram("mine.score").record(0.5)
    assert "mine.score" in names(other.points())
    assert target.points() == []


@READERS_COME_AND_GO
def test_flush_reaches_readers_added_later(pipeline, provide, streams):
    """Our flush exports through a reader that the provider's own `force_flush` skips."""
    exporter = Exported()
    provider = provide()
    pipeline.open(provider)
    provider.add_metric_reader(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
    streams.add(3)
    provider.force_flush()
    assert exporter.points == []
    assert pipeline.flush()
    assert total(exporter.points, "shop.rows") == (3, 3)


def test_flush_tells_of_a_failure(pipeline, provide, streams):
    """A reader that cannot be collected makes the flush False, and the others are flushed all the same."""

    class Broken(MetricReader):
        def _receive_metrics(self, *_, **__):
            raise ConnectionError

        def shutdown(self, *_, **__):
            """Hold nothing that has to be let go of."""

    exporter = Exported()
    pipeline.open(provide(Broken(), PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)))
    streams.add(3)
    with loud(on=False):
        assert not pipeline.flush()
        pipeline.remove()
    assert total(exporter.points, "shop.rows").last == 3


def test_disabled_sdk_gets_nothing(pipeline, provide, keeper, streams, monkeypatch):
    """Under OTEL_SDK_DISABLED nothing of ours is added."""
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.add(1)
    assert reader.points() == []
    assert pipeline.shim.readers() == []


def test_views_do_not_apply(pipeline, provide, keeper, streams):
    """A View that drops everything drops the host's metrics; a producer's, says the specification, it does not."""
    reader = keeper("delta")
    provider = provide(reader, views=[View(instrument_name="*", aggregation=DropAggregation())])
    pipeline.open(provider)
    provider.get_meter("host").create_counter("orders").add(1)
    streams.add(1)
    assert names(reader.points()) == ["shop.rows"]


@pytest.mark.parametrize(
    ("globs", "shipped"),
    [
        (("*",), ["shop.rows", "shop.sizes"]),
        (("shop.r*",), ["shop.rows"]),
        (("!*.sizes",), ["shop.rows"]),
        (("shop.*", "!shop.r?ws"), ["shop.sizes"]),
        (("ml.*",), []),
    ],
)
def test_globs_choose_metrics(pipeline, provide, keeper, streams, globs, shipped):
    """OTEL_PYTHON_ML_METRICS includes by glob, and leaves out by glob with an exclamation mark."""
    reader = keeper("delta")
    pipeline.open(provide(reader), globs=globs)
    streams.add(1)
    streams.record([1.0])
    assert names(reader.points()) == shipped


def test_globs_leave_the_canary_alone(pipeline, provide, keeper, streams):
    """Choosing metrics when the way is opened does not look like an SDK that lets nothing in."""
    pipeline.remove()
    reader = keeper("delta")
    pipeline.open(provide(reader), globs=("shop.rows",))
    streams.add(1)
    assert not pipeline.shim.silent
    assert names(reader.points()) == ["shop.rows"]


def test_letting_go_restores_the_sdk(pipeline, provide, keeper, streams):
    """After removal the SDK is as it was, for readers that exist and for those to come."""
    pipeline.remove()
    original, reader = vars(MetricReader)["_set_collect_callback"], keeper("delta")
    provider = provide(reader)
    pipeline.open(provider)
    assert vars(MetricReader)["_set_collect_callback"] is not original
    streams.add(1)
    pipeline.remove()
    assert vars(MetricReader)["_set_collect_callback"] is original
    assert reader._collect == provider._measurement_consumer.collect
    assert reader.points() == []


def test_coming_back_tells_nothing_twice(pipeline, provide, keeper, streams):
    """Removed and opened again, a reader of the same provider goes on where it was."""
    reader = keeper("delta")
    provider = provide(reader)
    pipeline.open(provider)
    streams.add(1)
    assert total(reader.points(), "shop.rows").last == 1
    pipeline.remove()
    streams.add(2)
    pipeline.open(provider)
    assert total(reader.points(), "shop.rows").last == 2
