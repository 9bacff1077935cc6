"""OpenTelemetry for predictive machine learning.

Launched by `opentelemetry-instrument`, every prediction of a known framework becomes a span, service metrics and
distributions of scores, without a change of code.  With three lines (`identify`, `predictions`, `record_outcomes`)
also accuracy, joined from labels that come late, beside what the model achieved in training.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from otelml.api import (
        force_flush,
        get_meter,
        identify,
        instrument,
        predictions,
        record_actions,
        record_outcome,
        record_outcomes,
        uninstrument,
    )
    from otelml.baseline import Baseline, BaselineError

    __version__: str

__all__ = [
    "Baseline",
    "BaselineError",
    "__version__",
    "force_flush",
    "get_meter",
    "identify",
    "instrument",
    "predictions",
    "record_actions",
    "record_outcome",
    "record_outcomes",
    "uninstrument",
]


def __getattr__(name: str) -> Any:
    # The launcher imports this package in every process; numpy and the SDK are loaded by who uses them.
    if name not in __all__:
        raise AttributeError(f"module 'otelml' has no attribute {name!r}")
    if name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415

        return version("otelml")
    from importlib import import_module  # noqa: PLC0415

    module = "otelml.baseline" if name in ("Baseline", "BaselineError") else "otelml.api"
    found = globals()[name] = getattr(import_module(module), name)  # once: services ask for it on every call
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})  # as a notebook completes it
