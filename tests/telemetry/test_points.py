"""What a reader is told: first samples, deltas, start times, exemplars, and Python's own types."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.sdk.metrics import Counter, Histogram
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    InMemoryMetricReader,
    MetricsData,
    PeriodicExportingMetricReader,
)
from test_shim import NEVER_MS, Exported

from otelml.ledger import ledger
from otelml.telemetry.streams import Example
from otelml.testing import bucket_totals, points_from_sdk, select, simulated_clock, total

HOUR_NS = 3_600 * 10**9


def test_a_cumulative_series_begins_with_zero(pipeline, provide, keeper, streams):
    """Counters and histograms report 0 in their first collection and their value from the second."""
    reader = keeper()
    pipeline.open(provide(reader))
    streams.add(3)
    streams.record([0.5, 2.0])
    first, second = reader.points(), reader.points()
    assert [(point.value, point.count) for point in first] == [(0, None), (None, 0)]
    assert total(first + second, "shop.rows") == (3, 3)
    assert bucket_totals(first + second, "shop.sizes") == ((1, 1), (1, 1), (0, 0))
    streams.add(2, more="yes")
    assert [point.value for point in select(reader.points(), "shop.rows")] == [3, 0]


def test_delta_tells_changes_alone(pipeline, provide, keeper, streams):
    """Deltas tell everything at once, leave unchanged series out, and do not overlap."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.add(3, shard="a")
    streams.add(4, shard="b")
    first = reader.points()
    assert sorted(point.value for point in first) == [3, 4]
    streams.add(2, shard="a")
    [again] = reader.points()
    assert (again.value, again.attributes) == (2, {"shard": "a"})
    assert again.start_ns >= max(point.time_ns for point in first)
    assert reader.points() == []


def test_shutdown_holds_nothing_back(pipeline, provide, streams, temporality):
    """A series that is born after the last collection arrives whole when the provider shuts down."""
    exporter = Exported()
    if temporality == "delta":
        exporter._preferred_temporality = {Counter: AggregationTemporality.DELTA}
    provider = provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
    pipeline.open(provider)
    streams.add(3)
    provider.shutdown()
    assert total(exporter.points, "shop.rows").last == 3


def test_exit_brings_zero_and_value(pipeline, provide, streams):
    """At exit, which comes before the provider's shutdown, even a series born last is told at zero first."""
    exporter = Exported()
    provider = provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
    pipeline.open(provider)
    streams.add(3)
    pipeline.announce()
    pipeline._announced.wait()
    staged = [[1.0]]
    pipeline.producer.preparations.append(lambda: staged and streams.record(staged.pop()))
    pipeline.close()
    provider.shutdown()
    assert total(exporter.points, "shop.rows") == (3, 3)
    assert total(exporter.points, "shop.sizes") == (1, 1)


def test_birth_is_announced(pipeline, provide, streams):
    """The birth of series triggers one collection in the background, of zeros, where a reader pushes."""
    exporter = Exported()
    provider = provide(InMemoryMetricReader(), PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
    pipeline.open(provider)
    streams.add(3)
    pipeline.announce()
    assert exporter.arrived.acquire(timeout=10)
    pipeline._announced.wait()
    assert [point.value for point in exporter.points] == [0]
    pipeline.announce()
    pipeline._announced.wait()
    assert len(exporter.points) == 1, "nothing is new"


def test_each_kind_follows_the_readers_preference(pipeline, provide, streams):
    """A reader may ask for deltas of counters alone; a gauge and an up-down counter tell what is."""
    reader = InMemoryMetricReader(preferred_temporality={Counter: AggregationTemporality.DELTA})
    pipeline.open(provide(reader))
    streams.add(3)
    streams.record([1.0])
    streams.active.number({}).add(2)
    streams.level.number({}).set(0.5)
    points = {point.name: point for point in points_from_sdk(reader.get_metrics_data())}
    assert {name: (point.temporality, point.value) for name, point in points.items()} == {
        "shop.rows": ("delta", 3),
        "shop.active": ("cumulative", 2),
        "shop.level": (None, 0.5),
        "shop.sizes": ("cumulative", None),
    }
    assert (points["shop.rows"].monotonic, points["shop.active"].monotonic) == (True, False)
    assert points["shop.sizes"].temporality != AggregationTemporality.DELTA
    assert Histogram not in reader._preferred_temporality


def test_a_gauge_without_a_value_is_left_out(pipeline, provide, keeper, streams):
    """A gauge that has nothing to say any more says nothing, and zero is something."""
    reader = keeper()
    pipeline.open(provide(reader))
    level = streams.level.number({})
    assert reader.points() == []
    level.set(0.0)
    assert [point.value for point in reader.points()] == [0.0]
    level.set(None)
    assert reader.points() == []


def test_start_is_the_series_birth(pipeline, provide, keeper, streams):
    """A cumulative series starts when it is born, and later series start later."""
    reader = keeper()
    with simulated_clock(1_000.0) as clock:
        pipeline.open(provide(reader))
        clock.set(2_000.0)
        streams.add(1, shard="a")
        clock.set(3_000.0)
        streams.add(1, shard="b")
        reader.points()
        clock.set(4_000.0)
        points = {point.attributes["shard"]: point for point in reader.points()}
    assert {shard: (point.start_ns / 1e9, point.time_ns / 1e9) for shard, point in points.items()} == {
        "a": (2_000.0, 4_000.0),
        "b": (3_000.0, 4_000.0),
    }


def test_exemplars_are_told_once_to_each_reader(pipeline, provide, keeper, streams):
    """A reader gets the latest example of each bucket since it last looked; others get theirs."""
    one, other = keeper("delta"), keeper("delta")
    pipeline.open(provide(one, other))
    streams.record([0.5, 2.0], {0: Example(0.5, 1, 11, 21), 1: Example(2.0, 1, 12, 22)})
    [point] = one.points()
    assert sorted(exemplar.value for exemplar in point.exemplars) == [0.5, 2.0]
    assert point.exemplars[0].trace_id == format(11, "032x")
    streams.record([0.7], {0: Example(0.7, 2, 13, 23)})
    assert [exemplar.value for exemplar in one.points()[0].exemplars] == [0.7]
    assert sorted(exemplar.value for exemplar in other.points()[0].exemplars) == [0.7, 2.0]
    streams.record([0.8])
    assert one.points()[0].exemplars == ()


def test_extremes_are_of_the_interval_or_of_the_series(pipeline, provide, keeper, streams, temporality):
    """Deltas tell the extremes of their interval, cumulative points those since the start."""
    reader = keeper(temporality)
    pipeline.open(provide(reader))
    reader.points()
    streams.record([0.5, 20.0])
    reader.points()
    reader.points()
    streams.record([3.0, 4.0])
    [point] = reader.points()
    assert (point.min, point.max) == ((3.0, 4.0) if temporality == "delta" else (0.5, 20.0))


def test_points_are_of_pythons_own_types(pipeline, provide, keeper, streams, temporality):
    """Every point type encodes as OTLP and JSON, whatever numpy types were recorded and named."""
    reader = keeper(temporality)
    pipeline.open(provide(reader))
    label = {"class": np.int64(1), "share": np.float32(0.5), "on": np.bool_(1), "text": np.str_("a"), "no": None}
    streams.add(np.int64(3), **label)
    streams.active.number(label).add(np.int32(1))
    streams.level.number(label).set(np.float32(0.5))
    streams.record(np.array([0.5, 2.0], dtype=np.float32), {0: Example(0.5, 1, 2, 3)}, **label)
    meter = pipeline.meter("mine")
    meter.create_value_histogram("mine.error").record_batch(np.array([-1, 2], dtype=np.float32), label)
    meter.create_score_histogram("mine.score").record(np.float32(0.5), label)
    meter.create_accuracy("mine.truth").record_batch(np.array([1, 0]), np.array([1, 1]), np.array([0.9, 0.2]))
    reader.points()
    data = reader.collections[-1] if temporality == "delta" else [reader.points(), reader.collections[-1]][1]
    assert {type(value) for value in leaves(data)} <= {int, float, str, bool, type(None), AggregationTemporality}
    assert MetricsData(data.resource_metrics).to_json()
    assert encode_metrics(data).resource_metrics
    [rows] = select(points_from_sdk(data), "shop.rows")
    assert rows.attributes == {"class": 1, "share": 0.5, "on": True, "text": "a"}


def leaves(node):
    """Yield every value in the points of some metrics data."""
    if dataclasses.is_dataclass(node):
        for field in dataclasses.fields(node):
            if field.name not in {"resource", "scope"}:
                yield from leaves(getattr(node, field.name))
    elif isinstance(node, dict):
        yield from node.values()
    elif isinstance(node, (list, tuple)):
        for each in node:
            yield from leaves(each)
    else:
        yield node


def test_series_are_bounded(provide, keeper, pipeline):
    """Beyond the most series that a process may hold, new ones are dropped and booked, in whichever scope."""
    reader = keeper("delta")
    pipeline.open(provide(reader), most_points=3)
    pipeline.meter("other").create_accuracy("other.truth")  # streams alone hold no series
    histogram = pipeline.meter("mine").create_score_histogram("mine.score")
    dropped = ledger.dropped["cardinality", ""]
    for shard in range(3):
        histogram.record(0.5, {"shard": shard})
    points = reader.points()
    assert {point.attributes["shard"] for point in points} == {0, 1}
    assert len(points) == 3
    assert ledger.dropped["cardinality", ""] == dropped + 3
    pipeline.meter("other").create_score_histogram("other.score").record(0.5)
    assert ledger.dropped["cardinality", ""] == dropped + 5
    histogram.record(0.5, {"shard": 0})
    assert total(reader.points(), "mine.score").last == 1


@pytest.mark.usefixtures("eager_threads")
def test_additions_of_many_threads_are_all_counted(pipeline, provide, keeper, streams):
    """Threads that count into the same series at a time lose nothing."""
    reader = keeper("delta")
    pipeline.open(provide(reader))

    def add():
        for _ in range(1_000):
            streams.add(1)
            streams.record([0.5])

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    points = reader.points()
    assert total(points, "shop.rows").last == total(points, "shop.sizes").last == 4_000


@pytest.mark.parametrize("unit", ["{row}", "s"])
def test_zero_is_of_the_type_of_what_follows(pipeline, provide, keeper, unit):
    """A real-valued sum begins with 0.0, a count with 0: backends keep the two apart."""
    from otelml.telemetry.names import Kind, Metric

    reader = keeper()
    pipeline.open(provide(reader))
    number = pipeline.meter("mine").stream(Metric("mine.sum", Kind.COUNTER, unit, "")).number({})
    number.add(1.5 if unit == "s" else 1)
    [first], [second] = reader.points(), reader.points()
    assert type(first.value) is type(second.value) is (float if unit == "s" else int)
