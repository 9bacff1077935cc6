"""The public testing module: what is sent arrives, whole, in order and in plain Python."""

from __future__ import annotations

import gzip
import json
import threading
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk.metrics import Counter, Histogram, MeterProvider
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import Status, StatusCode

from otelml import clock
from otelml.testing import (
    Point,
    Receiver,
    bucket_totals,
    capture,
    logs_from_json,
    points_from_json,
    select,
    simulated_clock,
    spans_from_json,
    total,
)


def provider_to(receiver, *, delta=False, compression=Compression.NoCompression):
    """Return a real SDK provider that exports over OTLP/HTTP when it is flushed."""
    preferred = dict.fromkeys((Counter, Histogram), AggregationTemporality.DELTA) if delta else {}
    exporter = OTLPMetricExporter(
        receiver.endpoint + "/v1/metrics", preferred_temporality=preferred, compression=compression
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    return MeterProvider([reader], resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)


def post(receiver, path, body, **headers):
    """Post ``body`` as a client without OpenTelemetry would, and return the answer's body."""
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    request = Request(receiver.endpoint + path, data=body, headers=named)  # noqa: S310 -- our own address
    with urlopen(request, timeout=10) as response:  # noqa: S310 -- our own address
        return response.read()


def refusal(receiver, path, body, **headers):
    """Post ``body`` and return the HTTP status that refuses it."""
    with pytest.raises(HTTPError) as refused:
        post(receiver, path, body, **headers)
    with refused.value as error:
        return error.code


def cumulative(value, *, start=1, time=2, resource="a", monotonic=True):
    """Return one point of the cumulative sum ``rows``."""
    return Point(
        name="rows",
        kind="sum",
        unit="{row}",
        attributes={"ml.model.name": "m"},
        resource={"service.instance.id": resource},
        scope="otelml",
        scope_version="1",
        start_ns=start,
        time_ns=time,
        temporality="cumulative",
        monotonic=monotonic,
        value=value,
    )


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_metrics_arrive(compression):
    """What the SDK's own exporter sends arrives with resource, scope, unit, attributes and buckets."""
    with Receiver() as receiver:
        provider = provider_to(receiver, compression=compression)
        meter = provider.get_meter("shop.rank", "3")
        meter.create_counter("rows", unit="{row}").add(5, {"ml.model.name": "m", "warm": True})
        scores = meter.create_histogram("score", explicit_bucket_boundaries_advisory=[0.5, 1.0])
        for score in (0.0, 0.5, 0.75, 2.0):
            scores.record(score)
        meter.create_gauge("level").set(-1.5)
        provider.shutdown()
        [rows], [score], [level] = (select(receiver.points, name) for name in ("rows", "score", "level"))
    assert rows.resource == {"service.name": "shop"}
    assert (rows.scope, rows.scope_version, rows.unit, rows.kind) == ("shop.rank", "3", "{row}", "sum")
    assert rows.attributes == {"ml.model.name": "m", "warm": True}
    assert (rows.value, rows.temporality, rows.monotonic) == (5, "cumulative", True)
    assert type(rows.value) is int
    assert 0 < rows.start_ns < rows.time_ns
    assert (score.counts, score.bounds, score.count) == ((2, 1, 1), (0.5, 1.0), 4)
    assert (score.sum, score.min, score.max, score.monotonic) == (3.25, 0.0, 2.0, None)
    assert (level.kind, level.value, level.temporality) == ("gauge", -1.5, None)


def test_sum_of_zero_is_not_an_omitted_sum():
    """A histogram's sum of 0 reads 0, and only an omitted one reads None."""
    data_point = {"count": "1", "bucketCounts": ["1"], "timeUnixNano": "1"}
    text = metrics_json({"dataPoints": [{**data_point, "sum": 0.0}, data_point]}, "histogram")
    points = points_from_json(text)
    assert [point.sum for point in points] == [0.0, None]


def metrics_json(data, kind):
    """Return OTLP JSON of one metric, as the Collector's file exporter writes it."""
    metric = {"name": "score", kind: {"aggregationTemporality": 1, **data}}
    return json.dumps({"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]})


def test_exemplars_name_their_span():
    """An exemplar read from OTLP JSON keeps the hexadecimal ids of its trace and span."""
    exemplar = {"traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331", "asDouble": 0.25}
    text = metrics_json({"dataPoints": [{"asInt": "7", "exemplars": [exemplar]}]}, "sum")
    [point] = points_from_json(text)
    assert (point.value, point.temporality) == (7, "delta")
    assert point.exemplars == (("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", 0.25),)


def test_spans_arrive():
    """Spans arrive with parent, status, events and attributes; arrays read as tuples."""
    with Receiver() as receiver:
        provider = TracerProvider(resource=Resource({"service.name": "shop"}), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(receiver.endpoint + "/v1/traces")))
        tracer = provider.get_tracer("shop")
        with tracer.start_as_current_span("request"), tracer.start_as_current_span("predict m") as span:
            span.set_attribute("shape", [2, 3])
            span.add_event("cold", {"why": "first"})
            span.set_status(Status(StatusCode.ERROR, "no"))
        provider.shutdown()
        predict, request = receiver.spans
    assert predict.name == "predict m"
    assert (predict.parent, predict.trace_id) == (request.span_id, request.trace_id)
    assert (request.parent, request.status, request.kind) == (None, "UNSET", "INTERNAL")
    assert (predict.status, predict.status_description) == ("ERROR", "no")
    assert predict.attributes == {"shape": (2, 3)}
    assert [(event.name, event.attributes) for event in predict.events] == [("cold", {"why": "first"})]
    assert predict.resource == {"service.name": "shop"}
    assert predict.start_ns <= predict.end_ns


def test_log_records_arrive_as_json():
    """A receiver takes OTLP/JSON too, and an event keeps its name, body and span."""
    record = {
        "eventName": "ml.outcome",
        "timeUnixNano": "5",
        "body": {"kvlistValue": {"values": [{"key": "n", "value": {"intValue": "2"}}]}},
        "spanId": "b7ad6b7169203331",
    }
    text = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]})
    with Receiver() as receiver:
        assert post(receiver, "/v1/logs", text.encode(), Content_Type="application/json") == b"{}"
        [arrived] = receiver.log_records
    assert (arrived.event_name, arrived.body, arrived.time_ns) == ("ml.outcome", {"n": 2}, 5)
    assert (arrived.span_id, arrived.trace_id) == ("b7ad6b7169203331", "")
    assert [arrived] == logs_from_json(text)


def test_payloads_are_all_that_was_sent():
    """`payloads` holds each request's body, decompressed, so that a planted value cannot hide."""
    body = ExportLogsServiceRequest().SerializeToString() + b"\x1a\x06hidden"  # an unknown field
    with Receiver() as receiver:
        post(receiver, "/v1/logs", gzip.compress(body), Content_Encoding="gzip")
        assert receiver.payloads == [body]


@pytest.mark.parametrize(
    ("path", "body", "headers", "status"),
    [
        ("/v1/metrics", b"\xff\xff", {}, 400),
        ("/v1/metrics", b"not gzip", {"Content_Encoding": "gzip"}, 400),
        ("/v1/metrics", b"{", {"Content_Type": "application/json"}, 400),
        ("/v1/metrics", b'{"resourceMetrics": 1}', {"Content_Type": "application/json"}, 400),
        ("/v2/metrics", b"", {}, 404),
    ],
)
def test_malformed_requests_are_refused(path, body, headers, status):
    """What is no OTLP is answered with the HTTP status that says so, and leaves no trace."""
    with Receiver() as receiver:
        assert refusal(receiver, path, body, **headers) == status
        assert receiver.payloads == []


def test_wait_for_is_woken_by_an_arrival():
    """`wait_for` returns once what it waits for has arrived, from whichever thread."""
    with Receiver() as receiver:
        provider = provider_to(receiver)
        provider.get_meter("shop").create_counter("rows").add(1)
        sender = threading.Thread(target=provider.shutdown)
        sender.start()
        receiver.wait_for(lambda arrived: total(arrived.points, "rows").last == 1)
        sender.join()


def test_wait_for_says_what_is_missing():
    """What never arrives is a TimeoutError that names the metrics which did."""
    with Receiver() as receiver:
        provider = provider_to(receiver)
        provider.get_meter("shop").create_counter("rows").add(1)
        provider.shutdown()
        with pytest.raises(TimeoutError, match=r"1 points, 0 spans.*metrics: rows"):
            receiver.wait_for(lambda arrived: bool(arrived.spans), timeout=0.01)


def test_on_points_sees_each_request_in_order():
    """The callback has seen a request's points before the sender gets its answer, even if none are kept."""
    seen = []
    with Receiver(on_points=lambda points: seen.append(total(points, "rows").last), keep=False) as receiver:
        provider = provider_to(receiver)
        counter = provider.get_meter("shop").create_counter("rows")
        for _ in range(3):
            counter.add(1)
            provider.force_flush()
            assert len(seen) == seen[-1]
        assert (receiver.points, receiver.payloads) == ([], [])
        provider.shutdown()
    assert seen[:3] == [1, 2, 3]


def test_error_in_on_points_is_raised():
    """What the callback raises is answered with a 500 and raised where the receiver's block ends."""

    def fail(points):
        raise LookupError(points[0].name)

    text = metrics_json({"dataPoints": [{"asInt": "1"}]}, "sum")
    with pytest.raises(LookupError, match="score"), Receiver(on_points=fail) as receiver:
        assert refusal(receiver, "/v1/metrics", text.encode(), Content_Type="application/json") == 500


@pytest.mark.parametrize("delta", [False, True])
def test_totals_over_threads(delta):
    """Concurrent senders lose nothing, in either temporality, and the buckets add up as well."""
    with Receiver() as receiver:
        providers = [provider_to(receiver, delta=delta) for _ in range(4)]

        def send(provider, instance):
            meter = provider.get_meter("shop")
            rows, score = meter.create_counter("rows"), meter.create_histogram("score")
            for value in range(10):
                rows.add(1, {"instance": instance})
                score.record(value, {"instance": instance})
                provider.force_flush()
            provider.shutdown()

        threads = [threading.Thread(target=send, args=pair) for pair in zip(providers, range(4), strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert total(receiver.points, "rows") == (40, 40 if delta else 36)
    assert total(receiver.points, "rows", {"instance": 2}).last == 10
    assert sum(bucket.last for bucket in bucket_totals(receiver.points, "score")) == 40
    assert total(receiver.points, "score").last == 40


def test_total_survives_a_restart():
    """A series that begins again adds to what it had counted; a fall is a restart to differences as well."""
    points = [cumulative(5), cumulative(9, time=3), cumulative(4, start=10, time=11)]
    assert total(points, "rows") == (13, 8)


def test_total_keeps_processes_apart():
    """Series of different resources add up, each losing its own first sample to differences."""
    points = [cumulative(value, time=time, resource=who) for who in "ab" for value, time in ((0, 2), (7, 3))]
    assert total(points, "rows") == (14, 14)
    assert total([point for point in points if point.value], "rows") == (14, 0)


def test_total_orders_by_time():
    """Points that arrive out of order are read in the order of their timestamps."""
    assert total([cumulative(9, time=3), cumulative(5, time=2)], "rows") == (9, 4)


def test_total_of_an_up_down_counter():
    """A value that falls is no restart where the metric may fall."""
    points = [cumulative(5, monotonic=False), cumulative(2, time=3, monotonic=False)]
    assert total(points, "rows") == (2, -3)


def test_gauges_have_no_total():
    """Adding up gauges is refused, for the number would mean nothing."""
    with capture() as captured:
        captured.meter_provider.get_meter("m").create_gauge("level").set(1)
        points = captured.points()
    with pytest.raises(ValueError, match="level is a gauge"):
        total(points, "level")


def test_buckets_need_shared_boundaries():
    """Buckets of different boundaries are not added up."""
    points = [
        point
        for bound in (1.0, 2.0)
        for point in points_from_json(
            metrics_json(
                {"dataPoints": [{"count": "1", "bucketCounts": ["0", "1"], "explicitBounds": [bound]}]},
                "histogram",
            )
        )
    ]
    with pytest.raises(ValueError, match="2 different sets of boundaries"):
        bucket_totals(points, "score")


@pytest.mark.parametrize(("temporality", "second"), [("cumulative", 5), ("delta", 2)])
def test_capture_collects_on_demand(temporality, second):
    """In-memory capture gives each collection's points in the temporality asked for, and finished spans."""
    with capture(temporality) as captured:
        counter = captured.meter_provider.get_meter("m").create_counter("rows")
        counter.add(3)
        [first] = captured.points()
        counter.add(2)
        [then] = captured.points()
        with captured.tracer_provider.get_tracer("m").start_as_current_span("predict m"):
            assert captured.spans() == []
        [span] = captured.spans()
    assert (first.value, then.value, then.temporality) == (3, second, temporality)
    assert (span.name, span.resource) == ("predict m", {"service.name": "captured"})


def test_nothing_collected_is_no_points():
    """A provider that measured nothing gives no points."""
    with capture() as captured:
        assert captured.points() == []


def test_other_signals_are_no_points():
    """A line of another signal, as in a file shared by all three, holds no points, spans or records."""
    line = metrics_json({"dataPoints": [{"asInt": "1"}]}, "sum")
    assert spans_from_json(line) == []
    assert logs_from_json(line) == []
    assert points_from_json('{"resourceSpans": []}') == []


def test_simulated_clock():
    """Inside the block time is what the test says; after it, the real time again."""
    with simulated_clock(1_000.0) as simulated:
        simulated.advance(1.5)
        assert (clock.now(), clock.now_ns()) == (1_001.5, 1_001_500_000_000)
        simulated.set(5.0)
        assert clock.now() == 5.0
    assert clock.now() > 1_000_000_000
