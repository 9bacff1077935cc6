"""The ways telemetry reaches a test besides an OTLP request: the Collector's files, the SDK's own objects.

Each is first turned into the OTLP request that it stands for, so that one reading serves all of them.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, TypeVar, cast

from google.protobuf import json_format
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelml.testing.points import Point, points_from_request
from otelml.testing.records import LogRecord, SpanRecord, logs_from_request, spans_from_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.message import Message
    from opentelemetry.sdk.metrics.export import MetricsData
    from opentelemetry.sdk.trace import ReadableSpan

    M = TypeVar("M", bound=Message)

_IDS = frozenset({"traceId", "spanId", "parentSpanId"})


def points_from_json(text: str | bytes) -> list[Point]:
    """Read OTLP JSON, such as one line of the Collector's file exporter; not-metrics lines hold no points."""
    return points_from_request(read_json(text, ExportMetricsServiceRequest()))


def spans_from_json(text: str | bytes) -> list[SpanRecord]:
    """Read OTLP JSON, such as one line of the Collector's file exporter; not-traces lines hold no spans."""
    return spans_from_request(read_json(text, ExportTraceServiceRequest()))


def logs_from_json(text: str | bytes) -> list[LogRecord]:
    """Read OTLP JSON, such as one line of the Collector's file exporter; not-logs lines hold no records."""
    return logs_from_request(read_json(text, ExportLogsServiceRequest()))


def points_from_sdk(collected: MetricsData | None) -> list[Point]:
    """Read what an SDK reader collected, through the encoding that its OTLP exporters use."""
    return [] if collected is None else points_from_request(encode_metrics(collected))


def spans_from_sdk(spans: Sequence[ReadableSpan]) -> list[SpanRecord]:
    """Read finished SDK spans, through the encoding that its OTLP exporters use."""
    return spans_from_request(encode_spans(spans))


def read_json(text: str | bytes, request: M) -> M:
    """Fill ``request`` from OTLP JSON.

    Raises
    ------
    ValueError
        If the text is not OTLP JSON.
    """
    try:
        return json_format.ParseDict(_with_binary_ids(json.loads(text)), request, ignore_unknown_fields=True)
    except json_format.ParseError as error:
        message = f"not OTLP JSON: {error}"
        raise ValueError(message) from error


def _with_binary_ids(node: Any) -> Any:
    # OTLP JSON writes ids in hexadecimal, where protobuf's own JSON mapping expects base64.
    if isinstance(node, list):
        return [_with_binary_ids(item) for item in cast("list[Any]", node)]
    if isinstance(node, dict):
        return {
            key: base64.b64encode(bytes.fromhex(value)).decode() if key in _IDS else _with_binary_ids(value)
            for key, value in cast("dict[str, Any]", node).items()
        }
    return node
