"""Every dashboard, and what its panels ask."""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, NamedTuple

from otelml.dashboards import fleet, model, service
from otelml.rules.render import RUNBOOKS
from otelml.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from otelml.dashboards.board import Board

BUILT_IN = {"__interval": "5m", "__rate_interval": "5m", "__range": "30d"}
"""What Grafana fills in itself."""


class Asked(NamedTuple):
    """One query of a panel, with its variables filled in; `instant` where it is asked of the end of the time only."""

    dashboard: str
    panel: str
    expr: str
    instant: bool


def boards(limits: Thresholds | None = None, runbooks: str = RUNBOOKS) -> tuple[Board, ...]:
    """The dashboards, with the thresholds of the rules.

    Parameters
    ----------
    runbooks : address of the folder of the runbooks.
    """
    limits = limits or Thresholds()
    return fleet.board(limits, runbooks), service.board(limits), model.board(limits)


def queries(**variables: str) -> list[Asked]:
    """Every query of every panel, as Prometheus would be asked it.

    Parameters
    ----------
    variables : what the reader chose: `model`, `version`, `column`, `class`; also `__range`, `__interval` and
        `__rate_interval`, where the defaults do not do.

    Raises
    ------
    KeyError
        When a query needs a variable that is not given.
    """
    filling = {**BUILT_IN, **variables}
    return [
        Asked(
            board.uid,
            panel.title,
            Template(query.expr).substitute(filling),
            not panel.over_time,
        )
        for board in boards()
        for panel in board.panels
        for query in panel.queries
    ]
