"""Whether the launcher configures an SDK at all, from what, and what else it instruments."""

from __future__ import annotations

import shutil
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import note, ok, wrong
from otelml.cli.doctor.frameworks import DISABLED, GROUP, disabled
from otelml.cli.doctor.versions import installed
from otelml.frameworks import FRAMEWORKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation

LAUNCHER = "opentelemetry-instrument"
SDK_DISABLED = "OTEL_SDK_DISABLED"
CONFIG_FILE = "OTEL_CONFIG_FILE"
CONFIGURATION = "opentelemetry-configuration"
# Entry points of older packages that put a span of their own around the very calls that otelml watches.
RIVALS = {"sklearn": "ml_sklearn"}


def distros(situation: Situation) -> list[str]:
    """Entry points of the distros that the launcher may take: the one named, else the first."""
    chosen = situation.variable("OTEL_PYTHON_DISTRO")
    found = entry_points(group="opentelemetry_distro")
    return [point.value for point in found if chosen in ("", point.name)]


def check(situation: Situation) -> Iterator[Finding]:
    """Tell of the launcher, its distro and configurator, and of other instrumentations."""
    yield _command()
    yield _distro(situation)
    if situation.variable(SDK_DISABLED).lower() == "true":
        yield wrong(SDK_DISABLED, "is true: nothing is recorded or exported", f"unset {SDK_DISABLED}")
    if situation.variable(CONFIG_FILE):
        yield _config_file(situation.variable(CONFIG_FILE))
    if {"*", *FRAMEWORKS} & disabled(situation) and _nothing_left(situation):
        yield wrong(DISABLED, "leaves out every entry point of otelml", f"take the names ml_… and * out of {DISABLED}")
    yield from _others(situation)


def _nothing_left(situation: Situation) -> bool:
    out = disabled(situation)
    return "*" in out or set(FRAMEWORKS) <= out


def _command() -> Finding:
    beside = Path(sys.executable).with_name(LAUNCHER)
    found = shutil.which(LAUNCHER) or (str(beside) if beside.exists() else None)
    if found is None:
        return note(LAUNCHER, "is not on the PATH; without it, call otelml.instrument() in the service")
    return ok(LAUNCHER, found)


def _distro(situation: Situation) -> Finding:
    found = distros(situation)
    chosen = situation.variable("OTEL_PYTHON_DISTRO")
    configurators = [point.value for point in entry_points(group="opentelemetry_configurator")]
    if chosen and not found:
        return wrong(
            "distro",
            f"OTEL_PYTHON_DISTRO names {chosen!r}, which is not installed",
            "install it, or unset it",
        )
    if not found or not configurators:
        return wrong(
            "distro",
            "none is installed: the launcher configures no SDK and exports nothing",
            "pip install opentelemetry-distro",
        )
    several = f"; {len(found) - 1} more installed, OTEL_PYTHON_DISTRO chooses" if len(found) > 1 else ""
    return ok("distro", f"{found[0].partition(':')[0]}{several}")


def _config_file(path: str) -> Finding:
    if installed(CONFIGURATION) is None:
        return wrong(
            CONFIG_FILE,
            f"is {path}, and what reads it is not installed: the launcher fails",
            f"pip install {CONFIGURATION}, or unset {CONFIG_FILE}",
        )
    if not Path(path).is_file():
        return wrong(CONFIG_FILE, f"is {path}, which is no file", f"fix the path, or unset {CONFIG_FILE}")
    return note(
        CONFIG_FILE,
        f"is {path}: exporters come from it, not from the variables below, and are not tried here",
    )


def _others(situation: Situation) -> Iterator[Finding]:
    out = disabled(situation)
    names = sorted({point.name for point in entry_points(group=GROUP)} - set(FRAMEWORKS) - out)
    if names and "*" not in out:
        yield note("also instruments", ", ".join(names))
    for rival in RIVALS.keys() & set(names):
        yield wrong(
            rival,
            f"another instrumentation watches what {RIVALS[rival]} watches: two spans a prediction",
            f"uninstall it, or add {rival} to {DISABLED}",
        )
