"""Addresses of runbooks, of the other dashboards, and of traces."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from otelml.dashboards.board import Link

FLEET, SERVICE, MODEL = "otelml-fleet", "otelml-service", "otelml-model"
CHOSEN = "${datasource:queryparam}&${traces:queryparam}&${model:queryparam}"


def board(uid: str, title: str, chosen: str = CHOSEN) -> Link:
    """Another dashboard, of the same choices; it keeps its own time, since each looks back as far as it should."""
    return Link(title, f"/d/{uid}?{chosen}")


def runbook(alert: str, runbooks: str) -> Link:
    """The page that says what to do when an alert fires."""
    return Link(f"Runbook: {alert}", f"{runbooks}/{alert}.md")


def traces(title: str, condition: str) -> Link:
    """Traces of the chosen model's calls, by a condition of TraceQL, in the time that the dashboard shows."""
    source = {"type": "tempo", "uid": "${traces}"}
    asked = f'{{ span.ml.model.name = "${{model:percentencode}}" && {condition} }}'
    query = {"refId": "A", "datasource": source, "queryType": "traceql", "query": asked, "limit": 20}
    pane = {"datasource": "${traces}", "queries": [query], "range": {"from": "${__from}", "to": "${__to}"}}
    return Link(title, f"/explore?schemaVersion=1&panes={_quoted(json.dumps({'calls': pane}))}")


def _quoted(text: str) -> str:
    # Grafana fills in variables before it reads the address, and knows no %24%7Bmodel%7D.
    parts = re.split(r"(\$\{[\w:]+\})", text)
    return "".join(part if part.startswith("${") else quote(part, safe="") for part in parts)
