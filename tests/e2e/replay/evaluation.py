"""Every rule over a stretch of simulated time, evaluated by Prometheus and written back into it.

Prometheus evaluates its rules by the clock on the wall.  Here each expression is asked as a range query at the times of
a grid, in the order of the files, and what it answers is written back by remote write, so that the next rule reads it
as it would in production.  What an alert's `for` adds is in `firing`.

The grid is at half a second past the hour, and a replica that collects each hour does so twice, a second apart: a
window between two times of the grid then begins and ends between two samples, and `increase()` has next to nothing to
extrapolate.  A service that collects each minute needs no such pains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from otelml.rules.catalogue import defaults, recorded
from otelml.rules.rule import Alert

HALF = 0.5
HOUR = 3_600.0
UNITS = {"m": 60.0, "h": HOUR, "d": 24 * HOUR}


@dataclass(frozen=True)
class Grid:
    """Times at which rules are evaluated, in seconds."""

    start: float
    end: float
    step: float = HOUR

    def finer(self, step):
        """Return the same stretch with another step."""
        return Grid(self.start, self.end, step)


@dataclass(frozen=True)
class Firing:
    """One time that an alert fired, for one set of labels; `until` is None where it still did at the end."""

    alert: str
    labels: tuple
    since: float
    until: float | None


def evaluate(prometheus, files, grid, steps=None, progress=None):
    """Evaluate files of rules in order, write back what they record, and return every firing.

    Parameters
    ----------
    steps : of the files that are evaluated less often, by name: those that read most.
    progress : is told each rule's name.
    """
    fired = []
    for file in files:
        own = grid.finer((steps or {}).get(file.name, grid.step))
        for rule in file.rules:
            if progress:
                progress(rule.name)
            found = prometheus.query_range(rule.expr, own.start, own.end, own.step)
            if isinstance(rule, Alert):
                episodes = list(firing(rule, found, own))
                fired += episodes
                prometheus.push(dict(_told(rule, episodes, own)))
            else:
                prometheus.push({(rule.name, _with(labels, rule.labels)): points for labels, points in found.items()})
    return fired


def firing(alert, found, grid):
    """Every time that the condition of an alert held for as long as it has to."""
    for labels, (times, _) in found.items():
        for since, until in stretches(times, grid.step):
            if until - since >= seconds(alert.lasts):
                ended = until + grid.step
                yield Firing(
                    alert.name,
                    _with(labels, {"severity": alert.severity, **alert.labels}),
                    since + seconds(alert.lasts),
                    None if ended > grid.end else ended,
                )


def stretches(times, step):
    """First and last of times that follow each other without a gap."""
    breaks = np.flatnonzero(np.diff(times) > 1.5 * step) + 1
    return [(float(part[0]), float(part[-1])) for part in np.split(times, breaks)]


def seconds(lasts):
    """Seconds of a duration of one unit, as the rules have them.

    >>> seconds("12h")
    43200.0
    """
    return float(lasts[:-1]) * UNITS[lasts[-1]]


def needed(names):
    """The default rules that lead to these alerts or series, in their order; all others are left out."""
    files = defaults()
    series = recorded(files)
    wanted = set(names)
    for rule in reversed([rule for file in files for rule in file.rules]):
        if rule.name in wanted:
            wanted |= series & set(re.findall(r"ml:\w+(?::\w+)?", rule.expr))
    return [_only(file, wanted) for file in files]


def _only(file, wanted):
    groups = [(group, tuple(rule for rule in group.rules if rule.name in wanted)) for group in file.groups]
    return type(file)(file.name, file.doc, tuple(type(g)(g.name, g.interval, rules) for g, rules in groups))


def _told(alert, episodes, grid):
    for one in episodes:
        times = np.arange(one.since, (one.until or grid.end + grid.step) - HALF, grid.step)
        named = _with(one.labels, {"alertname": alert.name})
        yield ("ALERTS", _with(named, {"alertstate": "firing"})), (times, np.ones(len(times)))
        yield ("ALERTS_FOR_STATE", named), (times, np.full(len(times), one.since - seconds(alert.lasts)))


def _with(labels, more):
    return tuple(sorted({**dict(labels), **more}.items()))
