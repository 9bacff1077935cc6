"""Whether one model was right, against its baseline, and how much of that is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.dashboards.board import BOUND, RAW, REFERENCE, Bars, Matrix, Panel, Query, below
from otelml.dashboards.selecting import MODEL, OF, of

if TYPE_CHECKING:
    from otelml.rules.thresholds import Thresholds

VERSION = "{{ml_model_version}}"
CLASS = 'ml_class="$class"'


def _performance(metric: str, bound: str, window: str, *matchers: str) -> str:
    select = of(f'ml_metric="{metric}"', f'ml_bound="{bound}"', f'ml_window="{window}"', *matchers)
    return f"max by ({MODEL}) (ml:baseline_performance{select})"


def _trained(metric: str, bound: str, *matchers: str) -> str:
    """What a week of the baseline had, or, of a baseline without times, all its rows."""
    return " or ".join(_performance(metric, bound, window, *matchers) for window in ("P7D", ""))


def _of_class(metric: str, bound: str) -> str:
    # Baselines of more than two classes know no adjusted value: the raw one is that of their own base rate.
    either = (
        _performance(name, bound, window, CLASS) for window in ("P7D", "") for name in (f"{metric}_adjusted", metric)
    )
    return " or ".join(either)


def _adjusted(metric: str, called: str, alerts: tuple[str, ...]) -> Panel:
    return Panel(
        f"{called} of $class",
        f"{called} of seven days of predictions that reached the outcome horizon: at the baseline's base rate, which "
        "is what is judged, and as it is, which moves with the base rate alone. Dashed: the baseline's, and what 97.5 "
        "of 100 of its weeks stay above. Below: have the columns drifted, or do labels come otherwise?",
        (
            Query(f"ml:{metric}_adjusted:7d{of(CLASS)}", f"at the baseline's base rate {VERSION}"),
            Query(f"ml:{metric}:7d{of(CLASS)}", f"as it is {VERSION}", RAW),
            Query(_of_class(metric, "value"), f"baseline {VERSION}", REFERENCE),
            Query(_of_class(metric, "lower"), f"baseline, at least {VERSION}", BOUND),
        ),
        "short",
        alerts=alerts,
    )


def _plain(title: str, doc: str, series: str, metric: str, *matchers: str, alerts: tuple[str, ...] = ()) -> Panel:
    return Panel(
        title,
        f"{doc} Of seven days of predictions that reached the outcome horizon. Dashed: the baseline's, and what 97.5 "
        "of 100 of its weeks stay above.",
        (
            Query(f"{series}:7d{of(*matchers)}", VERSION),
            Query(_trained(metric, "value", *matchers), f"baseline {VERSION}", REFERENCE),
            Query(_trained(metric, "lower", *matchers), f"baseline, at least {VERSION}", BOUND),
        ),
        "short",
        alerts=alerts,
    )


def _decisions() -> tuple[Panel, ...]:
    return (
        _adjusted("f1", "F1", ("MLF1FarBelowBaseline", "MLF1BelowBaseline", "MLPlainF1")),
        _adjusted("precision", "Precision", ("MLPrecisionBelowBaseline", "MLPlainPrecision")),
        _plain(
            "Recall of $class",
            "Share of what was $class that it called so.",
            "ml:recall",
            "recall",
            CLASS,
            alerts=("MLRecallBelowBaseline", "MLPlainRecall"),
        ),
        _plain(
            "Accuracy",
            "Share of all predictions that were right.",
            "ml:accuracy",
            "accuracy",
            alerts=("MLAccuracyBelowBaseline",),
        ),
    )


def _errors() -> Panel:
    losses, squared = of('ml_loss=~"brier|log|absolute"'), of('ml_loss="squared"')
    most = of('ml_metric=~"brier|mae|rmse"', 'ml_bound="upper"', 'ml_window="P7D"')
    return Panel(
        "Error",
        "Mean loss of seven days of outcomes: Brier score and log loss of probabilities, absolute and squared error "
        "of values. Dashed: what 97.5 of 100 of the baseline's weeks stay below.",
        (
            Query(f"ml:loss:7d{losses}", f"{{{{ml_loss}}}} {VERSION}"),
            Query(f"ml:loss:7d{squared} ^ 0.5", f"rmse {VERSION}"),
            Query(
                f"max by ({MODEL}, ml_metric) (ml:baseline_performance{most})",
                f"{{{{ml_metric}}}} of the baseline, at most {VERSION}",
                BOUND,
            ),
        ),
        "short",
        alerts=("MLErrorAboveBaseline",),
    )


def _scores() -> tuple[Panel, ...]:
    return (
        _plain(
            "Area under the ROC curve",
            "Chance that a positive has a higher score than a negative: it moves with no base rate and no threshold. "
            "Where F1 falls and this does not, the threshold is what to look at.",
            "ml:roc_auc",
            "roc_auc",
            alerts=("MLRocAucBelowBaseline",),
        ),
        _errors(),
        Panel(
            "Calibration error",
            "Mean distance of the scores from the share of positives among them (expected calibration error), of "
            "seven days and of one. Growing: the scores are no probabilities any more; calibrate anew.",
            (
                Query(f"ml:calibration_error:7d{OF}", f"7 d {VERSION}"),
                Query(f"ml:calibration_error:1d{OF}", f"1 d {VERSION}", RAW),
            ),
            "short",
        ),
    )


def _reliability() -> Panel:
    positives = f"sum by (ml_bin) (ml:score_positives:increase7d{OF})"
    labelled = f"({positives} + sum by (ml_bin) (ml:score_negatives:increase7d{OF}) > 0)"
    total = f"sum by (ml_bin) (increase(ml_outcome_score_sum_total{OF}[7d]))"
    return Panel(
        "Scores and actual outcomes",
        "Of the outcomes of seven days, by bin of their score: the mean score, and the share that was positive. Both "
        "bars as high: the scores are probabilities.",
        (Query(f"{total} / {labelled}", "mean score"), Query(f"{positives} / {labelled}", "share positive")),
        "percentunit",
        Bars("ml_bin"),
        width=16,
    )


def _cells() -> tuple[Panel, ...]:
    return (
        Panel(
            "Base rate of $class",
            "Share of $class among the actual outcomes of seven days; dashed, in training. Precision and F1 move with "
            "it alone.",
            (
                Query(f"ml:prevalence:7d{of(CLASS)}", f"7 d {VERSION}"),
                Query(f"ml:baseline_prevalence{of(CLASS)}", f"baseline {VERSION}", REFERENCE),
            ),
            "percentunit",
        ),
        Panel(
            "Confusion matrix, 28 d",
            "Predictions of 28 days that reached the horizon: rows are the actual class (`none`: no label had "
            "arrived), columns the predicted class.",
            (Query(f"sum by (ml_actual, ml_predicted) (ml:outcome_cells:increase28d{OF})", "Predictions"),),
            "short",
            Matrix("ml_actual", "ml_predicted"),
        ),
    )


def _labels(limits: Thresholds) -> tuple[Panel, ...]:
    return (
        Panel(
            "Predictions with a label",
            "Share of the predictions that had their label at the outcome horizon: of 28 days by what was predicted, "
            "and of seven days together. Uneven: what is told of performance is of another mixture than the "
            "predictions.",
            (
                Query(f"ml:label_coverage:28d{OF}", f"28 d, predicted {{{{ml_predicted}}}} {VERSION}"),
                Query(f"ml:label_coverage_all:7d{OF}", f"7 d, all {VERSION}", REFERENCE),
            ),
            "percentunit",
            alerts=("MLLabelsMissing", "MLLabelsUneven"),
            limits=below(limits.coverage / 100),
        ),
        Panel(
            "Delay of labels",
            "From a prediction to its label, half and nine of ten of a day's; dashed, nine of ten of 28 days. What "
            "comes after the outcome horizon is not in the numbers above.",
            (
                Query(f"ml:label_delay_seconds:p50_1d{OF} >= 0", f"p50 {VERSION}", RAW),
                Query(f"ml:label_delay_seconds:p90_1d{OF} >= 0", f"p90 {VERSION}"),
                Query(f"ml:label_delay_seconds:p90_28d{OF} >= 0", f"p90, 28 d {VERSION}", REFERENCE),
            ),
            "s",
            alerts=("MLLabelsLate",),
        ),
        Panel(
            "Labels of a day",
            "Predictions of a day that wait for a label, and labels that came within it. Only the first: the feed of "
            "labels has stopped.",
            (
                Query(f"sum by ({MODEL}) (increase(ml_outcome_awaited_total{OF}[1d]))", f"predictions {VERSION}", RAW),
                Query(f"sum by ({MODEL}) (increase(ml_outcomes_total{OF}[1d]))", f"labels {VERSION}"),
            ),
            "short",
            alerts=("MLOutcomesStopped",),
        ),
        _rejections(),
    )


def _rejections() -> Panel:
    # Ids that no model waits for have no model: whose they are nobody knows.
    own = '{ml_model_name=~"$model|"}'
    rejected = f"sum by (ml_model_name, ml_reason, ml_action) (increase(ml_outcome_rejections_total{own}[1h]))"
    return Panel(
        "Labels and actions rejected",
        "Labels and actions of an hour that were not counted, by reason: for ids that no prediction waits for (of any "
        "model), a second time, after the time to live, or not readable.",
        (Query(rejected, "{{ml_reason}} {{ml_action}} {{ml_model_name}}"),),
        "short",
        alerts=("MLOutcomesRejected",),
    )


def panels(limits: Thresholds) -> tuple[Panel, ...]:
    """Performance, calibration, cells and labels."""
    return (*_decisions(), *_scores(), _reliability(), *_cells(), *_labels(limits))
