"""What watching costs, and what it lost."""

from __future__ import annotations

from otelml.rules.rule import TICKET, Alert, File, Group, Record

FILE = File(
    "watching",
    "What watching costs, and what it lost: whatever otelml gives up on it counts.",
    (
        Group(
            "ml-watching",
            "1m",
            (
                Record(
                    "ml:watching_share:rate15m",
                    """
                    sum by (job) (rate(otelml_overhead_seconds_total[15m]))
                      / (sum by (job) (rate(ml_inference_duration_seconds_sum[15m])) > 0)
                    """,
                    "Time that otelml takes, over the time that the models themselves take.",
                ),
                Record(
                    "ml:dropped:increase15m",
                    "sum by (job, $name, ml_reason) (increase(otelml_dropped_total[15m]))",
                ),
                Record("ml:errors:increase15m", "sum by (job, ml_component) (increase(otelml_errors_total[15m]))"),
                Alert(
                    "MLWatchingExpensive",
                    """
                    ml:watching_share:rate15m > $overhead
                      and sum by (job) (rate(otelml_overhead_seconds_total[15m]))
                        > 0.01 * count by (job) (otelml_overhead_seconds_total)
                    """,
                    "1h",
                    TICKET,
                    "{{ $labels.job }}: watching takes {{ $value | humanizePercentage }} of the models' own time",
                    "otelml takes a larger share of the models' time than the threshold, and more than a hundredth of "
                    "a processor in each process: to collect costs the same however seldom a model is asked.",
                ),
                Alert(
                    "MLTelemetryDropped",
                    'ml:dropped:increase15m{ml_reason!="budget"} > 0',
                    "1m",
                    TICKET,
                    "{{ $labels.job }}: {{ $value | humanize }} items dropped ({{ $labels.ml_reason }})",
                    "otelml gave up on items of this model: what it tells is not the whole. Rows that the budget "
                    "passes over are a sample, and are not meant.",
                ),
                Alert(
                    "MLWatchingFails",
                    "ml:errors:increase15m > 0",
                    "1m",
                    TICKET,
                    "{{ $labels.job }}: otelml swallowed {{ $value | humanize }} errors ({{ $labels.ml_component }})",
                    "Errors inside otelml never reach the service; but what failed was not counted.",
                ),
            ),
        ),
    ),
)
