"""Which Python, and which versions of what otelml stands on."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import plain, wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation

DISTRIBUTIONS = (
    "opentelemetry-sdk",
    "opentelemetry-instrumentation",
    "opentelemetry-exporter-otlp",
    "numpy",
    "wrapt",
)


def installed(distribution: str) -> str | None:
    """Read the version of a distribution; None where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def check(_: Situation) -> Iterator[Finding]:
    """Tell versions; all but otelml itself are its dependencies, and have to be there."""
    yield plain("Python", f"{platform.python_version()}  {sys.executable}")
    yield plain("otelml", str(installed("otelml")))
    for distribution in DISTRIBUTIONS:
        found = installed(distribution)
        if found is None:
            yield wrong(distribution, "is not installed", f"pip install {distribution}")
        else:
            yield plain(distribution, found)
