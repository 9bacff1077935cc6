"""How often a week of the flights of January to March alarms against the other weeks, with and without the block term.

Asked: at most one week in thirteen a column; weeks differ by weather and holidays, so that a rule which knows of chance
alone alarms on most.  One week is left out at a time: the baseline, its bins and its block term are learned from the
twelve others.  The simpler reading, a baseline of all thirteen weeks and each of them against it, is beside it.
Run with `uv run python tests/benchmarks/flights_blocks.py`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.baseline.days import Days
from otelml.baseline.learning import learn
from otelml.recorders.tally import Tallier
from otelml.stats.divergence import BLOCKS, drifted, psi
from otelml.tables import table_of

if TYPE_CHECKING:
    from types import ModuleType

    import pandas as pd
    from numpy.typing import NDArray

    from otelml.baseline.columns import Column

FLIGHTS = Path(__file__).parents[2] / "examples" / "flights"
MONTHS = 1, 2, 3
WEEK, WINDOW = 7, "P7D"


class Judged(NamedTuple):
    """A week of a column against a baseline.

    Attributes
    ----------
    index : population stability index.
    blocks : the largest among blocks of the baseline.
    alone, both : whether it alarms without the block term, and with it.
    """

    index: float
    blocks: float
    alone: bool
    both: bool


def example() -> ModuleType:
    """The example's own reader."""
    sys.path.insert(0, str(FLIGHTS))
    try:
        return import_module("flights")
    finally:
        sys.path.remove(str(FLIGHTS))


def judged(column: Column, counts: NDArray[np.int64]) -> Judged:
    """Judge the rows of a week."""
    own, blocks = counts[: column.bins.size], column.drift[WINDOW]
    alone, both = drifted(own, column.counts), drifted(own, column.counts, blocks)
    return Judged(float(psi(own, column.counts)), blocks, bool(alone), bool(both))


def against(reference: pd.DataFrame, week: pd.DataFrame, features: list[str]) -> dict[str, Judged]:
    """Judge each column of a week against a baseline of some flights."""
    learned = learn(table_of(reference[features]), Days.of(reference["hour_start"], len(reference)))
    counts = Tallier(learned.columns, learned.embeddings).of(table_of(week[features])).counts
    return {column.name: judged(column, own) for column, own in zip(learned.columns, counts, strict=True)}


def show(title: str, weeks: list[dict[str, Judged]]) -> None:
    """Print how many weeks of each column alarm."""
    print(f"\n{title}")
    print(f"  {'':<16}{'without':>9}{'with':>6}{'median PSI':>12}{'largest':>9}{f'{BLOCKS} x blocks':>15}")
    alone = both = 0
    for name in weeks[0]:
        own = [week[name] for week in weeks]
        alone, both = alone + sum(one.alone for one in own), both + sum(one.both for one in own)
        indices, terms = [one.index for one in own], [BLOCKS * one.blocks for one in own]
        print(
            f"  {name:<16}{sum(one.alone for one in own):>9}{sum(one.both for one in own):>6}"
            f"{np.median(indices):>12.3f}{max(indices):>9.3f}{f'{min(terms):.3f} - {max(terms):.3f}':>15}"
        )
    total = len(weeks) * len(weeks[0])
    print(f"  {'of ' + format(total, ','):<16}{alone:>9}{both:>6}")


def main() -> None:
    """Print both tables."""
    reader = example()
    flights = reader.load()
    winter = flights[flights["month"].isin(MONTHS)].reset_index(drop=True)
    block = Days.of(winter["hour_start"], len(winter)).blocks(WEEK)
    weeks = range(int(block.max()) + 1)
    print(f"\n{len(winter):,} flights of January to March, {len(weeks)} weeks of "
          f"{np.bincount(block).min():,} flights or more")  # fmt: skip
    left_out = [against(winter[block != week], winter[block == week], reader.FEATURES) for week in weeks]
    show("weeks that alarm, each against a baseline of the twelve others", left_out)
    within = [against(winter, winter[block == week], reader.FEATURES) for week in weeks]
    show("weeks that alarm, each against a baseline of all thirteen", within)


if __name__ == "__main__":
    main()
