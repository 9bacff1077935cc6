"""The documentation says what the code does: pages are made from it, lists are compared with it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from otelml.telemetry import glossary, names
from otelml.telemetry.page import CHAPTERS

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "src/otelml").rglob("*.py"))


@pytest.mark.parametrize(("page", "module"), [("telemetry", "otelml.telemetry.names"), ("settings", "otelml.settings")])
def test_generated_pages_are_up_to_date(page: str, module: str) -> None:
    """`docs/telemetry.md` and `docs/settings.md` are what their modules write; the fix is in their head."""
    done = subprocess.run(  # noqa: S603 -- our own module
        [sys.executable, "-m", module], text=True, capture_output=True, timeout=60, check=True
    )
    committed = (ROOT / "docs" / f"{page}.md").read_text()
    assert committed == done.stdout, f"python -m {module} > docs/{page}.md"


def test_every_metric_is_in_a_chapter() -> None:
    """The chapters hold each metric of the contract once, and no other."""
    listed = [metric.name for chapter in CHAPTERS for metric in chapter.metrics]
    assert sorted(listed) == sorted(metric.name for metric in names.CONTRACT)


def test_every_attribute_is_explained() -> None:
    """Each attribute that a metric or an event may carry has its row, and each row is carried by some."""
    carried = {attribute for one in (*names.CONTRACT, *names.EVENTS) for attribute in one.attributes}
    assert {row.name for row in glossary.ATTRIBUTES} == carried | {names.MODEL_NAME, names.MODEL_VERSION}


def test_every_reason_and_component_is_explained() -> None:
    """What the code books, and nothing else, is in the lists of `telemetry/glossary.py`, and so in the docs."""
    assert _first_arguments("drop") == set(glossary.DROPPED_BECAUSE)
    assert _first_arguments("error", "swallow", "guarded") == set(glossary.ERRORS_IN)


def _first_arguments(*functions: str) -> set[str]:
    """Texts that are given first to functions of these names, anywhere in the package."""
    return {
        node.args[0].value
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", None)) in functions
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
        and node.args[0].value.isidentifier()
    }


def test_units_and_names_keep_the_conventions() -> None:
    """UCUM or an annotation, never `1` on a gauge; no `total` in a name; at most 31 boundaries."""
    for metric in names.CONTRACT:
        assert re.fullmatch(r"(ml|otelml)(\.[a-z]+)+", metric.name)
        assert "total" not in metric.name
        assert re.fullmatch(r"s|1|\{[a-z]+\}", metric.unit)
        assert not (metric.kind is names.Kind.GAUGE and metric.unit == "1")
        assert len(metric.bounds) <= 31
        assert list(metric.bounds) == sorted(set(metric.bounds))


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: str) -> None:
    """Each relative link of a page names a file or folder of this repository."""
    path = ROOT / page
    targets = re.findall(r"\]\((?!https?://|#)([^)#]+)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []


def test_decisions_are_numbered() -> None:
    """Decisions are one page each, numbered without a gap, and titled with their number."""
    pages = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    assert all(page.read_text().startswith(f"# {int(page.name[:4])}. ") for page in pages)
