"""What the model answers: shares of the classes, variance of the score, and what people did about it."""

from __future__ import annotations

from otelml.rules.rule import NUMBER, TICKET, Alert, File, Group, Record, over_windows
from otelml.rules.season import records, unusual

SCORES = over_windows(
    ("1d", "7d"),
    Record(
        "ml:score_mean:$window",
        """
        sum by ($model, ml_class) (increase(ml_prediction_score_sum[$window]))
          / (sum by ($model, ml_class) (increase(ml_prediction_score_count[$window])) > 0)
        """,
    ),
    Record(
        "ml:score_variance:$window",
        """
        sum by ($model, ml_class) (increase(ml_prediction_score_squares_total[$window]))
          / (sum by ($model, ml_class) (increase(ml_prediction_score_count[$window])) > 0)
          - ml:score_mean:$window ^ 2
        """,
        "Mean of the squares less the square of the mean: both are sums, so it is the variance over all processes.",
    ),
    Record(
        "ml:value_mean:$window",
        """
        (
          sum by ($model, ml_baseline_id) (
            increase(ml_prediction_value_moment_total{ml_moment="positive"}[$window])
          )
          - sum by ($model, ml_baseline_id) (
            increase(ml_prediction_value_moment_total{ml_moment="negative"}[$window])
          )
        )
          / (sum by ($model, ml_baseline_id) (increase(ml_prediction_value_count[$window])) > 0)
        """,
        "Of regressions, in standard deviations of the baseline from its mean.",
    ),
    Record(
        "ml:value_variance:$window",
        """
        sum by ($model, ml_baseline_id) (increase(ml_prediction_value_moment_total{ml_moment="squared"}[$window]))
          / (sum by ($model, ml_baseline_id) (increase(ml_prediction_value_count[$window])) > 0)
          - ml:value_mean:$window ^ 2
        """,
    ),
)


def of_output(moment: str, bound: str, column: str) -> str:
    """What blocks of the baseline, as long as seven days, had at least or at most."""
    return (
        f'max by ($model) (ml:baseline_moment{{ml_column_name="{column}", ml_column_role="output", '
        f'ml_moment="{moment}", ml_bound="{bound}", ml_window="P7D"}})'
    )


SCALE = (
    'max by ($model) (ml:baseline_moment{ml_column_name="value", ml_column_role="output", '
    'ml_moment="standard_deviation"}) ^ 2'
)

ALERTS = (
    Alert(
        "MLScoreVarianceUnusual",
        f"""
        (
          ml:score_variance:7d > on ($model) group_left () {of_output("variance", "upper", "score")}
          or ml:score_variance:7d < on ($model) group_left () {of_output("variance", "lower", "score")}
        )
          and on ($model, ml_class) ml:positive_class
          and on ($model) max_over_time(ml:rows:increase1d[7d] offset 7d) > 0
          and on ($model) sum by ($model) (increase(ml_prediction_score_count[7d])) >= $rows
        """,
        "24h",
        TICKET,
        "{{ $labels.ml_model_name }}: the variance of the score is " + NUMBER,
        "Over seven days the variance of the score is outside what any seven days of the baseline had: the model has "
        "become surer, or less sure, than it was.",
    ),
    Alert(
        "MLValueVarianceUnusual",
        f"""
        (
          ml:value_variance:7d * on ($model) group_left () {SCALE}
            > on ($model) group_left () {of_output("variance", "upper", "value")}
          or ml:value_variance:7d * on ($model) group_left () {SCALE}
            < on ($model) group_left () {of_output("variance", "lower", "value")}
        )
          and on ($model) max_over_time(ml:rows:increase1d[7d] offset 7d) > 0
          and on ($model) sum by ($model) (increase(ml_prediction_value_count[7d])) >= $rows
        """,
        "24h",
        TICKET,
        "{{ $labels.ml_model_name }}: the variance of what it predicts is " + NUMBER,
        "Over seven days the variance of the predicted values is outside what any seven days of the baseline had.",
    ),
    unusual(
        "MLClassShareUnusual",
        "ml:class_share:1d",
        "6h",
        "{{ $labels.ml_model_name }}: {{ $value | humanizePercentage }} of a day's predictions are "
        "{{ $labels.ml_class }}, unlike this day of past weeks",
    ),
    unusual(
        "MLActionShareUnusual",
        "ml:action_share:1d",
        "6h",
        "{{ $labels.ml_model_name }}: {{ $value | humanizePercentage }} of a day's predictions led to "
        "{{ $labels.ml_action }}, unlike this day of past weeks",
    ),
)

FILE = File(
    "answers",
    "What the model answers: shares of the classes, variance of the score, and what people did about it.",
    (
        Group(
            "ml-answers",
            "1m",
            (
                Record(
                    "ml:positive_class",
                    """
                    group by ($model, ml_class) (last_over_time(ml_prediction_score_count[1h]))
                      and on ($model) count by ($model) (
                        group by ($model, ml_class) (last_over_time(ml_prediction_score_count[1h]))
                      ) == 1
                    """,
                    "A binary model tells scores of its positive class alone.",
                ),
                Record("ml:predictions:increase1d", "sum by ($name, ml_class) (increase(ml_predictions_total[1d]))"),
                Record(
                    "ml:class_share:1d",
                    """
                    ml:predictions:increase1d
                      / on ($name) group_left () (sum by ($name) (ml:predictions:increase1d) > 0)
                    """,
                    "By name alone, since a new version goes on where the one before it ended.",
                ),
                *records("ml:class_share:1d", "$name, ml_class", "(sum by ($name) (ml:predictions:increase1d) > 0)"),
                Record("ml:exposed:increase1d", "sum by ($name) (increase(ml_outcome_awaited_total[1d]))"),
                Record(
                    "ml:action_share:1d",
                    """
                    (
                      sum by ($name, ml_action) (increase(ml_actions_total[1d]))
                      or 0 * group by ($name, ml_action) (last_over_time(ml_actions_total[7d]))
                    )
                      / on ($name) group_left () (ml:exposed:increase1d > 0)
                    """,
                    "Actions, such as clicks, over the predictions that were exposed to them; one that is told no "
                    "more, as after a deploy that broke it, is 0 for a week.",
                ),
                *records("ml:action_share:1d", "$name, ml_action", "(ml:exposed:increase1d > 0)"),
                *SCORES,
                *ALERTS,
            ),
        ),
    ),
)
