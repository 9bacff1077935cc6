"""What one model answers, and what people did about it."""

from __future__ import annotations

from otelml.dashboards.board import BOUND, RAW, REFERENCE, Bars, Lines, Panel, Query, above
from otelml.dashboards.selecting import MODEL, NAMED, OF, named, of

VERSION = "{{ml_model_version}}"
SCORE = ('ml_column_role="output"', 'ml_column_name=~"score|value"')


def _blocks(column: str, moment: str, bound: str) -> str:
    matchers = (f'ml_column_name="{column}"', 'ml_column_role="output"', f'ml_moment="{moment}"')
    within = (f'ml_bound="{bound}"', 'ml_window="P7D"') if bound else ('ml_bound=""',)
    return f"max by ({MODEL}) (ml:baseline_moment{of(*matchers, *within)})"


def _classes() -> tuple[Panel, ...]:
    chosen = named('ml_class="$class"')
    return (
        Panel(
            "Share of each class",
            "Shares of a day's predictions, all versions together.",
            (Query(f"ml:class_share:1d{NAMED}", "{{ml_class}}"),),
            "percentunit",
            Lines(stacked=True),
        ),
        Panel(
            "Share of class $class",
            "Share of a day's predictions that are $class; dashed, the same hour of the past eight weeks, and what is "
            "usual then. Outside: have the rows changed (their drift is below), or the model?",
            (
                Query(f"ml:class_share:1d{chosen}", "share"),
                Query(f"ml:class_share:1d:season_mean{chosen}", "mean of eight weeks", REFERENCE),
                Query(f"ml:class_share:1d:season_least{chosen}", "usual, at least", BOUND),
                Query(f"ml:class_share:1d:season_most{chosen}", "usual, at most", BOUND),
            ),
            "percentunit",
            alerts=("MLClassShareUnusual",),
        ),
    )


def _moment(moment: str, what: str, *alerts: str) -> Panel:
    series = f"ml:score_{moment}"
    return Panel(
        f"Score, {moment}",
        f"{what} of the scores of seven days, and of one, each class apart; of two classes the positive one alone. "
        "Dashed: what any seven days of the baseline had. Outside: the model has become surer, or less sure.",
        (
            Query(f"{series}:7d{OF}", f"7 d, {{{{ml_class}}}} {VERSION}"),
            Query(f"{series}:1d{OF}", f"1 d, {{{{ml_class}}}} {VERSION}", RAW),
            Query(_blocks("score", moment, "lower"), f"baseline, at least {VERSION}", BOUND),
            Query(_blocks("score", moment, "upper"), f"baseline, at most {VERSION}", BOUND),
        ),
        "short",
        alerts=alerts,
    )


def _values() -> tuple[Panel, ...]:
    """Panels of regressions, in standard deviations of the baseline as their moments travel."""
    mean, spread = _blocks("value", "mean", ""), _blocks("value", "standard_deviation", "")
    means = {bound: f"({_blocks('value', 'mean', bound)} - {mean}) / {spread}" for bound in ("lower", "upper")}
    variances = {bound: f"{_blocks('value', 'variance', bound)} / {spread} ^ 2" for bound in ("lower", "upper")}
    return tuple(
        Panel(
            f"Value, {moment}",
            f"Of regressions: {moment} of the values predicted in seven days, counted from the baseline's mean in its "
            "standard deviations. Dashed: what any seven days of the baseline had.",
            (
                Query(f"ml:value_{moment}:7d{OF}", f"7 d {VERSION}"),
                Query(bounds["lower"], f"baseline, at least {VERSION}", BOUND),
                Query(bounds["upper"], f"baseline, at most {VERSION}", BOUND),
            ),
            "short",
            alerts=alerts,
        )
        for moment, bounds, alerts in (("mean", means, ()), ("variance", variances, ("MLValueVarianceUnusual",)))
    )


def _distribution() -> tuple[Panel, ...]:
    score = of(*SCORE)
    return (
        Panel(
            "Answers, live and in training",
            "Share of the scores, or values, of the last seven days in each bin, beside the baseline's. It tells "
            "where the drift is: towards surer answers, or a hump that was not there.",
            (
                Query(f"avg by (ml_bin) (ml:column_share:7d{score})", "live, 7 d"),
                Query(f"avg by (ml_bin) (ml:column_baseline_share:7d{score})", "training"),
            ),
            "percentunit",
            Bars("ml_bin"),
            ("MLScoreDrift",),
            width=16,
        ),
        Panel(
            "Drift of the answers",
            "Population stability index of the scores, or values, over its threshold, of a day and of seven. From 1 on "
            "the model answers unlike training: look at the columns, then at its performance.",
            tuple(
                Query(
                    f"ml:column_psi:{window}{score} / ml:column_psi_threshold:{window}{score}",
                    f"{window} {{{{ml_column_name}}}} {VERSION}",
                    style,
                )
                for window, style in (("7d", "live"), ("1d", RAW))
            ),
            "short",
            alerts=("MLScoreDrift",),
            limits=above(1),
        ),
    )


def panels() -> tuple[Panel, ...]:
    """What the model answers."""
    mean, variance = _moment("mean", "Mean"), _moment("variance", "Variance", "MLScoreVarianceUnusual")
    return (*_distribution(), *_classes(), mean, variance, *_values())


def actions() -> tuple[Panel, ...]:
    """What people did about the answers."""
    return (
        Panel(
            "Share of each action",
            "Actions of a day, such as clicks, over the predictions that waited for an outcome; dashed, the same hour "
            "of the past eight weeks. Unlike them: is it the model, the page, or the people?",
            (
                Query(f"ml:action_share:1d{NAMED}", "{{ml_action}}"),
                Query(f"ml:action_share:1d:season_mean{NAMED}", "{{ml_action}}, mean of eight weeks", REFERENCE),
            ),
            "percentunit",
            alerts=("MLActionShareUnusual",),
            width=12,
        ),
        Panel(
            "Actions of a day",
            "Actions that were recorded within a day, by name. None: does the service still record them?",
            (Query(f"sum by (ml_action) (increase(ml_actions_total{OF}[1d]))", "{{ml_action}}"),),
            "short",
            width=12,
        ),
    )
