"""All checks, one after the other; one that fails does not keep the others from being made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.doctor import configuration, ending, exporters, frameworks, launcher, outcomes, sdk, versions
from otelml.cli.doctor.findings import Finding, Section, Situation, wrong

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Checks = tuple[tuple[str, Callable[[Situation], Iterable[Finding]]], ...]

CHECKS: Checks = (
    ("Versions", versions.check),
    ("Frameworks", frameworks.check),
    ("Launcher", launcher.check),
    ("OpenTelemetry SDK", sdk.check),
    ("Where it goes", exporters.check),
    ("Outcomes and baselines", outcomes.check),
    ("End of a process", ending.check),
    ("Settings of otelml", configuration.own),
    ("Variables of OpenTelemetry", configuration.opentelemetry),
)

__all__ = ["CHECKS", "Situation", "examine"]


def examine(situation: Situation, checks: Checks = CHECKS) -> list[Section]:
    """Make every check."""
    return [Section(title, tuple(_made(check, situation))) for title, check in checks]


def _made(check: Callable[[Situation], Iterable[Finding]], situation: Situation) -> list[Finding]:
    findings: list[Finding] = []
    try:
        findings.extend(check(situation))
    except Exception as error:  # noqa: BLE001 -- the other checks say what they can
        findings.append(
            wrong(
                "check",
                f"could not be finished: {type(error).__name__}: {error}",
                "report this text at the project's issues; the other checks hold",
            )
        )
    return findings
