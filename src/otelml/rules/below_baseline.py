"""Performance below the baseline's: by the spread of its own weeks, at its base rate."""

from __future__ import annotations

from dataclasses import replace

from otelml.rules.rule import NAME, NUMBER, PAGE, SCORE, TICKET, Alert

JUDGED = "and on ($model) ml:outcomes_judged:7d"


def bound(metric: str, which: str, window: str = "P7D") -> str:
    """One of the baseline's numbers for a metric, by model and class."""
    return (
        "max by ($model, ml_class) (ml:baseline_performance{"
        f'ml_metric="{metric}", ml_bound="{which}", ml_window="{window}"}})'
    )


def enough(series: str) -> str:
    """As many rows of the class itself as a window needs to be judged: of few the bound, of many rows, says nothing."""
    return f"and on ($model, ml_class) {series}:increase7d >= $rows"


BEYOND_CHANCE = f"and on ($model, ml_class) ml:f1_upper:7d < on ($model, ml_class) {bound('f1_adjusted', 'value')}"


def below(name: str, metric: str, spoken: str, evidence: str, *, of: str = " of {{ $labels.ml_class }}") -> Alert:
    """Alert on seven days of a metric below what seven days of the baseline stay above, and on evidence for it."""
    return Alert(
        name,
        # To the left there may be more: AUC is told of each baseline of a deploy.
        f"ml:{metric}:7d < on ($model, ml_class) group_left () {bound(metric, 'lower')}\n{JUDGED}\n{evidence}",
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

PREDICTED, ACTUAL = enough("ml:predicted_as"), enough("ml:actually")

F1_ALERTS = (
    Alert(
        "MLF1FarBelowBaseline",
        f"""
        ml:f1_adjusted:7d < on ($model, ml_class) (
          {bound("f1_adjusted", "value")}
            - $worse * ({bound("f1_adjusted", "value")} - {bound("f1_adjusted", "lower")})
        )
          {JUDGED}
          {BEYOND_CHANCE}
        """,
        "24h",
        PAGE,
        f"{NAME}: F1 of {{{{ $labels.ml_class }}}}, at the baseline's base rate, is {SCORE}",
        "F1 of seven days of predictions has been, for a day, $worse times as far below the baseline as its lower "
        "bound for seven days is: of a year of weeks like the baseline's hardly one would be.",
        "Of a year's sliding weeks, one in two dips below a 95 % bound for a day though nothing has changed: that is "
        "a ticket.  At one and a half times the distance it is news.",
    ),
    below("MLF1BelowBaseline", "f1_adjusted", "F1 at the baseline's base rate", BEYOND_CHANCE),
    unadjusted(below("MLF1BelowBaseline", "f1", "F1", ACTUAL), ml_metric="f1"),
    Alert(
        "MLF1BelowBaseline",
        f"""
        ml:f1_adjusted:7d
          and on ($model, ml_class) (
            ml:f1_adjusted:7d - ml:baseline_f1
              + sqrt(
                (ml:f1_upper:7d - ml:f1_adjusted:7d) ^ 2
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
    below("MLPrecisionBelowBaseline", "precision_adjusted", "precision at the baseline's base rate", PREDICTED),
    unadjusted(below("MLPrecisionBelowBaseline", "precision", "precision", PREDICTED), ml_metric="precision"),
    below("MLRecallBelowBaseline", "recall", "recall", ACTUAL),
    unadjusted(below("MLAccuracyBelowBaseline", "accuracy", "accuracy", "", of="")),
    below("MLRocAucBelowBaseline", "roc_auc", "area under the ROC curve", ACTUAL),
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
)
