"""Labels that are missing, late, uneven or rejected."""

from __future__ import annotations

from otelml.rules.rule import NAME, TICKET, Alert, Record, over_windows

DELAYS = over_windows(
    ("1d", "28d"),
    *(
        Record(
            f"ml:label_delay_seconds:p{percent}_$window",
            f"histogram_quantile({percent / 100}, "
            "sum by ($model, le) (increase(ml_outcome_delay_seconds_bucket[$window])))",
        )
        for percent in (50, 90)
    ),
)

OUTCOMES = "sum by ($name) (increase(ml_outcomes_total[1h]))"
ACTIONS = "sum by ($name, ml_action) (increase(ml_actions_total[1h]))"
# Who says which models it reads is left alone by --without: ids that no model waits for are compared with all.
OF_ALL = (
    "sum without (ml_model_name) (\n"
    '  sum by ($name) (increase(ml_outcomes_total{ml_model_name=~".*"}[1h]))\n'
    '  or sum by ($name, ml_action) (increase(ml_actions_total{ml_model_name=~".*"}[1h]))\n)'
)

ARRIVALS = (
    Record(
        "ml:outcomes_rejected:increase1h",
        'sum by ($name, ml_action) (increase(ml_outcome_rejections_total{ml_reason!="duplicate"}[1h]))',
        "With ml_action, of actions; without ml_model_name, for ids that no model waits for.",
    ),
    Record(
        "ml:outcomes_counted:increase1h",
        f'{OUTCOMES}\nor {ACTIONS}\nor {OF_ALL}\nand ml:outcomes_rejected:increase1h{{ml_model_name=""}}',
        "Outcomes and, with ml_action, actions of each model; and of all, to compare the rejections of no model with.",
    ),
)

ALERTS = (
    Alert(
        "MLLabelsMissing",
        """
        (
          ml:label_coverage_all:7d < $coverage
          or ml:label_coverage_all:7d < 0.8 * (ml:label_coverage_all:28d offset 7d)
        )
          and on ($model) sum by ($model) (ml:outcome_cells:increase7d) >= $rows
        """,
        "24h",
        TICKET,
        f"{NAME}: {{{{ $value | humanizePercentage }}}} of the predictions have a label",
        "Of the predictions of seven days that reached the horizon too few had their label, or a fifth fewer than "
        "in the weeks before: what is told of performance is of the rest alone.",
    ),
    Alert(
        "MLLabelsUneven",
        """
        (-1 * (ml:label_coverage:28d - on ($model) group_left () ml:label_coverage_all:28d)) > $uneven
          and on ($model, ml_predicted) sum by ($model, ml_predicted) (ml:outcome_cells:increase28d) >= $rows
          and on ($model, ml_predicted) (
            -1 * (ml:label_coverage:28d - on ($model) group_left () ml:label_coverage_all:28d)
              > 3 * (
                ml:label_coverage:28d * (1 - ml:label_coverage:28d)
                  / sum by ($model, ml_predicted) (ml:outcome_cells:increase28d)
              ) ^ 0.5
          )
        """,
        "24h",
        TICKET,
        f"{NAME}: {{{{ $value | humanizePercentage }}}} fewer labels where it says {{{{ $labels.ml_predicted }}}}",
        "Labels are missing more for one predicted class than for all together: precision and recall are of another "
        "mixture than the predictions.",
    ),
    Alert(
        "MLLabelsLate",
        """
        ml:label_delay_seconds:p90_1d > 2 * (ml:label_delay_seconds:p90_28d offset 1d)
          and on ($model) sum by ($model) (increase(ml_outcome_delay_seconds_count[1d])) >= $rows
        """,
        "6h",
        TICKET,
        f"{NAME}: nine of ten labels take {{{{ $value | humanizeDuration }}}}",
        "Labels of a day took more than twice as long as in the four weeks before; what comes after the horizon is "
        "not in the cohorts.",
    ),
    Alert(
        "MLOutcomesStopped",
        """
        (
          sum by ($model) (increase(ml_outcomes_total[1d]))
          or 0 * sum by ($model) (increase(ml_outcomes_total[7d] offset 1d))
        ) == 0
          and on ($model) sum by ($model) (increase(ml_outcomes_total[7d] offset 1d)) > 0
          and on ($model) sum by ($model) (increase(ml_outcome_awaited_total[1d])) > 0
        """,
        "1h",
        TICKET,
        f"{NAME}: no label has come for a day",
        "Labels came in the week before, and predictions are made and wait for them.",
        "A job that brings labels leaves no series a day after its last run: that is 0 too.",
    ),
    Alert(
        "MLOutcomesRejected",
        """
        ml:outcomes_rejected:increase1h > $rejected * (
          ml:outcomes_rejected:increase1h
            + (ml:outcomes_counted:increase1h or 0 * ml:outcomes_rejected:increase1h)
        )
          and ml:outcomes_rejected:increase1h > 10
        """,
        "1h",
        TICKET,
        '{{ or $labels.ml_model_name "unknown model" }}: {{ $value | humanize }} '
        '{{ or $labels.ml_action "outcomes" }} of an hour were not counted',
        "They were for ids that no prediction waits for, came after the time to live, or were not readable.",
    ),
)
