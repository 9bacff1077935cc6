"""Everything the demo knows: what arrived, the state of the alert, and the last seven days."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.demo.alert import WINDOW, WINDOW_NAME, Alert
from otelml.cli.demo.arrivals import DELAY, DURATION, PREDICTIONS, ROWS, Arrivals, of, total
from otelml.cli.demo.columns import WEEK, shifts
from otelml.cli.demo.performance import POSITIVE, Performance, at_baseline, performance, quantile
from otelml.stats.confusion import ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otelml.cli.demo.arrivals import Counts
    from otelml.cli.demo.columns import Shift
    from otelml.testing import Point


class Recent(NamedTuple):
    """The last seven days, as they arrived.

    Attributes
    ----------
    rate : rows answered in a second of real time.
    p50, p99 : duration of a call, seconds of real time.
    positive : share of the predictions that say "late".
    delay : median from prediction to outcome, seconds of simulated time.
    columns : against the baseline's, the farthest first; None before the first whole week, of which the days differ.
    """

    performance: Performance
    rate: float
    p50: float
    p99: float
    positive: float
    delay: float
    columns: list[Shift] | None


class Watch:
    """Reads what arrives, one export at a time.

    Parameters
    ----------
    begin, end : seconds since the epoch between which the replay takes place.
    """

    def __init__(self, begin: float, end: float) -> None:
        self.begin = begin
        self.end = end
        self.arrivals = Arrivals(until=end)
        self.alert: Alert | None = None
        self.total: Counts = Counter()

    @property
    def now(self) -> float:
        """Simulated time of the newest collection."""
        return self.arrivals.collections[-1].end if self.arrivals.collections else self.begin

    @property
    def baseline(self) -> Performance:
        """The model on the data of its baseline."""
        return at_baseline(self.arrivals.baseline)

    def add(self, points: Sequence[Point], arrived: float) -> bool:
        """Take one export, received at `arrived` (seconds); tells whether it was part of the replay."""
        collection = self.arrivals.add(points, arrived)
        if collection is None:
            return False
        self.total.update(collection.counts)
        if self.alert is None:
            self.alert = self._new_alert()
        else:
            self.alert.see(collection)
        return True

    def recent(self) -> Recent:
        """Sum up the last seven days."""
        collections = self.arrivals.since(self.now - WINDOW)
        counts = total(collections)
        spent = collections[-1].arrived - collections[0].arrived if collections else 0.0
        rows = sum(of(total(collections[1:]), ROWS).values())
        classes = of(counts, PREDICTIONS)
        return Recent(
            performance=performance(counts, self.baseline.confusion.prevalence),
            rate=ratio(float(rows), spent),
            p50=self._quantile(counts, DURATION, 0.5),
            p99=self._quantile(counts, DURATION, 0.99),
            positive=ratio(float(classes.get((POSITIVE,), 0)), float(sum(classes.values()))),
            delay=self._quantile(counts, DELAY, 0.5),
            columns=self.columns(self.now) if self.now - self.begin >= WINDOW else None,
        )

    def columns(self, until: float) -> list[Shift]:
        """Compare the columns of the seven days before a moment with the baseline's, the farthest first."""
        week = [collection for collection in self.arrivals.since(until - WINDOW) if collection.end <= until]
        return shifts(total(week), self.arrivals.baseline, WEEK)

    def _quantile(self, counts: Counts, name: str, share: float) -> float:
        buckets = [n for _, n in sorted(of(counts, name).items())]
        return quantile(self.arrivals.bounds.get(name, ()), buckets, share)

    def _new_alert(self) -> Alert | None:
        lower = self.arrivals.baseline.performance.get(("f1_adjusted", "lower", WINDOW_NAME), math.nan)
        if math.isnan(lower):
            return None
        alert = Alert(lower, self.baseline.confusion.prevalence)
        for collection in self.arrivals.collections:
            alert.see(collection)
        return alert
