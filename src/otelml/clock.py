"""The one clock: what stamps points, ages outcomes and moves windows.

A replay of last year's traffic, and every test, puts its own clock in with :func:`use`; nothing else in the
package asks the operating system for the time of day.  Durations are no business of this clock: they are
measured with :func:`time.perf_counter`.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_simulated: Callable[[], float] | None = None


def now() -> float:
    """Seconds since the epoch."""
    return time.time() if _simulated is None else _simulated()


def now_ns() -> int:
    """Nanoseconds since the epoch."""
    return time.time_ns() if _simulated is None else round(_simulated() * 1e9)


@contextmanager
def use(source: Callable[[], float]) -> Generator[None]:
    """Take the time from `source` (seconds since the epoch) until the block ends."""
    global _simulated  # noqa: PLW0603 -- a process has one time of day
    before, _simulated = _simulated, source
    try:
        yield
    finally:
        _simulated = before
