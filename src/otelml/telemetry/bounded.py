"""Work of the SDK's that may never return, done in a thread of its own and waited for until a deadline.

The SDK's flush and shutdown take a timeout and do not keep it: an endpoint that accepts and never answers holds them
up for as long as its exporter likes.  Whoever waits here is never held up longer than promised, also in a signal
handler: nothing here takes a lock that the interrupted code may hold.
"""

from __future__ import annotations

import _thread
import time
from collections import deque
from typing import TYPE_CHECKING

from otelml.patching.guard import swallow

if TYPE_CHECKING:
    from collections.abc import Callable


def in_thread(work: Callable[[], object]) -> bool:
    """Do `work` in a daemon thread; False where none can be started.

    Not `threading.Thread`, whose start takes a lock of its module: a signal handler may have interrupted its holder.
    """
    try:
        _thread.start_new_thread(work, ())
    except RuntimeError:  # no more threads, or none any more: the interpreter is ending
        return False
    return True


class Ticket:
    """One request for work: its deadline, on the clock of `time.monotonic`, and later its result."""

    def __init__(self, deadline: float, component: str) -> None:
        self.deadline, self._component = deadline, component
        self._result, self._error = False, None
        self._pending = _thread.allocate_lock()
        self._pending.acquire()

    def settle(self, result: bool, error: Exception | None) -> None:  # noqa: FBT001 -- what it is about
        """Let go of whoever waits."""
        self._result, self._error = result, error
        self._pending.release()

    def wait(self, until: float | None = None) -> bool:
        """Whether the work succeeded by the deadline, or until an earlier moment."""
        until = self.deadline if until is None else min(until, self.deadline)
        if not self._pending.acquire(timeout=max(0.0, until - time.monotonic())):
            return False
        self._pending.release()  # for whoever asks again
        error, self._error = self._error, None
        if error is not None:
            swallow(self._component, error)
        return self._result

    @property
    def pending(self) -> bool:
        """Whether the work has not ended."""
        return self._pending.locked()


class Errand:
    """Work that is done again and again, by one thread at a time, however many ask for it.

    Parameters
    ----------
    work : takes the deadline, and returns whether it succeeded.
    component : what its errors are counted under.
    """

    def __init__(self, work: Callable[[float], bool], component: str) -> None:
        self._work, self._component = work, component
        self._asked: deque[Ticket] = deque()
        self._busy = _thread.allocate_lock()  # only ever tried

    def start(self, deadline: float, *, inline: bool = True) -> Ticket:
        """Have the work done once more from now on; inline, or not at all, where no thread can be started."""
        ticket = Ticket(deadline, self._component)
        self._asked.append(ticket)
        if self._busy.acquire(blocking=False) and not in_thread(self._serve):
            if inline:
                self._serve()
            else:
                self._asked.clear()
                self._busy.release()
        return ticket

    def _serve(self) -> None:
        while True:
            served = [self._asked.popleft() for _ in range(len(self._asked))]
            if served:
                outcome = self._done(max(ticket.deadline for ticket in served))
                for ticket in served:
                    ticket.settle(*outcome)
            else:
                self._busy.release()
                if not self._asked or not self._busy.acquire(blocking=False):
                    return

    def _done(self, deadline: float) -> tuple[bool, Exception | None]:
        try:
            return self._work(deadline), None
        except Exception as error:  # noqa: BLE001 -- whoever waits gets it
            return False, error
        except BaseException as error:  # noqa: BLE001 -- an exit in a thread of ours ends nothing
            return False, RuntimeError(type(error).__name__)
