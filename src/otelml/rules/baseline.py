"""What the model was like in training, as every process of it tells."""

from __future__ import annotations

from otelml.rules.rule import File, Group, Record

# Every worker tells the same constants, and one that restarts leaves a gap: so the largest, of the last hour.
FILE = File(
    "baseline",
    "The baseline: constants that each process exports as ml.baseline.*, recorded once per model instead of\n"
    "once per process.  The other files read these; `otelml rules --baseline` writes them as constants instead.",
    (
        Group(
            "ml-baseline",
            "1m",
            (
                Record(
                    "ml:baseline_values",
                    "max by ($column, ml_bin) (last_over_time(ml_baseline_values[1h])) > 0",
                    "Share of the rows in each bin of a column; bins that nothing fell into are left out.",
                ),
                Record("ml:baseline_rows", "max by ($column) (last_over_time(ml_baseline_rows[1h]))"),
                Record(
                    "ml:baseline_drift",
                    "max by ($column, ml_window) (last_over_time(ml_baseline_drift[1h]))",
                    "Largest PSI of a block of the baseline, as long as the window, against the others.",
                ),
                Record(
                    "ml:baseline_moment",
                    "max by ($column, ml_moment, ml_bound, ml_window) (last_over_time(ml_baseline_moment[1h]))",
                ),
                Record(
                    "ml:baseline_cells",
                    "max by ($model, ml_predicted, ml_actual) (last_over_time(ml_baseline_cells[1h]))",
                ),
                Record(
                    "ml:baseline_performance",
                    """
                    max by ($model, ml_metric, ml_class, ml_bound, ml_window) (
                      last_over_time(ml_baseline_performance[1h])
                    )
                    """,
                    "Without ml_window over all rows; with it, the bounds that windows that long stay in.",
                ),
                Record(
                    "ml:baseline_prevalence",
                    """
                    sum by ($model, ml_class) (label_replace(ml:baseline_cells, "ml_class", "$1", "ml_actual", "(.+)"))
                      / on ($model) group_left () sum by ($model) (ml:baseline_cells)
                    """,
                    "Base rate of each class, at which live performance is compared.",
                ),
            ),
        ),
    ),
)
