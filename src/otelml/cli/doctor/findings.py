"""What a check finds: one line each, and where something is wrong, its fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from otelml import settings
from otelml.cli.doctor import workers as worker_counts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otelml.settings import Loaded


class Level(Enum):
    """How a line is marked."""

    PLAIN = ""
    OK = "ok"
    NOTE = "note"
    WRONG = "WRONG"


@dataclass(frozen=True)
class Finding:
    """One line: what it is about, what was found, and for what is wrong the fix."""

    level: Level
    label: str
    text: str
    fix: str = ""


@dataclass(frozen=True)
class Section:
    """The findings of one check."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """Those that have to be fixed."""
        return tuple(finding for finding in self.findings if finding.level is Level.WRONG)


@dataclass(frozen=True)
class Situation:
    """What the checks look at.

    Attributes
    ----------
    environ : environment variables.
    workers : processes that the service runs, and who says so; None where nobody does.
    timeout : seconds that an endpoint may take.
    offline : whether nothing may be sent.
    """

    environ: Mapping[str, str]
    loaded: Loaded
    workers: worker_counts.Workers | None
    timeout: float
    offline: bool

    @classmethod
    def of(cls, environ: Mapping[str, str], *, workers: int | None, timeout: float, offline: bool) -> Situation:
        """Look at `environ`; `workers` goes before what the variables of servers say."""
        told = worker_counts.told(workers, environ)
        return cls(environ, settings.load(environ=environ), told, timeout, offline)

    def variable(self, name: str) -> str:
        """Read an environment variable, stripped; empty where it is not set."""
        return self.environ.get(name, "").strip()


def plain(label: str, text: str) -> Finding:
    """Found a fact."""
    return Finding(Level.PLAIN, label, text)


def ok(label: str, text: str) -> Finding:
    """Found in order."""
    return Finding(Level.OK, label, text)


def note(label: str, text: str) -> Finding:
    """Found something to know of."""
    return Finding(Level.NOTE, label, text)


def wrong(label: str, text: str, fix: str) -> Finding:
    """Found wrong."""
    return Finding(Level.WRONG, label, text, fix)
