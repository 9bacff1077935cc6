"""One model as software: its calls, its processes, and what watching it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.dashboards import links, processes, variables
from otelml.dashboards.board import (
    BOUND,
    RAW,
    REFERENCE,
    Board,
    Heatmap,
    Lines,
    Panel,
    Query,
    Row,
    above,
    below,
    number,
)
from otelml.dashboards.selecting import MODEL, NAMED, OF, of, of_model

if TYPE_CHECKING:
    from otelml.rules.thresholds import Thresholds

VERSION = "{{ml_model_version}}"
BURNS = ("MLErrorBudgetBurnFast", "MLErrorBudgetBurn", "MLErrorBudgetBurnSlow")


def _numbers(limits: Thresholds) -> tuple[Panel, ...]:
    available, budget = limits.availability / 100, 1 - limits.availability / 100
    answered, burnt = f"1 - ml:failures:ratio_rate3d{OF}", f"ml:failures:ratio_rate1h{OF} / {budget:.10g}"
    p99 = f"ml:latency_seconds:p99_1h{OF} >= 0"
    return (
        number(
            "Calls answered, 3 d",
            f"Share of the calls of three days that did not raise; the objective is {available:.10g}.",
            Query(answered, VERSION, limits=below(available)),
            "percentunit",
        ),
        number(
            "Budget burnt, 1 h",
            "How many times as fast as it lasts the error budget was spent in the last hour. Above 1 for long it will "
            "not last: look at the failures by type.",
            Query(burnt, VERSION, limits=((None, "green"), (1, "orange"), (14.4, "red"))),
        ),
        number(
            "Slowest calls (p99), 1 h",
            "What 99 of 100 calls of an hour stay below.",
            Query(p99, VERSION, limits=above(limits.latency)),
            "s",
        ),
        number("Rows a second", "Rows answered, over five minutes.", Query(f"ml:rows:rate5m{OF}", VERSION)),
        number("Processes", "Processes that serve it.", Query(f"ml:serving_processes{OF}", VERSION)),
        number(
            "Alerts",
            "Alerts of this model, and of the services that serve it, that fire.",
            Query(f"count({of_model()}) or vector(0)", limits=above(1)),
        ),
    )


def _failures(limits: Thresholds) -> tuple[Panel, ...]:
    budget = 1 - limits.availability / 100
    failed = of('error_type!=""')
    return (
        Panel(
            "Calls",
            "Calls a second, by what was asked of the model. No calls: is it the callers, or the service?",
            (
                Query(
                    "sum by (ml_operation_name, ml_system_name) "
                    f"(rate(ml_inference_duration_seconds_count{OF}[$__rate_interval]))",
                    "{{ml_operation_name}} ({{ml_system_name}})",
                ),
            ),
            "reqps",
            Lines(stacked=True),
            ("MLTrafficStopped",),
        ),
        Panel(
            "Calls that fail, by type",
            "Share of the calls that raised, by the class of the exception. The link leads to their traces.",
            (
                Query(
                    "sum by (error_type) "
                    f"(rate(ml_inference_duration_seconds_count{failed}[$__rate_interval])) / on () group_left () "
                    f"(sum(rate(ml_inference_duration_seconds_count{OF}[$__rate_interval])) > 0)",
                    "{{error_type}}",
                ),
            ),
            "percentunit",
            Lines(stacked=True),
            BURNS,
            links=(links.traces("Traces of failed calls", "status = error"),),
        ),
        Panel(
            "Error budget",
            "How many times as fast as it lasts the error budget is spent, over three windows. A page at 14.4 over an "
            "hour and at 6 over six, a ticket at 1 over three days. Find the exception, or take the version back.",
            tuple(
                Query(f"ml:failures:ratio_rate{window}{OF} / {budget:.10g}", f"{window} {VERSION}", style)
                for window, style in (("1h", RAW), ("6h", REFERENCE), ("3d", BOUND))
            ),
            "short",
            alerts=BURNS,
            limits=((None, "green"), (1, "orange"), (6, "red"), (14.4, "dark-red")),
        ),
    )


def _latency(limits: Thresholds) -> tuple[Panel, ...]:
    buckets = f"sum by (le) (increase(ml_inference_duration_seconds_bucket{OF}[$__rate_interval]))"
    return (
        Panel(
            "Latency",
            "What half and 99 of 100 calls of five minutes stay below; dashed, 99 of 100 of an hour a week before. "
            "Slower: larger batches, a busy processor, or another version?",
            (
                Query(f"ml:latency_seconds:p50_5m{OF}", f"p50 {VERSION}", RAW),
                Query(f"ml:latency_seconds:p99_5m{OF}", f"p99 {VERSION}"),
                Query(f"ml:latency_seconds:p99_1h{OF} offset 1w", f"p99 a week before {VERSION}", REFERENCE),
            ),
            "s",
            alerts=("MLLatencyHigh", "MLLatencyRegressed"),
            limits=above(limits.latency),
        ),
        Panel(
            "Latency of single calls",
            "How many calls took how long. A dot is one call: click on it to open its trace. Two bands are two kinds "
            "of calls, such as single rows and batches.",
            (Query(buckets, "{{le}}"),),
            "s",
            Heatmap(),
            ("MLLatencyHigh",),
            links=(links.traces("Traces of slow calls", f"duration > {limits.latency:g}s"),),
            width=16,
        ),
    )


def _throughput() -> tuple[Panel, ...]:
    sizes = f"sum by (le) (rate(ml_inference_batch_size_bucket{OF}[$__rate_interval]))"
    return (
        Panel(
            "Throughput",
            "Rows a second over an hour, all versions together; dashed, the same hour of the past eight weeks, and "
            "what is usual then. Outside: did a caller change, or stop?",
            (
                Query(f"ml:throughput:1h{NAMED}", "rows a second"),
                Query(f"ml:throughput:1h:season_mean{NAMED}", "mean of eight weeks", REFERENCE),
                Query(f"ml:throughput:1h:season_least{NAMED}", "usual, at least", BOUND),
                Query(f"ml:throughput:1h:season_most{NAMED}", "usual, at most", BOUND),
            ),
            "short",
            alerts=("MLThroughputUnusual", "MLTrafficStopped"),
        ),
        Panel(
            "Rows of a call",
            "What half and 99 of 100 calls stay below in rows. Latency follows it.",
            (
                Query(f"histogram_quantile(0.5, {sizes})", "p50", RAW),
                Query(f"histogram_quantile(0.99, {sizes})", "p99"),
            ),
            "short",
        ),
        Panel(
            "Calls under way",
            "Calls that are being answered at this moment. It grows where calls come faster than they are answered.",
            (Query(f"sum by ({MODEL}) (ml_inference_active{OF})", VERSION),),
            "short",
        ),
    )


def board(limits: Thresholds) -> Board:
    """One model as software."""
    return Board(
        links.SERVICE,
        "ML model: service",
        "One model as software: its calls and their error budget, latency, throughput, processes, and what watching "
        "it costs.",
        "6h",
        (variables.DATASOURCE, variables.TRACES, variables.MODEL, variables.VERSION),
        (
            Row("Now", _numbers(limits)),
            Row("The service", (*_failures(limits), *_latency(limits), *_throughput())),
            Row("Its processes", processes.panels(limits)),
            Row("What watching costs", processes.costs(limits)),
        ),
        of_model(),
        (links.board(links.MODEL, "Its quality"), links.board(links.FLEET, "All models", "${datasource:queryparam}")),
    )
