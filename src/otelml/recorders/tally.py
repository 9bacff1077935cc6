"""A table → what it adds to the bins, the moments and the violations of some columns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.baseline.columns import INPUT, MOST_COLUMNS, distinct
from otelml.baseline.learning import WHOLE
from otelml.readings import EMBEDDING, READERS, counted_texts, numbers_of, vectors_of
from otelml.stats.binning import ABOVE, BELOW, UNSEEN, NumericBins
from otelml.stats.limits import SAMPLE, SumLimits
from otelml.stats.matrix import Columns, Sums
from otelml.stats.moments import Moments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from otelml.baseline.columns import Column
    from otelml.stats.embedding import Embedding
    from otelml.tables import Table

    Floats = NDArray[np.float64]

MISSING_COLUMN, EXTRA_COLUMN, TYPE, RANGE, CATEGORY = "column_missing", "column_extra", "type", "range", "category"
MOST_LAYOUTS = 64
EXTRA = "other"  # names of columns that nobody declared are without end, and stay


@dataclass
class Tally:
    """What some rows add.

    Attributes
    ----------
    rows : how many they were.
    counts : (n_columns, most_bins) by column and bin; a column with fewer bins has zeros to the right.
    moments : (n_columns, 3) sums of z: positive, negative, squared.
    violations : by column's name and kind of violation.
    beyond : values that are in their bin, and too large for the sums.
    """

    rows: int
    counts: NDArray[np.int64]
    moments: Floats
    violations: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    beyond: int = 0

    def add(self, other: Tally) -> None:
        """Take in what other rows add."""
        self.rows += other.rows
        self.counts += other.counts
        self.moments += other.moments
        self.violations.update(other.violations)
        self.beyond += other.beyond


class Places(NamedTuple):
    """Where the sources of the columns are in tables of some layout, and how many of their columns are none of ours."""

    of: dict[str, int]
    extra: int


def reference_of(columns: Sequence[Column]) -> Floats:
    """What was in the bins of the baseline, laid out as a tally's counts: `(n_columns, most_bins)`."""
    reference = np.zeros((len(columns), max((column.bins.size for column in columns), default=0)))
    for at, column in enumerate(columns):
        reference[at, : len(column.counts)] = column.counts
    return reference


class Tallier:
    """Counts tables into the bins of some columns.

    Parameters
    ----------
    columns : of one role.
    embeddings : by source, of the columns that are parts of one.
    """

    def __init__(self, columns: Sequence[Column], embeddings: Mapping[str, Embedding]) -> None:
        self.columns, self._embeddings = tuple(columns), embeddings
        self.most_bins = max((column.bins.size for column in columns), default=0)
        self.sources = tuple(dict.fromkeys(column.source for column in columns))
        self._numeric = [at for at, column in enumerate(columns) if isinstance(column.bins, NumericBins)]
        self._others = [at for at, column in enumerate(columns) if not isinstance(column.bins, NumericBins)]
        self._plain = [at for at in self._numeric if columns[at].part is None]
        numeric = [columns[at] for at in self._numeric]
        bins = [column.bins for column in numeric if isinstance(column.bins, NumericBins)]
        self._kernel = Columns(
            [one.cell_edges.tolist() for one in bins],
            [column.scale[0] for column in numeric],
            [column.scale[1] for column in numeric],
        )
        # The bin of each cell, as a place in the flattened counts; a cell that only pads counts nothing.
        cells = len(self._kernel.edges) + 1
        places = [np.pad(one.bin_of_cell, (0, cells - len(one.bin_of_cell)), mode="edge") for one in bins]
        first = [at * self.most_bins for at in self._numeric]
        self._cells = np.concatenate([p + f for p, f in zip(places, first, strict=True)]) if bins else np.empty(0, int)
        self._missing = [column.bins.size - 1 for column in columns]
        self._violating = {RANGE: self._mask(BELOW, ABOVE), CATEGORY: self._mask(UNSEEN)}
        self._places: dict[tuple[tuple[str, ...] | None, int], Places] = {}
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with empty sums, as a forked child does."""
        self._limits = SumLimits([self.columns[at].sd is not None for at in self._numeric])

    def _mask(self, *labels: str) -> NDArray[np.bool_]:
        """Which bins have one of the labels; `(n_columns, most_bins)`."""
        mask = np.zeros((len(self.columns), self.most_bins), dtype=np.bool_)
        for at, column in enumerate(self.columns):
            mask[at, : column.bins.size] = [label in labels for label in column.bins.labels]
        return mask

    def nothing(self) -> Tally:
        """A tally of no rows."""
        shape = len(self.columns), self.most_bins
        return Tally(0, np.zeros(shape, dtype=np.int64), np.zeros((shape[0], 3)))

    def of(self, table: Table) -> Tally:
        """Count a table."""
        tally = self.nothing()
        tally.rows = table.rows
        if not table.rows:
            return tally
        places = self._find(table)
        self._count_numbers(table, places, tally)
        for at in self._others:
            column = self.columns[at]
            place = places.of.get(column.source)
            if place is not None:
                counted = column.bins.count(counted_texts(table.column(place)))  # type: ignore[arg-type]
                tally.counts[at, : len(counted)] = counted
        self._violate(table.rows, places, tally)
        return tally

    def of_categories(self, counts: Mapping[str | None, int]) -> Tally:
        """Count the one column that there is, of categories, given as how often each occurs, None where missing."""
        tally, (column,) = self.nothing(), self.columns
        tally.rows = sum(counts.values())
        counted = column.bins.count(counts)  # type: ignore[arg-type]
        tally.counts[0, : len(counted)] = counted
        return tally

    def _find(self, table: Table) -> Places:
        layout = table.names, table.width
        places = self._places.get(layout)
        if places is None:
            places = self._placed(*layout)
            if len(self._places) < MOST_LAYOUTS:
                self._places[layout] = places
        return places

    def _placed(self, names: tuple[str, ...] | None, width: int) -> Places:
        """By name; by place where the rows have no names, or none that is known, as a bare array has."""
        if self.sources == (WHOLE,) and WHOLE in self._embeddings:
            return Places({WHOLE: 0}, 0)
        known = {} if names is None else {name: at for at, name in enumerate(distinct(names))}
        found = {source: known[source] for source in self.sources if source in known}
        if not found and (names is None or width == len(self.sources)):
            beyond = max(width - len(self.sources), 0) if len(self.columns) < MOST_COLUMNS else 0
            return Places(dict(zip(self.sources, range(width), strict=False)), beyond)
        # Of more columns than a baseline holds, nobody knows any more which are none of the model's.
        return Places(found, width - len(found) if len(self.columns) < MOST_COLUMNS else 0)

    def _count_numbers(self, table: Table, places: Places, tally: Tally) -> None:
        if not self._numeric:
            return
        matrix = self._matrix(table, places, tally)
        sums = self._kernel.sums(matrix)
        moments = self._bounded(matrix, sums, tally)
        flat = np.bincount(self._cells, weights=sums.cells.ravel(), minlength=tally.counts.size)
        tally.counts += flat.astype(np.int64).reshape(tally.counts.shape)
        for row, at in enumerate(self._numeric):
            tally.counts[at, self._missing[at]] += sums.missing[row]
            tally.moments[at] = moments[row]

    def _bounded(self, matrix: NDArray[Any], sums: Sums, tally: Tally) -> Floats:
        """The moments, `(n_numeric, 3)`, without what would absorb all that is added later."""
        moments, limits = sums.moments, self._limits
        if self.columns[0].role == INPUT:  # of outputs, `Outputs` counts what is not finite
            tally.beyond += int(sums.infinite.sum())
        for row in limits.learning:
            limits.learn(row, self._kernel.standardised(matrix[:SAMPLE], row))
        fits = limits.fits(sums.rows - sums.missing - sums.infinite, moments[:, 2])
        for row in np.flatnonzero(~fits).tolist():
            z = self._kernel.standardised(matrix, row)
            kept = limits.kept(row, z)
            beyond = int(np.count_nonzero(np.isfinite(z) & ~kept))
            if beyond:
                tally.beyond += beyond
                some = Moments.of(z[kept])
                moments[row] = some.positive, some.negative, some.squared
        return moments

    def _matrix(self, table: Table, places: Places, tally: Tally) -> NDArray[Any]:
        """The numbers of the numeric columns, `(rows, n_numeric)`; the caller's own matrix where it is that already."""
        if table.numeric and table.matrix is not None and len(self._plain) == len(self._numeric):
            wanted = [places.of.get(self.columns[at].source, -1) for at in self._numeric]
            if wanted == list(range(table.width)):
                return self._restored(table.matrix)
            if min(wanted, default=-1) >= 0:
                return self._restored(table.matrix[:, wanted])
        matrix = np.full((table.rows, len(self._numeric)), np.nan)
        vectors: dict[str, dict[str, Floats]] = {}
        for row, at in enumerate(self._numeric):
            column = self.columns[at]
            place = places.of.get(column.source)
            if place is None:
                continue
            if column.kind == EMBEDDING:
                if column.source not in vectors:
                    vectors[column.source] = self._parts(column, table, place, tally)
                matrix[:, row] = vectors[column.source][column.part or ""]
            else:
                held = table.column(place)
                matrix[:, row], mistyped = READERS[column.part](held)
                if held.dtype == np.float16 and isinstance(column.bins, NumericBins):
                    matrix[:, row] = column.bins.restored(matrix[:, row])
                if mistyped:
                    tally.violations[column.name, TYPE] += mistyped
        return matrix

    def _restored(self, matrix: NDArray[Any]) -> NDArray[Any]:
        """Numbers of half precision as the values that they were; others as they are."""
        if matrix.dtype != np.float16:
            return matrix
        bins = (self.columns[at].bins for at in self._numeric)
        each = [one.restored(matrix[:, row]) for row, one in enumerate(bins) if isinstance(one, NumericBins)]
        return np.column_stack(each)

    def _parts(self, column: Column, table: Table, place: int, tally: Tally) -> dict[str, Floats]:
        embedding = self._embeddings[column.source]
        dimensions = len(embedding.centroid)
        if column.source == WHOLE and table.width == dimensions:
            vectors, mistyped = _laid_out(table)
        else:
            vectors, mistyped = vectors_of(table.column(place), dimensions)
        if mistyped:
            tally.violations[column.name, TYPE] += mistyped
        return embedding.parts(vectors)

    def _violate(self, rows: int, places: Places, tally: Tally) -> None:
        if len(places.of) < len(self.sources):
            for at, column in enumerate(self.columns):
                if column.source not in places.of:
                    tally.counts[at] = 0
                    tally.counts[at, self._missing[at]] = rows
                    tally.violations[column.name, MISSING_COLUMN] += rows
        for violation, mask in self._violating.items():
            counts = (tally.counts * mask).sum(axis=1)
            for at in np.flatnonzero(counts):
                tally.violations[self.columns[at].name, violation] += int(counts[at])
        if places.extra:
            tally.violations[EXTRA, EXTRA_COLUMN] += rows * places.extra


def _laid_out(table: Table) -> tuple[Floats, int]:
    """All columns as one `(rows, width)` matrix, and how many values are no numbers."""
    if table.numeric:
        return np.asarray(table.matrix, dtype=np.float64), 0
    read = [numbers_of(table.column(at)) for at in range(table.width)]
    return np.column_stack([numbers for numbers, _ in read]), sum(mistyped for _, mistyped in read)
