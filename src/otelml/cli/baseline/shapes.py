"""What a column looks like: heights of a little picture, and where it begins and ends."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.cli.baseline.writing import number, percent
from otelml.readings import BOOLEAN
from otelml.stats.binning import ABOVE, BELOW, MISSING, OTHER, CategoryBins, NumericBins

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.baseline.columns import Column
    from otelml.cli.baseline.writing import Glyphs

CELLS = 16
MOST_CATEGORY = 14
MOST_SHOWN = 3
TRUTH = {"0": "false", "1": "true"}


class Piece(NamedTuple):
    """A bin on the line of numbers; of one value both ends are that value."""

    low: float
    high: float
    rows: int


def pieces(bins: NumericBins, counts: tuple[int, ...]) -> Iterator[Piece]:
    """Ranges and single values, in order; without what is outside of them or missing.

    >>> list(pieces(NumericBins((-0.5, 12.5, 40.5), (0.0,)), (0, 3, 1, 2, 0, 9)))
    [Piece(low=0.0, high=0.0, rows=3), Piece(low=-0.5, high=12.5, rows=1), Piece(low=12.5, high=40.5, rows=2)]
    """
    values, ranges = iter(sorted(bins.values)), pairwise(bins.edges)
    for label, count in zip(bins.labels, counts, strict=True):
        if label in (BELOW, ABOVE, MISSING, OTHER):
            continue
        if label.partition(":")[2].startswith("="):
            value = next(values)
            yield Piece(value, value, count)
        else:
            yield Piece(*next(ranges), count)


def heights(column: Column) -> list[float]:
    """Heights of the bars that show how a column is distributed.

    The most frequent categories have a bar each.  The bins of numbers hold about as many rows each, and would all be
    of one height: so the line between the extremes is cut into cells of one width, and what a range holds is spread
    over it evenly.  Where every value has a bin to itself, it has a bar too.
    """
    bins = column.bins
    if isinstance(bins, CategoryBins):
        return [float(count) for count in column.counts[: min(len(bins.names), CELLS)]]
    found = list(pieces(bins, column.counts))
    if all(one.low == one.high or not one.rows for one in found):
        return [float(one.rows) for one in found if one.low == one.high]
    return _spread(found, bins.edges[0], bins.edges[-1])


def _spread(found: list[Piece], low: float, high: float) -> list[float]:
    with np.errstate(all="ignore"):  # numbers at the end of what a float can hold
        walls = np.linspace(low, high, CELLS + 1)
        cells = np.zeros(CELLS)
        for one in found:
            if one.low == one.high:
                cells[max(int(np.searchsorted(walls, one.low)) - 1, 0)] += one.rows
            else:
                within = np.minimum(one.high, walls[1:]) - np.maximum(one.low, walls[:-1])
                cells += one.rows * np.clip(within, 0, None) / (one.high - one.low)
        return np.nan_to_num(cells, posinf=0.0, neginf=0.0).tolist()


def extent(column: Column, glyphs: Glyphs) -> str:
    """Where numbers begin and end, about; which categories are most frequent, as shares of all rows."""
    bins = column.bins
    if isinstance(bins, NumericBins):
        return "" if not bins.edges else " to ".join(_ends(bins.edges[0], bins.edges[-1]))
    counted = sorted(zip(column.counts, bins.names, strict=False), key=lambda one: -one[0])
    if column.kind == BOOLEAN:
        counted = [(count, TRUTH[name]) for count, name in counted if name == "1"]
    shown = [f"{glyphs.text(name, MOST_CATEGORY)} {percent(count / column.rows)}" for count, name in counted if count]
    shown[MOST_SHOWN:] = [glyphs.ellipsis] if len(shown) > MOST_SHOWN else []
    others = column.counts[bins.labels.index(OTHER)]
    return ", ".join([*shown, *([f"others {percent(others / column.rows)}"] if others else [])])


def _ends(low: float, high: float) -> tuple[str, str]:
    """Edges are a thousandth outside of what was seen: without it, in as many digits as are known then."""
    margin = (high - low) / 2_000
    step = 10.0 ** (math.floor(math.log10(high - low)) - 2) if 0 < high - low < math.inf else 0.0
    ends = low + margin, high - margin
    rounded = [round(end / step) * step + 0.0 if step else end for end in ends]
    return number(rounded[0], 4) or "0", number(rounded[1], 4) or "0"
