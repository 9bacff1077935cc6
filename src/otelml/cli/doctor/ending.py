"""How long the end of a process may take, and whose limit that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import note, ok
from otelml.settings import variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation

SDK_LIMIT_S = 30  # of MeterProvider.shutdown and of each batch processor, one after the other


def check(situation: Situation) -> Iterator[Finding]:
    """Tell of the deadline of providers that the launcher makes, and of the limit of those that the code makes."""
    seconds = situation.loaded.settings.shutdown_timeout
    yield ok("launcher's providers", f"exports at the end of a process take at most {seconds:g} s")
    yield note(
        "your own providers",
        f"shut down by the SDK, which waits up to {SDK_LIMIT_S} s for each where an endpoint does not answer; "
        f"{variable('shutdown_timeout')} does not apply",
    )
