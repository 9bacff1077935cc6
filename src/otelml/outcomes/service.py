"""The thread that uses a shared store, so that no thread of the host waits for another process's lock.

Whoever wants something done puts a call in a queue, and may wait for it, for a moment.  The queue is a `SimpleQueue`:
its `put` is safe in signal handlers and finalisers, where a condition's lock may be held by the thread itself.
"""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LINGER_S = 0.02
RETRY_S = 0.2
PATIENCE_S = 0.9  # what a collection waits at most, where the store gets on
STUCK_S = 0.3  # and where it does not
STALLED_S = 0.03  # and where it did not the last time
THREADLESS_S = 10.0


class Call:
    """Something that is to be done by the thread, and when it was."""

    __slots__ = ("done", "mature")

    def __init__(self, *, mature: bool) -> None:
        self.mature, self.done = mature, threading.Event()


class Service:
    """Runs rounds in a thread of its own.

    Parameters
    ----------
    work : does a round, with or without what is due at the horizon.
    waits : whether something is to be tried again without being called for.

    Attributes
    ----------
    progress : goes up with each step of a round; whoever waits for one that stands still stops waiting.
    """

    def __init__(self, work: Callable[[bool], object], waits: Callable[[], bool]) -> None:
        self._work, self._waits = work, waits
        self.start_afresh()

    def start_afresh(self) -> None:
        """Have no thread, as a forked child."""
        self._calls: Any = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._permits: list[None] = [None]
        self._threadless_until = 0.0
        self._woken = self._closed = self._stalled = False
        self.progress = 0

    @property
    def runs(self) -> bool:
        """Whether there is a thread."""
        return self._thread is not None and self._thread.is_alive()

    def wake(self) -> None:
        """Have a round done soon.  Starts no thread: the caller may hold a lock."""
        if not self._woken:
            self._woken = True
            self._calls.put(None)

    def ensure(self) -> bool:
        """Start the thread where there is none; False where none can be started."""
        if self.runs:
            return True
        if time.monotonic() < self._threadless_until:
            return False
        try:
            self._permits.pop()
        except IndexError:  # another thread is at it
            return True
        try:
            self._closed = False  # also after the end of the process began
            thread = threading.Thread(target=self._serve, args=(self._calls,), name="otelml-outcomes", daemon=True)
            thread.start()
            self._thread = thread
        except RuntimeError:  # no further thread in this process, or at its end
            self._threadless_until = time.monotonic() + THREADLESS_S
            return False
        finally:
            self._permits.append(None)
        return True

    def ask(self, *, mature: bool, until: float | None = None) -> bool:
        """Have a round done now, and wait for it: until the deadline, and no longer than it gets on."""
        if self._thread is threading.current_thread():
            return False
        call = Call(mature=mature)
        self._calls.put(call)
        latest = time.monotonic() + PATIENCE_S if until is None else until
        while not call.done.wait(self._patience(latest)):
            moved, self._progress_seen = self._progress_seen != self.progress, self.progress
            if not moved or time.monotonic() >= latest:
                self._stalled = True
                return False
        return True

    _progress_seen = -1

    def _patience(self, latest: float) -> float:
        return max(0.0, min(STALLED_S if self._stalled else STUCK_S, latest - time.monotonic()))

    def close(self) -> None:
        """Let the thread end once its round is done."""
        self._closed = True
        self._calls.put(None)

    def _serve(self, calls: Any) -> None:
        while not self._closed and calls is self._calls:
            asked = self._next(calls)
            self._woken = False
            try:
                done = self._work(any(call.mature for call in asked))
            finally:
                for call in asked:
                    call.done.set()
            if done:
                self._stalled = False

    def _next(self, calls: Any) -> list[Call]:
        """The calls that wait; of one that only wakes, those too that come a moment later."""
        asked: list[Call] = []
        patience = RETRY_S if self._waits() else None
        while True:
            try:
                call = calls.get(timeout=patience)
            except queue.Empty:
                return asked
            if call is not None:
                asked.append(call)
            patience = 0.0 if asked or self._closed else LINGER_S
            if patience == 0.0 and calls.empty():
                return asked
