"""Whether our points find their way into the SDK that is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import note, ok
from otelml.cli.doctor.launcher import SDK_DISABLED
from otelml.telemetry.producer import Producer
from otelml.telemetry.shim import Shim

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Let the canary sing, on a provider that is thrown away."""
    if situation.variable(SDK_DISABLED).lower() == "true":
        yield note("canary", f"was not asked: {SDK_DISABLED} is true")
        return
    shim = Shim(Producer())
    shim.install()
    try:
        sings = shim.sings()
    finally:
        shim.remove()
    if sings:
        yield ok("canary", "sings: distributions reach the readers of this SDK whole")
    else:
        yield note(
            "canary",
            "is silent: this SDK does not let our points in; public instruments take over, "
            "and histograms are sampled. A newer otelml may know this SDK",
        )
