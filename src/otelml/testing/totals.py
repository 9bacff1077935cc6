"""What backends make of the points that reached them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from otelml.testing.attributes import AttributeValue
    from otelml.testing.points import Point


class Total(NamedTuple):
    """One metric, added up over every series that arrived.

    ``last`` is what was counted: the last value of each cumulative series (a restart begins another), plus
    all deltas. ``differences`` is what a backend sees that only takes differences, such as PromQL's
    ``increase``: the first sample of a cumulative series tells it nothing, a fall is a restart.
    """

    last: float
    differences: float


def select(points: Iterable[Point], name: str, attributes: Mapping[str, AttributeValue] | None = None) -> list[Point]:
    """Return the points of the metric ``name`` that have (at least) these attributes."""
    wanted = (attributes or {}).items()
    return [
        point
        for point in points
        if point.name == name
        and all(key in point.attributes and point.attributes[key] == value for key, value in wanted)
    ]


def total(
    points: Iterable[Point],
    name: str,
    attributes: Mapping[str, AttributeValue] | None = None,
    *,
    read: Callable[[Point], float] | None = None,
) -> Total:
    """Add up a metric over all its series, in whichever temporality each point arrived.

    Parameters
    ----------
    points
        Points in any order; each series is put in the order of its timestamps.
    name
        Name of a sum or a histogram.
    attributes
        Only points that have (at least) these.
    read
        The number to add up; by default a sum's value and a histogram's count.

    Raises
    ------
    ValueError
        If the metric is a gauge: its values do not add up.
    """
    number = read or amount
    series: defaultdict[Hashable, list[Point]] = defaultdict(list)
    for point in sorted(select(points, name, attributes), key=lambda point: point.time_ns):
        series[point.series].append(point)
    totals = [_total_of_series(samples, number) for samples in series.values()]
    return Total(sum(each.last for each in totals), sum(each.differences for each in totals))


def bucket_totals(
    points: Iterable[Point], name: str, attributes: Mapping[str, AttributeValue] | None = None
) -> tuple[Total, ...]:
    """Add up a histogram bucket by bucket, over all its series.

    Raises
    ------
    ValueError
        If the series do not share their boundaries.
    """
    chosen = select(points, name, attributes)
    boundaries = {point.bounds for point in chosen}
    if len(boundaries) > 1:
        message = f"{name} arrived with {len(boundaries)} different sets of boundaries"
        raise ValueError(message)
    buckets = len(chosen[0].counts) if chosen else 0
    return tuple(total(chosen, name, read=lambda point, i=i: point.counts[i]) for i in range(buckets))


def amount(point: Point) -> float:
    """Return a sum's value or a histogram's count.

    Raises
    ------
    ValueError
        If the point is of a gauge.
    """
    number = point.value if point.kind == "sum" else point.count
    if number is None:
        message = f"{point.name} is a {point.kind}: its values do not add up"
        raise ValueError(message)
    return number


def _total_of_series(samples: Sequence[Point], number: Callable[[Point], float]) -> Total:
    added: float = 0
    last_by_start: dict[int, float] = {}
    differences: float = 0
    previous: float | None = None
    for sample in samples:
        value = number(sample)
        if sample.temporality == "delta":
            added += value
            differences += value
            continue
        if previous is not None:
            restarted = sample.monotonic is not False and value < previous
            differences += value if restarted else value - previous
        previous = last_by_start[sample.start_ns] = value
    return Total(added + sum(last_by_start.values()), differences)
