"""What Prometheus makes of a name of the contract: its series, and its labels.

Its OTLP receiver by default, as the Collector's exporter: dots become underscores, the unit is spelled out and
appended, counters get `_total`, a gauge without a unit `_ratio`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.telemetry.names import CONTRACT, Kind

if TYPE_CHECKING:
    from otelml.telemetry.names import Metric

UNITS = {"s": "_seconds", "By": "_bytes"}
PARTS = ("_bucket", "_sum", "_count")
OWN_LABELS = ("job", "instance", "le")
"""Labels that Prometheus itself gives: service, process, and the upper bound of a bucket."""


def label(attribute: str) -> str:
    """Name the label of an attribute.

    >>> label("ml.model.name")
    'ml_model_name'
    """
    return attribute.replace(".", "_")


def family(metric: Metric) -> str:
    """Name the family of series of a metric.

    >>> from otelml.telemetry import names
    >>> family(names.OVERHEAD), family(names.SCORE), family(names.DRIFT)
    ('otelml_overhead_seconds_total', 'ml_prediction_score', 'ml_drift')
    """
    name = label(metric.name) + UNITS.get(metric.unit, "")
    if metric.kind is Kind.COUNTER:
        return f"{name}_total"
    return f"{name}_ratio" if metric.kind is Kind.GAUGE and metric.unit == "1" else name


def series(metric: Metric) -> tuple[str, ...]:
    """Name every series of a metric.

    >>> from otelml.telemetry import names
    >>> series(names.DELAY)[1]
    'ml_outcome_delay_seconds_sum'
    """
    if metric.kind is not Kind.HISTOGRAM:
        return (family(metric),)
    return tuple(family(metric) + part for part in PARTS if not (metric.signed and part == "_sum"))


SERIES = {name: metric for metric in CONTRACT for name in series(metric)}
"""Every series of the contract, and the metric that it is of."""
