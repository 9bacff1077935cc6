"""Providers that the launcher made: nobody but it shuts them down, so otelml may do so within its own deadline.

A provider that the host made keeps its own shutdown, however long that takes.
"""

from __future__ import annotations

import atexit
import sys
from typing import Any

from opentelemetry import metrics, trace

AUTO_VERSION = "telemetry.auto.version"  # what the launcher, and nobody else, puts into the resource
_HANDLERS = ("_atexit_handler", "_at_exit_handler")


def providers() -> dict[str, Any]:
    """By signal, the global providers that the launcher made and that shut themselves down at exit."""
    logs: Any = sys.modules.get("opentelemetry._logs")
    every = {
        "metrics": metrics.get_meter_provider(),
        "traces": trace.get_tracer_provider(),
        "logs": logs.get_logger_provider() if logs else None,
    }
    return {signal: one for signal, one in every.items() if _handler(one) and _launched(one)}


def take_over(provider: Any) -> None:
    """Leave the shutdown of a provider to us."""
    name = _handler(provider)
    if name:
        atexit.unregister(getattr(provider, name))
        setattr(provider, name, None)


def _handler(provider: Any) -> str | None:
    return next((name for name in _HANDLERS if getattr(provider, name, None) is not None), None)


def _launched(provider: Any) -> bool:
    holder = getattr(provider, "_sdk_config", provider)
    resource: Any = getattr(holder, "resource", None) or getattr(holder, "_resource", None)
    return AUTO_VERSION in getattr(resource, "attributes", {})
