"""Whether the model was right: against labels that come late, at the baseline's prevalence, and by its own spread.

What is made of confusion cells reads `ml.outcome.cohort`: a prediction is counted once, when it reaches the outcome
horizon, so that late labels never look like a drop.  AUC, calibration and losses are of outcomes as they arrive.
"""

from __future__ import annotations

from dataclasses import replace

from otelml.rules.rule import NUMBER, PAGE, SCORE, TICKET, Alert, File, Group, Record, over_windows

WINDOWS = ("1d", "7d", "28d")
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

NAME = "{{ $labels.ml_model_name }}"
JUDGED = "and on ($model) ml:outcomes_judged:7d"


def bound(metric: str, which: str, window: str = "P7D") -> str:
    """One of the baseline's numbers for a metric, by model and class."""
    return (
        "max by ($model, ml_class) (ml:baseline_performance{"
        f'ml_metric="{metric}", ml_bound="{which}", ml_window="{window}"}})'
    )


def below(name: str, metric: str, spoken: str, of: str = " of {{ $labels.ml_class }}") -> Alert:
    """Alert on seven days of a metric below what seven days of the baseline stay above."""
    return Alert(
        name,
        # To the left there may be more: AUC is told of each baseline of a deploy.
        f"ml:{metric}:7d < on ($model, ml_class) group_left () {bound(metric, 'lower')}\n{JUDGED}",
        "24h",
        TICKET,
        f"{NAME}: {spoken}{of} is {SCORE}, below its baseline",
        f"The {spoken} of seven days of predictions has been, for a day, below what 97.5 of 100 such weeks of the "
        "baseline stay above (day-block bootstrap).",
    )


def unadjusted(alert: Alert, **labels: str) -> Alert:
    """The same of models whose baseline knows no value at its base rate: of more than two classes."""
    why = "Of more than two classes, whose baseline has no adjusted value; as it is it moves with the base rates too."
    expr = f'{alert.expr}\nunless on ($model) ml:baseline_performance{{ml_metric="f1_adjusted"}}'
    return replace(alert, expr=expr, why=why, labels=labels)


# Wilson's interval of J = TP / (TP + FP + FN), of which F1 = 2 J / (1 + J) is a function; z = 1.96.
JACCARD = "(ml:f1_adjusted:7d / (2 - ml:f1_adjusted:7d))"
TRIALS = "(ml:predicted_as:increase7d + ml:actually:increase7d - ml:rightly:increase7d > 0)"
UPPER_JACCARD = (
    f"(({JACCARD} + 1.96 ^ 2 / (2 * {TRIALS}) + 1.96 * sqrt({JACCARD} * (1 - {JACCARD}) / {TRIALS} "
    f"+ 1.96 ^ 2 / (4 * {TRIALS} ^ 2))) / (1 + 1.96 ^ 2 / {TRIALS}))"
)

F1_ALERTS = (
    Alert(
        "MLF1FarBelowBaseline",
        f"""
        ml:f1_adjusted:7d < on ($model, ml_class) (
          {bound("f1_adjusted", "value")}
            - $worse * ({bound("f1_adjusted", "value")} - {bound("f1_adjusted", "lower")})
        )
          {JUDGED}
        """,
        "24h",
        PAGE,
        f"{NAME}: F1 of {{{{ $labels.ml_class }}}}, at the baseline's base rate, is {SCORE}",
        "F1 of seven days of predictions has been, for a day, $worse times as far below the baseline as its lower "
        "bound for seven days is: of a year of weeks like the baseline's hardly one would be.",
        "Of a year's sliding weeks, one in two dips below a 95 % bound for a day though nothing has changed: that is "
        "a ticket.  At one and a half times the distance it is news.",
    ),
    below("MLF1BelowBaseline", "f1_adjusted", "F1 at the baseline's base rate"),
    unadjusted(below("MLF1BelowBaseline", "f1", "F1"), ml_metric="f1"),
    Alert(
        "MLF1BelowBaseline",
        f"""
        ml:f1_adjusted:7d
          and on ($model, ml_class) (
            ml:f1_adjusted:7d - ml:baseline_f1
              + sqrt(
                (2 * {UPPER_JACCARD} / (1 + {UPPER_JACCARD}) - ml:f1_adjusted:7d) ^ 2
                  + (ml:baseline_f1 - ml:baseline_f1_lower) ^ 2
              ) < 0
          )
          {JUDGED}
          unless on ($model) ml:baseline_performance{{ml_window="P7D"}}
        """,
        "24h",
        TICKET,
        f"{NAME}: F1 of {{{{ $labels.ml_class }}}}, at the baseline's base rate, is {SCORE}",
        "The baseline was made without times, so that nobody knows how its weeks differ; F1 is below it by more than "
        "chance makes of independent rows (Newcombe's interval of the difference).",
        "Newcombe (1998), Statistics in Medicine 17:873-890, method 10.  Real days cluster: give Baseline.fit a time.",
        labels={"ml_window": "none"},
    ),
)

ALERTS = (
    *F1_ALERTS,
    below("MLPrecisionBelowBaseline", "precision_adjusted", "precision at the baseline's base rate"),
    unadjusted(below("MLPrecisionBelowBaseline", "precision", "precision"), ml_metric="precision"),
    below("MLRecallBelowBaseline", "recall", "recall"),
    unadjusted(below("MLAccuracyBelowBaseline", "accuracy", "accuracy", of="")),
    below("MLRocAucBelowBaseline", "roc_auc", "area under the ROC curve"),
    Alert(
        "MLErrorAboveBaseline",
        f"""
        (
          label_replace(ml:loss:7d{{ml_loss="brier"}}, "ml_metric", "brier", "", "")
          or label_replace(ml:loss:7d{{ml_loss="absolute"}}, "ml_metric", "mae", "", "")
          or label_replace(ml:loss:7d{{ml_loss="squared"}} ^ 0.5, "ml_metric", "rmse", "", "")
        )
          > on ($model, ml_metric) max by ($model, ml_metric) (
            ml:baseline_performance{{ml_bound="upper", ml_window="P7D"}}
          )
          {JUDGED}
        """,
        "24h",
        TICKET,
        f"{NAME}: {{{{ $labels.ml_metric }}}} is {NUMBER}, above its baseline",
        "The mean error of seven days of outcomes has been, for a day, above what 97.5 of 100 such weeks of the "
        "baseline stay below.",
    ),
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

FILE = File(
    "outcomes",
    "Whether the model was right: labels that come late, joined to their predictions, counted when these reach the\n"
    "outcome horizon.  Precision and F1 are compared at the baseline's base rate, and by the spread of its own weeks.",
    (
        Group(
            "ml-outcomes",
            "1m",
            (
                *over_windows(WINDOWS, *CELLS, *PERFORMANCE),
                *over_windows(("1d", "7d"), *SCORES),
                *DELAYS,
                Record(
                    "ml:outcomes_judged:7d",
                    "ml:labelled:increase7d >= $rows and ml:labelled:increase1d offset 7d > 0",
                    "Models that have had a whole week of labels, and enough of them, to be judged by.",
                ),
                *ARRIVALS,
                Record("ml:baseline_f1", bound("f1_adjusted", "value", "")),
                Record("ml:baseline_f1_lower", bound("f1", "lower", "")),
                *ALERTS,
            ),
        ),
    ),
)
