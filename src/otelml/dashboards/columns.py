"""What one model is asked: which columns have moved away from training, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from otelml.dashboards.board import RAW, REFERENCE, Bars, Lines, Link, Panel, Query, States, Table, above
from otelml.dashboards.selecting import MODEL, OF, of

if TYPE_CHECKING:
    from otelml.rules.thresholds import Thresholds

COLUMN = f"{MODEL}, ml_baseline_id, ml_column_name, ml_column_role"
NAMED = "{{ml_column_name}} {{ml_model_version}}"
MOST = 25
"""Columns that are shown over time: those that are furthest from training at the end of it."""
CHOSEN = of('ml_column_name="$column"')


def _ratio(window: str, select: str = OF, at: str = "") -> str:
    return f"ml:column_psi:{window}{select}{at} / ml:column_psi_threshold:{window}{select}{at}"


def panels(limits: Thresholds) -> tuple[Panel, ...]:
    """Every column."""
    return (_table(limits), _strips(), *_over_time(limits))


def _table(limits: Thresholds) -> Panel:
    scale = ((None, "green"), (0.8, "orange"), (1, "red"))
    columns = (
        Query(_ratio("7d"), "PSI / threshold, 7 d", limits=scale),
        Query(_ratio("1d"), "PSI / threshold, 1 d", limits=scale),
        Query(f"ml:column_psi:7d{OF}", "PSI, 7 d"),
        Query(f"ml:column_psi_threshold:7d{OF}", "Threshold, 7 d"),
        Query(f"ml:column_completeness:1d{OF}", "Complete, 1 d", unit="percentunit"),
        Query(
            f"sum by ({COLUMN}) (ml:column_violations:ratio1h{OF}) or 0 * ml:column_rows:increase1d{OF}",
            "Violations, 1 h",
            unit="percentunit",
            limits=above(limits.violations / 100),
        ),
        Query(f"ml:column_rows:increase1d{OF}", "Rows, 1 d"),
    )
    shown = {"ml_column_name": "Column", "ml_column_role": "Role", "ml_model_version": "Version"}
    # The address of the dashboard itself: it stays, and only the column changes.
    choose = "/d/otelml-model?${__url_time_range}&${datasource:queryparam}&${traces:queryparam}&${model:queryparam}"
    choose += "&${version:queryparam}&${class:queryparam}&var-column=${__value.raw:percentencode}"
    return Panel(
        "Columns",
        "Population stability index of each column against training, over its threshold: what matters, what chance "
        "allows, and 1.25 times what blocks of training differ by. From 1 on it has drifted. Click on a column to see "
        "its bins. One column: look at what fills it. Many since a deploy: the service prepares its rows unlike the "
        "training did.",
        # Without their names, or Grafana would not put the series of one column into one line.
        tuple(replace(one, expr=f"max by ({COLUMN}) ({one.expr})") for one in columns),
        "short",
        Table(shown, {"Column": Link("Show its bins", choose)}, sort="PSI / threshold, 7 d"),
        ("MLColumnDrift", "MLColumnIncomplete", "MLColumnViolations", "MLTrainingServingSkew"),
        width=24,
        height=11,
    )


def _strips() -> Panel:
    worst = f"topk({MOST}, {_ratio('7d', at=' @ end()')})"
    return Panel(
        f"Drift over time, the {MOST} columns furthest from training",
        "A strip a column: green as training was, red where the PSI of a day is beyond its threshold. All at the same "
        "time: a deploy, or the world. One alone: its source.",
        (Query(f"{_ratio('1d')}\nand on ({COLUMN}) {worst}", NAMED),),
        "short",
        States(),
        ("MLColumnDrift", "MLPlainDrift"),
        ((None, "green"), (0.8, "orange"), (1, "red")),
        width=24,
        height=12,
    )


def _over_time(limits: Thresholds) -> tuple[Panel, ...]:
    least = f"bottomk(10, ml:column_completeness:1d{OF} @ end())"
    return (
        Panel(
            "Columns moved",
            "Columns, answers too, whose last day is beyond its threshold. From a deploy on: training and serving "
            "differ. Growing slowly: train anew.",
            (
                Query(
                    f"ml:columns_moved:count1d{OF} or 0 * group by ({MODEL}) (ml:column_psi:1d{OF})",
                    "{{ml_model_version}}",
                ),
            ),
            "short",
            alerts=("MLTrainingServingSkew",),
        ),
        Panel(
            "Completeness, the ten least complete columns",
            "Share of a day's values that are not missing. A fall: a source that ends, or a join that finds nothing.",
            (Query(f"ml:column_completeness:1d{OF}\nand on ({COLUMN}) {least}", NAMED),),
            "percentunit",
            alerts=("MLColumnIncomplete", "MLPlainIncomplete"),
        ),
        Panel(
            "Violations",
            "Share of an hour's rows whose value has another type, is beyond the range of training, or of a category "
            "that training never saw; or the column is missing, or not the model's.",
            (Query(f"ml:column_violations:ratio1h{OF}", "{{ml_column_name}}: {{ml_violation}}"),),
            "percentunit",
            alerts=("MLColumnViolations",),
            limits=above(limits.violations / 100),
        ),
    )


def _shift() -> Panel:
    moments = {
        sign: f"sum by ({COLUMN}) (increase(ml_column_moment_total"
        + of('ml_column_name="$column"', f'ml_moment="{sign}"')
        + "[1d]))"
        for sign in ("positive", "negative")
    }
    present = f"(ml:column_rows:increase1d{CHOSEN} * ml:column_completeness:1d{CHOSEN} > 0)"
    return Panel(
        "Mean of $column",
        "Of numbers: mean of a day, counted from training's mean in its standard deviations; without a baseline as it "
        "is. Zero is as training was.",
        (Query(f"({moments['positive']} - {moments['negative']}) / {present}", NAMED),),
        "short",
    )


def one() -> tuple[Panel, ...]:
    """The chosen column."""
    return (
        Panel(
            "Bins of $column, live and in training",
            "Share of the last seven days in each bin, beside the baseline's: `missing` is no value, `unseen` a "
            "category that training never had, `below` and `above` are beyond all that it had; categories are "
            "numbered, and their names stay in the baseline's file.",
            (
                Query(f"avg by (ml_bin) (ml:column_share:7d{CHOSEN})", "live, 7 d"),
                Query(f"avg by (ml_bin) (ml:column_baseline_share:7d{CHOSEN})", "training"),
            ),
            "percentunit",
            Bars("ml_bin"),
            ("MLColumnDrift",),
            width=16,
        ),
        Panel(
            "PSI of $column",
            "Population stability index of seven days, and of one; dashed, the threshold of seven days.",
            (
                Query(f"ml:column_psi:7d{CHOSEN}", "7 d {{ml_model_version}}"),
                Query(f"ml:column_psi:1d{CHOSEN}", "1 d {{ml_model_version}}", RAW),
                Query(f"ml:column_psi_threshold:7d{CHOSEN}", "threshold, 7 d {{ml_model_version}}", REFERENCE),
            ),
            "short",
            alerts=("MLColumnDrift", "MLPlainDrift"),
        ),
        Panel(
            "Bins of $column over time",
            "Share of a day in each bin. A step is a change of the source, a slope is the world.",
            (Query(f"avg by (ml_bin) (ml:column_share:1d{CHOSEN})", "{{ml_bin}}"),),
            "percentunit",
            Lines(stacked=True),
            width=16,
        ),
        _shift(),
    )
