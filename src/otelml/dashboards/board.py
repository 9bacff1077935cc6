"""What a dashboard is: rows of panels, each of which asks something and shows the answer in one of a few views."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Limits = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first is None, whatever is lower."""

GREEN, RED, NEUTRAL = "green", "red", "text"
LIVE, RAW, REFERENCE, BOUND = "live", "raw", "reference", "bound"
"""How a line is drawn: what is live, the same as it is, what training had, what it stays within."""


def above(value: float) -> Limits:
    """Red from a value on."""
    return ((None, GREEN), (value, RED))


def below(value: float) -> Limits:
    """Red below a value."""
    return ((None, RED), (value, GREEN))


@dataclass(frozen=True)
class Query:
    """PromQL, and how its answer is named and drawn.

    Attributes
    ----------
    legend : with `{{labels}}`; of tables and bars the name of the column.
    style : of a line: LIVE, RAW, REFERENCE or BOUND.
    unit, limits : of a column, where they are not the panel's.
    """

    expr: str
    legend: str = ""
    style: str = LIVE
    unit: str = ""
    limits: Limits = ()


@dataclass(frozen=True)
class Link:
    """A way from a panel, or from a cell of a table, to another page."""

    title: str
    url: str


@dataclass(frozen=True)
class Lines:
    """Values over time; `stacked` where they add up."""

    stacked: bool = False


@dataclass(frozen=True)
class Number:
    """The present value, large."""


@dataclass(frozen=True)
class Heatmap:
    """Buckets of a histogram over time, with exemplars: a dot is one call, and a way to its trace."""


@dataclass(frozen=True)
class States:
    """One strip a series, in the colour of the limit that it is beyond."""


@dataclass(frozen=True)
class Bars:
    """A group of bars for each value of a label, one bar a query."""

    label: str


@dataclass(frozen=True)
class Matrix:
    """Values by two labels, as a confusion matrix is."""

    row: str
    column: str


@dataclass(frozen=True)
class Table:
    """A line for each set of labels, a column for each query.

    Attributes
    ----------
    labels : which are shown, with their headers.
    links : by header.
    sort : header of the column that is sorted by, the largest first.
    """

    labels: Mapping[str, str]
    links: Mapping[str, Link] = field(default_factory=dict[str, Link])
    sort: str = ""


View = Lines | Number | Heatmap | States | Bars | Matrix | Table


@dataclass(frozen=True)
class Panel:
    """One question, and its answer.

    Attributes
    ----------
    doc : what it shows, and what to do about it.
    unit : as Grafana names it.
    alerts : that judge what is shown; the panel links to their runbooks.
    """

    title: str
    doc: str
    queries: tuple[Query, ...]
    unit: str
    view: View = Lines()
    alerts: tuple[str, ...] = ()
    limits: Limits = ()
    links: tuple[Link, ...] = ()
    width: int = 8
    height: int = 8

    @property
    def over_time(self) -> bool:
        """Whether it is asked of the whole time that is shown, or of its end."""
        return isinstance(self.view, (Lines, Heatmap, States))


@dataclass(frozen=True)
class Row:
    """Panels on one subject."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Variable:
    """What the reader chooses at the top.

    Attributes
    ----------
    ask : `label_values(…)` or `query_result(…)`; of data sources their type.
    regex : what to take of each answer.
    many : whether several can be chosen, or all: then also series without the label.
    """

    name: str
    label: str
    doc: str
    ask: str
    kind: str = "query"
    regex: str = ""
    many: bool = False


@dataclass(frozen=True)
class Board:
    """A dashboard.

    Attributes
    ----------
    uid : its address, and the name of its file.
    since : how far back it looks at first, such as `6h`.
    alerts : PromQL of the alerts that are marked in its panels.
    links : to the other dashboards.
    """

    uid: str
    title: str
    doc: str
    since: str
    variables: tuple[Variable, ...]
    rows: tuple[Row, ...]
    alerts: str
    links: tuple[Link, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, in order."""
        return tuple(panel for row in self.rows for panel in row.panels)


def number(title: str, doc: str, query: Query, unit: str = "short") -> Panel:
    """A present value among others in one row."""
    return Panel(title, doc, (query,), unit, Number(), limits=query.limits, width=4, height=4)
