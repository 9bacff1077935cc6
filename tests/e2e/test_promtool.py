"""Prometheus itself reads the rules, and their unit tests hold; every rule has one."""

from __future__ import annotations

import json
import re
from collections import defaultdict

import pytest
import yaml
from collector import CONFIGURATION
from prometheus import promtool
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.baseline import BaselineWarning
from otelml.cli import main
from otelml.rules.catalogue import defaults, recorded
from otelml.rules.rule import Alert

RULES = CONFIGURATION / "prometheus"
TESTS = sorted((RULES / "tests").glob("*.test.yml"))
pytestmark = pytest.mark.e2e


def cases(kind):
    """Every case of a kind, in all files of tests."""
    return [case for path in TESTS for test in yaml.safe_load(path.read_text())["tests"] for case in test.get(kind, ())]


def test_the_checked_in_rules_are_rules(prometheus_binary):
    """Prometheus reads each of the files that are checked in."""
    files = sorted(RULES.glob("*.rules.yml"))
    assert promtool(prometheus_binary, "check", "rules", *files).count("SUCCESS") == len(files) == len(defaults())


def test_the_configuration_loads_every_file_but_the_plain_one(prometheus_binary):
    """Prometheus reads its configuration, and in it every file of rules but the plain one."""
    told = promtool(prometheus_binary, "check", "config", RULES / "prometheus.yml")
    assert {f"{file.name}.rules.yml" in told for file in defaults() if file.name != "plain"} == {True}
    assert "plain.rules.yml" not in told


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_unit_tests_hold(prometheus_binary, path):
    """Recorded values and alerts are those that were worked out by hand, in Prometheus' own test of rules."""
    assert "SUCCESS" in promtool(prometheus_binary, "test", "rules", path)


def test_a_wrong_expectation_is_found(prometheus_binary, tmp_path):
    """The test of rules can fail: another value than the right one is one."""
    text = (RULES / "tests/baseline.test.yml").read_text()
    wrong = text.replace("value: 28000", "value: 28001").replace("../baseline", f"{RULES}/baseline")
    assert wrong != text
    (tmp_path / "wrong.test.yml").write_text(wrong)
    with pytest.raises(AssertionError, match="FAILED"):
        promtool(prometheus_binary, "test", "rules", tmp_path / "wrong.test.yml")


def test_every_alert_has_a_case_that_fires_and_one_that_does_not():
    """Each alert of the defaults is expected to fire, with labels and annotations, and to be silent; no other is."""
    fires = defaultdict(set)
    for case in cases("alert_rule_test"):
        fires[case["alertname"]].add(bool(case["exp_alerts"]))
        assert all(alert["exp_labels"] and alert["exp_annotations"] for alert in case["exp_alerts"])
    alerts = {rule.name for file in defaults() for rule in file.rules if isinstance(rule, Alert)}
    assert dict(fires) == {alert: {True, False} for alert in alerts}


def test_every_variant_of_an_alert_fires():
    """Where rules share a name, each of them, told by its labels, is expected to fire."""
    fired = [alert["exp_labels"] for case in cases("alert_rule_test") for alert in case["exp_alerts"]]
    for rule in (rule for file in defaults() for rule in file.rules if isinstance(rule, Alert)):
        own = {"severity": rule.severity, **rule.labels}
        assert any(own.items() <= labels.items() for labels in fired), rule.name


def test_every_recorded_series_is_asserted():
    """Each recorded series has a value that is expected of it; being read by an alert is not enough."""
    asserted = set()
    for case in cases("promql_expr_test"):
        if case["exp_samples"]:
            asserted |= {*re.findall(r"ml:[\w:]+", case["expr"])}
            asserted |= {name for one in case["exp_samples"] for name in re.findall(r"^ml:[\w:]+", one["labels"])}
    assert recorded(defaults()) - asserted == set()


def test_what_runbooks_have_one_paste_is_promql(prometheus_binary, tmp_path):
    """Each query of a runbook can be read by Prometheus; what a reader fills in is a name in quotes."""
    pages = sorted((CONFIGURATION.parent / "docs/runbooks").glob("*.md"))
    queries = [query for page in pages for query in re.findall(r"```promql\n(.*?)```", page.read_text(), re.DOTALL)]
    assert len(queries) > len(pages)
    rules = [{"record": f"query:{place}", "expr": query} for place, query in enumerate(queries)]
    (tmp_path / "queries.rules.yml").write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    promtool(prometheus_binary, "check", "rules", tmp_path / "queries.rules.yml")


BESIDE = """
rule_files: [rules/*.yml, rules/own/*.yml]
evaluation_interval: 5m
fuzzy_compare: true
tests:
  - name: a model with an objective of its own for latency, beside another of the same latency
    interval: 1m
    input_series: [INPUT]
    promql_expr_test:
      - expr: count(ml:latency_seconds:p99_5m) by (ml_model_name)
        eval_time: 40m
        exp_samples:
          - {labels: '{ml_model_name="a.b|c"}', value: 1}
          - {labels: '{ml_model_name="aXb"}', value: 1}
      # Of all models, and by the rules for the others alone: 40 + 80 in the hour, as far as it goes.
      - expr: round(ml:outcomes_counted:increase1h{ml_model_name=""}, 1)
        eval_time: 1h
        exp_samples: [{labels: '{}', value: 120}]
    alert_rule_test:
      - alertname: MLLatencyHigh
        eval_time: 40m
        exp_alerts:
          - exp_labels: {severity: page, ml_model_name: "a.b|c"}
            exp_annotations:
              summary: "a.b|c: one call in a hundred takes 492ms"
              description: The 99th percentile of the duration of a prediction call has been above 0.2 s.
              runbook_url: https://otelml.dev/docs/runbooks/MLLatencyHigh.md
"""


def test_rules_of_one_model_lie_beside_those_of_the_others(prometheus_binary, tmp_path):
    """A model that is left out is judged by its own rules alone, another by the general ones; nothing is twice."""
    name = "a.b|c"
    assert main(["rules", "--out", f"{tmp_path}/rules", "--without", name]) == 0
    assert main(["rules", "--out", f"{tmp_path}/rules/own", "--name", name, "--latency", "0.2"]) == 0
    buckets = {"0.1": 20, "0.5": 40, "+Inf": 40}
    given = {'ml_outcome_rejections_total{ml_reason="unknown"}': 30}
    for model, outcomes in ((name, 40), ("aXb", 80)):
        given[f'ml_outcomes_total{{ml_model_name="{model}"}}'] = outcomes
        given |= {
            f'ml_inference_duration_seconds_bucket{{ml_model_name="{model}", le="{le}"}}': 60 * count
            for le, count in buckets.items()
        }
        given[f'ml_inference_duration_seconds_count{{ml_model_name="{model}"}}'] = 60 * 40
    series = [{"series": one, "values": f"0+{hourly / 60}x60"} for one, hourly in given.items()]
    test = tmp_path / "beside.test.yml"
    test.write_text(BESIDE.replace("[INPUT]", json.dumps(series)))
    assert "SUCCESS" in promtool(prometheus_binary, "test", "rules", test)


def test_rules_with_a_baseline_and_for_one_model_are_rules(prometheus_binary, tmp_path):
    """With the constants of a baseline, for a name that has to be quoted, and by a further label: still rules."""
    rows = [[number / 100] for number in range(-100, 100)]
    model = LogisticRegression().fit(rows, [row[0] > 0 for row in rows])
    with pytest.warns(BaselineWarning):
        otelml.Baseline.fit(model, rows, [row[0] > 0 for row in rows], name="churn").save(tmp_path / "b.baseline.json")
    given = {
        "baseline": ("--baseline", f"{tmp_path}/b.baseline.json", "--version", "3"),
        "name": ("--name", 'ch"u\\rn'),
        "without": ("--without", 'ch"u\\rn', "--without", "two words", "--without", "ärger-1"),
        "by": ("--by", "deployment_environment_name", "--by", "cluster"),
    }
    for folder, options in given.items():
        assert main(["rules", "--out", f"{tmp_path}/{folder}", *options]) == 0
        promtool(prometheus_binary, "check", "rules", *sorted((tmp_path / folder).glob("*.yml")))
