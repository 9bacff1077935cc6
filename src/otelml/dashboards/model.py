"""One model as a model: outputs, inputs, outcomes, downstream actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.dashboards import answers, columns, links, outcomes, variables
from otelml.dashboards.board import Board, Query, Row, above, below, number
from otelml.dashboards.selecting import OF, firing, of

if TYPE_CHECKING:
    from otelml.dashboards.board import Panel
    from otelml.rules.thresholds import Thresholds

VERSION = "{{ml_model_version}}"
VARIABLES = (
    variables.DATASOURCE,
    variables.TRACES,
    variables.MODEL,
    variables.VERSION,
    variables.CLASS,
    variables.COLUMN,
)


def _numbers(limits: Thresholds) -> tuple[Panel, ...]:
    answer = of('ml_column_role="output"')
    drift = f"max(ml:column_psi:7d{answer} / ml:column_psi_threshold:7d{answer})"
    moved = f"sum(ml:columns_moved:count1d{OF}) or 0 * group(ml:column_psi:1d{OF})"
    return (
        number(
            "F1 of $class, 7 d",
            "F1 of seven days at the baseline's base rate.",
            Query(f"ml:f1_adjusted:7d{of(outcomes.CLASS)}", VERSION),
        ),
        number(
            "ROC AUC, 7 d",
            "Chance that a positive has a higher score than a negative.",
            Query(f"ml:roc_auc:7d{OF}", VERSION),
        ),
        number(
            "Drift of the answers, 7 d",
            "PSI of the worst output over its threshold; from 1 on it has drifted.",
            Query(drift, limits=above(1)),
        ),
        number(
            "Columns moved, 1 d",
            "Columns, answers too, whose last day is beyond its threshold.",
            Query(moved, limits=((None, "green"), (1, "orange"))),
        ),
        number(
            "Labelled, 7 d",
            "Share of the predictions of seven days that had a label at the outcome horizon.",
            Query(f"ml:label_coverage_all:7d{OF}", VERSION, limits=below(limits.coverage / 100)),
            "percentunit",
        ),
        number(
            "Alerts",
            "Alerts of this model that fire; they are marked in the panels.",
            Query(f"count({_alerts()}) or vector(0)", limits=above(1)),
        ),
    )


def _alerts() -> str:
    return firing('ml_model_name="$model"')


def board(limits: Thresholds) -> Board:
    """One model as a model."""
    return Board(
        links.MODEL,
        "ML model: quality",
        "One model as a model: outputs, inputs, outcomes against its baseline, and downstream actions.",
        "30d",
        VARIABLES,
        (
            Row("Now", _numbers(limits)),
            Row("What it answers", answers.panels()),
            Row("What it is asked", columns.panels(limits)),
            Row("Column $column", columns.one()),
            Row("Whether it was right", outcomes.panels(limits)),
            Row("What people did about it", answers.actions()),
        ),
        _alerts(),
        (links.board(links.SERVICE, "Its service"), links.board(links.FLEET, "All models", "${datasource:queryparam}")),
    )
