"""The way everything takes: SDK, OTLP, a real Collector, its file and its Prometheus endpoint."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter as HttpExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from otelml.testing import select, total

pytestmark = pytest.mark.e2e

RESOURCE = Resource({"service.name": "shop", "service.instance.id": "1"})


def over_http(collector):
    """Return an exporter to the Collector's HTTP port."""
    return HttpExporter(f"{collector.http_endpoint}/v1/metrics")


def over_grpc(collector):
    """Return an exporter to the Collector's gRPC port."""
    return GrpcExporter(collector.grpc_endpoint, insecure=True)


@pytest.mark.parametrize("exporter", [over_http, over_grpc])
def test_metrics_reach_file_and_prometheus(collector, exporter):
    """A counter and its exemplar's trace read the same from the Collector's file and from Prometheus."""
    reader = PeriodicExportingMetricReader(exporter(collector), export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=RESOURCE, shutdown_on_exit=False)
    tracer = TracerProvider(resource=RESOURCE, shutdown_on_exit=False).get_tracer("shop")
    duration = provider.get_meter("shop", "3").create_histogram("ml.inference.duration", unit="s")
    with tracer.start_as_current_span("predict m") as span:
        duration.record(0.25, {"ml.model.name": "m"})
    provider.force_flush()
    collector.wait_for(lambda running: total(running.points(), "ml.inference.duration").last == 1)
    [point] = select(collector.points(), "ml.inference.duration", {"ml.model.name": "m"})
    trace_id = format(span.get_span_context().trace_id, "032x")
    assert (point.resource["service.name"], point.scope, point.unit) == ("shop", "shop", "s")
    assert [exemplar.trace_id for exemplar in point.exemplars] == [trace_id]
    assert 'ml_inference_duration_seconds_count{instance="1",job="shop"' in collector.prometheus()
    provider.shutdown()


def test_everything_is_in_the_file_after_stop(collector):
    """What was accepted before the Collector is stopped can be read afterwards, spans as well."""
    provider = TracerProvider(resource=RESOURCE, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(f"{collector.http_endpoint}/v1/traces")
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    for name in "abc":
        provider.get_tracer("shop").start_span(name).end()
    provider.shutdown()
    collector.stop()
    assert [span.name for span in collector.spans()] == ["a", "b", "c"]
    assert collector.points() == []
    assert collector.log_records() == []


def test_a_wait_in_vain_names_what_arrived(collector):
    """Waiting for what never comes ends with the names of what did."""
    with pytest.raises(TimeoutError, match=r"exported so far: \[\]"):
        collector.wait_for(lambda running: bool(running.spans()), timeout=0.1)
