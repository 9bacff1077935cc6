"""The rule that would have told a person that the model is worse than it was in training.

Over the cohorts of seven days, F1 at the prevalence of the baseline is below the baseline's own lower bound
for seven days, and has been so for 24 hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from otelml.cli.demo.arrivals import COHORT, of
from otelml.cli.demo.performance import confusion_of
from otelml.stats.confusion import Confusion
from otelml.stats.window import Window

if TYPE_CHECKING:
    from otelml.cli.demo.arrivals import Collection

DAY = 86_400.0
WINDOW = 7 * DAY
WINDOW_NAME = "P7D"
SUSTAINED = DAY
SUB_WINDOWS = 28


@dataclass
class Episode:
    """One time that the alert fired; times are seconds since the epoch."""

    fired: float
    lowest: float
    cleared: float | None = None


class Alert:
    """The state of the rule, moved on by one collection at a time.

    Parameters
    ----------
    lower
        The baseline's lower bound of `f1_adjusted` for seven days.
    prevalence
        Share of positive rows in the baseline.
    """

    def __init__(self, lower: float, prevalence: float) -> None:
        self.lower = lower
        self.prevalence = prevalence
        self.episodes: list[Episode] = []
        self.value = float("nan")
        self._cells = Window(WINDOW, SUB_WINDOWS)
        self._first: float | None = None
        self._below_since: float | None = None

    @property
    def firing(self) -> Episode | None:
        """The episode that has not cleared yet."""
        return self.episodes[-1] if self.episodes and self.episodes[-1].cleared is None else None

    def see(self, collection: Collection) -> None:
        """Take the cohorts of one more collection; nothing is judged before the first whole window."""
        confusion = confusion_of(of(collection.counts, COHORT))
        self._cells.add(collection.end, (confusion.tp, confusion.fp, confusion.fn, confusion.tn))
        if self._first is None and confusion.total:
            self._first = collection.start
        cells = self._cells.total(collection.end)
        if cells is None or self._first is None or collection.end - self._first < WINDOW:
            return
        self.value = Confusion(*map(float, cells)).adjusted_f1(self.prevalence)
        self._judge(collection.end)

    def _judge(self, now: float) -> None:
        firing = self.firing
        if not self.value < self.lower:
            self._below_since = None
            if firing:
                firing.cleared = now
        elif firing:
            firing.lowest = min(firing.lowest, self.value)
        else:
            self._below_since = now if self._below_since is None else self._below_since
            if now - self._below_since >= SUSTAINED:
                self.episodes.append(Episode(fired=now, lowest=self.value))
