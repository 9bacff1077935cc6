"""Classes as Python sees them, whatever their metaclass makes of that, and what of their attributes can be replaced."""

from __future__ import annotations

import functools
from types import FunctionType
from typing import TYPE_CHECKING, Any

from otelml.patching.standins import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DICT, _MRO = type.__dict__["__dict__"], type.__dict__["__mro__"]


def own(owner: Any, name: str, default: Any = None) -> Any:
    """An attribute of a class or module itself, as it is held there."""
    held: Any = _DICT.__get__ if issubclass(kind_of(owner), type) else vars
    return held(owner).get(name, default)


def mro_of(cls: type) -> tuple[type, ...]:
    """A class and its bases, in the order in which attributes are looked up."""
    return _MRO.__get__(cls)


def attributes_of(cls: type, name: str) -> Iterator[Any]:
    """What a class and its bases hold under a name; the first is what its instances have."""
    for base in mro_of(cls):
        if name in _DICT.__get__(base):
            yield own(base, name)


def descendants(root: type) -> Iterator[type]:
    """A class, and all that inherit from it."""
    waiting, seen = [root], {id(root)}  # by id: a metaclass may take `hash` and `==` from its classes
    while waiting:
        cls = waiting.pop()
        yield cls
        fresh = [child for child in type.__subclasses__(cls) if id(child) not in seen]
        seen.update(id(child) for child in fresh)
        waiting.extend(fresh)


def is_replaceable(attribute: Any, *, functions: bool = False) -> bool:
    """Whether an attribute of a class is, or gives, something to call; with `functions`, whether it is a method."""
    kind = kind_of(attribute)
    if kind is FunctionType:
        return not getattr(attribute, "__isabstractmethod__", False)
    if issubclass(kind, type | functools.cached_property):  # the latter is looked up once, and then is an attribute
        return False
    binds = hasattr(kind, "__get__")
    if functions and not (binds and hasattr(attribute, "__name__")):
        return False
    if functions and issubclass(kind, property | staticmethod | classmethod):
        return False
    return (binds or hasattr(kind, "__call__")) and not getattr(attribute, "__isabstractmethod__", False)  # noqa: B004


def overridden(model: Any, names: Iterable[str]) -> list[str]:
    """Names under which an instance holds something of its own to call."""
    held: Any = getattr(model, "__dict__", None)
    return [name for name in names if name in held and callable(held[name])] if kind_of(held) is dict else []
