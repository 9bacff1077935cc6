"""Metric points as they arrive over OTLP, in one flat shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality

from otelml.testing.attributes import Attributes, attributes_of, identity

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

Kind: TypeAlias = Literal["sum", "gauge", "histogram", "exponential_histogram", "summary"]
Temporality: TypeAlias = Literal["delta", "cumulative"]

_TEMPORALITY: dict[int, Temporality] = {
    AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA: "delta",
    AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE: "cumulative",
}


class Exemplar(NamedTuple):
    """One measurement that a point keeps, and the span it was made in; ids are hexadecimal, or empty."""

    trace_id: str
    span_id: str
    value: float


@dataclass(frozen=True)
class Point:
    """One data point of one metric, with the resource and scope it came from.

    Sums and gauges have a ``value``; histograms have ``counts`` (one more than ``bounds``), ``bounds``
    (upper-inclusive), ``count`` and, where the sender gave them, ``sum``, ``min`` and ``max``.
    ``start_ns`` and ``time_ns`` are nanoseconds since the epoch.
    """

    name: str
    kind: Kind
    unit: str
    attributes: Attributes
    resource: Attributes
    scope: str
    scope_version: str
    start_ns: int
    time_ns: int
    temporality: Temporality | None = None
    monotonic: bool | None = None
    value: float | None = None
    count: int | None = None
    sum: float | None = None
    min: float | None = None
    max: float | None = None
    counts: tuple[int, ...] = ()
    bounds: tuple[float, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()

    @property
    def series(self) -> Hashable:
        """What a backend files the point under: resource, scope, metric, attributes; not the start time."""
        origin = (identity(self.resource), self.scope, self.scope_version)
        return (*origin, self.name, self.kind, self.unit, identity(self.attributes))


def points_from_request(request: ExportMetricsServiceRequest) -> list[Point]:
    """Flatten an OTLP metrics request, keeping the order of its points."""
    return [
        Point(
            resource=attributes_of(group.resource.attributes),
            scope=scoped.scope.name,
            scope_version=scoped.scope.version,
            name=metric.name,
            unit=metric.unit,
            **fields,
        )
        for group in request.resource_metrics
        for scoped in group.scope_metrics
        for metric in scoped.metrics
        for fields in _points_of(metric)
    ]


def _points_of(metric: Metric) -> Iterator[dict[str, Any]]:
    kind = metric.WhichOneof("data")
    if kind is None:
        return
    data = getattr(metric, kind)
    shared: dict[str, Any] = {"kind": kind}
    if kind not in {"gauge", "summary"}:
        shared["temporality"] = _TEMPORALITY.get(data.aggregation_temporality)
    if kind == "sum":
        shared["monotonic"] = data.is_monotonic
    for point in data.data_points:
        measured = _number_fields(point) if kind in {"sum", "gauge"} else _distribution_fields(point)
        yield {
            **shared,
            **measured,
            "attributes": attributes_of(point.attributes),
            "start_ns": point.start_time_unix_nano,
            "time_ns": point.time_unix_nano,
        }


def _number_fields(point: Any) -> dict[str, Any]:
    return {"value": _number(point), "exemplars": _exemplars(point)}


def _distribution_fields(point: Any) -> dict[str, Any]:
    # An omitted sum is not a sum of zero: `optional` fields are listed when they were sent, zero or not.
    present = {field.name for field, _ in point.ListFields()}
    optional = {name: getattr(point, name) for name in ("sum", "min", "max") if name in present}
    return {
        "count": point.count,
        **optional,
        "counts": tuple(getattr(point, "bucket_counts", ())),
        "bounds": tuple(getattr(point, "explicit_bounds", ())),
        "exemplars": _exemplars(point),
    }


def _exemplars(point: Any) -> tuple[Exemplar, ...]:
    return tuple(
        Exemplar(exemplar.trace_id.hex(), exemplar.span_id.hex(), _number(exemplar))
        for exemplar in getattr(point, "exemplars", ())
    )


def _number(message: Any) -> float:
    kind = message.WhichOneof("value")
    return getattr(message, kind) if kind else float("nan")
