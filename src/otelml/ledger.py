"""Self-metrics: internal errors, dropped items, monitoring overhead in seconds.

Nothing is lost silently: whatever otelml drops is counted here, and the producer exports the counts as
`otelml.errors`, `otelml.dropped` and `otelml.overhead`.  Standard library only, so that every room may count.
"""

from __future__ import annotations

import logging
from collections import Counter

from otelml.locks import Lock

logger = logging.getLogger("otelml")


class Ledger:
    """Running totals of one process."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start from zero, as a forked child does: its parent reports the parent's losses."""
        self._lock = Lock()
        self._said: set[str] = set()
        self.errors: Counter[str] = Counter()
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.overhead = 0.0

    def error(self, component: str) -> None:
        """Count one swallowed internal error of `component`."""
        self._lock.do(self.errors.update, (component,))

    def drop(self, reason: str, count: int = 1, model: str = "") -> None:
        """Count `count` items that were dropped because of `reason`."""
        if count:
            self._lock.do(self.dropped.update, {(reason, model): int(count)})

    def spend(self, seconds: float) -> None:
        """Count time that otelml took from its host, outside the staged calls."""
        self._lock.do(self._spend, seconds)

    def _spend(self, seconds: float) -> None:
        self.overhead += seconds

    def warn_once(self, message: str, *values: object) -> None:
        """Log a warning the first time that it comes up; a host is told, not flooded."""
        text = message % values if values else message
        if text in self._said or len(self._said) >= _MOST_SAID:
            return
        self._said.add(text)
        logger.warning("%s", text)


_MOST_SAID = 1_000

ledger = Ledger()
