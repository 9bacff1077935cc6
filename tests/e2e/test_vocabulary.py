"""No configuration, rule or panel names a metric or a label that the contract lacks; Prometheus itself reads them."""

from __future__ import annotations

import re

import pytest
from collector import CONFIGURATION
from prometheus import running_prometheus

from otelml.dashboards.catalogue import queries
from otelml.rules.catalogue import defaults, recorded
from otelml.rules.prometheus import OWN_LABELS, SERIES, label, series
from otelml.rules.rule import Alert
from otelml.telemetry import names
from otelml.telemetry.glossary import ATTRIBUTES
from otelml.telemetry.process_metrics import READ

pytestmark = pytest.mark.e2e

PROCESS = {name: metric for metric in READ for name in series(metric)}
# Prometheus' own: what fires, and since when; the latter in the dashboards alone.
OF_PROMETHEUS = {"ALERTS": {"alertname", "alertstate", "severity"}, "ALERTS_FOR_STATE": {"alertname", "severity"}}
OF_EVERY_MODEL = {label(names.MODEL_NAME), label(names.MODEL_VERSION)}
OF_SPANS = {names.BATCH_SIZE, names.PREDICTION_ID, names.PREDICTION_SCORE, names.PREDICTION_CLASS}
LABELS = {label(one.name) for one in ATTRIBUTES} | {*OWN_LABELS, "__name__", "type"}


@pytest.fixture(scope="module")
def parse(prometheus_binary, tmp_path_factory):
    """Give Prometheus' own parser: an expression to its syntax tree."""
    with running_prometheus(prometheus_binary, tmp_path_factory.mktemp("parser")) as prometheus:
        yield lambda expression: prometheus.ask("parse_query", query=expression)


def nodes(tree):
    """Every node of a syntax tree."""
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from nodes(part)


def expressions():
    """Every expression of the rules and of the dashboards, and where it is."""
    for file in defaults():
        for rule in file.rules:
            yield f"{file.name}: {rule.name}", rule.expr
    for asked in queries(model="flights", version=".*", column="distance", **{"class": "1"}):
        yield f"{asked.dashboard}: {asked.panel}", asked.expr


def strangers(where, tree):
    """Names in a syntax tree that nobody makes: of series, of labels they are matched by, of labels of results."""
    known = {**dict.fromkeys(recorded(defaults())), **SERIES, **PROCESS, **OF_PROMETHEUS}
    made = set()  # by label_replace
    for node in nodes(tree):
        if node.get("func", {}) and node["func"]["name"] == "label_replace":
            made.add(node["args"][1]["val"])
    for node in nodes(tree):
        if node.get("type") in {"vectorSelector", "matrixSelector"}:
            yield from (f"{where}: {one}" for one in unknown_in(node, known))
        matching = node.get("matching") or {}
        used = {*(node.get("grouping") or ()), *matching.get("labels", ()), *matching.get("include", ())}
        yield from (f"{where}: label {one}" for one in used - LABELS - made - OF_PROMETHEUS["ALERTS"])


def unknown_in(selector, known):
    """What is wrong with one selector: a series that nobody makes, or a label that this one never has."""
    name = selector["name"] or next((m["value"] for m in selector["matchers"] if m["name"] == "__name__"), "")
    matched = {one["name"] for one in selector["matchers"]} - {"__name__", *OWN_LABELS}
    if name not in known:
        yield f"series {name}"
        return
    metric = known[name]
    if metric is None:
        allowed = LABELS
    elif isinstance(metric, set):
        allowed = metric | LABELS
    else:
        allowed = {label(one) for one in metric.attributes} | OF_EVERY_MODEL
    yield from (f"{name} has no label {one}" for one in matched - allowed)


def test_rules_and_panels_keep_to_the_contract(parse):
    """Every series and label of every expression is made by the contract, by a rule, or by Prometheus itself."""
    asked = list(expressions())
    assert len(asked) > 200
    assert not sorted({found for where, expression in asked for found in strangers(where, parse(expression))})


@pytest.mark.parametrize(
    "wrong", ["ml_unheard_of_total", 'ml_predictions_total{ml_actual="1"}', "sum by (ml_of) (ml:f1:7d)"]
)
def test_a_stranger_is_found(parse, wrong):
    """The check can fail: a series, a matched label and a label of a result that nobody makes are all found."""
    assert list(strangers("here", parse(wrong)))


def test_alerts_tell_labels_that_they_have():
    """What the texts of an alert quote is a label of the contract."""
    for file in defaults():
        for rule in file.rules:
            if isinstance(rule, Alert):
                quoted = set(re.findall(r"\$labels\.(\w+)", rule.summary + rule.description))
                assert quoted <= LABELS | {"ml_metric"}, rule.name


def test_configurations_keep_to_the_contract():
    """Every attribute of ours that a configuration of the Collector names is one of the contract."""
    known = {one.name for one in ATTRIBUTES} | OF_SPANS | {metric.name for metric in names.CONTRACT}
    for path in CONFIGURATION.glob("*.yaml"):
        text = re.sub(r"#.*", "", path.read_text()).replace("\\.", ".")
        found = set(re.findall(r"\bml(?:\.\w+)+", text)) | alternatives(text)
        assert {one for one in found if not any(name.startswith(one) for name in known)} == set(), path.name


def alternatives(text):
    """Names that a pattern such as `ml.(model|task)` stands for."""
    return {f"ml.{one}" for group in re.findall(r"\bml\.\(([\w.|]+)\)", text) for one in group.split("|")}
