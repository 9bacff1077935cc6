"""Performance of the predictions that reached the outcome horizon, and of the scores behind them: what is recorded."""

from __future__ import annotations

from otelml.rules.rule import Record

LABELLED = 'ml:outcome_cells:increase$window{ml_actual!="none"}'
# Cohorts of a regression have no classes: they are labelled or not, and neither right nor wrong.
CLASSIFIED = 'ml:outcome_cells:increase$window{ml_actual!~"none|", ml_predicted!=""}'


def by_class(cells: str, attribute: str) -> str:
    """Sum cells by one of their two classes, told as `ml_class`: PromQL cannot compare two labels."""
    return f'sum by ($model, ml_class) (label_replace({cells}, "ml_class", "$1", "{attribute}", "(.+)"))'


CELLS = (
    Record(
        "ml:outcome_cells:increase$window",
        "sum by ($model, ml_predicted, ml_actual, ml_correct) (increase(ml_outcome_cohort_total[$window]))",
        "Confusion cells of the predictions that reached the horizon; ml_actual is none where no label had come.",
    ),
    Record(
        "ml:labelled:increase$window",
        f"sum by ($model) ({LABELLED})\nor 0 * sum by ($model) (ml:outcome_cells:increase$window)",
    ),
    Record(
        "ml:predicted_as:increase$window",
        by_class(CLASSIFIED, "ml_predicted") + "\nor 0 * " + by_class(CLASSIFIED, "ml_actual"),
        "A class that the model never chose is 0: its recall is 0 too, and not unknown.",
    ),
    Record(
        "ml:actually:increase$window",
        by_class(CLASSIFIED, "ml_actual") + "\nor 0 * ml:predicted_as:increase$window",
    ),
    Record(
        "ml:rightly:increase$window",
        by_class('ml:outcome_cells:increase$window{ml_correct="true"}', "ml_predicted")
        + "\nor 0 * ml:predicted_as:increase$window",
        "True positives of each class, taken against all others.",
    ),
)

PERFORMANCE = (
    Record(
        "ml:accuracy:$window",
        "sum by ($model) (ml:rightly:increase$window) / (ml:labelled:increase$window > 0)",
    ),
    Record("ml:precision:$window", "ml:rightly:increase$window / (ml:predicted_as:increase$window > 0)"),
    Record("ml:recall:$window", "ml:rightly:increase$window / (ml:actually:increase$window > 0)"),
    Record(
        "ml:f1:$window",
        "2 * ml:rightly:increase$window / (ml:predicted_as:increase$window + ml:actually:increase$window > 0)",
    ),
    Record(
        "ml:false_positive_rate:$window",
        """
        (ml:predicted_as:increase$window - ml:rightly:increase$window)
          / (-1 * (ml:actually:increase$window - on ($model) group_left () ml:labelled:increase$window) > 0)
        """,
    ),
    Record(
        "ml:prevalence:$window",
        "ml:actually:increase$window / on ($model) group_left () (ml:labelled:increase$window > 0)",
    ),
    Record(
        "ml:precision_adjusted:$window",
        """
        ml:baseline_prevalence * ml:recall:$window
          / (
            ml:baseline_prevalence * ml:recall:$window
              + (1 - ml:baseline_prevalence) * ml:false_positive_rate:$window > 0
          )
        """,
        "What precision would be at the baseline's base rate; it moves with the base rate alone.",
    ),
    Record(
        "ml:f1_adjusted:$window",
        """
        2 * ml:baseline_prevalence * ml:recall:$window
          / (
            ml:baseline_prevalence * ml:recall:$window
              + (1 - ml:baseline_prevalence) * ml:false_positive_rate:$window
              + ml:baseline_prevalence
          )
        """,
    ),
    Record(
        "ml:label_coverage:$window",
        """
        1 - (
          sum by ($model, ml_predicted) (ml:outcome_cells:increase$window{ml_actual="none"})
            or 0 * sum by ($model, ml_predicted) (ml:outcome_cells:increase$window)
        ) / (sum by ($model, ml_predicted) (ml:outcome_cells:increase$window) > 0)
        """,
        "Share of the predictions of each class that had their label at the horizon.",
    ),
    Record(
        "ml:label_coverage_all:$window",
        "ml:labelled:increase$window / (sum by ($model) (ml:outcome_cells:increase$window) > 0)",
    ),
)

POSITIVE = "and on ($model, ml_class) ml:positive_class"
NEGATIVE = "unless on ($model, ml_class) ml:positive_class"


def scored(series: str, which: str) -> str:
    """Outcomes of binary models by bin of their score, of the positive class or of the other."""
    return (
        "sum by ($model, ml_baseline_id, ml_bin) (\n  label_replace(\n    "
        f"sum by ($model, ml_baseline_id, ml_actual, ml_bin) (increase({series}[$window])),\n    "
        f'"ml_class", "$1", "ml_actual", "(.+)"\n  )\n  {which}\n)'
    )


SCORES = (
    Record("ml:score_positives:increase$window", scored("ml_outcome_score_values_total", POSITIVE)),
    Record("ml:score_negatives:increase$window", scored("ml_outcome_score_values_total", NEGATIVE)),
    Record(
        "ml:score_negatives_below:increase$window",
        scored("ml_outcome_score_below_total", NEGATIVE),
        "Negatives up to and including each bin: the process counts them, for PromQL cannot add up in order.",
    ),
    Record(
        "ml:roc_auc:$window",
        """
        sum by ($model, ml_baseline_id) (
          ml:score_positives:increase$window * (
            ml:score_negatives_below:increase$window
              - (ml:score_negatives:increase$window or 0 * ml:score_negatives_below:increase$window) / 2
          )
        )
          / (
            sum by ($model, ml_baseline_id) (ml:score_positives:increase$window)
              * sum by ($model, ml_baseline_id) (ml:score_negatives:increase$window) > 0
          )
          * on ($model) group_left (ml_class) ml:positive_class
        """,
        "Chance that a positive has a higher score than a negative; ties within a bin count half.",
    ),
    Record(
        "ml:calibration_error:$window",
        """
        sum by ($model, ml_baseline_id) (
          abs(
            sum by ($model, ml_baseline_id, ml_bin) (increase(ml_outcome_score_sum_total[$window]))
              - (
                ml:score_positives:increase$window
                  or 0 * sum by ($model, ml_baseline_id, ml_bin) (increase(ml_outcome_score_sum_total[$window]))
              )
          )
        )
          / (
            sum by ($model, ml_baseline_id) (ml:score_positives:increase$window)
              + sum by ($model, ml_baseline_id) (ml:score_negatives:increase$window) > 0
          )
          * on ($model) group_left (ml_class) ml:positive_class
        """,
        "Expected calibration error: mean distance, over the bins, of the mean score from the share of positives.",
    ),
    Record(
        "ml:loss:$window",
        """
        sum by ($model, ml_loss) (increase(ml_outcome_loss_sum[$window]))
          / (sum by ($model, ml_loss) (increase(ml_outcome_loss_count[$window])) > 0)
        """,
        "Brier score, log loss, squared and absolute error; the mean of each.",
    ),
)
