"""The processes that serve a model, and their monitoring overhead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.dashboards.board import Lines, Panel, Query, Table, above
from otelml.dashboards.selecting import MODEL, NAMES, OF, served

if TYPE_CHECKING:
    from otelml.dashboards.board import Limits
    from otelml.rules.thresholds import Thresholds

# A service without an error has no series of errors: that is 0, and not nothing.
NONE = f"0 * group by (job) (ml_model_info{OF})"
NEEDS = "Needs opentelemetry-instrumentation-system-metrics in the service."


def panels(limits: Thresholds) -> tuple[Panel, ...]:
    """How many processes there are, of which versions, and what each uses."""
    about = {"ml_system_name": "Framework", "ml_system_version": "Its version", "ml_task": "Task"}
    return (
        Panel(
            "Processes",
            "Processes that report the model. None: they have ended, or their telemetry does not arrive.",
            (Query(f"ml:serving_processes{OF}", "{{ml_model_version}}"),),
            "short",
            Lines(stacked=True),
            ("MLTelemetryMissing",),
        ),
        Panel(
            "What serves",
            "Framework, task and baseline of each version, and how many processes. Two baselines are a deploy under "
            "way; none means that nothing is compared with training.",
            (Query(f"sum by ({MODEL}, {', '.join(about)}, ml_baseline_id) (ml_model_info{OF})", "Processes"),),
            "short",
            Table({**NAMES, **about, "ml_baseline_id": "Baseline"}, sort="Processes"),
            width=16,
        ),
        _each(
            "Memory",
            "Bytes that a process holds. Growing without end: something is kept.",
            Query("ml:memory_bytes", limits=above(limits.memory * 2**30)),
            "bytes",
            "MLMemoryHigh",
            "MLMemoryGrowing",
        ),
        _each(
            "Processor",
            "Processors that a process uses; Python's own code uses one at most. Near it, calls wait: more processes.",
            Query("ml:cpu_cores:rate5m", limits=above(limits.cores)),
            "short",
            "MLProcessorBusy",
        ),
        _each(
            "Open files",
            "Files and connections that a process has open. Growing without end: something is not closed.",
            Query("ml:open_files"),
            "short",
            "MLOpenFilesGrowing",
        ),
        _each(
            "Threads",
            "Threads of a process. Growing without end: a pool is made for each call.",
            Query("ml:threads"),
            "short",
            "MLThreadsGrowing",
        ),
    )


def _each(title: str, doc: str, query: Query, unit: str, *alerts: str) -> Panel:
    limits: Limits = query.limits
    lines = (Query(served(query.expr, "job, instance"), "{{job}} {{instance}}"),)
    return Panel(title, f"{doc} {NEEDS}", lines, unit, alerts=alerts, limits=limits, width=6)


def costs(limits: Thresholds) -> tuple[Panel, ...]:
    """Time, items and errors of otelml itself."""
    dropped = 'ml:dropped:increase15m{ml_model_name=~"$model|"}'
    return (
        Panel(
            "Share",
            "Time that otelml takes, over the time that all models of the service take. Too much: lower the budget, or "
            "watch fewer columns.",
            (Query(served("ml:watching_share:rate15m", "job"), "{{job}}"),),
            "percentunit",
            alerts=("MLWatchingExpensive",),
            limits=above(limits.overhead / 100),
        ),
        Panel(
            "Dropped",
            "Items that otelml gave up on in 15 minutes, by reason. `budget` is a sample and no loss; all else means "
            "that what is shown is not the whole.",
            (Query(f"sum by (job, ml_reason) ({served(dropped, 'job')})", "{{ml_reason}} ({{job}})"),),
            "short",
            alerts=("MLTelemetryDropped",),
        ),
        Panel(
            "Errors",
            "Errors inside otelml in 15 minutes, by component. The service never sees them, but what failed was not "
            "counted: the service's log has the first of each.",
            (Query(f"{served('ml:errors:increase15m', 'job')}\nor {NONE}", "{{ml_component}} ({{job}})"),),
            "short",
            alerts=("MLWatchingFails",),
        ),
    )
