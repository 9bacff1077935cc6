"""Spans and log records as they arrive over OTLP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from otelml.testing.attributes import Attributes, AttributeValue, attribute_value, attributes_of

if TYPE_CHECKING:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

StatusCode: TypeAlias = Literal["UNSET", "OK", "ERROR"]

_STATUS: dict[int, StatusCode] = {
    Status.STATUS_CODE_UNSET: "UNSET",
    Status.STATUS_CODE_OK: "OK",
    Status.STATUS_CODE_ERROR: "ERROR",
}


@dataclass(frozen=True)
class SpanEvent:
    """Something that happened inside a span; ``time_ns`` is in nanoseconds since the epoch."""

    name: str
    attributes: Attributes
    time_ns: int


@dataclass(frozen=True)
class SpanRecord:
    """One finished span. Ids are hexadecimal; ``parent`` is the parent's span id, None for a root."""

    name: str
    kind: str
    attributes: Attributes
    status: StatusCode
    status_description: str
    events: tuple[SpanEvent, ...]
    trace_id: str
    span_id: str
    parent: str | None
    resource: Attributes
    scope: str
    start_ns: int
    end_ns: int


@dataclass(frozen=True)
class LogRecord:
    """One log record or event. Ids are hexadecimal, empty where the record belongs to no span."""

    event_name: str
    body: AttributeValue
    attributes: Attributes
    severity_text: str
    trace_id: str
    span_id: str
    resource: Attributes
    scope: str
    time_ns: int


def spans_from_request(request: ExportTraceServiceRequest) -> list[SpanRecord]:
    """Flatten an OTLP trace request, keeping the order of its spans."""
    return [
        _span(span, attributes_of(group.resource.attributes), scoped.scope.name)
        for group in request.resource_spans
        for scoped in group.scope_spans
        for span in scoped.spans
    ]


def _span(span: Span, resource: Attributes, scope: str) -> SpanRecord:
    return SpanRecord(
        name=span.name,
        kind=Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        attributes=attributes_of(span.attributes),
        status=_STATUS[span.status.code],
        status_description=span.status.message,
        events=tuple(
            SpanEvent(event.name, attributes_of(event.attributes), event.time_unix_nano) for event in span.events
        ),
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex() or None,
        resource=resource,
        scope=scope,
        start_ns=span.start_time_unix_nano,
        end_ns=span.end_time_unix_nano,
    )


def logs_from_request(request: ExportLogsServiceRequest) -> list[LogRecord]:
    """Flatten an OTLP logs request, keeping the order of its records."""
    return [
        LogRecord(
            event_name=record.event_name,
            body=attribute_value(record.body),
            attributes=attributes_of(record.attributes),
            severity_text=record.severity_text,
            trace_id=record.trace_id.hex(),
            span_id=record.span_id.hex(),
            resource=attributes_of(group.resource.attributes),
            scope=scoped.scope.name,
            time_ns=record.time_unix_nano or record.observed_time_unix_nano,
        )
        for group in request.resource_logs
        for scoped in group.scope_logs
        for record in scoped.log_records
    ]
