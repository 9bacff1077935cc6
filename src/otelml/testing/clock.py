"""A clock that a test or a simulation moves by hand."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from otelml import clock as process_clock

if TYPE_CHECKING:
    from collections.abc import Generator


class SimulatedClock:
    """Seconds since the epoch that pass only when told to.

    Parameters
    ----------
    start : seconds since the epoch.
    tick : seconds that pass at each look all the same.  Two collections at one time would be two values of a series at
        one time, and Prometheus refuses the batch that the second is in.
    """

    def __init__(self, start: float, tick: float = 0.0) -> None:
        self._seconds, self._tick = start, tick

    def __call__(self) -> float:
        """Return the simulated time, in seconds since the epoch."""
        self._seconds += self._tick
        return self._seconds

    def set(self, seconds: float) -> None:
        """Move to ``seconds`` since the epoch."""
        self._seconds = seconds

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._seconds += seconds


@contextmanager
def simulated_clock(start: float, *, tick: float = 0.0) -> Generator[SimulatedClock]:
    """Let otelml live at ``start`` (seconds since the epoch) until the block ends; see `SimulatedClock` for `tick`.

    >>> from otelml import clock
    >>> with simulated_clock(100.0) as simulated:
    ...     simulated.advance(0.5)
    ...     clock.now()
    100.5
    """
    simulated = SimulatedClock(start, tick)
    with process_clock.use(simulated):
        yield simulated
