"""For tests of services that otelml watches, and of otelml itself: what left over OTLP, in plain Python.

`Receiver` is a local OTLP endpoint; :func:`capture` does without a network; :func:`total` adds up what
arrived as a backend would.
"""

from otelml.testing.attributes import Attributes, AttributeValue
from otelml.testing.capture import Capture, capture
from otelml.testing.clock import SimulatedClock, simulated_clock
from otelml.testing.points import Exemplar, Point, points_from_request
from otelml.testing.receiver import Receiver
from otelml.testing.records import LogRecord, SpanEvent, SpanRecord, logs_from_request, spans_from_request
from otelml.testing.sources import (
    logs_from_json,
    points_from_json,
    points_from_sdk,
    spans_from_json,
    spans_from_sdk,
)
from otelml.testing.totals import Total, bucket_totals, select, total

__all__ = [
    "AttributeValue",
    "Attributes",
    "Capture",
    "Exemplar",
    "LogRecord",
    "Point",
    "Receiver",
    "SimulatedClock",
    "SpanEvent",
    "SpanRecord",
    "Total",
    "bucket_totals",
    "capture",
    "logs_from_json",
    "logs_from_request",
    "points_from_json",
    "points_from_request",
    "points_from_sdk",
    "select",
    "simulated_clock",
    "spans_from_json",
    "spans_from_request",
    "spans_from_sdk",
    "total",
]
