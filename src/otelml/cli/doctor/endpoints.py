"""Asking an OTLP endpoint: an empty export by the very exporter that the SDK would use, and its variables."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics.export import MetricsData

from otelml.cli.doctor.findings import note, ok, wrong

if TYPE_CHECKING:
    from collections.abc import Generator
    from importlib.metadata import EntryPoint

    from otelml.cli.doctor.findings import Finding, Situation

PORTS = {"grpc": "4317", "http/protobuf": "4318"}
ENTRIES = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}
SECOND_TRY_S = 0.5
SECURE = "https://"
_START = "start a Collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT to where one listens"


def address(situation: Situation, signal: str, protocol: str) -> str:
    """Where `signal` is sent, by the rules of the specification of OTLP exporters."""
    own = situation.variable(f"OTEL_EXPORTER_OTLP_{signal.upper()}_ENDPOINT")
    base = situation.variable("OTEL_EXPORTER_OTLP_ENDPOINT") or f"http://localhost:{PORTS[protocol]}"
    if own:
        return own
    return base if protocol == "grpc" else f"{base.rstrip('/')}/v1/{signal}"


def check(situation: Situation, signal: str, protocol: str, point: EntryPoint) -> Finding:
    """Send nothing to the endpoint of `signal`, and see whether it says thank you."""
    target = address(situation, signal, protocol)
    where = f"go to {target} by {protocol}"
    if situation.offline:
        return note(signal, f"{where}; not tried")
    said: list[str] = []
    try:
        with _overheard(said):
            answered = _exported(point, signal, timeout=situation.timeout)
    except Exception as error:  # noqa: BLE001 -- a variable that the exporter cannot read, a broken certificate
        return wrong(signal, f"{where}, and their exporter cannot be made: {error}", "fix OTEL_EXPORTER_OTLP_*")
    if answered:
        return ok(signal, f"{where}; it answers")
    reason = f": {_reason(said)}" if said else ""
    other = next(name for name in ENTRIES if name != protocol)
    if _speaks(target, signal, other):
        return wrong(
            signal,
            f"{where}, and it speaks {other}",
            f"set OTEL_EXPORTER_OTLP_PROTOCOL={other}, or name the port where it speaks {protocol}",
        )
    return wrong(signal, f"{where}, which does not take them{reason}", _mend(target, said))


def _speaks(target: str, signal: str, protocol: str) -> bool:
    """Whether the endpoint takes the other protocol: to mistake the one for the other is common."""
    base = target.removesuffix(f"/v1/{signal}")
    found = entry_points(group=f"opentelemetry_{signal}_exporter", name=ENTRIES[protocol])
    try:
        with _overheard([]):
            whole = base if protocol == "grpc" else f"{base}/v1/{signal}"
            return any(_exported(point, signal, timeout=SECOND_TRY_S, endpoint=whole) for point in found)
    except Exception:  # noqa: BLE001 -- then it does not
        return False


def _exported(point: EntryPoint, signal: str, **options: Any) -> bool:
    exporter: Any = point.load()(**options)
    try:
        nothing: Any = MetricsData([]) if signal == "metrics" else []
        result = exporter.export(nothing)
        return bool(result.name == "SUCCESS")
    except Exception as error:  # noqa: BLE001 -- older exporters raise what newer ones log
        logging.getLogger("opentelemetry").error("%s", error)  # noqa: TRY400 -- to be overheard
        return False
    finally:
        exporter.shutdown()


@contextmanager
def _overheard(said: list[str]) -> Generator[None]:
    """Collect what exporters log, and keep it off the terminal: they say there why they failed."""

    class Ear(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(record.getMessage())

    logger = logging.getLogger("opentelemetry")
    before, ear = logger.propagate, Ear()
    logger.addHandler(ear)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(ear)
        logger.propagate = before


def _reason(said: list[str]) -> str:
    """Find the last text that names a cause; the very last often names none."""
    telling = [text for text in said if "timeout, max retries" not in text] or said
    text = telling[-1]
    for lead in ("Error details: ", "error details: ", "last error: ", "Caused by ", "reason: "):
        text = text.rpartition(lead)[2] if lead in text else text
    return text.partition(" encountered while")[0].strip(" )").removesuffix(")")


def _mend(target: str, said: list[str]) -> str:
    if "No connection adapters" in " ".join(said):
        return "begin OTEL_EXPORTER_OTLP_ENDPOINT with http:// or https://"
    if target.startswith(SECURE):
        return f"{_START}; for a certificate of your own, give OTEL_EXPORTER_OTLP_CERTIFICATE"
    return _START
