"""Thresholds in per cent, for those who want them plain: no spread, no sample size, no base rate."""

from __future__ import annotations

from otelml.rules.below_baseline import bound
from otelml.rules.rule import NAME, PAGE, SCORE, TICKET, Alert, File, Group


def percent(name: str, metric: str) -> Alert:
    """Alert on a metric so many per cent below the baseline's value."""
    return Alert(
        name,
        f"ml:{metric}:7d < on ($model, ml_class) (1 - $plain) * {bound(metric, 'value', '')}",
        "24h",
        PAGE,
        f"{NAME}: {metric} of {{{{ $labels.ml_class }}}} is {SCORE}",
        f"The {metric} of seven days is more than the threshold below the baseline's.",
    )


FILE = File(
    "plain",
    "Thresholds in per cent, for those who want them plain.  Load this file instead of reading the others' alerts, or\n"
    "not at all: it knows nothing of spread, sample size and base rate.  On years in which nothing happened (the days\n"
    "of one month, drawn anew) the F1 alert below cried wolf in every one; docs/alerting.md has the figures.",
    (
        Group(
            "ml-plain",
            "1m",
            (
                percent("MLPlainF1", "f1"),
                percent("MLPlainPrecision", "precision"),
                percent("MLPlainRecall", "recall"),
                Alert(
                    "MLPlainDrift",
                    "ml:column_psi:1d > $plain_psi",
                    "1h",
                    TICKET,
                    f"{NAME}: {{{{ $labels.ml_column_name }}}} has a PSI of {SCORE}",
                    "The population stability index of a day is above $plain_psi.",
                ),
                Alert(
                    "MLPlainIncomplete",
                    "1 - ml:column_completeness:1d > $plain_missing",
                    "1h",
                    TICKET,
                    f"{NAME}: {{{{ $labels.ml_column_name }}}} is missing in {{{{ $value | humanizePercentage }}}}",
                    "More values of a day are missing than the threshold.",
                ),
            ),
        ),
    ),
)
