"""What it costs the host to encode our points, which happens in the SDK's exporter, out of our sight.

Measured, not guessed: the first points of a process are encoded once more, and the seconds a point that this
took are charged for every later one.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.metrics.export import ScopeMetrics

ENCODER = "opentelemetry.exporter.otlp.proto.common.metrics_encoder"
ENOUGH_POINTS = 50
_seconds_a_point: float | None = None


def of_encoding(scopes: Sequence[ScopeMetrics]) -> float:
    """Seconds that the encoding of `scopes` takes; 0 where no OTLP exporter is loaded."""
    global _seconds_a_point  # noqa: PLW0603 -- one measurement a process
    points = sum(len(metric.data.data_points) for scope in scopes for metric in scope.metrics)
    if _seconds_a_point is None and ENCODER in sys.modules and points >= ENOUGH_POINTS:
        _seconds_a_point = _measured(scopes) / points
    return points * (_seconds_a_point or 0.0)


def _measured(scopes: Sequence[ScopeMetrics]) -> float:
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics  # noqa: PLC0415 -- with an exporter only
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

    encode: Any = sys.modules[ENCODER].encode_metrics
    data = MetricsData([ResourceMetrics(Resource.get_empty(), scopes, "")])
    started = time.perf_counter()
    encode(data)
    return time.perf_counter() - started
