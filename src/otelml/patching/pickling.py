"""dill, and with it pathos and multiprocess, pickles by the exact type of an object: it has to know our stand-ins.

pickle and joblib ask a stand-in itself, which says what a function would; cloudpickle takes it for the function.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otelml.patching import wrappers
from otelml.patching.guard import guarded
from otelml.patching.imports import when_imported
from otelml.patching.standins import StandIn, original_of

if TYPE_CHECKING:
    from types import ModuleType

_followed: list[bool] = []


def follow() -> None:
    """Register our stand-ins with dill, now or when it is imported."""
    if not _followed:
        _followed.append(True)
        when_imported("dill", guarded("patching")(_register))


def _register(dill: ModuleType) -> None:
    for kind in _kinds(StandIn):
        if kind.__name__ in vars(wrappers):
            dill.register(kind)(_save)


def _kinds(kind: type) -> list[type]:
    return [kind] + [one for child in kind.__subclasses__() for one in _kinds(child)]


def _save(pickler: Any, stand_in: Any) -> None:
    """By name where a function would be found under it, else as the original, by value."""
    module, name = stand_in.__module__, getattr(stand_in, "__qualname__", None)
    if module != "__main__" and name is not None and _find(module, name) is stand_in:
        pickler.save_global(stand_in, name=name)
    else:
        pickler.save(original_of(stand_in))


def _find(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found
