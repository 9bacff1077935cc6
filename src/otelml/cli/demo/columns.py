"""The columns that moved: what their bins hold over a stretch of time, against the rows of the baseline.

Both sides are counts that arrived: `ml.column.values`, and `ml.baseline.values` times `ml.baseline.rows`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from otelml.baseline.columns import INPUT, OUTPUT
from otelml.baseline.days import WINDOWS
from otelml.cli.demo.arrivals import VALUES, of
from otelml.stats.binning import ABOVE, BELOW
from otelml.stats.divergence import drifted, psi

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from otelml.cli.demo.arrivals import Baseline, Column, Counts

WEEK, MONTH = 7, 28
"""Days that a stretch has at least."""


class Shift(NamedTuple):
    """How far one column is from the baseline.

    Attributes
    ----------
    role, name : of the column; the role is `input` or `output`.
    rows : that were counted.
    psi : population stability index against the baseline's rows.
    moved : the index is large enough to matter, no chance, and more than the baseline's own blocks differ by.
    below, above : shares of the rows that are outside of all that the baseline holds.
    """

    role: str
    name: str
    rows: int
    psi: float
    moved: bool
    below: float
    above: float


def shifts(counts: Counts, baseline: Baseline, days: int) -> list[Shift]:
    """Compare every column that the baseline knows, the farthest first.

    Parameters
    ----------
    counts : increments of `ml.column.values`.
    days : of the stretch of time that they are of.
    """
    counted: defaultdict[Column, dict[str, int]] = defaultdict(dict)
    for (role, name, label), number in of(counts, VALUES).items():
        counted[role, name][label] = number
    known = [column for column, bins in counted.items() if baseline.rows.get(column) and any(bins.values())]
    found = [_shift(column, counted[column], baseline, days) for column in known]
    return sorted(found, key=lambda shift: (-shift.psi, shift.name))


def inputs(found: Iterable[Shift]) -> list[Shift]:
    """Pick what the model is asked."""
    return [shift for shift in found if shift.role == INPUT]


def outputs(found: Iterable[Shift]) -> list[Shift]:
    """Pick what it answers."""
    return [shift for shift in found if shift.role == OUTPUT]


def _shift(column: Column, bins: Mapping[str, int], baseline: Baseline, days: int) -> Shift:
    shares, rows = baseline.shares[column], sum(bins.values())
    labels = sorted({*bins, *shares})
    window = [bins.get(label, 0) for label in labels]
    reference = [shares.get(label, 0.0) * baseline.rows[column] for label in labels]
    return Shift(
        *column,
        rows=rows,
        psi=float(psi(window, reference)),
        moved=bool(drifted(window, reference, block_index(baseline.blocks[column], days))),
        below=bins.get(BELOW, 0) / rows,
        above=bins.get(ABOVE, 0) / rows,
    )


def block_index(blocks: Mapping[str, float], days: int) -> float:
    """Pick the index of the baseline's blocks of the longest window that is known and no longer than the stretch.

    Longer stretches differ less: a month against blocks of weeks takes more to have moved, and never less.

    >>> block_index({"P1D": 0.6, "P7D": 0.2}, days=28), block_index({}, days=28)
    (0.2, 0.0)
    """
    known = [window for window, length in WINDOWS.items() if window in blocks and length <= days]
    return blocks[known[-1]] if known else 0.0
