"""Whether the model was right: against labels that come late, at the baseline's prevalence, and by its own spread.

What is made of confusion cells reads `ml.outcome.cohort`: a prediction is counted once, when it reaches the outcome
horizon, so that late labels never look like a drop.  AUC, calibration and losses are of outcomes as they arrive.
"""

from __future__ import annotations

from otelml.rules import below_baseline, labels, performance
from otelml.rules.rule import File, Group, Record, over_windows

WINDOWS = ("1d", "7d", "28d")

FILE = File(
    "outcomes",
    "Whether the model was right: labels that come late, joined to their predictions, counted when these reach the\n"
    "outcome horizon.  Precision and F1 are compared at the baseline's base rate, and by the spread of its own weeks.",
    (
        Group(
            "ml-outcomes",
            "1m",
            (
                *over_windows(WINDOWS, *performance.CELLS, *performance.PERFORMANCE),
                *over_windows(("1d", "7d"), *performance.SCORES),
                *labels.DELAYS,
                Record(
                    "ml:outcomes_judged:7d",
                    "ml:labelled:increase7d >= $rows and max_over_time(ml:labelled:increase1d[7d] offset 7d) > 0",
                    "Models that have had a whole week of labels, and enough of them, to be judged by.",
                ),
                *labels.ARRIVALS,
                Record(
                    "ml:f1_upper:7d",
                    f"2 * {below_baseline.UPPER_JACCARD} / (1 + {below_baseline.UPPER_JACCARD})",
                    "Upper end of Wilson's interval: what so few predictions leave open.",
                ),
                Record("ml:baseline_f1", below_baseline.bound("f1_adjusted", "value", "")),
                Record("ml:baseline_f1_lower", below_baseline.bound("f1", "lower", "")),
                *below_baseline.ALERTS,
                *labels.ALERTS,
            ),
        ),
    ),
)
