"""Where each signal goes, and whether the OTLP endpoint answers an empty export of the SDK's own exporter."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.doctor import endpoints
from otelml.cli.doctor.findings import note, ok, wrong
from otelml.cli.doctor.launcher import CONFIG_FILE, distros

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation

SIGNALS = ("traces", "metrics", "logs")
PLAIN_DISTRO = "opentelemetry.distro:OpenTelemetryDistro"
INSTALLS = {"prometheus": "opentelemetry-exporter-prometheus", "otlp": "opentelemetry-exporter-otlp"}


class Configured(NamedTuple):
    """An exporter of one signal, as named, and what of OTLP it speaks: None for other exporters."""

    signal: str
    name: str
    protocol: str | None


def check(situation: Situation) -> Iterator[Finding]:
    """Tell where traces, metrics and logs go."""
    if situation.variable(CONFIG_FILE):
        yield note("exporters", f"come from {CONFIG_FILE}; they are not tried")
        return
    for signal in SIGNALS:
        names = _names(situation, signal)
        if not names:
            yield _nowhere(signal)
        for name in names:
            yield from _one(situation, Configured(signal, name, _protocol(situation, signal, name)))


def _names(situation: Situation, signal: str) -> list[str]:
    # The distro sets `otlp` where nothing is set; without it the SDK's own default is to export nothing.
    text = situation.variable(f"OTEL_{signal.upper()}_EXPORTER")
    if not text and distros(situation)[:1] == [PLAIN_DISTRO]:
        text = "otlp"
    return [] if text.lower() == "none" else [name.strip() for name in text.split(",") if name.strip()]


def _protocol(situation: Situation, signal: str, name: str) -> str | None:
    if name != "otlp":
        return {entry: protocol for protocol, entry in endpoints.ENTRIES.items()}.get(name)
    own = situation.variable(f"OTEL_EXPORTER_OTLP_{signal.upper()}_PROTOCOL")
    return own or situation.variable("OTEL_EXPORTER_OTLP_PROTOCOL") or "grpc"


def _nowhere(signal: str) -> Finding:
    if signal == "metrics":
        return wrong(
            signal,
            "go nowhere: no exporter",
            "set OTEL_METRICS_EXPORTER=otlp (and have opentelemetry-distro installed, whose default it is)",
        )
    return note(signal, "go nowhere: no exporter")


def _one(situation: Situation, configured: Configured) -> Iterator[Finding]:
    signal, name, protocol = configured
    if protocol is not None and protocol not in endpoints.ENTRIES:
        yield wrong(
            signal,
            f"are to go by {protocol!r}, which this SDK does not speak: the launcher fails",
            f"set OTEL_EXPORTER_OTLP_PROTOCOL to {' or '.join(endpoints.ENTRIES)}",
        )
        return
    entry = endpoints.ENTRIES.get(protocol or "", name)
    found = list(entry_points(group=f"opentelemetry_{signal}_exporter", name=entry))
    if not found:
        package = INSTALLS.get(name.partition("_")[0])
        yield wrong(
            signal,
            f"are to go to {name!r}, which is not installed: the launcher fails",
            f"pip install {package}" if package else f"install the exporter, or fix OTEL_{signal.upper()}_EXPORTER",
        )
    elif protocol is not None:
        yield endpoints.check(situation, signal, protocol, found[0])
    elif name == "prometheus":
        yield from _prometheus(situation)
    else:
        yield ok(signal, f"go to {name}")


def _prometheus(situation: Situation) -> Iterator[Finding]:
    host = situation.variable("OTEL_EXPORTER_PROMETHEUS_HOST") or "localhost"
    port = situation.variable("OTEL_EXPORTER_PROMETHEUS_PORT") or "9464"
    yield ok("metrics", f"are offered to Prometheus on {host}:{port}")
    workers = situation.workers
    if workers is not None and workers.number > 1:
        yield wrong(
            "metrics",
            f"of {workers.number} workers ({workers.source}) cannot share one Prometheus port",
            "set OTEL_METRICS_EXPORTER=otlp and let a Collector offer them to Prometheus",
        )
