"""What was said of a prediction before the store was asked, or before another process has written the prediction."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, TypeVar

from otelml.ledger import ledger
from otelml.outcomes.records import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Said = Outcome | Action
T = TypeVar("T", Outcome, Action)

GRACE_S = 10.0
MOST_EARLY = 100_000


class Early:
    """Outcomes and actions that are to be tried again, each since when: a queue of bounded length."""

    def __init__(self) -> None:
        self._held: deque[tuple[float, Said]] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, said: Sequence[Said]) -> None:
        """Take in what comes now; what does not fit is dropped and booked."""
        room, now = max(0, MOST_EARLY - len(self._held)), time.monotonic()
        self._held.extend((now, one) for one in said[:room])
        ledger.drop("queue_full", len(said) - min(room, len(said)))

    def take(self) -> list[tuple[float, Said]]:
        """Everything that waits, each since when, in order."""
        return [self._held.popleft() for _ in range(len(self._held))]

    def keep(self, unknown: Sequence[T], since: Mapping[Said, float]) -> list[T]:
        """Have those wait on whose grace has not passed; returns those that are given up."""
        now = time.monotonic()
        lost: list[T] = []
        for one in unknown:
            came = since.get(one, now)
            if now - came < GRACE_S and len(self._held) < MOST_EARLY:
                self._held.append((came, one))
            else:
                lost.append(one)
        return lost
