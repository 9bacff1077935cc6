"""Which queries of the dashboards need a live service, and which the replayed year."""

from __future__ import annotations

# What takes a week, or eight, is looked for in the replayed year; here is what that one lacks.
PANELS = {
    *("Memory", "Processor", "Open files", "Threads", "Share", "What watching costs", "Dropped", "Errors"),
    *("Calls", "Calls that fail", "Calls that fail, by type", "Rows a second", "Rows of a call", "Calls under way"),
    *("Latency of single calls", "What serves", "Value, mean", "Value, variance", "Error", "Violations"),
    *("Labels and actions rejected", "Alerts", "Pages", "Tickets"),
}
MINUTES = "_5m"


def live(asked):
    """Whether a query needs a service that is alive, or collects more often than once an hour."""
    return asked.panel in PANELS or MINUTES in asked.expr
