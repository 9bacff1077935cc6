"""The model as software: availability and its error budget, latency, throughput, and telemetry that is missing."""

from __future__ import annotations

from otelml.rules.rule import NUMBER, PAGE, TICKET, Alert, File, Group, Record, over_windows
from otelml.rules.season import records, unusual

CALLS = over_windows(
    ("5m", "30m", "1h", "6h", "3d"),
    Record("ml:calls:rate$window", "sum by ($model) (rate(ml_inference_duration_seconds_count[$window]))"),
    Record(
        "ml:failures:ratio_rate$window",
        """
        (
          sum by ($model) (rate(ml_inference_duration_seconds_count{error_type!=""}[$window]))
          or 0 * ml:calls:rate$window
        )
        / (ml:calls:rate$window > 0)
        """,
    ),
)

SECONDS = {"1h": 3600, "6h": 6 * 3600, "3d": 3 * 86400}

LATENCY = over_windows(
    ("5m", "1h"),
    *(
        Record(
            f"ml:latency_seconds:p{percent}_$window",
            f"histogram_quantile({percent / 100}, "
            "sum by ($model, le) (rate(ml_inference_duration_seconds_bucket[$window])))",
        )
        for percent in (50, 99)
    ),
)


def burn(name: str, times: float, windows: tuple[str, str], lasts: str, severity: str) -> Alert:
    """Alert on an error budget that is spent too fast, over a long window and a short one, by more calls than a few.

    Google's Site Reliability Workbook (2018), chapter 5: the long one is the evidence, the short one lets the alert
    end when the failures do.
    """
    long, short = windows
    return Alert(
        name,
        f"""
        ml:failures:ratio_rate{long} > {times:g} * $budget
          and ml:failures:ratio_rate{short} > {times:g} * $budget
          and ml:failures:ratio_rate{long} * ml:calls:rate{long} * {SECONDS[long]} >= $failures
        """,
        lasts,
        severity,
        "{{ $labels.ml_model_name }}: {{ $value | humanizePercentage }} of the calls fail",
        f"Over {long} and over {short} the error budget of $objective % availability is spent at more than {times:g} "
        "times the rate at which it lasts 30 days.",
        "Of five calls a day one that fails is a fifth: what burns a budget is at least $failures of them.",
    )


FILE = File(
    "service",
    "The model as software: availability and its error budget, latency, throughput, and telemetry that is missing.",
    (
        Group(
            "ml-service",
            "1m",
            (
                *CALLS,
                *LATENCY,
                *over_windows(
                    ("5m", "1h"),
                    Record("ml:rows:rate$window", "sum by ($model) (rate(ml_inference_rows_total[$window]))"),
                ),
                Record("ml:rows:increase1d", "sum by ($model) (increase(ml_inference_rows_total[1d]))"),
                Record("ml:serving_processes", "sum by ($model) (ml_model_info)"),
                Record(
                    "ml:throughput:1h",
                    "sum by ($name) (ml:rows:rate1h)",
                    "By name alone, since a new version goes on where the one before it ended.",
                ),
                *records("ml:throughput:1h", "$name", "3600", floor="0.5"),
                burn("MLErrorBudgetBurnFast", 14.4, ("1h", "5m"), "2m", PAGE),
                burn("MLErrorBudgetBurn", 6, ("6h", "30m"), "15m", PAGE),
                burn("MLErrorBudgetBurnSlow", 1, ("3d", "6h"), "1h", TICKET),
                Alert(
                    "MLLatencyHigh",
                    "ml:latency_seconds:p99_5m > $latency and ml:calls:rate5m * 300 >= 20",
                    "10m",
                    PAGE,
                    "{{ $labels.ml_model_name }}: one call in a hundred takes {{ $value | humanizeDuration }}",
                    "The 99th percentile of the duration of a prediction call has been above $latency s.",
                ),
                Alert(
                    "MLLatencyRegressed",
                    """
                    ml:latency_seconds:p99_1h > $slower * (sum by ($model) (ml:latency_seconds:p99_1h offset 1w))
                      and ml:calls:rate1h * 3600 >= 100
                    """,
                    "1h",
                    TICKET,
                    "{{ $labels.ml_model_name }}: the slowest calls now take {{ $value | humanizeDuration }}",
                    "The 99th percentile over an hour is more than $slower times that of a week before.",
                ),
                unusual(
                    "MLThroughputUnusual",
                    "ml:throughput:1h",
                    "1h",
                    "{{ $labels.ml_model_name }}: " + NUMBER + " rows a second, unlike past weeks",
                ),
                Alert(
                    "MLTrafficStopped",
                    """
                    sum by ($name) (ml:calls:rate1h) == 0
                      and on ($name) sum by ($name) (ml:calls:rate1h offset 1w) * 3600 >= 20
                    """,
                    "15m",
                    TICKET,
                    "{{ $labels.ml_model_name }}: nobody has asked it for an hour",
                    "Its processes are there and report, but no call came in an hour that had 20 or more a week ago.",
                    "Of a model that is asked less often, an hour without a call is chance.",
                ),
                Alert(
                    "MLTelemetryMissing",
                    """
                    group by ($name) (last_over_time(ml:serving_processes[1d]) > 0)
                      unless on ($name) group by ($name) (ml:serving_processes > 0)
                    """,
                    "15m",
                    TICKET,
                    "{{ $labels.ml_model_name }}: no process of it reports any more",
                    "At least one process served the model within a day, and now none reports: it has ended, or its "
                    "telemetry does not arrive.",
                ),
            ),
        ),
    ),
)
