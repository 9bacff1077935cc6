"""Rules as data: what is rendered, what thresholds and names reach, and that nothing is left unfilled."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from dataclasses import fields, replace
from functools import cache
from pathlib import Path

import pytest
import yaml

import otelml.rules
from otelml.cli.files import sealed
from otelml.rules.catalogue import PROCESSES, defaults, for_model, recorded, without
from otelml.rules.prometheus import OWN_LABELS, SERIES, label
from otelml.rules.render import as_yaml
from otelml.rules.rule import Alert, Record
from otelml.rules.thresholds import Thresholds
from otelml.stats import divergence
from otelml.telemetry import names

FOLDER = Path(__file__).parents[2] / "collector-config/prometheus"
FILES = defaults()
RULES = [rule for file in FILES for rule in file.rules]
ALERTS = [rule for rule in RULES if isinstance(rule, Alert)]
PROMETHEUS_WRITES = r"\$(labels|value|1)\b"
# What the rules on processes read is not otelml's own.
OTHERS_SERIES = {
    "process_memory_usage_bytes",
    "process_cpu_time_seconds_total",
    "process_open_file_descriptor_count",
    "process_thread_count",
}


@pytest.mark.parametrize("module", [one.name for one in pkgutil.iter_modules(otelml.rules.__path__)])
def test_examples_in_docstrings_hold(module):
    """What the docstrings of the rules show is what happens."""
    assert doctest.testmod(importlib.import_module(f"otelml.rules.{module}")).failed == 0


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_checked_in_files_are_what_the_rules_render(file):
    """The files that people copy are the defaults, byte for byte; `otelml rules --out` is the fix."""
    committed = (FOLDER / f"{file.name}.rules.yml").read_text(encoding="utf-8")
    assert committed == sealed(as_yaml(file, "otelml rules")), "otelml rules --out collector-config/prometheus"


def test_no_other_file_is_checked_in():
    """Each file of rules that is checked in is rendered from some module."""
    assert {path.name for path in FOLDER.glob("*.rules.yml")} == {f"{file.name}.rules.yml" for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_says_the_same_as_yaml(file):
    """Written by hand, but YAML: read back, expressions, labels and annotations are those of the rules."""
    [group] = yaml.safe_load(as_yaml(file, "otelml rules"))["groups"]
    for rule, read in zip(file.rules, group["rules"], strict=True):
        assert read["expr"].split() == rule.expr.split()
        if isinstance(rule, Record):
            assert read["record"] == rule.name
        else:
            assert (read["alert"], read["for"]) == (rule.name, rule.lasts)
            assert read["labels"] == {"severity": rule.severity, **rule.labels}
            assert read["annotations"]["summary"] == rule.summary
            assert read["annotations"]["runbook_url"].endswith(f"/{rule.name}.md")


def test_no_word_is_left_unfilled():
    """Whatever is written with a dollar in a rule is filled in, but for what Prometheus itself writes so."""
    for rule in RULES:
        texts = [rule.name, rule.expr, rule.why]
        texts += [rule.summary, rule.description, rule.lasts] if isinstance(rule, Alert) else []
        assert [text for text in texts if "$" in re.sub(PROMETHEUS_WRITES, "", text)] == []


def test_whatever_a_rule_reads_exists():
    """Series in expressions are recorded by some rule, of the contract, or of the processes; labels are attributes."""
    known = recorded(FILES) | set(SERIES) | OTHERS_SERIES
    labels = {label(attribute) for one in names.CONTRACT for attribute in one.attributes}
    labels |= {"ml_model_name", "ml_model_version", *OWN_LABELS, "day", "week"}
    for rule in RULES:
        bare = re.sub(r'"[^"]*"', "", rule.expr)
        series = {word for word in re.findall(r"[a-z_:0-9]+", bare) if re.match(r"ml[:_]|otelml_|process_", word)}
        assert series - known - labels == set(), rule.name
        matched = {name for group in re.findall(r"{([^}]*)}", bare) for name in re.findall(r"(\w+)\s*(?:=|!)", group)}
        assert matched - labels == set(), rule.name


def test_what_is_read_is_recorded_before():
    """Within a group rules are evaluated one after the other: none reads, at the same time, one that comes later."""
    for file in FILES:
        order = [rule.name for rule in file.rules]
        for place, rule in enumerate(file.rules):
            now = re.sub(r"[\w:]+(\{[^}]*\})?(\[\w+\])? offset", "", rule.expr)
            later = {name for name in order[place:] if name.startswith("ml:")} & set(re.findall(r"ml:[\w:]+", now))
            assert later == set(), rule.name


def test_alerts_of_one_name_differ_by_a_label():
    """Two rules of one name would be one alert to whoever routes them, unless a label tells them apart."""
    told = [(alert.name, *sorted(alert.labels.items())) for alert in ALERTS]
    assert len(set(told)) == len(told)
    assert all(re.fullmatch("ML[A-Z][A-Za-z0-9]+", alert.name) for alert in ALERTS)


@cache
def everything(name: str, value: float) -> str:
    """All the rules as one text, with another threshold."""
    files = defaults(replace(Thresholds(), **{name: value}))
    return "".join(as_yaml(file, "") for file in files)


@pytest.mark.parametrize("name", [one.name for one in fields(Thresholds)])
def test_each_threshold_reaches_an_expression(name):
    """A threshold that is given changes what some alert compares with, not its text alone."""

    def expressions(value: float) -> list[str]:
        return [rule.expr for file in defaults(replace(Thresholds(), **{name: value})) for rule in file.rules]

    assert expressions(getattr(Thresholds(), name)) == [rule.expr for rule in RULES]
    assert expressions(3.25) != expressions(getattr(Thresholds(), name))


def test_thresholds_of_drift_are_those_of_the_statistics():
    """What the backend calls drift is what `otelml.stats.divergence`, and so the process, calls drift."""
    drift = Thresholds()
    assert (drift.psi, drift.blocks, drift.rows) == (divergence.EFFECT, divergence.BLOCKS, divergence.FEWEST)
    critical = [rule.expr for rule in RULES if rule.name.startswith("ml:column_psi_critical")]
    assert len(critical) == 2
    assert all(f"{divergence.CHANCE} * sqrt" in expr for expr in critical)


def test_texts_tell_thresholds_as_people_say_them():
    """Per cents are per cents in texts, and shares in expressions."""
    assert "error budget of 99.5 % availability" in everything("availability", 99.5)
    assert "> 14.4 * 0.005" in everything("availability", 99.5)
    assert "holds more than 2 GiB" in everything("memory", 2)
    assert "ml:memory_bytes > 2147483648" in everything("memory", 2)


def test_a_further_label_keeps_models_apart_everywhere():
    """With `by`, no rule adds up over it: wherever the name of a model is kept, the label is."""
    for file in defaults(by=("cluster",)):
        for rule in file.rules:
            for labels in re.findall(r"\(([^()]*ml_model_name[^()]*)\)", rule.expr):
                if not re.search(r"[{\"]", labels):
                    assert "cluster" in labels or labels.strip() == "ml_model_name", rule.name


def test_for_one_model_whatever_has_a_model_is_selected_by_it():
    """Every selector of a series that tells of models asks for the name; files on processes are not among them."""
    plain = [file for file in defaults() if file.name not in PROCESSES]
    for file, own in zip(plain, for_model(defaults(), "flights"), strict=True):
        for rule, selected in zip(file.rules, own.rules, strict=True):
            assert selected.name == rule.name
            assert selectors(selected.expr) == selectors(rule.expr, 'ml_model_name="flights"')


def test_without_models_every_selector_leaves_them_out():
    """Every selector of a series that tells of models says which not; those on processes are left as they were."""
    for file, others in zip(defaults(), without(defaults(), ["flights", "a.b"]), strict=True):
        if file.name in PROCESSES:
            assert others == file
            continue
        for rule, selected in zip(file.rules, others.rules, strict=True):
            assert selected.name == rule.name
            assert selectors(selected.expr) == selectors(rule.expr, r'ml_model_name!~"flights|a\\.b"', named=False)


def selectors(expr, matcher="", *, named=True):
    """Take every selector out of an expression, with one more matcher; `named`: also where it has one of the name."""
    found = re.findall(r"(?<![\w:])(ml[:_]\w[\w:]*|otelml_\w+)(?:\{(.*?)\})?(?=[\s)\[]|$)", bare(expr))
    added = {True: [matcher] if matcher else [], False: []}
    return [
        (name, sorted([*filter(None, matched.split(", ")), *added[named or "ml_model_name=" not in matched]]))
        for name, matched in found
    ]


def bare(expr):
    """Leave out of an expression the labels that it groups and matches by."""
    return re.sub(r"\b(?:by|on|without|group_left|ignoring) \([^)]*\)", "", expr)


def test_names_are_quoted():
    """A name with quotes and backslashes is a text of PromQL."""
    service = for_model(defaults(), 'a"b\\c')[1]
    assert '{ml_model_name="a\\"b\\\\c"' in service.rules[0].expr
