"""How each view of a panel looks: its plugin of Grafana, and what that is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from otelml.dashboards.board import (
    BOUND,
    LIVE,
    NEUTRAL,
    RAW,
    REFERENCE,
    Bars,
    Heatmap,
    Lines,
    Matrix,
    Number,
    States,
    Table,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.dashboards.board import Limits, Panel, Query, View

Json = dict[str, Any]

DASHED = {"fill": "dash", "dash": [8, 8]}
STYLES: dict[str, Json] = {
    LIVE: {},
    RAW: {"custom.lineWidth": 1, "custom.fillOpacity": 0},
    REFERENCE: {"custom.lineStyle": DASHED, "custom.lineWidth": 1, "custom.fillOpacity": 0},
    BOUND: {
        "custom.lineStyle": DASHED,
        "custom.lineWidth": 1,
        "custom.fillOpacity": 0,
        "color": {"mode": "fixed", "fixedColor": "orange"},
    },
}
LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
TOOLTIP = {"mode": "multi", "sort": "none"}


@dataclass(frozen=True)
class Look:
    """What Grafana is told of a panel, beside what all panels have."""

    plugin: str
    format: str
    options: Json
    custom: Json = field(default_factory=dict[str, Any])
    overrides: list[Json] = field(default_factory=list[Json])
    transformations: list[Json] = field(default_factory=list[Json])


def look(panel: Panel) -> Look:  # noqa: PLR0911 -- one a view
    """What Grafana is told of this panel."""
    match panel.view:
        case Lines() as view:
            return _lines(panel, view)
        case Number():
            return _number(panel)
        case Heatmap():
            return _heatmap(panel)
        case States():
            return _states()
        case Bars() as view:
            return _bars(panel, view)
        case Matrix() as view:
            return _matrix(view)
        case Table() as view:
            return _table(panel, view)


def named(panel: Panel) -> Iterator[tuple[str, Query]]:
    """The queries, by the letters that Grafana knows them by."""
    return zip(ascii_uppercase, panel.queries, strict=False)


def coloured(limits: Limits, view: View) -> Json:
    """Colours of what is beyond a limit; lines have their own, and show limits beside them."""
    own = isinstance(view, (Lines, Bars))
    steps = [{"value": value, "color": colour} for value, colour in limits or ((None, NEUTRAL),)]
    mode = {"mode": "palette-classic"} if own else {"mode": "thresholds"}
    return {"color": mode, "thresholds": {"mode": "absolute", "steps": steps}}


def _override(matcher: str, of: str, properties: Json) -> Json:
    told = [{"id": key, "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": of}, "properties": told}


def _lines(panel: Panel, view: Lines) -> Look:
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "linear",
        "lineWidth": 2,
        "fillOpacity": 40 if view.stacked else 0,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if view.stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.limits else "off"},
    }
    overrides = [
        _override("byFrameRefID", ref, STYLES[query.style]) for ref, query in named(panel) if STYLES[query.style]
    ]
    return Look("timeseries", "time_series", {"legend": LEGEND, "tooltip": TOOLTIP}, custom, overrides)


def _number(panel: Panel) -> Look:
    options = {
        "colorMode": "value" if panel.limits else "none",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "auto",
        "wideLayout": True,
    }
    return Look("stat", "time_series", options)


def _heatmap(panel: Panel) -> Look:
    options = {
        "calculate": False,
        "cellGap": 1,
        "cellValues": {"unit": "short"},
        "color": {"mode": "scheme", "scheme": "Blues", "scale": "exponential", "exponent": 0.5, "steps": 64},
        "exemplars": {"color": "rgba(255, 120, 10, 0.9)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": panel.unit},
    }
    return Look("heatmap", "heatmap", options, {"scaleDistribution": {"type": "linear"}})


def _states() -> Look:
    options = {
        "alignValue": "left",
        "legend": LEGEND,
        "mergeValues": True,
        "rowHeight": 0.8,
        "showValue": "never",
        "tooltip": {"mode": "single", "sort": "none"},
    }
    return Look("state-timeline", "time_series", options, {"fillOpacity": 80, "lineWidth": 0, "spanNulls": False})


def _columns(panel: Panel) -> dict[str, str]:
    """Headers of what the queries say, by what Grafana calls them: one that alone has an answer has no letter."""
    lettered = {f"Value #{ref}": query.legend for ref, query in named(panel)}
    return {**lettered, "Value": panel.queries[0].legend}


def _organised(panel: Panel, labels: dict[str, str]) -> list[Json]:
    """Lines of several queries with the same labels are one; then columns in order, with their headers."""
    columns = _columns(panel)
    told = {**labels, **columns}
    organised = {
        "indexByName": {name: place for place, name in enumerate(told)},
        "renameByName": told,
        "includeByName": dict.fromkeys(told, True),
        "excludeByName": {"Time": True},
    }
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organised}]


def _bars(panel: Panel, view: Bars) -> Look:
    options = {
        "barWidth": 0.9,
        "groupWidth": 0.8,
        "legend": LEGEND,
        "orientation": "auto",
        "showValue": "never",
        "stacking": "none",
        "tooltip": TOOLTIP,
        "xField": "Bin",
        "xTickLabelRotation": -45,
        "xTickLabelSpacing": 0,
    }
    order: Json = {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": "Bin", "desc": False}]}}
    shaped = [*_organised(panel, {view.label: "Bin"}), order]
    return Look("barchart", "table", options, {"fillOpacity": 80, "lineWidth": 0}, transformations=shaped)


def _matrix(view: Matrix) -> Look:
    shape = {"rowField": view.row, "columnField": view.column, "valueField": "Value", "emptyValue": "null"}
    shaped: list[Json] = [{"id": "groupingToMatrix", "options": shape}]
    return Look("table", "table", _table_options(""), {"align": "auto"}, transformations=shaped)


def _table_options(sort: str) -> Json:
    by = [{"displayName": sort, "desc": True}] if sort else []
    return {"cellHeight": "sm", "showHeader": True, "footer": {"show": False}, "sortBy": by}


def _table(panel: Panel, view: Table) -> Look:
    overrides = [_override("byName", query.legend, told) for query in panel.queries if (told := _cell(query))]
    for header, link in view.links.items():
        told = {"title": link.title, "url": link.url, "targetBlank": False}
        overrides.append(_override("byName", header, {"links": [told]}))
    shaped = _organised(panel, dict(view.labels))
    return Look("table", "table", _table_options(view.sort), {"align": "auto", "filterable": True}, overrides, shaped)


def _cell(query: Query) -> Json:
    told: Json = {"unit": query.unit} if query.unit else {}
    if query.limits:
        told |= {**coloured(query.limits, Table({})), "custom.cellOptions": {"type": "color-text"}}
    return told
