"""Every model: which serve, which fail, which have drifted, which are below their baseline, and what fires."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.dashboards import links, variables
from otelml.dashboards.board import BOUND, Board, Lines, Link, Number, Panel, Query, Row, Table, above, below
from otelml.dashboards.selecting import EVERY, MODEL, NAMES, every, firing
from otelml.rules.prometheus import label
from otelml.telemetry import names

if TYPE_CHECKING:
    from otelml.rules.thresholds import Thresholds

KNOWN = f"group by ({MODEL}) (last_over_time(ml:serving_processes{EVERY}[1d]))"
"""Models that served within a day: of one that ended its seven days of F1 go on, and would be a line of their own."""
CHOSEN = 'ml_model_name=~"$model|"'


def _lower(metric: str, window: str) -> str:
    matchers = every(f'ml_metric="{metric}"', 'ml_bound="lower"', f'ml_window="{window}"')
    return f"max by ({MODEL}, ml_class) (ml:baseline_performance{matchers})"


# Baselines of more than two classes know the raw F1 alone, which is the adjusted one of their own base rate; those
# without times know no windows.
LOWER = f"({_lower('f1_adjusted', 'P7D')} or {_lower('f1', 'P7D')} or {_lower('f1', '')})"
F1 = f"min by ({MODEL}) (ml:f1_adjusted:7d{EVERY} and on ({MODEL}, ml_class) {LOWER})"
MARGIN = f"min by ({MODEL}) (ml:f1_adjusted:7d{EVERY} - on ({MODEL}, ml_class) {LOWER})"
ANSWERS = every('ml_column_role="output"')
DRIFT = f"max by ({MODEL}) (ml:column_psi:7d{ANSWERS} / ml:column_psi_threshold:7d{ANSWERS})"
MOVED = f"ml:columns_moved:count1d{EVERY} or 0 * group by ({MODEL}) (ml:column_psi:1d{EVERY})"


def _of_severity(severity: str) -> str:
    return firing(f'severity="{severity}"', CHOSEN)


def _alerts(severity: str) -> str:
    # Some alerts know the name alone, so each version is told those of its name.
    count = f"count by (ml_model_name) ({_of_severity(severity)})"
    return f"0 * {KNOWN} + on (ml_model_name) group_left () {count}\nor 0 * {KNOWN}"


def _cell(expr: str) -> str:
    """A column of the table: models that are known, and a version where there is none, or lines would not meet."""
    known = f"max by ({MODEL}) (\n({expr})\nand on ({MODEL}) {KNOWN}\n)"
    return f'label_replace({known}, "ml_model_version", "-", "ml_model_version", "")'


def _models(limits: Thresholds) -> Panel:
    alarm = above(1)
    columns = (
        Query(_alerts("page"), "Pages", limits=alarm),
        Query(_alerts("ticket"), "Tickets", limits=((None, "green"), (1, "orange"))),
        Query(f"ml:serving_processes{EVERY} or 0 * {KNOWN}", "Processes"),
        Query(
            f"1 - ml:failures:ratio_rate3d{EVERY}",
            "Calls answered, 3 d",
            unit="percentunit",
            limits=below(limits.availability / 100),
        ),
        Query(f"ml:latency_seconds:p99_1h{EVERY} >= 0", "p99, 1 h", unit="s", limits=above(limits.latency)),
        Query(f"ml:rows:rate1h{EVERY}", "Rows a second, 1 h"),
        Query(F1, "F1, 7 d"),
        Query(MARGIN, "F1 less its bound", limits=below(0)),
        Query(DRIFT, "Drift of the answers, 7 d", limits=alarm),
        Query(MOVED, "Columns moved, 1 d", limits=((None, "green"), (1, "orange"))),
        Query(
            f"ml:label_coverage_all:7d{EVERY}", "Labelled, 7 d", unit="percentunit", limits=below(limits.coverage / 100)
        ),
    )
    chosen = "${datasource:queryparam}&${traces:queryparam}&var-model=${__value.raw:percentencode}"
    return Panel(
        "Models",
        "A line for each model and version that served within a day. F1 is of the worst class, at the baseline's base "
        "rate; less its bound it is negative where it is below what windows of the baseline stay above. Drift is the "
        "PSI of the worst output over its threshold: from 1 on it is drift. Click on a model to see its quality, on a "
        "version to see its service.",
        tuple(Query(_cell(one.expr), one.legend, unit=one.unit, limits=one.limits) for one in columns),
        "short",
        Table(
            NAMES,
            {"Model": links.board(links.MODEL, "Quality of the model", chosen), "Version": _service_of_line()},
            sort="Pages",
        ),
        width=24,
        height=11,
    )


def _service_of_line() -> Link:
    chosen = '${datasource:queryparam}&${traces:queryparam}&var-model=${__data.fields["Model"]:percentencode}'
    return links.board(links.SERVICE, "Service of the model", chosen)


def _firing(runbooks: str) -> Panel:
    # What Prometheus keeps of an alert is when it began, without its state.
    since = f'1000 * ALERTS_FOR_STATE{{alertname=~"ML.*", {CHOSEN}}}'
    shown = {
        "severity": "Severity",
        "alertname": "Alert",
        **NAMES,
        "job": "Service",
        label(names.COLUMN_NAME): "Column",
        label(names.CLASS): "Class",
    }
    return Panel(
        "Alerts that fire",
        "Every alert of the rules that fires, and since when its condition holds. Click on an alert to read what to "
        "do about it.",
        (Query(f"{since}\nand ignoring (alertstate) {firing(CHOSEN)}", "Since", unit="dateTimeFromNow"),),
        "short",
        Table(shown, {"Alert": Link("Runbook", f"{runbooks}/${{__value.raw}}.md")}, sort="Since"),
        width=24,
    )


def _numbers() -> tuple[Panel, ...]:
    calls = f"ml:calls:rate1h{EVERY}"
    failing = f"sum(ml:failures:ratio_rate1h{EVERY} * {calls}) / (sum({calls}) > 0)"
    fired = [f"count({_of_severity(severity)}) or vector(0)" for severity in ("page", "ticket")]
    told = (
        ("Models", "Models that serve now.", f"count(group by (ml_model_name) (ml:serving_processes{EVERY} > 0))"),
        ("Processes", "Processes that serve them.", f"sum(ml:serving_processes{EVERY})"),
        ("Rows a second", "Rows that all models answer, over five minutes.", f"sum(ml:rows:rate5m{EVERY})"),
        ("Pages", "Alerts that fire and want somebody now; they are listed below.", fired[0]),
        ("Tickets", "Alerts that fire and want somebody on a working day; they are listed below.", fired[1]),
    )
    numbers = [
        Panel(
            title, doc, (Query(expr),), "short", Number(), width=4, height=4, limits=above(1) if expr in fired else ()
        )
        for title, doc, expr in told
    ]
    share = "Share of all calls that raised, over an hour; the table tells whose."
    numbers.insert(3, Panel("Calls that fail", share, (Query(failing),), "percentunit", Number(), width=4, height=4))
    return tuple(numbers)


def _over_time(limits: Thresholds) -> tuple[Panel, ...]:
    one = "{{ml_model_name}} {{ml_model_version}}"
    return (
        Panel(
            "Calls that fail",
            "Share of an hour's calls that raised. One model alone: look at its service. Many at once: look at what "
            "they share.",
            (Query(f"ml:failures:ratio_rate1h{EVERY}", one),),
            "percentunit",
        ),
        Panel(
            "Slowest calls (p99)",
            "What 99 of 100 calls of an hour stay below.",
            (Query(f"ml:latency_seconds:p99_1h{EVERY}", one),),
            "s",
            limits=above(limits.latency),
        ),
        Panel(
            "Throughput",
            "Rows a second over an hour, all versions of a model together.",
            (Query(f"ml:throughput:1h{EVERY}", "{{ml_model_name}}"),),
            "short",
        ),
        Panel(
            "F1 less its lower bound",
            "F1 of seven days of the worst class, at the baseline's base rate, less what windows of the baseline stay "
            "above. Below zero the model is worse than it was.",
            (Query(MARGIN, one),),
            "short",
            limits=below(0),
        ),
        Panel(
            "Drift of the answers",
            "PSI of seven days of the worst output over its threshold. From 1 on the model answers unlike training.",
            (Query(DRIFT, one),),
            "short",
            limits=above(1),
        ),
        Panel(
            "What watching costs",
            "Time that otelml takes, over the time that the models of a service take.",
            (Query("ml:watching_share:rate15m", "{{job}}", BOUND),),
            "percentunit",
            Lines(),
            ("MLWatchingExpensive",),
            above(limits.overhead / 100),
        ),
    )


def board(limits: Thresholds, runbooks: str) -> Board:
    """The fleet."""
    return Board(
        links.FLEET,
        "ML models: fleet",
        "Every model in one table: availability, latency, throughput, F1 against the baseline, drift, alerts.",
        "24h",
        (variables.DATASOURCE, variables.TRACES, variables.MODELS),
        (
            Row("Now", _numbers()),
            Row("Models", (_models(limits), _firing(runbooks))),
            Row("Over time", _over_time(limits)),
        ),
        firing(CHOSEN),
        (
            links.board(links.SERVICE, "One model: service", "${datasource:queryparam}&${traces:queryparam}"),
            links.board(links.MODEL, "One model: quality", "${datasource:queryparam}&${traces:queryparam}"),
        ),
    )
