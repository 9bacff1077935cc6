"""Whose turn it is: one thread at a time, and none waits for itself.

A signal handler or a finaliser may want the turn that its own thread has, in the middle of what that thread does.  It
is refused at once and leaves its work in a queue, which the holder looks at again before it is done.
"""

from __future__ import annotations

import threading
from typing import Any


class Turn:
    """A lock that is asked for with a deadline, and that its own thread never waits for.

    >>> turn = Turn()
    >>> turn.take(1.0), turn.take(1.0), turn.leave(), turn.take(0)
    (True, False, None, True)
    """

    def __init__(self) -> None:
        self._lock: Any = threading.RLock()  # it knows its owner from the very moment that it is taken

    def take(self, patience: float) -> bool:
        """Have the turn; False where this thread has it already, or nobody left it within `patience` seconds."""
        if self._lock._is_owned():  # noqa: SLF001 -- conditions of the standard library ask so
            return False
        return self._lock.acquire(timeout=max(0.0, patience))

    def leave(self) -> None:
        """Let another have it."""
        self._lock.release()
