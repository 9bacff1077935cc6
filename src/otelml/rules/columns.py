"""What the model is asked, and what it answers, against its baseline: drift, completeness, violations, skew."""

from __future__ import annotations

from otelml.rules.rule import PAGE, SCORE, TICKET, Alert, File, Group, Record, over_windows

# Where Prometheus was down at that instant a day would be lost: what it said ten minutes before is as good.
DAYS = " or\n  ".join(
    f'label_replace(last_over_time(ml:column_values:increase1d[10m] offset {day}d), "day", "{day}", "", "")'
    for day in range(1, 7)
)

COUNTS = (
    Record(
        "ml:column_values:increase1d",
        "sum by ($column, ml_bin) (increase(ml_column_values_total[1d])) > 0",
        "How many values of a column fell into each bin, in all processes together.",
    ),
    Record(
        "ml:column_values:increase7d",
        f"sum by ($column, ml_bin) (\n  ml:column_values:increase1d or\n  {DAYS}\n)",
        "Seven days, one after the other: over [7d] at once a query would read a hundred million samples.",
    ),
)

DRIFT = over_windows(
    ("1d", "7d"),
    Record("ml:column_rows:increase$window", "sum by ($column) (ml:column_values:increase$window)"),
    Record(
        "ml:column_bins:$window",
        "count by ($column) (ml:column_values:increase$window or ml:baseline_values)",
        "Bins that hold something on either side.",
    ),
    Record(
        "ml:column_share:$window",
        """
        ((ml:column_values:increase$window or 0 * ml:baseline_values) + 0.5)
          / on ($column) group_left () (ml:column_rows:increase$window + ml:column_bins:$window / 2)
        """,
        "Jeffreys' share of each bin, (count + 1/2) / (rows + bins / 2): never 0, so the logarithm exists.",
    ),
    Record(
        "ml:column_baseline_share:$window",
        """
        (
          (ml:baseline_values or 0 * ml:column_values:increase$window)
            * on ($column) group_left () ml:baseline_rows + 0.5
        )
          / on ($column) group_left () (ml:baseline_rows + ml:column_bins:$window / 2)
        """,
    ),
    Record(
        "ml:column_psi:$window",
        """
        sum by ($column) (
          (ml:column_share:$window - ml:column_baseline_share:$window)
            * ln(ml:column_share:$window / ml:column_baseline_share:$window)
        )
        """,
        "Population stability index.",
    ),
    Record(
        "ml:column_psi_critical:$window",
        """
        (1 / ml:column_rows:increase$window + 1 / ml:baseline_rows) * (ml:column_bins:$window - 1 > 0) * (
          1 - 2 / (9 * (ml:column_bins:$window - 1 > 0)) + 4.265 * sqrt(2 / (9 * (ml:column_bins:$window - 1 > 0)))
        ) ^ 3
        """,
        "What a window without drift stays below, but for once in 100,000 (chi-squared, Wilson and Hilferty 1931).",
    ),
    Record(
        "ml:column_completeness:$window",
        """
        1 - (
          sum by ($column) (ml:column_values:increase$window{ml_bin="missing"}) or 0 * ml:column_rows:increase$window
        ) / ml:column_rows:increase$window
        """,
    ),
)


def threshold(window: str, iso: str) -> Record:
    """What the index of a window has to be above: an effect, no chance, and more than blocks of training differ."""
    least = f"clamp_min(ml:column_psi_critical:{window}, $psi)"
    return Record(
        f"ml:column_psi_threshold:{window}",
        f"""
        $blocks * sum by ($column) (ml:baseline_drift{{ml_window="{iso}"}}) > {least}
          or {least}
        """,
        "An effect that matters, no chance, and more than blocks of the training data differ among themselves by.",
    )


def drifted(window: str, index: str) -> str:
    """Columns whose window drifted, of those that have this index."""
    return f"{index} > ml:column_psi_threshold:{window} and ml:column_rows:increase{window} >= $rows"


def of_score(window: str) -> str:
    """The index of what the model answers."""
    return f'ml:column_psi:{window}{{ml_column_role="output", ml_column_name=~"score|value"}}'


def of_others(window: str) -> str:
    """The index of every other column; an input may be called score or value too."""
    return f"(ml:column_psi:{window} unless {of_score(window)})"


COLUMN = "{{ $labels.ml_model_name }}: {{ $labels.ml_column_name }}"
# Of the first days after a start the 7-day counts hold less than a week, and a day differs more than a week does.
WHOLE_WEEK = "and max_over_time(ml:column_rows:increase1d[7d] offset 7d) > 0"

ALERTS = (
    Alert(
        "MLScoreDrift",
        f"""
        ({drifted("1d", of_score("1d"))})
          and ({drifted("7d", of_score("7d"))})
        """,
        "12h",
        PAGE,
        f"{COLUMN} is distributed unlike training (PSI {SCORE})",
        "Over the day and over the week what the model answers is further from its baseline than $psi, than chance "
        "allows, and than $blocks times what blocks of the baseline differ by.",
        "The day tells that it is so now, the week that it is no odd day; twelve hours, since a window that holds "
        "halves of two days can be odder than any day.",
    ),
    Alert(
        "MLColumnDrift",
        f"{drifted('7d', of_others('7d'))}\n{WHOLE_WEEK}",
        "6h",
        TICKET,
        f"{COLUMN} has drifted over seven days (PSI {SCORE})",
        "Its distribution is further from the baseline than $psi, than chance allows, and than $blocks times what "
        "weeks of the baseline differ by.",
        labels={"ml_window": "P7D"},
    ),
    Alert(
        "MLColumnDrift",
        drifted("1d", of_others("1d")),
        "6h",
        TICKET,
        f"{COLUMN} has drifted within a day (PSI {SCORE})",
        "Its distribution is further from the baseline than $psi, than chance allows, and than $blocks times what "
        "days of the baseline differ by.",
        labels={"ml_window": "P1D"},
    ),
    Alert(
        "MLColumnIncomplete",
        """
        1 - ml:column_completeness:1d > $missing + (
          sum by ($column) (ml:baseline_values{ml_bin="missing"})
            or 0 * ml:baseline_rows
            or 0 * ml:column_rows:increase1d{ml_baseline_id=""}
        )
          and ml:column_rows:increase1d >= $rows
        """,
        "1h",
        TICKET,
        f"{COLUMN} is missing in {{{{ $value | humanizePercentage }}}} of the rows",
        "That is more than in the baseline, by more than the threshold.",
    ),
    Alert(
        "MLColumnViolations",
        """
        ml:column_violations:ratio1h{ml_violation=~"column_missing|column_extra|type|category"} > $violations
          and on ($model) ml:rows:rate1h * 3600 >= $rows
        """,
        "15m",
        TICKET,
        f"{COLUMN} violates what training had ({{{{ $labels.ml_violation }}}})",
        "In the last hour {{ $value | humanizePercentage }} of its values have another type, are of categories that "
        "training never saw, or the column is missing or not the model's: most often the service prepares its rows "
        "unlike the training did.",
    ),
    Alert(
        "MLTrainingServingSkew",
        """
        ml:columns_moved:count1d >= 1
          unless on ($model) max_over_time(ml:rows:increase1d[7d] offset 1d) > 0
        """,
        "1h",
        TICKET,
        "{{ $labels.ml_model_name }} {{ $labels.ml_model_version }}: {{ $value }} columns are unlike training "
        "since the deploy",
        "Within a day of its first call columns have drifted: not the world has moved, but the service prepares its "
        "rows unlike the training did, or the baseline is of other data.",
        "New is what had no rows in the eight days before, so that a weekly job is not new at each run; the largest "
        "of them, since a service that is asked once a week has days of 0.",
    ),
)

FILE = File(
    "columns",
    "What the model is asked, and what it answers, against its baseline: drift, completeness, violations, skew.\n"
    "Every two minutes: these rules read most of all.",
    (
        Group(
            "ml-columns",
            "2m",
            (
                *COUNTS,
                *DRIFT,
                threshold("1d", "P1D"),
                threshold("7d", "P7D"),
                Record("ml:columns_moved:count1d", f"count by ($model) ({drifted('1d', 'ml:column_psi:1d')})"),
                Record(
                    "ml:column_violations:ratio1h",
                    """
                    sum by ($column, ml_violation) (increase(ml_column_violations_total[1h]))
                      / on ($model) group_left () max by ($model) (
                        sum by ($column) (increase(ml_column_values_total{ml_column_role="input"}[1h])) > 0
                      )
                    """,
                    "Of the rows that were looked at: a budget may have others passed over.",
                ),
                *ALERTS,
            ),
        ),
    ),
)
