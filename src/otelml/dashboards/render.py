"""Dashboards as Grafana reads them: its classic JSON, which every version since 11 loads.

Written out by hand: of the model of Grafana's own libraries these dashboards need a twentieth part.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from otelml.dashboards import views
from otelml.dashboards.links import runbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.dashboards.board import Board, Link, Panel, Query, Row, Variable

SCHEMA = 39
WIDTH = 24
METRICS = {"type": "prometheus", "uid": "${datasource}"}
ITS_OWN = {"type": "grafana", "uid": "-- Grafana --"}

Json = dict[str, Any]


def as_json(board: Board, runbooks: str) -> str:
    """Write a dashboard.

    Parameters
    ----------
    runbooks : address of the folder of the runbooks.
    """
    told: Json = {
        "annotations": {"list": list(_annotations(board))},
        "description": board.doc,
        "editable": True,
        "fiscalYearStartMonth": 0,
        "graphTooltip": 1,
        "id": None,
        "links": [{"type": "link", "icon": "dashboard", **_link(link, new_tab=False)} for link in board.links],
        "panels": list(_panels(board, runbooks)),
        "refresh": "1m",
        "schemaVersion": SCHEMA,
        "tags": ["otelml", "machine-learning"],
        "templating": {"list": [_variable(one) for one in board.variables]},
        "time": {"from": f"now-{board.since}", "to": "now"},
        "timepicker": {},
        "timezone": "browser",
        "title": board.title,
        "uid": board.uid,
        "version": 1,
        "weekStart": "",
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def file_name(board: Board) -> str:
    """Name the file of a dashboard, by its address in Grafana."""
    return f"{board.uid}.json"


def _annotations(board: Board) -> Iterator[Json]:
    yield {
        "builtIn": 1,
        "datasource": ITS_OWN,
        "enable": True,
        "hide": True,
        "iconColor": "rgba(0, 211, 255, 1)",
        "name": "Annotations & Alerts",
        "type": "dashboard",
    }
    yield {
        "datasource": METRICS,
        "enable": True,
        "expr": board.alerts,
        "iconColor": "red",
        "name": "Alerts that fire",
        "step": "60s",
        "tagKeys": "severity",
        "textFormat": "{{ml_model_name}} {{ml_column_name}} {{ml_class}} {{job}}",
        "titleFormat": "{{alertname}}",
        "useValueForTime": False,
    }


def _variable(one: Variable) -> Json:
    told: Json = {"name": one.name, "label": one.label, "description": one.doc, "type": one.kind, "hide": 0}
    told |= {"current": {}, "options": [], "multi": one.many, "includeAll": one.many, "regex": one.regex}
    if one.kind == "datasource":
        return {**told, "query": one.ask, "refresh": 1}
    # Sorted, but for answers that are taken out of a query: those come in its order.
    told |= {"datasource": METRICS, "definition": one.ask, "refresh": 2, "sort": 0 if one.regex else 1}
    told["query"] = {"query": one.ask, "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    if one.many:
        # Not the list of what there is, which no series without the label would match.
        told |= {"allValue": ".*", "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}
    return told


def _panels(board: Board, runbooks: str) -> Iterator[Json]:
    ids, top = iter(range(1, 10_000)), 0
    for row in board.rows:
        place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        yield {"id": next(ids), "type": "row", "title": row.title, "collapsed": False, "gridPos": place, "panels": []}
        top += 1
        for panel, where in _placed(row, top):
            yield {"id": next(ids), "gridPos": where, **_panel(panel, runbooks)}
            top = max(top, where["y"] + where["h"])


def _placed(row: Row, top: int) -> Iterator[tuple[Panel, dict[str, int]]]:
    """Fill lines from left to right; the next line begins below the highest panel of the one before."""
    left = high = 0
    for panel in row.panels:
        if left + panel.width > WIDTH:
            left, top, high = 0, top + high, 0
        yield panel, {"x": left, "y": top, "w": panel.width, "h": panel.height}
        left, high = left + panel.width, max(high, panel.height)


def _panel(panel: Panel, runbooks: str) -> Json:
    look = views.look(panel)
    links = (*(runbook(alert, runbooks) for alert in panel.alerts), *panel.links)
    return {
        "type": look.plugin,
        "title": panel.title,
        "description": panel.doc,
        "datasource": METRICS,
        "targets": [_target(ref, query, look.format, over_time=panel.over_time) for ref, query in views.named(panel)],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "custom": look.custom, **views.coloured(panel.limits, panel.view)},
            "overrides": look.overrides,
        },
        "options": look.options,
        "transformations": look.transformations,
        "links": [_link(link) for link in links],
    }


def _target(ref: str, query: Query, form: str, *, over_time: bool) -> Json:
    return {
        "refId": ref,
        "datasource": METRICS,
        "editorMode": "code",
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "format": form,
        "instant": not over_time,
        "range": over_time,
        "exemplar": form == "heatmap",
    }


def _link(link: Link, *, new_tab: bool = True) -> Json:
    return {"title": link.title, "url": link.url, "targetBlank": new_tab}
