"""Connections of exporters, in a forked child.

The child inherits its parent's open connections: two processes that write requests into one of them garble both, and
the receiver refuses what it cannot read.  So the child opens its own.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OURS = "opentelemetry."  # what is looked through for connections: providers, processors, readers, exporters
DEEPEST = 8


def renew(owners: Iterable[object]) -> None:
    """Have every exporter that is reached from `owners` open new connections."""
    requests, urllib3 = sys.modules.get("requests"), sys.modules.get("urllib3")
    for found in _walk(owners):
        if requests is not None and isinstance(found, requests.Session):
            for adapter in found.adapters.values():
                adapter.__setstate__(adapter.__getstate__())  # as after unpickling: the same, with new pools
        elif urllib3 is not None and isinstance(found, urllib3.PoolManager):
            found.clear()


def _walk(owners: Iterable[object]) -> Iterator[Any]:
    """Yield what the objects of OpenTelemetry hold, each once."""
    seen: set[int] = set()
    level = list(owners)
    for _ in range(DEEPEST):
        level = [held for one in level if _looked_through(one) for held in _held(one) if id(held) not in seen]
        seen.update(map(id, level))
        yield from level


def _looked_through(one: object) -> bool:
    return isinstance(one, (list, tuple)) or type(one).__module__.startswith(OURS)


def _held(one: object) -> list[Any]:
    if isinstance(one, (list, tuple)):
        return list(one)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return list(getattr(one, "__dict__", {}).values())
