"""The year month by month, as New York counts its days."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.demo.arrivals import COHORT
from otelml.cli.demo.columns import MONTH, shifts
from otelml.cli.demo.performance import Performance, performance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.cli.demo.arrivals import Baseline, Collection, Counts
    from otelml.cli.demo.columns import Shift

YEAR = 2013
HORIZON = 86_400.0
# No zone with daylight saving is needed: days change while nothing flies, at 08:00 UTC, 03:00 or 04:00 here.
NEW_YORK = timezone(timedelta(hours=-5), "EST")


class Month(NamedTuple):
    """How right the model was about the flights that left in one month of 2013."""

    number: int
    performance: Performance


def by_month(collections: Iterable[Collection], prevalence: float) -> list[Month]:
    """Cut the year into months.

    A prediction is counted in its cohort one horizon after it was made, so the cohorts of a collection belong
    to the month in which the collection, less the horizon, began. Scores belong to the month they arrive in.
    """
    counts = _counts(collections)
    months = [Month(month, performance(counts[year, month], prevalence)) for year, month in sorted(counts)]
    return [month for month in months if month.performance.confusion.total]


def columns_by_month(collections: Iterable[Collection], baseline: Baseline) -> dict[int, list[Shift]]:
    """Compare the columns of each month with the baseline's, the farthest first; values are counted as they arrive."""
    counts = _counts(collections)
    found = {month: shifts(counts[year, month], baseline, MONTH) for year, month in sorted(counts)}
    return {month: columns for month, columns in found.items() if columns}


def moment(month: int, day: int = 1, *, hour: int = 8) -> float:
    """Seconds since the epoch of an hour (UTC) of a day of 2013; month 13 is January after.

    >>> moment(13) - moment(12)
    2678400.0
    """
    year, month = YEAR + (month - 1) // 12, (month - 1) % 12 + 1
    return datetime(year, month, day, hour, tzinfo=timezone.utc).timestamp()


def name(month: int) -> str:
    """English name of a month.

    >>> name(4)
    'April'
    """
    return f"{datetime(YEAR, month, 1, tzinfo=NEW_YORK):%B}"


def _counts(collections: Iterable[Collection]) -> dict[tuple[int, int], Counts]:
    counts: defaultdict[tuple[int, int], Counts] = defaultdict(Counter)
    for collection in collections:
        arrival, made = _month(collection.start), _month(collection.start - HORIZON)
        for key, number in collection.counts.items():
            counts[made if key[0] == COHORT else arrival][key] += number
    return counts


def _month(seconds: float) -> tuple[int, int]:
    date = datetime.fromtimestamp(seconds, NEW_YORK)
    return date.year, date.month
