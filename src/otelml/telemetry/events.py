"""Events, which are log records with a name; the one module that knows the SDK's way of making them."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from opentelemetry._logs import LogRecord, SeverityNumber, get_logger

from otelml import clock
from otelml.patching.guard import guarded
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from otelml.telemetry.names import Event

_provider: Any = None


def choose(provider: Any) -> None:
    """Emit to the loggers of `provider` from now on; None for the global one."""
    global _provider  # noqa: PLW0603 -- one a process, as tracers and readers have
    _provider = provider


@guarded("event")
def emit(event: Event, attributes: Mapping[str, Any], *, warns: bool = False) -> None:
    """Emit an event, as a warning or as an information."""
    logger = get_logger(names.SCOPE, version("otelml"), _provider, names.SCHEMA_URL)
    severity = SeverityNumber.WARN if warns else SeverityNumber.INFO
    record = LogRecord(
        timestamp=clock.now_ns(),
        observed_timestamp=clock.now_ns(),
        severity_number=severity,
        severity_text=severity.name,
        attributes=dict(attributes),
    )
    # Set and not given: SDKs before 1.36 do not take the name.
    record.event_name = event.name
    logger.emit(record)
