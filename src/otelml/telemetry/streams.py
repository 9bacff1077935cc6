"""What is counted: a stream a metric, a cell a series.

Cells add; they know neither readers nor temporality.  `producer.py` turns their snapshots into points.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import clock
from otelml.labels import encodable, shortened
from otelml.ledger import ledger
from otelml.locks import Lock
from otelml.stats.limits import SumLimits
from otelml.telemetry import names
from otelml.telemetry.allowance import Allowance, Group
from otelml.telemetry.names import Kind, Metric, Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from otelml.stats.histogram import Histogram
    from otelml.telemetry.allowance import Entry

    Counts = NDArray[np.int64]
    Attributes = Mapping[str, str | bool | int | float]

Key = tuple[Any, ...]
Place = tuple[Key, tuple[float, ...]]
"""Where a series is in its stream: its attributes, and its boundaries."""

_lock = Lock()  # one for all cells: an addition takes about a microsecond


def start_afresh() -> None:
    """Begin with a new lock, as a forked child must."""
    global _lock  # noqa: PLW0603 -- the parent's may be held by a thread that the child lacks
    _lock = Lock()


@dataclass(frozen=True)
class Example:
    """One measurement that a reader may ship with its bucket, to find the trace behind it."""

    value: float
    time_ns: int
    trace_id: int
    span_id: int


class Number:
    """A sum, or a gauge's latest value; None for a gauge that has nothing to say."""

    __slots__ = ("attributes", "birth_ns", "group", "limits", "value")

    def __init__(self, attributes: Attributes, value: float | None = 0) -> None:
        self.attributes, self.value = _plain(attributes), value
        self.group: Group | None = None
        self.limits: SumLimits | None = None
        self.birth_ns = clock.now_ns()

    @property
    def shipped(self) -> bool:
        """Whether it is shipped, as it is unless it had to give way."""
        return self.group is None or self.group.shipped

    def add(self, amount: float) -> None:
        """Add `amount`, an int or a float of Python's own; what would overflow the sum is dropped, and counted."""
        _lock.do(self._add, amount)

    def _add(self, amount: float) -> None:
        total = (self.value or 0) + amount
        if math.isfinite(total):
            self.value = total
        else:
            ledger.drop("overflow")

    def set(self, value: float | None) -> None:
        """Say what the gauge's value is as of now; None leaves the series out."""
        self.value = value

    def reset(self) -> None:
        """Start from zero, born now."""
        self.value = type(self.value or 0)(0)
        self.limits = None
        self.birth_ns = clock.now_ns()


@dataclass
class Interval:
    """What a reader wants to know of the time since it last looked: extremes, and an example a bucket."""

    minimum: float = math.inf
    maximum: float = -math.inf
    examples: dict[int, Example] = field(default_factory=dict[int, Example])

    def extend(self, minimum: float, maximum: float, examples: Mapping[int, Example]) -> None:
        """Take in a further batch."""
        self.minimum, self.maximum = min(self.minimum, minimum), max(self.maximum, maximum)
        self.examples.update(examples)


class Buckets:
    """An explicit-bucket histogram, and the interval that each reader is in."""

    __slots__ = ("attributes", "birth_ns", "bounds", "counts", "group", "intervals", "limits", "total")

    def __init__(self, attributes: Attributes, bounds: tuple[float, ...]) -> None:
        self.attributes, self.bounds = _plain(attributes), bounds
        self.group: Group | None = None
        self.intervals: dict[object, Interval] = {}
        self.reset()

    @property
    def shipped(self) -> bool:
        """Whether it is shipped, as it is unless it had to give way."""
        return self.group is None or self.group.shipped

    def add(self, batch: Histogram, examples: Mapping[int, Example] | None = None) -> None:
        """Add what a histogram of the same bounds counted, and an example of some of its buckets."""
        _lock.do(self._add, batch, examples or {})

    def _add(self, batch: Histogram, examples: Mapping[int, Example]) -> None:
        self.counts += batch.counts
        total = self.total + batch.total
        if math.isfinite(total):
            self.total = total
        else:
            ledger.drop("overflow")
        for interval in self.intervals.values():
            interval.extend(batch.minimum, batch.maximum, examples)

    def add_one(self, value: float, in_sum: float) -> None:
        """Add one finite value to its bucket, and `in_sum` to the sum: the value, or 0 where it is too large."""
        _lock.do(self._add_one, value, in_sum)

    def _add_one(self, value: float, in_sum: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += in_sum
        for interval in self.intervals.values():
            interval.extend(value, value, {})

    @property
    def since_birth(self) -> Interval:
        """Extremes of all values."""
        return self.intervals[None]

    def open_interval(self, reader: object) -> None:
        """Begin an interval for a reader that comes now."""
        _lock.read(self.intervals.__setitem__, reader, Interval())

    def close_interval(self, reader: object) -> None:
        """Forget a reader that left."""
        _lock.read(self.intervals.pop, reader, None)

    def next_interval(self, reader: object) -> Interval:
        """Take what came since `reader` last asked; its next interval begins."""
        return _lock.read(self._next_interval, reader)

    def _next_interval(self, reader: object) -> Interval:
        interval = self.intervals.get(reader, self.intervals[None])
        self.intervals[reader] = Interval()
        return interval

    def read(self) -> tuple[Counts, float]:
        """Read counts by bucket and the sum of the values, of one moment."""
        return _lock.read(self._read)

    def _read(self) -> tuple[Counts, float]:
        return np.array(self.counts), self.total

    def reset(self) -> None:
        """Start from zero, born now."""
        self.counts: Counts = np.zeros(len(self.bounds) + 1, dtype=np.int64)
        self.total = 0.0
        self.limits: SumLimits | None = None
        # The interval since birth is everybody's until a reader opens its own.
        self.intervals.clear()
        self.intervals[None] = Interval()
        self.birth_ns = clock.now_ns()


Cell = Number | Buckets


def within(cell: Cell, values: NDArray[np.float64], *, known: bool) -> NDArray[np.float64]:
    """Those of `(n,)` finite values that may enter sums, by the limits that `cell` keeps; the others are counted.

    `known`: the values come in units of what is ordinary for them.
    """
    if cell.limits is None:
        cell.limits = SumLimits([known])
    kept = cell.limits.within(values)
    ledger.drop("overflow", len(values) - len(kept), str(cell.attributes.get(names.MODEL_NAME, "")))
    return kept


class Stream:
    """All series of one metric in one scope."""

    def __init__(self, metric: Metric, registry: Registry) -> None:
        self.metric, self.registry = metric, registry
        self.cells: dict[Place, Cell] = {}

    def number(self, attributes: Attributes, *, needed: bool = False) -> Number:
        """Get the sum or gauge with these attributes, made when it is new; `needed`: it gives way to nothing."""
        place = (key_of(attributes), ())
        cell = self.cells.get(place)
        if cell is None:
            if (short := bounded(attributes)) is not attributes:
                return self.number(short, needed=needed)
            cell = self._admit(place, self._new(attributes), needed=needed)
        elif needed and cell.group is not None and self.metric.rank is not Rank.USER:
            self.registry.keep(cell)
        return cell  # type: ignore[return-value]

    def numbers(self, several: Iterable[Attributes]) -> list[Entry]:
        """Make a sum or gauge with each of these attributes, for a group that ships all of them or none."""
        return [(self, (key_of(attributes), ()), self._new(attributes)) for attributes in several]

    def _new(self, attributes: Attributes) -> Number:
        return Number(attributes, None if self.metric.kind is Kind.GAUGE else self.metric.zero)

    def buckets(self, attributes: Attributes, bounds: tuple[float, ...] | None = None) -> Buckets:
        """Get the histogram with these attributes and bounds; one of other bounds stays as it is."""
        bounds = self.metric.bounds if bounds is None else bounds
        place = (key_of(attributes), bounds)
        cell = self.cells.get(place)
        if cell is None:
            if (short := bounded(attributes)) is not attributes:
                return self.buckets(short, bounds)
            cell = self._admit(place, Buckets(attributes, bounds))
        return cell  # type: ignore[return-value]

    def _admit(self, place: Place, cell: Cell, *, needed: bool = False) -> Cell:
        rank = Rank.MODEL if needed and self.metric.rank is not Rank.USER else self.metric.rank
        group = Group(rank, 1, lambda: [(self, place, cell)])
        self.registry.admit([group])
        if not group.shipped:
            cell.group = group  # it takes what it is given, and is shipped nowhere
        return group.cells[0] if group.shipped else cell


class Registry:
    """Streams of one scope, within the allowance that all scopes of a process share.

    `on_stream` is told that a stream is there.
    """

    def __init__(self, allowance: Allowance | None = None, on_stream: Callable[[], object] = lambda: None) -> None:
        self.allowance, self._on_stream = allowance or Allowance(), on_stream
        self.streams: list[Stream] = []

    def stream(self, metric: Metric) -> Stream:
        """Make an empty stream of `metric`."""
        made = Stream(metric, self)
        self.streams = [*self.streams, made]
        self._on_stream()
        return made

    def admit(self, groups: Sequence[Group], *, again: bool = False) -> None:
        """Ship groups, each if it fits once what ranks lower has given way; `again`: it was refused before.

        What is refused, and what gives way, is counted in `otelml.dropped`.
        """
        wanted = [one for one in groups if not one.shipped]
        if again:
            wanted = [one for one in wanted if self.allowance.may(one.standing, one.size)]
        for group in wanted:
            group.entries = group.make()
        shed = [victim for victims in _lock.read(self._admit, wanted) for victim in victims]
        # Without the lock: what the host does with a log record is its own.
        lost = shed if again else [*shed, *(group for group in wanted if not group.shipped)]
        for group in lost:
            model = group.cells[0].attributes.get(names.MODEL_NAME, "") if group.cells else ""
            self.refuse(group.size, str(model))
        for group in (*wanted, *shed):
            if not group.shipped:
                group.entries = []

    def _admit(self, wanted: Sequence[Group]) -> list[list[Group]]:
        return [self.allowance.admit(group) for group in wanted]

    def refuse(self, series: int, model: str) -> None:
        """Count series that do not fit, and log it once."""
        ledger.drop("cardinality", series, model)
        ledger.warn_once(
            "otelml: %d series are the most that OTEL_PYTHON_ML_MAX_POINTS allows; more are dropped",
            self.allowance.most,
        )

    def has_room(self, rank: Rank, series: int = 1) -> bool:
        """Whether so many more series fit once what ranks lower has given way."""
        return self.allowance.may(rank, series)

    def stand(self, groups: Iterable[Group], rank: Rank | None = None) -> None:
        """Let groups give way as `rank` does from now on, or as their own rank says."""
        _lock.read(self._stand, list(groups), rank)

    def _stand(self, groups: Sequence[Group], rank: Rank | None) -> None:
        for group in groups:
            self.allowance.stand(group, group.rank if rank is None else rank)

    def keep(self, cell: Cell) -> None:
        """Let a series give way to nothing from now on."""
        _lock.read(self.allowance.take_over, cell, None)

    def reset(self) -> None:
        """Start every sum from zero; what is a state and no sum stays true, and is born anew."""
        for stream in self.streams:
            for cell in stream.cells.values():
                if stream.metric.kind in (Kind.COUNTER, Kind.HISTOGRAM):
                    cell.reset()
                else:
                    cell.birth_ns = clock.now_ns()

    def cells(self) -> Iterable[Cell]:
        """All series."""
        return (cell for stream in self.streams for cell in stream.cells.values())


OURS = (names.COLUMN_NAME, names.BIN)  # bounded where they are made, and joined by in the rules


def bounded(attributes: Attributes) -> Attributes:
    """Attributes whose texts can leave the process and are not too long; `attributes` itself where all are so."""
    odd = {
        key: short
        for key, value in attributes.items()
        if type(value) is str and key not in OURS and (short := shortened(encodable(value))) != value
    }
    return {**attributes, **odd} if odd else attributes


def _plain(attributes: Attributes) -> Attributes:
    """Attributes of Python's own types: a numpy scalar among them fails a whole export; None says nothing."""
    if all(type(value) in (str, bool, int, float) for value in attributes.values()):
        return dict(attributes)
    plain: dict[str, Any] = {}
    for key, value in attributes.items():
        own: Any = getattr(value, "item", lambda value=value: value)() if np.ndim(value) == 0 else _texts(value)
        if own is not None:
            plain[key] = own if isinstance(own, (str, bool, int, float, tuple)) else shortened(str(own))
    return plain


def _texts(values: Any) -> tuple[str, ...]:
    """OpenTelemetry takes sequences of one type, too."""
    return tuple(shortened(str(one)) for one in values)


def key_of(attributes: Attributes) -> Key:
    """What a series with these attributes is found by: one flat tuple, since there may be thousands."""
    pairs = sorted(attributes.items())
    key = tuple(chain.from_iterable(pairs))
    try:
        hash(key)
    except TypeError:  # a list is a value too
        return tuple(chain.from_iterable((name, str(value)) for name, value in pairs))
    return key
