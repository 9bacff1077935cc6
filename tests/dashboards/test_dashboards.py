"""The dashboards: complete JSON that Grafana loads, and questions that the rules and the contract can answer."""

from __future__ import annotations

import json
import re
from itertools import product
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from promql import read

from otelml.cli.files import sealed
from otelml.dashboards import boards, queries
from otelml.dashboards.catalogue import BUILT_IN
from otelml.dashboards.render import as_json, file_name
from otelml.rules.catalogue import defaults, recorded
from otelml.rules.prometheus import OWN_LABELS, SERIES, label
from otelml.rules.render import RUNBOOKS
from otelml.rules.rule import Alert
from otelml.telemetry import names

CHECKED_IN = Path(__file__).parents[2] / "collector-config/grafana/dashboards"
BOARDS = {board.uid: board for board in boards()}
DOCUMENTS = {uid: json.loads(as_json(board, RUNBOOKS)) for uid, board in BOARDS.items()}
PANELS = {
    f"{uid} {panel['id']}: {panel['title']}": (uid, panel)
    for uid, document in DOCUMENTS.items()
    for panel in document["panels"]
    if panel["type"] != "row"
}
ALERTS = {rule.name for file in defaults() for rule in file.rules if isinstance(rule, Alert)}
OF_ALERTS = {"ALERTS", "ALERTS_FOR_STATE"}
MODEL = {label(names.MODEL_NAME), label(names.MODEL_VERSION)}
LABELS = MODEL | set(OWN_LABELS) | {"alertname", "alertstate", "severity"}
LABELS |= {label(attribute) for metric in names.CONTRACT for attribute in metric.attributes}
OF_GRAFANA = {*BUILT_IN, "__all", "__from", "__to", "__url_time_range", "__value", "__data"}

each_panel = pytest.mark.parametrize(("uid", "panel"), PANELS.values(), ids=PANELS)
each_board = pytest.mark.parametrize("uid", BOARDS)


def asked(uid):
    """Every expression of a dashboard: of its panels, its variables and its annotations."""
    document = DOCUMENTS[uid]
    yield from (target["expr"] for panel in document["panels"] for target in panel.get("targets", ()))
    yield from (one["expr"] for one in document["annotations"]["list"] if "expr" in one)
    for one in document["templating"]["list"]:
        if one["type"] == "query":
            inside = re.fullmatch(r"(?:query_result\((.*)\)|label_values\((.*), (\w+)\))", one["definition"])
            yield inside[1] or inside[2]


@each_board
def test_checked_in_is_what_is_generated(uid):
    """The files are what `otelml dashboards --out collector-config/grafana/dashboards` writes, byte for byte."""
    board = BOARDS[uid]
    assert (CHECKED_IN / file_name(board)).read_text(encoding="utf-8") == sealed(as_json(board, RUNBOOKS))


def test_nothing_else_is_checked_in():
    """A dashboard that is generated no more is no file any more."""
    assert {path.name for path in CHECKED_IN.iterdir()} == {file_name(board) for board in BOARDS.values()}


@each_board
def test_it_is_a_classic_dashboard(uid):
    """It has an address, a title, a time, and a schema that Grafana 11 and 12 know."""
    document = DOCUMENTS[uid]
    assert 39 <= document["schemaVersion"] <= 41
    assert document["uid"] == uid
    assert len(uid) <= 40
    assert document["title"]
    assert document["description"]
    assert document["time"]["from"].startswith("now-")


@each_board
def test_panels_have_their_own_id_and_place(uid):
    """No two panels have one id, none lies on another, and none reaches beyond the 24 columns."""
    panels = DOCUMENTS[uid]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = set(product(range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])))
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


@each_board
def test_titles_are_told_apart(uid):
    """Within a row no two panels have one title."""
    for row in BOARDS[uid].rows:
        titles = [panel.title for panel in row.panels]
        assert len(set(titles)) == len(titles)


@each_panel
def test_a_panel_is_complete(uid, panel):
    """It has a title, a description, a unit, and asks the data source that the reader chose."""
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert panel["title"]
    assert len(panel["description"]) > 20
    assert panel["description"][-1] in ".?"
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"] == chosen
    assert panel["targets"]
    assert all(target["datasource"] == chosen for target in panel["targets"])
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]), uid


@each_board
def test_what_is_asked_is_recorded_or_in_the_contract(uid):
    """Every query reads series of the rules or of the contract, by labels of the contract."""
    known = recorded(defaults()) | set(SERIES) | OF_ALERTS
    for expr in asked(uid):
        found = read(expr)
        assert found.names
        assert not found.names - known, expr
        assert not found.labels - LABELS, expr


@each_board
def test_series_of_the_contract_are_matched_by_labels_they_have(uid):
    """A matcher by a label that a metric never carries would match nothing, or everything."""
    for expr in asked(uid):
        for name, matched in read(expr).series:
            if name in SERIES:
                carried = {label(attribute) for attribute in SERIES[name].attributes}
                assert not matched - carried - MODEL - set(OWN_LABELS), expr


@each_board
def test_legends_name_labels_of_the_contract(uid):
    """`{{label}}` in a legend is a label that there is."""
    legends = [query.legend for panel in BOARDS[uid].panels for query in panel.queries]
    assert not set(re.findall(r"{{(\w+)}}", " ".join(legends))) - LABELS


@each_board
def test_every_variable_is_declared(uid):
    """What a query, a title or a link names with a dollar the reader can choose, or Grafana knows."""
    document = DOCUMENTS[uid]
    declared = {one["name"] for one in document["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(document)))
    assert not used - declared - OF_GRAFANA
    assert declared <= used


@each_board
def test_all_versions_are_also_none(uid):
    """All matches models without a version too: its regular expression matches the empty label."""
    for one in DOCUMENTS[uid]["templating"]["list"]:
        if one["includeAll"]:
            assert re.fullmatch(one["allValue"], "")


def test_every_alert_is_linked():
    """From some panel a link leads to the runbook of each alert, and to those of no other."""
    assert {alert for board in BOARDS.values() for panel in board.panels for alert in panel.alerts} == ALERTS


def test_runbook_links_name_alerts():
    """Every address below the runbooks is the page of an alert, or is made from the alert that is clicked."""
    links = re.findall(rf'"{re.escape(RUNBOOKS)}/(.+?)\.md"', json.dumps(DOCUMENTS))
    assert len(links) > len(ALERTS)
    assert set(links) - {"${__value.raw}"} == ALERTS


def test_links_lead_to_dashboards_that_exist():
    """Every address of a dashboard is that of one of ours."""
    assert set(re.findall(r'"/d/([^?"]+)', json.dumps(DOCUMENTS))) == set(BOARDS)


def test_links_to_traces_can_be_read():
    """What the explorer is asked is JSON with TraceQL in it, once the variables are filled in."""
    links = [link["url"] for _, panel in PANELS.values() for link in panel["links"] if "/explore" in link["url"]]
    assert links
    for link in links:
        filled = re.sub(r"\$\{(\w+)[^}]*\}", r"\1", link)
        [pane] = json.loads(parse_qs(urlsplit(filled).query)["panes"][0]).values()
        assert pane["datasource"] == pane["queries"][0]["datasource"]["uid"] == "traces"
        assert pane["queries"][0]["query"].startswith('{ span.ml.model.name = "model" && ')


@each_panel
def test_lines_of_a_table_meet(uid, panel):
    """Queries of one table drop the names of their series: Grafana merges no lines that differ in anything."""
    if panel["type"] in ("table", "barchart") and len(panel["targets"]) > 1:
        for target in panel["targets"]:
            computed = re.match(r"label_replace\(|(max|sum|avg) by|.* / ", target["expr"])
            assert computed, f"{uid}: {target['expr']}"


def test_exemplars_are_on_in_the_heatmap():
    """The heatmap of latency reads buckets as they are, and asks for exemplars."""
    [(_, panel)] = [(uid, panel) for uid, panel in PANELS.values() if panel["type"] == "heatmap"]
    [target] = panel["targets"]
    assert target["exemplar"]
    assert target["format"] == "heatmap"
    assert "ml_inference_duration_seconds_bucket" in target["expr"]


def test_queries_are_filled_in():
    """`queries` gives each query of each panel, with nothing left to fill in."""
    told = queries(model="flights", version=".*", column="hour", **{"class": "1"})
    assert len(told) == sum(len(panel["targets"]) for _, panel in PANELS.values())
    assert not [one for one in told if "$" in one.expr]
    assert {one.dashboard for one in told} == set(BOARDS)


def test_a_query_that_lacks_a_variable_says_so():
    """A variable that nobody gave is an error, and no query for a model called `$model`."""
    with pytest.raises(KeyError, match="model"):
        queries(version=".*")
