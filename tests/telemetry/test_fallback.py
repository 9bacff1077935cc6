"""Where the way in does not work, public instruments take over: counters exact, histograms sampled, said once."""

from __future__ import annotations

import functools
import logging

import numpy as np
import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader
from test_shim import READERS_COME_AND_GO

from otelml.ledger import ledger
from otelml.patching.guard import loud
from otelml.telemetry.names import Kind
from otelml.telemetry.public import MOST_SAMPLES
from otelml.testing import points_from_sdk, select, total


class Foreign(metrics.MeterProvider):
    """A vendor's provider: the API's methods, and behind them something that is not the SDK's own class."""

    def __init__(self, provider):
        self._behind = provider

    def get_meter(self, name, version=None, schema_url=None, attributes=None):
        """Give the meter of the provider behind."""
        return self._behind.get_meter(name, version, schema_url, attributes)


class Stubborn(MeterProvider):
    """An SDK of tomorrow, whose readers get their callback by another way."""

    def __init__(self, readers, **settings):
        super().__init__(readers, **settings)
        for reader in readers:
            reader._collect = self._measurement_consumer.collect


@pytest.fixture
def reader():
    """Give the test a reader of cumulative points."""
    return InMemoryMetricReader()


@pytest.fixture
def foreign(provide, reader):
    """Give the test a provider that is not the SDK's."""
    return Foreign(provide(reader))


def count(streams):
    """Count something in a stream of each kind; ten times as many sizes as are sampled."""
    streams.add(3)
    streams.add(4, shard="b")
    streams.active.number({}).add(2)
    streams.level.number({}).set(0.5)
    streams.record(np.repeat([0.5, 5.0], 5 * MOST_SAMPLES))


def check(reader):
    """Check that what `count` counted has arrived, exactly but for the histogram."""
    points = points_from_sdk(reader.get_metrics_data())
    assert total(points, "shop.rows") == (7, 0)
    assert total(points, "shop.rows", {"shard": "b"}).last == 4
    assert total(points, "shop.active").last == 2
    assert [point.value for point in select(points, "shop.level")] == [0.5]
    assert total(points, "shop.sizes.count").last == 10 * MOST_SAMPLES
    return points_from_sdk(reader.get_metrics_data())


def test_a_foreign_provider_gets_public_instruments(pipeline, foreign, reader, streams, caplog):
    """Through a provider that is not the SDK's, sums and states arrive exactly, and it is said once."""
    errors, said = ledger.errors["shim"], "Foreign is not the SDK's MeterProvider; counters are shipped exactly"
    pipeline.open(foreign)
    with caplog.at_level(logging.WARNING, "otelml"):
        count(streams)
        pipeline.announce()
        pipeline.announce()
    check(reader)
    assert ledger.errors["shim"] == errors + 1
    assert sum(said in message for message in caplog.messages) <= 1


def test_histograms_are_sampled_and_the_rest_is_booked(pipeline, foreign, reader, streams):
    """A histogram gets as many values as are sampled, in their proportions, and the rest is booked as dropped."""
    pipeline.open(foreign)
    count(streams)
    pipeline.announce()
    dropped = ledger.dropped["sampled", ""]
    points = check(reader)
    [sizes] = select(points, "shop.sizes")
    assert sizes.count == MOST_SAMPLES
    assert sizes.counts == (MOST_SAMPLES // 2, MOST_SAMPLES // 2, 0)
    assert ledger.dropped["sampled", ""] - dropped == 9 * MOST_SAMPLES


def test_streams_made_later_are_served(pipeline, foreign, reader):
    """An instrument that is made when the provider is known ships without a model's birth."""
    pipeline.open(foreign)
    pipeline.meter("mine").create_accuracy("mine.truth").record(1, 1)
    [point] = select(points_from_sdk(reader.get_metrics_data()), "mine.truth")
    assert (point.value, point.attributes["ml.correct"]) == (1, True)


def test_negative_values_are_not_recorded(pipeline, foreign, reader, caplog):
    """The public histogram takes no negative value: those are counted as dropped, and the SDK has no complaint."""
    pipeline.open(foreign)
    values = pipeline.meter("mine").create_value_histogram("mine.error")
    values.record_batch([-5.0, -4.0, 5.0])
    dropped = ledger.dropped["sampled", ""]
    reader.get_metrics_data()
    points = points_from_sdk(reader.get_metrics_data())
    assert total(points, "mine.error").last == 1
    assert total(points, "mine.error.moment", {"ml.moment": "negative"}).last == 9.0
    assert ledger.dropped["sampled", ""] - dropped == 2
    assert caplog.messages == []


def test_globs_hold_for_public_instruments(pipeline, foreign, reader, streams):
    """What OTEL_PYTHON_ML_METRICS leaves out is left out here too."""
    pipeline.open(foreign, globs=("!shop.rows",))
    count(streams)
    pipeline.announce()
    points = points_from_sdk(reader.get_metrics_data())
    assert select(points, "shop.rows") == []
    assert select(points, "shop.level")


def test_a_canary_that_does_not_sing(pipeline, provide, reader, streams, monkeypatch):
    """Where a throw-away provider's reader does not call us, the real one gets public instruments, once each."""
    monkeypatch.setattr("otelml.telemetry.shim.MeterProvider", Stubborn)
    errors = ledger.errors["shim"]
    pipeline.remove()
    provider = provide(reader)
    pipeline.open(provider)
    count(streams)
    pipeline.announce()
    check(reader)
    assert ledger.errors["shim"] == errors + 1


def test_a_canary_that_dies(pipeline, provide, reader, streams, monkeypatch):
    """An SDK whose private names are gone is survived, and its providers are made as ever."""
    pipeline.remove()
    monkeypatch.setattr("otelml.telemetry.shim._SDK_NAMES", {Kind.COUNTER: "_NoLongerThere"})
    errors = ledger.errors["canary"]
    with loud(on=False):
        pipeline.open(provide(reader))
        provide(InMemoryMetricReader())
    count(streams)
    pipeline.announce()
    check(reader)
    assert ledger.errors["canary"] > errors


def test_a_callback_that_is_gone(pipeline, provide, reader, streams, monkeypatch):
    """Without the callback that readers are caught by, public instruments take over, and removal does no harm."""
    pipeline.remove()
    provider = provide(reader)
    monkeypatch.delattr(MetricReader, "_set_collect_callback")
    with loud(on=False):
        pipeline.open(provider)
    count(streams)
    pipeline.announce()
    check(reader)
    pipeline.remove()


@READERS_COME_AND_GO
def test_real_readers_that_do_not_call_us(pipeline, reader, streams, keeper):
    """The canary sings, but nobody calls us from the provider in force: public instruments take over."""
    pipeline.remove()
    provider = Stubborn([reader], shutdown_on_exit=False)
    reader._collect = functools.partial(provider._measurement_consumer.collect)  # somebody stands in between
    pipeline.open(provider)
    count(streams)
    pipeline.announce()
    check(reader)
    later = keeper()
    provider.add_metric_reader(later)
    streams.add(1)
    points = later.points() + later.points()
    assert total(points, "shop.rows").last == 8, "by public instruments, and not by both ways"
    provider.shutdown()


def test_no_provider_is_no_failure(pipeline, streams):
    """As long as nobody has set a provider, nothing is taken over and nothing is said."""
    errors = ledger.errors["shim"]
    pipeline.open(metrics.NoOpMeterProvider())
    count(streams)
    pipeline.announce()
    assert not pipeline.shim.silent
    assert ledger.errors["shim"] == errors


def test_the_canary_leaves_no_trace(pipeline, provide, keeper, streams):
    """The throw-away provider's source and reader are gone when the real ones collect."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.add(1)
    assert {source.scope.name for source in pipeline.producer.sources} == {"shop"}
    assert {point.name for point in reader.points()} == {"shop.rows"}
