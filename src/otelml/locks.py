"""A lock that its own thread never waits for.

A signal handler, a finaliser that the garbage collector runs, and a greenlet of gevent all come in the middle of some
other code of the same thread, which may be inside one of our locks: an ordinary lock would wait for ever.  Here work
that only adds something is left to whoever holds the lock (`do`), and work that can be done later is not done
(`attempt`).  Under a lock no thread is started, nothing is logged and no I/O is done: gevent would switch there.
"""

# ruff: noqa: SLF001 -- `_is_owned` is what threading.Condition asks, too

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE_S = 1.0  # how long another thread is waited for; the sections that wait for it take milliseconds


class Lock:
    """Protects state that is read and changed in several steps.

    It is let go by what Python has in C, in the frame that took it: where the recursion limit is near, a function of
    ours could not be called any more, and the lock would stay held.
    """

    __slots__ = ("_left", "_lock")

    def __init__(self) -> None:
        # An RLock knows its owner, even where an exception of a signal handler came between any two of our steps.
        self._lock: Any = threading.RLock()
        self._left: deque[tuple[Callable[..., object], tuple[Any, ...]]] = deque()

    @property
    def mine(self) -> bool:
        """Whether this thread is inside already."""
        return bool(self._lock._is_owned())

    def do(self, work: Callable[..., object], *args: Any) -> None:
        """Call `work(*args)` alone; where this thread is inside already, it is called before that section ends.

        For additions, whose order does not matter and whose result nobody waits for.
        """
        if self.mine:
            self._left.append((work, args))
            return
        lock = self._lock
        try:  # twice, since an exception of a signal handler can come in a `finally`, too; the second then lets go
            try:
                lock.acquire()
                work(*args)
                while self._left:
                    later, given = self._left.popleft()
                    later(*given)
            finally:
                if lock._is_owned():
                    lock.release()
        finally:
            if lock._is_owned():
                lock.release()

    def attempt(self, work: Callable[..., object], *args: Any, patience: float = PATIENCE_S) -> bool:
        """Call `work(*args)` alone, and tell whether it was; not where this thread is inside, or another one stays.

        Parameters
        ----------
        patience : seconds to wait for another thread; 0 on a host's own path.
        """
        if self.mine:
            return False
        lock, done = self._lock, False
        try:
            try:
                if lock.acquire(timeout=patience):
                    work(*args)
                    done = True
            finally:
                if lock._is_owned():
                    lock.release()
        finally:
            if lock._is_owned():
                lock.release()
        return done

    def read(self, look: Callable[..., T], *args: Any) -> T:
        """The result of `look(*args)`, alone; where this thread is inside already, of what it finds there."""
        if self.mine:
            return look(*args)
        lock = self._lock
        try:
            try:
                lock.acquire()
                found = look(*args)
            finally:
                if lock._is_owned():
                    lock.release()
        finally:
            if lock._is_owned():
                lock.release()
        return found
