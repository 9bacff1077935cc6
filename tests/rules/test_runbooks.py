"""Runbooks: one page an alert, and nothing on it that does not exist."""

from __future__ import annotations

import re
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

import pytest

import otelml.cli.baseline
import otelml.cli.doctor
import otelml.cli.rules
from otelml.rules.catalogue import defaults, recorded
from otelml.rules.prometheus import SERIES, label
from otelml.rules.rule import PAGE, Alert
from otelml.settings import Settings
from otelml.settings import variable as variable_of
from otelml.telemetry import glossary, names

FOLDER = Path(__file__).parents[2] / "docs/runbooks"
INDEX = FOLDER / "README.md"
PAGES = sorted(FOLDER.glob("ML*.md"))
ALERTS = [rule for file in defaults() for rule in file.rules if isinstance(rule, Alert)]
FILES = {rule.name: file.name for file in defaults() for rule in file.rules if isinstance(rule, Alert)}
PARTS = ("## Look first", "```promql", "## Do", "**Retrain?**", "## Tune")
EVERYWHERE = (names.MODEL_NAME, names.MODEL_VERSION)
DURATIONS = {"m": "minutes", "h": "hours"}


def spoken(duration):
    """Write a duration as the pages do: `24 hours`, `an hour`, `a minute`."""
    number, unit = int(duration[:-1]), DURATIONS[duration[-1]]
    return {"1h": "an hour", "1m": "a minute"}.get(duration, f"{number} {unit}")


def options():
    """Every option of the commands that pages may send somebody to."""
    found = set()
    for module in (otelml.cli.rules, otelml.cli.doctor, otelml.cli.baseline):
        parser = ArgumentParser()
        module.add_arguments(parser)
        found |= {option for action in parser._actions for option in action.option_strings}
    return found


def test_every_alert_has_its_page_and_every_page_its_alert():
    """The link of an alert leads somewhere, and no page is left of an alert that is no more."""
    assert {page.stem for page in PAGES} == {alert.name for alert in ALERTS}


def test_the_index_lists_each_page_once_under_its_severity():
    """Pages are above tickets, and each alert is in one of the tables, with a link."""
    pages, _, rest = INDEX.read_text().partition("## Tickets")
    tickets, _, rest = rest.partition("## In which order")
    for text, page in ((pages, True), (tickets, False)):
        listed = re.findall(r"\[(\w+)\]\(\1\.md\)", text)
        assert sorted(listed) == sorted({alert.name for alert in ALERTS if (alert.severity == PAGE) is page})
    assert rest


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_its_alert_says(page):
    """Title, severity, how long it lasts and the file of its rule are those of the alert, and every part is there."""
    title, _, head, *_ = page.read_text().splitlines()
    assert title == f"# {page.stem}"
    for alert in [alert for alert in ALERTS if alert.name == page.stem]:
        assert head.startswith(f"*{alert.severity.capitalize()}, after {spoken(alert.lasts)}. Rules: ")
        assert f"`{FILES[alert.name]}.rules.yml`" in head
    text = page.read_text()
    assert [part for part in PARTS if part not in text] == []
    assert 25 <= len(text.splitlines()) <= 75


@pytest.mark.parametrize("page", [*PAGES, INDEX], ids=lambda page: page.stem)
def test_what_a_page_names_exists(page):
    """Series, labels, options, settings and alerts that a page names are there; so are the ends of its links."""
    text = page.read_text()
    known = recorded(defaults()) | set(SERIES)
    known |= {label(attribute) for metric in names.CONTRACT for attribute in (*metric.attributes, *EVERYWHERE)}
    named = set(re.findall(r"(?<![\w.])(?:ml:[\w:]+|ml_\w+|otelml_\w+)", text))
    assert named - known - {"ml_"} == set()
    assert set(re.findall(r"(?<![\w-])--[a-z][\w-]*", text)) - options() == set()
    variables = {variable_of(one.name) for one in fields(Settings)}
    assert set(re.findall(r"OTEL_PYTHON_ML_[A-Z_]+", text)) - variables == set()
    assert set(re.findall(r"\bML[A-Z]\w+\b(?!…)", text)) - {alert.name for alert in ALERTS} == set()
    for target, _, anchor in (link.partition("#") for link in re.findall(r"\]\((?!https?://)([^)]+)\)", text)):
        assert (page.parent / target).exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (page.parent / target).read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", ["MLTelemetryDropped", "MLWatchingFails", "MLOutcomesRejected"])
def test_tables_of_reasons_name_what_the_code_books(page):
    """Reasons and components in the first column of a page's table are booked somewhere, and those of drops all are."""
    listed = {
        "MLTelemetryDropped": glossary.DROPPED_BECAUSE,
        "MLWatchingFails": glossary.ERRORS_IN,
        "MLOutcomesRejected": glossary.REJECTED_BECAUSE,
    }[page]
    rows = re.findall(r"^\| (`[^|]+) \|", (FOLDER / f"{page}.md").read_text(), re.MULTILINE)
    booked = {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"ml_reason", "ml_component"}
    assert booked - set(listed) == set()
    if page == "MLTelemetryDropped":
        assert set(listed) - booked == {"budget"}
