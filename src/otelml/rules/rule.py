"""What a rule is: a series that is recorded, or an alert; groups of them, and files of groups.

Expressions are PromQL with `$words` in them: labels by which a model is known, windows, thresholds.  What Prometheus
itself writes with a dollar (`$labels`, `$value`, `$1`) stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from string import Template
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAGE = "page"
"""Severity of what somebody has to look at now, at night too."""
TICKET = "ticket"
"""Severity of what somebody has to look at on a working day."""
NAME = "{{ $labels.ml_model_name }}"
"""What an alert is about, in its texts."""
SCORE = '{{ printf "%.3f" $value }}'
"""The value of an alert, of what is mostly below 1: Prometheus' humanize would write 0.354 as 354m."""
NUMBER = '{{ printf "%.4g" $value }}'
"""The value of an alert, of whatever size."""


@dataclass(frozen=True)
class Record:
    """A series that is computed from others.

    Attributes
    ----------
    name : `ml:what:window`, by which panels and alerts read it.
    expr : PromQL.
    why : what a reader would ask of it; a comment in the file.
    labels : that the series gets, beside those of the expression.
    """

    name: str
    expr: str
    why: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Alert:
    """A condition that tells somebody.

    Attributes
    ----------
    name : also of its page in `docs/runbooks`.
    expr : PromQL; what it finds is what is wrong.
    lasts : how long it has to hold before somebody is told, `for` of Prometheus.
    severity : `page` or `ticket`.
    summary : one line, with the labels and the value.
    description : what it means, and what the numbers were compared with.
    why : a comment in the file.
    labels : that the alert gets, beside those of the expression and its severity.
    """

    name: str
    expr: str
    lasts: str
    severity: str
    summary: str
    description: str
    why: str = ""
    labels: Mapping[str, str] = field(default_factory=dict[str, str])


Rule = Record | Alert


@dataclass(frozen=True)
class Group:
    """Rules that are evaluated one after the other, at one time."""

    name: str
    interval: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class File:
    """Groups that lie in one file, and what a reader should know before the first."""

    name: str
    doc: str
    groups: tuple[Group, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule of the file, in order."""
        return tuple(rule for group in self.groups for rule in group.rules)

    def over(self, change: Callable[[Rule], Rule]) -> File:
        """The same file with every rule changed."""
        groups = (replace(group, rules=tuple(change(rule) for rule in group.rules)) for group in self.groups)
        return replace(self, groups=tuple(groups))

    def filled(self, words: Mapping[str, object]) -> File:
        """The same file with the `$words` of every rule filled in."""
        return self.over(lambda rule: fill(rule, words))


def fill(rule: Rule, words: Mapping[str, object]) -> Rule:
    """Fill in the `$words` of one rule, in its texts as well.

    >>> fill(Record("ml:rows:rate$window", "rate(x[$window])"), {"window": "5m"}).expr
    'rate(x[5m])'
    """

    def filled(text: str) -> str:
        return Template(dedent(text).strip("\n")).safe_substitute(words)

    if isinstance(rule, Record):
        return replace(rule, name=filled(rule.name), expr=filled(rule.expr), why=filled(rule.why))
    texts = {part: filled(getattr(rule, part)) for part in ("expr", "lasts", "summary", "description", "why")}
    return replace(rule, **texts)


def over_windows(windows: tuple[str, ...], *rules: Rule) -> tuple[Rule, ...]:
    """Repeat rules for each window.

    >>> [rule.name for rule in over_windows(("1d", "7d"), Record("ml:f1:$window", "x"))]
    ['ml:f1:1d', 'ml:f1:7d']
    """
    return tuple(fill(rule, {"window": window}) for window in windows for rule in rules)


def selecting(rule: Rule, series: re.Pattern[str], matcher: str) -> Rule:
    """Have every selector of these series in a rule match one more label.

    >>> selecting(Record("r", 'x + sum by (a) (y{b="1"})'), re.compile("x|y"), 'm="n"').expr
    'x{m="n"} + sum by (a) (y{m="n", b="1"})'
    """

    def selected(found: re.Match[str]) -> str:
        return f"{found[1]}{{{matcher}, " if found[2] else f"{found[1]}{{{matcher}}}"

    return replace(rule, expr=re.sub(rf"(?<![\w:])({series.pattern})(?![\w:])({{?)", selected, rule.expr))
