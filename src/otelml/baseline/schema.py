"""The part of JSON Schema that `schema.json` is written in: what is wrong with a payload, and where.

A file that comes from elsewhere is checked whole before anything of it is used; the one description of the format does
it, and no package is needed where models are served.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = dict[str, Any]
NUMBER: Schema = {"type": "number"}


@cache
def schema() -> Schema:
    """The schema of the newest format."""
    return json.loads(files("otelml.baseline").joinpath("schema.json").read_text("utf-8"))


def first_flaw(payload: Any) -> str | None:
    """Say where a payload does not fit the schema, and why; None where it fits.

    >>> first_flaw({"format": "otelml.baseline"})
    "$ lacks 'format_version'"
    """
    place, why = next(_flaws(payload, schema(), "$"), (None, ""))
    return None if place is None else f"{place} {why}"


def _flaws(value: Any, wanted: Schema, place: str) -> Iterator[tuple[str, str]]:
    """Every flaw of a value, each as its place and what is wrong there."""
    if isinstance(value, dict):
        yield from _of_object(cast("Schema", value), wanted, place)
    for keyword, rule in wanted.items():
        check = CHECKS.get(keyword)
        if check is not None:
            yield from check(value, rule, place)
    if "if" in wanted:
        branch = "else" if any(_flaws(value, wanted["if"], place)) else "then"
        yield from _flaws(value, wanted.get(branch, {}), place)


def _of_object(value: Schema, wanted: Schema, place: str) -> Iterator[tuple[str, str]]:
    known: Schema = wanted.get("properties", {})
    for key, item in value.items():
        rule = known.get(key, wanted.get("additionalProperties", True))
        if rule is False:
            yield place, f"has {_short(key)}, which is no part of it"
        elif rule is not True:
            yield from _flaws(item, rule, f"{place}.{key}")


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return False  # no part of a baseline is a truth value
    if kind == "integer":
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, TYPES[kind])


TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "number": int | float, "null": type(None),
}  # fmt: skip


def _equal(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _type(value: Any, rule: Any, place: str) -> Iterator[tuple[str, str]]:
    kinds = cast("list[str]", rule if isinstance(rule, list) else [rule])
    if not any(_is(value, kind) for kind in kinds):
        yield place, f"is {_short(value)}, and has to be {' or '.join(kinds)}"


def _reference(value: Any, rule: str, place: str) -> Iterator[tuple[str, str]]:
    yield from _flaws(value, schema()["$defs"][rule.rpartition("/")[2]], place)


def _items(value: Any, rule: Schema, place: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        return
    items = cast("list[Any]", value)
    if rule == NUMBER and all(type(item) in (float, int) for item in items):
        return  # a vector has thousands of them
    for at, item in enumerate(items):
        yield from _flaws(item, rule, f"{place}[{at}]")


def _required(value: Any, rule: list[str], place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key in rule:
            if key not in value:
                yield place, f"lacks {key!r}"


def _names(value: Any, rule: Schema, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key in cast("Schema", value):
            yield from _flaws(key, rule, place)


def _one_of(value: Any, rule: list[Schema], place: str) -> Iterator[tuple[str, str]]:
    """One that fits, and no second; else what is wrong by the one that is the nearest."""
    each = [list(_flaws(value, one, place)) for one in rule]
    if sum(not flaws for flaws in each) != 1:
        yield from min(each, key=len) or [(place, "fits several descriptions")]


def _any_of(value: Any, rule: list[Schema], place: str) -> Iterator[tuple[str, str]]:
    each = [list(_flaws(value, one, place)) for one in rule]
    if all(each):
        yield from min(each, key=len)


def _all_of(value: Any, rule: list[Schema], place: str) -> Iterator[tuple[str, str]]:
    for one in rule:
        yield from _flaws(value, one, place)


def _unlike(value: Any, rule: Any, place: str) -> Iterator[tuple[str, str]]:
    """Lists of plain values alone are to hold none twice."""
    if rule and isinstance(value, list):
        items = cast("list[Any]", value)
        if all(isinstance(item, str | int | float) for item in items) and len(set(items)) < len(items):
            yield place, "holds one entry twice"


def _limit(kind: Any, fits: Callable[[Any, Any], bool], words: str) -> Callable[..., Iterator[tuple[str, str]]]:
    """Check a value of one kind against a bound."""

    def check(value: Any, rule: Any, place: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, kind) and not fits(value, rule):
            yield place, f"is {_short(value)}, and has to {words} {_short(rule)}"

    return check


def _short(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:60]}..."


CHECKS: dict[str, Callable[..., Iterator[tuple[str, str]]]] = {
    "type": _type,
    "$ref": _reference,
    "items": _items,
    "required": _required,
    "propertyNames": _names,
    "oneOf": _one_of,
    "anyOf": _any_of,
    "allOf": _all_of,
    "uniqueItems": _unlike,
    "const": _limit(object, _equal, "be"),
    "enum": _limit(object, lambda value, rule: any(_equal(value, one) for one in rule), "be one of"),
    "pattern": _limit(str, lambda value, rule: re.fullmatch(rule, value) is not None, "look like"),
    "minLength": _limit(str, lambda value, rule: len(value) >= rule, "be as long as"),
    "maxLength": _limit(str, lambda value, rule: len(value) <= rule, "be no longer than"),
    "minItems": _limit(list, lambda value, rule: len(value) >= rule, "be as long as"),
    "maxItems": _limit(list, lambda value, rule: len(value) <= rule, "be no longer than"),
    "minimum": _limit(int | float, lambda value, rule: value >= rule, "be at least"),
    "maximum": _limit(int | float, lambda value, rule: value <= rule, "be at most"),
    "exclusiveMinimum": _limit(int | float, lambda value, rule: value > rule, "be above"),
}
