"""What was said of a prediction before the store was asked, or before another process has written the prediction."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from otelml import clock
from otelml.ledger import ledger
from otelml.outcomes.records import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Said = Outcome | Action
T = TypeVar("T", Outcome, Action)

GRACE_S = 10.0
MOST_EARLY = 100_000


class Waiting(NamedTuple):
    """What is to be tried: when it came (seconds since the epoch), since when its id is unknown (monotonic)."""

    said: Said
    came: float
    since: float | None


class Early:
    """Outcomes and actions that are to be tried, or tried again: a queue of bounded length.

    Texts in it are bounded too, at `labels.MOST_TEXT`, hence its bytes.
    """

    def __init__(self) -> None:
        self._held: deque[Waiting] = deque()

    def __len__(self) -> int:
        return len(self._held)

    def add(self, said: Sequence[Said]) -> None:
        """Take in what comes now; what does not fit is dropped and counted."""
        room, now = max(0, MOST_EARLY - len(self._held)), clock.now()
        self._held.extend([Waiting(one, now, None) for one in said[:room]])
        ledger.drop("queue_full", len(said) - min(room, len(said)))

    def take(self) -> list[Waiting]:
        """Everything that waits, in order."""
        taken: list[Waiting] = []
        for _ in range(len(self._held)):
            try:
                taken.append(self._held.popleft())
            except IndexError:  # noqa: PERF203 -- another thread took the rest
                break
        return taken

    def put_back(self, waiting: Sequence[Waiting]) -> None:
        """Have those wait that the store was not asked about."""
        self._held.extendleft(reversed(waiting))

    def keep(self, unknown: Sequence[T], of: Mapping[Said, Waiting]) -> list[T]:
        """Have those wait on whose grace has not passed; returns those whose grace has passed."""
        now = time.monotonic()
        lost: list[T] = []
        for one in unknown:
            waiting = of[one]
            since = now if waiting.since is None else waiting.since
            if now - since < GRACE_S and len(self._held) < MOST_EARLY:
                self._held.append(waiting._replace(since=since))
            else:
                lost.append(one)
        return lost
