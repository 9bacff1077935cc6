"""The bins of a column: one vocabulary for numbers and categories, fixed once and shared by every replica.

A column of numbers is cut into ranges of about equal size; what lies `below` or `above` all that was seen, and what is
`missing`, are bins too, and a value that many rows share has a bin to itself.  A column of categories has a bin for
each frequent one, and `other`, `unseen` and `missing`.  Whatever a row holds, it is in one bin: bins sum to rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

import numpy as np

from otelml.stats.categories import mark_of, marks_of, most_frequent
from otelml.stats.precision import DOUBLE, Twin, ceilings, half_twins, halves_of, kind_of, steps_below
from otelml.stats.quantiles import frequent_values, outer_edges, quantile_edges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

BELOW, ABOVE, MISSING, OTHER, UNSEEN = "below", "above", "missing", "other", "unseen"
FREQUENT = 0.05  # share of the rows above which a value has a bin to itself
RANGES = 10
MOST_NAMED = 20
FEWEST_ROWS = 10  # of a range, and of a value or category that has a bin to itself
NEW = 0.002  # share of the rows that new categories may be before they are expected
SINGLE = 1e-7  # how far single precision may take a value, as a share of it


@dataclass(frozen=True)
class NumericBins:
    """Bins of a column of numbers.

    Attributes
    ----------
    edges : upper-inclusive; the first and the last are just outside of what was seen.  A column without numbers has
        none.
    values : those that have a bin to themselves; they are in none of the ranges.
    precision : `half`, `single` or `double`: what is one number in it is one value, on one side of an edge.

    >>> bins = NumericBins((-0.5, 12.5, 40.5), (0.0,))
    >>> bins.labels
    ('below', '00:=0', '01:(min,12.5]', '02:(12.5,max]', 'above', 'missing')
    >>> bins.count(np.array([0.0, 1.0, 12.5, 99.0, np.nan])).tolist()
    [0, 1, 2, 0, 1, 1]
    """

    edges: tuple[float, ...]
    values: tuple[float, ...] = ()
    precision: str = DOUBLE
    labels: tuple[str, ...] = field(init=False, compare=False)
    positions: tuple[float, ...] = field(init=False, compare=False, repr=False)
    cell_edges: Floats = field(init=False, compare=False, repr=False)
    bin_of_cell: NDArray[np.intp] = field(init=False, compare=False, repr=False)
    _halves: dict[float, float] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if any(high <= low for low, high in pairwise(self.edges)) or len(self.edges) == 1:
            raise ValueError(f"edges have to increase, and to be none or two at least: {self.edges}")
        order = self._in_order()
        number = {one: position for position, one in enumerate(order)}
        cells, bins = self._cells(number)
        for name, value in (
            ("labels", (*_labels(order, self.edges), MISSING)),
            ("positions", tuple(_position(one, self.edges) for one in order)),
            ("cell_edges", cells),
            ("bin_of_cell", bins),
            ("_halves", halves_of(self.values)),
        ):
            object.__setattr__(self, name, value)

    def _in_order(self) -> list[_Bin]:
        """Bins by where they are; within a range, the values that were taken out of it come first."""
        ranges = [_Bin(at, None) for at in range(len(self.edges) + 1)]
        values = [_Bin(int(np.searchsorted(self.edges, value)), value) for value in self.values]
        return sorted([*values, *ranges], key=lambda one: (one.range, one.value is None, one.value or 0.0))

    def _cells(self, number: dict[_Bin, int]) -> tuple[Floats, NDArray[np.intp]]:
        """Edges of the cells that the line is cut into, and the bin of each cell."""
        around = list(_around(self.values, self.precision))
        outer = {edge for low, high, _ in around for edge in (low, high)}
        limits = ceilings(np.array(self.edges, dtype=np.float64), self.precision).tolist()
        edges = np.array(sorted({*limits, *outer}), dtype=np.float64)
        places = np.searchsorted(self.edges, [*edges.astype(kind_of(self.precision)).astype(np.float64), np.inf])
        bins = np.array([number[_Bin(at, None)] for at in places.tolist()], dtype=np.intp)
        for low, high, value in around:
            own = slice(int(np.searchsorted(edges, low)) + 1, int(np.searchsorted(edges, high)) + 1)
            bins[own] = number[_Bin(int(np.searchsorted(self.edges, value)), value)]
        return edges, bins

    def restored(self, numbers: Floats) -> Floats:
        """Numbers that were held in half precision, with those values back that have a bin to themselves.

        >>> NumericBins((0.0, 100.0), (99.95,)).restored(np.array([99.95, 0.5], dtype=np.float16)).tolist()
        [99.95, 0.5]
        """
        wide = np.asarray(numbers, dtype=np.float64)
        back = np.array(wide)
        for half, value in self._halves.items():
            back[wide == half] = value
        return back

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.labels)

    def count(self, numbers: Floats) -> NDArray[np.int64]:
        """Count `(n_rows,)` numbers, NaN as missing; `(size,)`."""
        return np.bincount(self.index(numbers), minlength=self.size).astype(np.int64, copy=False)

    def index(self, numbers: Floats) -> NDArray[np.intp]:
        """Position of each number's bin, `(n_rows,)`."""
        cells = np.minimum(np.searchsorted(self.cell_edges, numbers), len(self.cell_edges))  # NaN is past the last
        return np.where(np.isnan(numbers), self.size - 1, self.bin_of_cell[cells])

    @classmethod
    def learn(cls, numbers: Floats, precision: str = DOUBLE) -> NumericBins:
        """Choose bins for `(n_rows,)` numbers, of which some may be NaN or infinite.

        Parameters
        ----------
        precision : that the numbers were held in before they were float64.

        >>> NumericBins.learn(np.repeat([0.0, 1.0], 50)).labels
        ('below', '00:=0', '01:=1', '02:(min,max]', 'above', 'missing')
        """
        finite = numbers[np.isfinite(numbers)] + 0.0  # of two zeros the negative one would be written "-0"
        if not len(finite):
            return cls((), (), precision)
        values, counts = np.unique(finite, return_counts=True)
        own = frequent_values(values, counts, max(FREQUENT * len(numbers), FEWEST_ROWS))
        rest = ~np.isin(values, own)
        low, high = outer_edges(float(values[0]), float(values[-1]))
        inner: tuple[float, ...] = ()
        if rest.any():
            rows = int(counts[rest].sum())
            ranges = max(1, min(round(RANGES * rows / len(finite)), rows // FEWEST_ROWS))
            inner = quantile_edges(values[rest], counts[rest], ranges)
        return cls((low, *inner, high), tuple(own.tolist()), precision)


@dataclass(frozen=True)
class _Bin:
    """A range, or a value that has a bin to itself and the range that it was taken from."""

    range: int
    value: float | None


def _around(values: tuple[float, ...], precision: str) -> Iterator[tuple[float, float, float]]:
    """Edges of each part of the bin of each value, and the value."""
    yield from _alike(values) if precision == DOUBLE else _rounded_alike(values, precision)


def _alike(values: tuple[float, ...]) -> Iterator[tuple[float, float, float]]:
    """The bin of a value: of itself, and of what single precision makes of it, and half precision.

    Whole numbers above 2**24 come out as one another: what is a value itself is nobody else's.
    """
    with np.errstate(over="ignore"):
        singles = {value: float(np.float32(value)) for value in sorted(values)}
    owner = {single: value for value, single in singles.items() if abs(single - value) <= SINGLE * abs(value)}
    owner |= {value: value for value in values}
    held: list[Twin] = []
    for value, points in groupby(sorted(owner), key=lambda point: owner[point]):
        own = list(points)
        held.append((math.nextafter(own[0], -math.inf), own[-1], value))
    yield from held
    yield from half_twins(values, held)


def _rounded_alike(values: tuple[float, ...], precision: str) -> Iterator[tuple[float, float, float]]:
    """The bin of a value: of all that rounds to it, and of what half precision makes of it."""
    own = np.array(values, dtype=np.float64)
    lows, highs = steps_below(own, precision), ceilings(own, precision)
    held = list(zip(lows.tolist(), highs.tolist(), values, strict=True))
    yield from held
    yield from half_twins(values, held)


def _labels(order: Sequence[_Bin], edges: tuple[float, ...]) -> list[str]:
    """A text a bin; the extremes of what was seen are somebody's, and are not in it."""
    texts = _texts(edges)
    values = [one.value for one in order if one.value is not None]
    value_texts = dict(zip(values, _texts(values), strict=True))
    labels: list[str] = []
    numbered = 0
    for one in order:
        text = _label(one, texts) if one.value is None else f"={value_texts[one.value]}"
        if text not in (BELOW, ABOVE, OTHER):
            text, numbered = f"{numbered:02d}:{text}", numbered + 1
        labels.append(text)
    return labels


def _texts(edges: Sequence[float]) -> list[str]:
    short = [f"{edge:.6g}" for edge in edges]
    return short if len(set(short)) == len(short) else [repr(edge) for edge in edges]


def _label(one: _Bin, texts: list[str]) -> str:
    if not texts:  # no number was seen: whatever comes is none of those
        return OTHER
    if one.range in (0, len(texts)):
        return ABOVE if one.range else BELOW
    low = "min" if one.range == 1 else texts[one.range - 1]
    high = "max" if one.range == len(texts) - 1 else texts[one.range]
    return f"({low},{high}]"


def _position(one: _Bin, edges: tuple[float, ...]) -> float:
    """Where the rows of a bin are taken to be: in the middle of a range, at the edge of an open one."""
    if one.value is not None:
        return one.value
    if not edges:
        return 0.0
    ends = edges[max(one.range - 1, 0)], edges[min(one.range, len(edges) - 1)]
    return ends[0] / 2 + ends[1] / 2


@dataclass(frozen=True)
class CategoryBins:
    """Bins of a column of categories.

    Attributes
    ----------
    names : those that have a bin each, the most frequent first.
    marks : of all others that were seen; None where they were too many to tell known from new.
    shown : texts of the bins, where the names are public; else they are numbered.

    >>> bins = CategoryBins(("ham", "spam"), ())
    >>> bins.labels, bins.count({"ham": 3, "eggs": 1, None: 2}).tolist()
    (('cat:00', 'cat:01', 'other', 'unseen', 'missing'), [3, 0, 0, 1, 2])
    """

    names: tuple[str, ...]
    marks: tuple[str, ...] | None = ()
    shown: tuple[str, ...] | None = None
    labels: tuple[str, ...] = field(init=False, compare=False)
    _bins: dict[str, int] = field(init=False, compare=False, repr=False)
    _marks: frozenset[str] | None = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        own = [f"cat:{at:02d}" for at in range(len(self.names))] if self.shown is None else self.shown
        object.__setattr__(self, "labels", (*own, OTHER, UNSEEN, MISSING))
        object.__setattr__(self, "_bins", {name: at for at, name in enumerate(self.names)})
        object.__setattr__(self, "_marks", None if self.marks is None else frozenset(self.marks))

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.labels)

    def count(self, categories: Mapping[str | None, int]) -> NDArray[np.int64]:
        """Count categories, given as how often each occurs, with None as missing; `(size,)`."""
        counts = np.zeros(self.size, dtype=np.int64)
        for name, count in categories.items():
            counts[self._bin_of(name)] += count
        return counts

    def index(self, categories: Sequence[str | None]) -> NDArray[np.intp]:
        """Position of each category's bin, `(n_rows,)`."""
        known = {name: self._bin_of(name) for name in set(categories)}
        return np.fromiter((known[name] for name in categories), dtype=np.intp, count=len(categories))

    def _bin_of(self, name: str | None) -> int:
        if name is None:
            return self.size - 1
        at = self._bins.get(name)
        if at is not None:
            return at
        known = self._marks is None or mark_of(name) in self._marks
        return self.size - (3 if known else 2)

    @classmethod
    def learn(cls, categories: Mapping[str | None, int]) -> CategoryBins:
        """Choose bins for categories, given as how often each occurs."""
        seen = {name: count for name, count in categories.items() if name is not None}
        names = most_frequent({name: count for name, count in seen.items() if count >= FEWEST_ROWS}, MOST_NAMED)
        once = sum(count == 1 for count in seen.values())
        # What was seen once is about as much as was not seen at all (Good 1953): then new names are nothing new.
        marks = None if once > NEW * sum(categories.values()) else marks_of(seen, names)
        return cls(names, marks)


Bins = NumericBins | CategoryBins
