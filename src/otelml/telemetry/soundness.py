"""What OTLP can carry: one series that it cannot would fail the export of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelml.outside import let_pass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from otelml.telemetry.names import Metric
    from otelml.telemetry.streams import Cell

_LEAST, _MOST = -(2**63), 2**63 - 1


def sound_text(text: Any) -> bool:
    """Whether a text can be encoded: a lone surrogate cannot."""
    if not isinstance(text, str):
        return False
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def sound_value(value: Any) -> bool:
    """Whether an attribute's value is a text, a boolean, a number of 64 bits, or a sequence of these."""
    if isinstance(value, (list, tuple)):
        return all(map(sound_value, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if type(value) is int:
        return _LEAST <= value <= _MOST
    return type(value) in (bool, float) or sound_text(value)


def sound_number(value: Any) -> bool:
    """Whether a value is one number that can be sent."""
    try:
        plain(value)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it is none
        let_pass(error)
        return False
    return True


def sound_attributes(pairs: Iterable[tuple[Any, Any]]) -> bool:
    """Whether every name and value can be sent."""
    return all(sound_text(name) and bool(name) and sound_value(value) for name, value in pairs)


def sound_cell(cell: Cell) -> bool:
    """Whether the attributes of a series, and the bounds of a histogram, can be sent."""
    bounds = getattr(cell, "bounds", ())
    return sound_attributes(cell.attributes.items()) and all(isinstance(bound, (int, float)) for bound in bounds)


def sound_metric(metric: Metric) -> bool:
    """Whether name, unit and description can be sent."""
    return all(map(sound_text, (metric.name, metric.unit, metric.doc)))


def sound_scope(scope: InstrumentationScope) -> bool:
    """Whether a scope can be sent."""
    texts = (scope.name, scope.version or "", scope.schema_url or "")
    return all(map(sound_text, texts)) and sound_attributes((scope.attributes or {}).items())


def plain(value: Any) -> int | float:
    """One number of Python's own: a numpy scalar fails the console exporter, and some fail a whole export.

    Raises
    ------
    TypeError, OverflowError
        When it is no number that OTLP can carry.
    """
    number: Any = value if type(value) in (int, float) else value.item()
    if type(number) not in (int, float):
        raise TypeError(type(value).__name__)
    if type(number) is int and not _LEAST <= number <= _MOST:
        raise OverflowError("more than 64 bits")
    return number
