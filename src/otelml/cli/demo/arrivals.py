"""What arrived over OTLP, as what each collection adds to the one before it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, TypeAlias

from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from otelml.testing import Point

Counts: TypeAlias = "Counter[tuple[str, ...]]"
"""Numbers by metric and labels; a histogram has the position of the bucket as its last label."""

ROWS = names.ROWS.name
DURATION = names.DURATION.name
PREDICTIONS = names.PREDICTIONS.name
COHORT = names.COHORT.name
SCORES = names.SCORE_VALUES.name
DELAY = names.DELAY.name
VALUES = names.COLUMN_VALUES.name

Column: TypeAlias = "tuple[str, str]"
"""A column by its role, `input` or `output`, and its name."""

LABELS: dict[str, tuple[str, ...]] = {
    ROWS: (),
    DURATION: (),
    PREDICTIONS: (names.CLASS,),
    COHORT: (names.PREDICTED, names.ACTUAL),
    SCORES: (names.ACTUAL, names.BIN),
    DELAY: (),
    VALUES: (names.COLUMN_ROLE, names.COLUMN_NAME, names.BIN),
}


@dataclass(frozen=True)
class Collection:
    """What happened from `start` to `end`, seconds since the epoch by the sender's clock.

    `arrived` is when it was received, in seconds of a clock of this process.
    """

    start: float
    end: float
    arrived: float
    counts: Counts


@dataclass
class Baseline:
    """What the sender says the model was like on the data of its baseline.

    Attributes
    ----------
    cells : rows by (predicted, actual).
    performance : score by (metric, bound, window); the window is "" where the point has none.
    shares : of the rows, by column and bin.
    rows : by column.
    blocks : by column and window, the largest index of a block that long against the others.
    """

    cells: dict[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    performance: dict[tuple[str, str, str], float] = field(default_factory=dict[tuple[str, str, str], float])
    shares: defaultdict[Column, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))
    rows: dict[Column, float] = field(default_factory=dict[Column, float])
    blocks: defaultdict[Column, dict[str, float]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, point: Point) -> None:
        """Keep the newest value of a constant."""
        value = point.value or 0.0
        if point.name == names.BASELINE_CELLS.name:
            self.cells[_text(point, names.PREDICTED), _text(point, names.ACTUAL)] = value
        elif point.name == names.BASELINE_PERFORMANCE.name:
            key = (_text(point, names.METRIC), _text(point, names.BOUND), _text(point, names.WINDOW))
            self.performance[key] = value
        elif point.name == names.BASELINE_VALUES.name:
            self.shares[_column(point)][_text(point, names.BIN)] = value
        elif point.name == names.BASELINE_ROWS.name:
            self.rows[_column(point)] = value
        elif point.name == names.BASELINE_DRIFT.name:
            self.blocks[_column(point)][_text(point, names.WINDOW)] = value


class Arrivals:
    """Every collection that arrived, in order.

    Parameters
    ----------
    until
        Seconds since the epoch. What is stamped later is no part of the replay: the sender's last collection,
        at its exit, has the real clock's time.
    """

    def __init__(self, until: float) -> None:
        self.until = until
        self.collections: list[Collection] = []
        self.baseline = Baseline()
        self.bounds: dict[str, tuple[float, ...]] = {}
        self._before: dict[tuple[Hashable, int], Counts] = {}

    def add(self, points: Sequence[Point], arrived: float) -> Collection | None:
        """Take one export; returns what it added, or None where that is nothing of ours."""
        for point in points:
            self.baseline.add(point)
        wanted = [point for point in points if point.name in LABELS]
        end = max((point.time_ns for point in wanted), default=0) / 1e9
        if not wanted or end > self.until:
            return None
        counts: Counts = Counter()
        for point in wanted:
            counts.update(self._increment(point))
        born = min(point.start_ns for point in wanted) / 1e9
        start = self.collections[-1].end if self.collections else born
        self.collections.append(Collection(start, end, arrived, counts))
        return self.collections[-1]

    def since(self, start: float) -> list[Collection]:
        """Return the collections that began at `start` or later."""
        recent = takewhile(lambda collection: collection.start >= start, reversed(self.collections))
        return list(recent)[::-1]

    def _increment(self, point: Point) -> Counts:
        now = self._read(point)
        if point.temporality == "delta":
            return now
        series = (point.series, point.start_ns)
        before = self._before.get(series)
        self._before[series] = now
        return now if before is None else Counter({key: n - before[key] for key, n in now.items()})

    def _read(self, point: Point) -> Counts:
        labels = (point.name, *(_text(point, name) for name in LABELS[point.name]))
        if point.kind == "histogram":
            self.bounds[point.name] = point.bounds
            return Counter({(*labels, f"{i:02d}"): n for i, n in enumerate(point.counts)})
        return Counter({labels: int(point.value or 0)})


def total(collections: Iterable[Collection]) -> Counts:
    """Add up what happened during some collections."""
    counts: Counts = Counter()
    for collection in collections:
        counts.update(collection.counts)
    return counts


def of(counts: Counts, name: str) -> dict[tuple[str, ...], int]:
    """Pick one metric, by its labels alone.

    >>> of(Counter({("ml.predictions", "1"): 3, ("ml.inference.rows",): 7}), "ml.predictions")
    {('1',): 3}
    """
    return {key[1:]: n for key, n in counts.items() if key[0] == name}


def _column(point: Point) -> Column:
    return _text(point, names.COLUMN_ROLE), _text(point, names.COLUMN_NAME)


def _text(point: Point, name: str) -> str:
    return str(point.attributes.get(name, ""))
