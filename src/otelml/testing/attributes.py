"""Attribute values as they arrive over OTLP, in plain Python types."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

AttributeValue: TypeAlias = (
    "str | bool | int | float | bytes | tuple[AttributeValue, ...] | dict[str, AttributeValue] | None"
)
Attributes: TypeAlias = dict[str, AttributeValue]


def attribute_value(value: AnyValue) -> AttributeValue:
    """Turn an OTLP ``AnyValue`` into the plain Python value it stands for; an array becomes a tuple."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return tuple(attribute_value(item) for item in value.array_value.values)
    if kind == "kvlist_value":
        return attributes_of(value.kvlist_value.values)
    plain: str | bool | int | float | bytes = getattr(value, kind)
    return plain


def attributes_of(pairs: Iterable[KeyValue]) -> Attributes:
    """Turn OTLP key-value pairs into a dict, in the order they arrived."""
    return {pair.key: attribute_value(pair.value) for pair in pairs}


def identity(attributes: Attributes) -> tuple[tuple[str, str], ...]:
    """Return a hashable identity of some attributes that keeps ``True``, ``1``, ``1.0`` and ``"1"`` apart."""
    return tuple(sorted((key, repr(value)) for key, value in attributes.items()))
