"""Collections under way: a fork waits for them, and what they hold up is known.

Without a lock: a signal handler may collect, flush or fork in the middle of any of this.
"""

from __future__ import annotations

import _thread
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator

HOLD_S = 0.1  # how long a fork waits for collections and exports, and they for it
STUCK_S = 1.0  # one that lasts longer is not waited for
TURN_S = 0.000_5


def _held_lock() -> Any:
    lock = _thread.allocate_lock()
    lock.acquire()
    return lock


@dataclass(eq=False)
class Collecting:
    """One collection: whose, in which thread, since when; `ended` is held until it ends."""

    reader: Any
    thread: int = field(default_factory=_thread.get_ident)
    since: float = field(default_factory=time.monotonic)
    ended: Any = field(default_factory=_held_lock)


class UnderWay:
    """The collections of this process that are under way."""

    def __init__(self) -> None:
        self._all: dict[Collecting, None] = {}
        self._forking: float | None = None  # until when collections wait for a fork

    @contextmanager
    def collecting(self, reader: Any) -> Generator[Collecting]:
        """Say that `reader` collects, until the block ends; not while the process forks."""
        one = Collecting(reader)
        self._all[one] = None
        try:
            while self._forking is not None and time.monotonic() < self._forking:
                self._all.pop(one, None)  # the fork waits for it, or it for the fork, and never both
                time.sleep(TURN_S)
                self._all[one] = None
            one.since = time.monotonic()
            yield one
        finally:
            self._all.pop(one, None)
            one.ended.release()

    def stuck(self, since_s: float = STUCK_S) -> list[Any]:
        """List readers whose collection has lasted so long."""
        now = time.monotonic()
        return [one.reader for one in list(self._all) if now - one.since > since_s]

    def hold(self, deadline: float) -> None:
        """Let collections end, and none begin, before a fork; what this very thread interrupted is not waited for."""
        self._forking = deadline + HOLD_S
        while time.monotonic() < deadline and self._awaited():
            time.sleep(TURN_S)

    def _awaited(self) -> bool:
        now, own = time.monotonic(), _thread.get_ident()
        return any(one.thread != own and now - one.since < STUCK_S for one in list(self._all))

    def release(self) -> None:
        """Let collections begin again."""
        self._forking = None

    def start_afresh(self) -> None:
        """Know of none, as in a forked child; but for those that the forking thread itself is in."""
        own = _thread.get_ident()
        self._all = {one: None for one in self._all if one.thread == own}
        self._forking = None
