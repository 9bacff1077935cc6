"""What exporters and the SDK hold that must not cross a fork: open connections, and locks of threads that are gone.

The child inherits its parent's open connections: two processes that write requests into one of them garble both, and
the receiver refuses what it cannot read.  So the child opens its own.  And it inherits every lock that another thread
of the parent held at that moment: instruments, aggregations, readers, exporters.  Nobody in the child lets go of them.
"""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OURS = "opentelemetry."  # what is looked through: providers, processors, readers, storages, exporters
DEEPEST = 16
GRACE_S = 0.01  # a lock that a thread of the child itself holds is free by then
_PLAIN = (str, bytes, int, float, bool, type(None))
_LOCKS = (type(threading.Lock()), type(threading.RLock()))


def renew(owners: Iterable[object]) -> None:
    """Have every exporter that is reached from `owners` open new connections, and free every lock on the way."""
    requests, urllib3 = sys.modules.get("requests"), sys.modules.get("urllib3")
    for found in walk(owners):
        if isinstance(found, _LOCKS):
            _free(found)
        elif isinstance(found, (threading.Event, threading.Condition)):
            _free(getattr(getattr(found, "_cond", found), "_lock", None))
        elif requests is not None and isinstance(found, requests.Session):
            _free(getattr(found.cookies, "_cookies_lock", None))
            for adapter in found.adapters.values():
                adapter.__setstate__(adapter.__getstate__())  # as after unpickling: the same, with new pools
        elif urllib3 is not None and isinstance(found, urllib3.PoolManager):
            _free(getattr(found.pools, "lock", None))
            found.clear()


def export_locks(owners: Iterable[object]) -> list[Any]:
    """Locks that are held during an export, by whatever is reached from `owners`."""
    own = [getattr(one, "_export_lock", None) for one in walk(owners, deepest=5)]
    return [lock for lock in own if isinstance(lock, _LOCKS)]


def _free(lock: Any) -> None:
    if lock is None:
        return
    if lock.acquire(timeout=GRACE_S):
        lock.release()
    else:
        lock._at_fork_reinit()  # noqa: SLF001 -- what Python's own modules call for this


def walk(owners: Iterable[object], deepest: int = DEEPEST) -> Iterator[Any]:
    """Yield what the objects of OpenTelemetry hold, each once."""
    seen: set[int] = set()
    level = [one for one in owners if not isinstance(one, dict)]  # one that OpenTelemetry does not hold is the host's
    for _ in range(deepest):
        below: list[Any] = []
        for one in level:
            for held in _held(one):
                if id(held) not in seen and not isinstance(held, _PLAIN):
                    seen.add(id(held))
                    below.append(held)
        if not below:
            return
        level = below
        yield from level


def _held(one: Any) -> list[Any]:
    if isinstance(one, dict):
        return [*one, *one.values()]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if isinstance(one, (list, tuple)):
        return list(one)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    if any(str(base.__module__).startswith(OURS) for base in type(one).__mro__):
        return list(getattr(one, "__dict__", {}).values())
    return []
