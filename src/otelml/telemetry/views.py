"""What one reader was told, from which follows what it is told next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics.export import AggregationTemporality

from otelml.locks import Lock
from otelml.telemetry.names import Kind
from otelml.telemetry.streams import Interval, Number

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.telemetry.streams import Buckets, Cell, Stream

CUMULATIVE, DELTA = AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA


@dataclass(frozen=True, slots=True)
class Told:
    """The value of a series when a reader last heard of it, or when that reader came.

    `value` is a number, or counts by bucket, `(n_bounds + 1,)`; `total` the sum that goes with counts.
    """

    value: Any
    total: float
    time_ns: int

    def same(self, other: Told) -> bool:
        """Whether nothing was added between the two."""
        same = self.value == other.value
        return bool(same.all()) if hasattr(same, "all") else bool(same)


ZERO = Told(0, 0.0, 0)


def snapshot(cell: Cell, now_ns: int) -> Told:
    """Read the value of a series."""
    if isinstance(cell, Number):
        return Told(cell.value or 0, 0.0, now_ns)
    counts, total = cell.read()
    return Told(counts, total, now_ns)


@dataclass(eq=False)
class View:
    """One reader's side of the streams.

    Attributes
    ----------
    temporality : by instrument kind, as the reader prefers.
    base : what series held when this reader came; it is told what came after, as the SDK's own readers are.
    told : by series, the latest that it was told.
    seen : by series that have a base, the extremes since.
    lock : held while the reader's points are made.
    sound : by series, whether its attributes can be sent at all; `refused` are counted.
    succeeded : whether what readers of earlier providers were told is left out already.
    """

    temporality: dict[Kind, AggregationTemporality]
    lock: Lock = field(default_factory=Lock)
    base: dict[Cell, Told] = field(default_factory=dict["Cell", Told])
    told: dict[Cell, Told] = field(default_factory=dict["Cell", Told])
    seen: dict[Cell, Interval] = field(default_factory=dict["Cell", Interval])
    sound: dict[Cell, bool] = field(default_factory=dict["Cell", bool])
    refused: set[Cell] = field(default_factory=set["Cell"])
    succeeded: bool = False

    def begin(self, cells: Iterable[Cell], now_ns: int) -> None:
        """Leave out what `cells` hold now."""
        for cell in cells:
            self.base[cell] = snapshot(cell, now_ns)
            if not isinstance(cell, Number):
                cell.open_interval(self)

    def succeed(self, told: dict[Cell, Told]) -> None:
        """Leave out what readers of the providers before this one's were told."""
        self.succeeded = True
        for cell, earlier in told.items():
            if cell not in self.base and cell not in self.told:
                self.base[cell] = earlier
                if not isinstance(cell, Number):
                    cell.open_interval(self)

    def unmet(self, streams: Iterable[Stream]) -> bool:
        """Whether a series' first sample would carry a value that a backend which takes differences loses."""
        return any(
            cell not in self.told
            for stream in streams
            if stream.metric.kind in (Kind.COUNTER, Kind.HISTOGRAM)
            and self.temporality[stream.metric.kind] is CUMULATIVE
            for cell in stream.cells.values()
        )

    def extremes(self, cell: Buckets, interval: Interval, *, delta: bool) -> Interval:
        """Find the smallest and largest value of `interval`, or since the start of a cumulative series."""
        if delta:
            return interval
        if cell not in self.base:
            return cell.since_birth
        seen = self.seen.setdefault(cell, Interval())
        seen.extend(interval.minimum, interval.maximum, {})
        return seen

    def start_afresh(self) -> None:
        """Forget what was told, as a forked child must."""
        self.lock = Lock()
        self.base.clear()
        self.told.clear()
        self.seen.clear()
        self.refused.clear()
