"""The year month by month, as New York counts its days."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.demo.arrivals import COHORT
from otelml.cli.demo.performance import Performance, performance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.cli.demo.arrivals import Collection, Counts

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
    counts: defaultdict[tuple[int, int], Counts] = defaultdict(Counter)
    for collection in collections:
        arrival, made = _month(collection.start), _month(collection.start - HORIZON)
        for key, number in collection.counts.items():
            counts[made if key[0] == COHORT else arrival][key] += number
    months = [Month(month, performance(counts[year, month], prevalence)) for year, month in sorted(counts)]
    return [month for month in months if month.performance.confusion.total]


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


def _month(seconds: float) -> tuple[int, int]:
    date = datetime.fromtimestamp(seconds, NEW_YORK)
    return date.year, date.month
