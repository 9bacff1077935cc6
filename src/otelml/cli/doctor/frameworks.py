"""Which frameworks are installed, supported and watched; none of them is imported."""

from __future__ import annotations

import re
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts

from otelml.cli.doctor.findings import Level, note, ok, wrong
from otelml.cli.doctor.versions import installed
from otelml.frameworks import FRAMEWORKS, module_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation
    from otelml.frameworks.adapter import Adapter

DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
GROUP = "opentelemetry_instrumentor"


def disabled(situation: Situation) -> set[str]:
    """Entry points that the launcher was told to leave out; `*` is all of them."""
    return {name.strip() for name in situation.variable(DISABLED).split(",") if name.strip()}


def check(situation: Situation) -> Iterator[Finding]:
    """Tell of each framework, and say when nothing is left to watch."""
    watched = 0
    offered = {point.name for point in entry_points(group=GROUP)}
    for entry_point in FRAMEWORKS:
        adapter: Adapter = import_module(module_of(entry_point)).ADAPTER
        finding = _one(situation, entry_point, adapter, offered)
        watched += finding.level is Level.OK
        yield finding
    if not situation.loaded.settings.enabled:
        yield wrong(
            "otelml",
            "is switched off by OTEL_PYTHON_ML_ENABLED: nothing is watched",
            "unset OTEL_PYTHON_ML_ENABLED",
        )
    elif not watched:
        fix = "install otelml into the environment of the service, or one of the frameworks into this one"
        if disabled(situation) & {"*", *FRAMEWORKS}:
            fix = f"take the framework of the service out of {DISABLED}, or {fix}"
        yield wrong("otelml", "finds no framework to watch in this environment", fix)


def _one(situation: Situation, entry_point: str, adapter: Adapter, offered: set[str]) -> Finding:
    found = [
        (name, requirement, installed(name)) for requirement, name in ((r, _distribution(r)) for r in adapter.supports)
    ]
    here = [(f"{name} {version}", requirement) for name, requirement, version in found if version]
    if not here:
        return _without_distribution(entry_point, adapter)
    text = ", ".join(named for named, _ in here)
    requirement = here[0][1]
    if all(get_dependency_conflicts([requirement]) for requirement in adapter.supports):
        return wrong(
            entry_point,
            f"{text} is not supported and not watched",
            f"install {requirement}, or a newer otelml",
        )
    if entry_point not in offered:
        return wrong(
            entry_point,
            f"{text}: the launcher does not know {entry_point}",
            "install otelml again: its entry points are missing",
        )
    if {"*", entry_point} & disabled(situation):
        return note(entry_point, f"{text}, disabled by {DISABLED}")
    return ok(entry_point, f"{text} (takes {_range(requirement)}), watched")


def _without_distribution(entry_point: str, adapter: Adapter) -> Finding:
    if find_spec(adapter.package) is None:
        return note(entry_point, "not installed")
    return wrong(
        entry_point,
        f"{adapter.package} is there, but none of the distributions that otelml knows it from: not watched",
        f"install it from one of: {', '.join(adapter.supports)}",
    )


def _distribution(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0]


def _range(requirement: str) -> str:
    return requirement[len(_distribution(requirement)) :]
