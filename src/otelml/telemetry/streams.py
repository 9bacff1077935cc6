"""What is counted: a stream a metric, a cell a series.

Cells add; they know neither readers nor temporality.  `producer.py` turns their snapshots into points.
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import clock
from otelml.ledger import ledger
from otelml.telemetry.names import Kind, Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    from otelml.stats.histogram import Histogram

    Counts = NDArray[np.int64]
    Attributes = Mapping[str, str | bool | int | float]

KEPT, FEWEST_KEPT = 20, 50  # one in so many series, and so many at least

Key = tuple[Any, ...]
_lock = threading.Lock()  # one for all cells: an addition takes less than a microsecond


def start_afresh() -> None:
    """Begin with a new lock, as a forked child must."""
    global _lock  # noqa: PLW0603 -- the parent's may be held by a thread that the child lacks
    _lock = threading.Lock()


@dataclass(frozen=True)
class Example:
    """One measurement that a reader may ship with its bucket, to find the trace behind it."""

    value: float
    time_ns: int
    trace_id: int
    span_id: int


class Number:
    """A sum, or a gauge's latest value; None for a gauge that has nothing to say."""

    __slots__ = ("attributes", "birth_ns", "value")

    def __init__(self, attributes: Attributes, value: float | None = 0) -> None:
        self.attributes, self.value = _plain(attributes), value
        self.birth_ns = clock.now_ns()

    def add(self, amount: float) -> None:
        """Add `amount`, an int or a float of Python's own; a sum that would overflow stays as it is, and is booked."""
        with _lock:
            total = (self.value or 0) + amount
            fits = math.isfinite(total)
            if fits:
                self.value = total
        ledger.drop("overflow", not fits)

    def set(self, value: float | None) -> None:
        """Say what the gauge's value is as of now; None leaves the series out."""
        self.value = value

    def reset(self) -> None:
        """Start from zero, born now."""
        self.value = type(self.value or 0)(0)
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

    __slots__ = ("attributes", "birth_ns", "bounds", "counts", "intervals", "total")

    def __init__(self, attributes: Attributes, bounds: tuple[float, ...]) -> None:
        self.attributes, self.bounds = _plain(attributes), bounds
        self.intervals: dict[object, Interval] = {}
        self.reset()

    def add(self, batch: Histogram, examples: Mapping[int, Example] | None = None) -> None:
        """Add what a histogram of the same bounds counted, and an example of some of its buckets."""
        with _lock:
            self.counts += batch.counts
            total = self.total + batch.total
            fits = math.isfinite(total)
            if fits:
                self.total = total
            for interval in self.intervals.values():
                interval.extend(batch.minimum, batch.maximum, examples or {})
        ledger.drop("overflow", not fits)

    def add_one(self, value: float) -> None:
        """Add one finite value."""
        with _lock:
            self.counts[bisect_left(self.bounds, value)] += 1
            self.total += value
            for interval in self.intervals.values():
                interval.extend(value, value, {})

    @property
    def since_birth(self) -> Interval:
        """Extremes of all values."""
        return self.intervals[None]

    def open_interval(self, reader: object) -> None:
        """Begin an interval for a reader that comes now."""
        with _lock:
            self.intervals[reader] = Interval()

    def close_interval(self, reader: object) -> None:
        """Forget a reader that left."""
        with _lock:
            self.intervals.pop(reader, None)

    def next_interval(self, reader: object) -> Interval:
        """Take what came since `reader` last asked; its next interval begins."""
        with _lock:
            interval = self.intervals.get(reader, self.intervals[None])
            self.intervals[reader] = Interval()
        return interval

    def read(self) -> tuple[Counts, float]:
        """Read counts by bucket and the sum of the values, of one moment."""
        with _lock:
            counts = np.array(self.counts)
            return counts, self.total

    def reset(self) -> None:
        """Start from zero, born now."""
        self.counts: Counts = np.zeros(len(self.bounds) + 1, dtype=np.int64)
        self.total = 0.0
        # The interval since birth is everybody's until a reader opens its own.
        self.intervals.clear()
        self.intervals[None] = Interval()
        self.birth_ns = clock.now_ns()


Cell = Number | Buckets


class Stream:
    """All series of one metric in one scope."""

    def __init__(self, metric: Metric, registry: Registry) -> None:
        self.metric, self.registry = metric, registry
        self.cells: dict[tuple[Key, tuple[float, ...]], Cell] = {}

    def number(self, attributes: Attributes) -> Number:
        """Get the sum or gauge with these attributes, made when it is new."""
        key = (key_of(attributes), ())
        cell = self.cells.get(key)
        if cell is None:
            cell = self._admit(key, Number(attributes, None if self.metric.kind is Kind.GAUGE else self.metric.zero))
        return cell  # type: ignore[return-value]

    def numbers(self, several: Iterable[Attributes]) -> list[Number]:
        """Get a sum or gauge with each of these attributes; many at once, since each addition copies the whole."""
        wanted = [((key_of(attributes), ()), attributes) for attributes in several]
        start = None if self.metric.kind is Kind.GAUGE else self.metric.zero
        made = {key: Number(attributes, start) for key, attributes in wanted if key not in self.cells}
        with _lock:
            admitted = {key: cell for key, cell in made.items() if key not in self.cells and self.registry.admit()}
            self.cells = {**self.cells, **admitted}
        if len(admitted) < len(made):
            self.registry.refuse()
        return [self.cells.get(key) or made[key] for key, _ in wanted]  # type: ignore[misc]

    def holds(self, attributes: Attributes) -> bool:
        """Whether there is a sum or gauge with these attributes."""
        return (key_of(attributes), ()) in self.cells

    def buckets(self, attributes: Attributes, bounds: tuple[float, ...] | None = None) -> Buckets:
        """Get the histogram with these attributes and bounds; one of other bounds stays as it is."""
        bounds = self.metric.bounds if bounds is None else bounds
        key = (key_of(attributes), bounds)
        cell = self.cells.get(key)
        if cell is None:
            cell = self._admit(key, Buckets(attributes, bounds))
        return cell  # type: ignore[return-value]

    def _admit(self, key: tuple[Key, tuple[float, ...]], cell: Cell) -> Cell:
        with _lock:
            if key in self.cells:
                return self.cells[key]
            admitted = self.registry.admit()
            if admitted:
                self.cells = {**self.cells, key: cell}  # replaced, never changed: a reader may be walking it
        if not admitted:
            self.registry.refuse()  # without the lock: what the host does with a log record is its own
        return cell  # one that was not admitted takes what it is given, and is shipped nowhere


@dataclass
class Allowance:
    """The most series that a process may ship, and how many it has."""

    most: int = 10_000
    held: int = 0


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

    def admit(self) -> bool:
        """Whether one more series fits, which then counts as held."""
        fits = self.allowance.held < self.allowance.most
        self.allowance.held += fits
        return fits

    def has_room(self, series: int) -> bool:
        """Whether so many more series of detail fit; the last ones are kept for services and outcomes to come."""
        most = self.allowance.most
        return self.allowance.held + series <= most - max(most // KEPT, FEWEST_KEPT)

    def refuse(self) -> None:
        """Book and tell that a series does not fit."""
        ledger.drop("cardinality")
        ledger.warn_once(
            "otelml: %d series are the most that OTEL_PYTHON_ML_MAX_POINTS allows; more are dropped",
            self.allowance.most,
        )

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


def _plain(attributes: Attributes) -> Attributes:
    """Attributes of Python's own types: a numpy scalar among them fails a whole export; None says nothing."""
    if all(type(value) in (str, bool, int, float) for value in attributes.values()):
        return dict(attributes)
    plain: dict[str, Any] = {}
    for key, value in attributes.items():
        own: Any = getattr(value, "item", lambda value=value: value)() if np.ndim(value) == 0 else _texts(value)
        if own is not None:
            plain[key] = own if isinstance(own, (str, bool, int, float, tuple)) else str(own)
    return plain


def _texts(values: Any) -> tuple[str, ...]:
    """OpenTelemetry takes sequences of one type, too."""
    return tuple(str(one) for one in values)


def key_of(attributes: Attributes) -> Key:
    """What a series with these attributes is found by: one flat tuple, since there may be thousands."""
    pairs = sorted(attributes.items())
    key = tuple(chain.from_iterable(pairs))
    try:
        hash(key)
    except TypeError:  # a list is a value too
        return tuple(chain.from_iterable((name, str(value)) for name, value in pairs))
    return key
