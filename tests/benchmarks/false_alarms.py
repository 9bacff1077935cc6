"""How often chance alone raises a drift alarm, and how often a moved column does.

Asked: over 100,000 windows without drift at most one alarm in 10,000, for windows of 200, 1,000 and 100,000 rows; and
of windows of 500 rows moved by half a standard deviation at least 99.9 % raise one, for continuous shapes.

The baseline is a sample too, so each rate is over many baselines and many windows of each.  Rows need not be drawn one
by one: the counts of a window's bins are multinomial, with shares that follow from the shape's distribution function at
the edges of the bins.  Run with `uv run python tests/benchmarks/false_alarms.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from otelml.stats.binning import CategoryBins, NumericBins
from otelml.stats.divergence import drifted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ROWS = 200, 1_000, 100_000
BASELINES = 50
WINDOWS = 2_000  # of each baseline
LEARNED_FROM = 1_000, 10_000, 100_000
MOVED_ROWS = 500


@dataclass(frozen=True)
class Numbers:
    """A column of numbers.

    Attributes
    ----------
    draw : generator, how many → numbers.
    reached : the share of the numbers up to and including each.
    sd : standard deviation.
    missing : share of the rows that hold no number.
    """

    draw: Callable[[np.random.Generator, int], Floats]
    reached: Callable[[Floats], Floats]
    sd: float
    missing: float = 0.0

    def rows(self, generator: np.random.Generator, n_rows: int) -> Floats:
        """Draw rows, NaN where one is missing."""
        return np.where(generator.random(n_rows) < self.missing, np.nan, self.draw(generator, n_rows))

    def learned(self, generator: np.random.Generator, n_rows: int) -> tuple[NumericBins, NDArray[np.int64]]:
        """Bins of a sample, and what is in them."""
        rows = self.rows(generator, n_rows)
        bins = NumericBins.learn(rows)
        return bins, bins.count(rows)

    def shares(self, bins: NumericBins, moved: float = 0.0) -> Floats:
        """Share of all rows there will ever be in each bin, `(n_bins,)`, where each number is `moved`."""
        cells = np.diff(self.reached(bins.cell_edges - moved), prepend=0.0, append=1.0)
        shares = np.bincount(bins.bin_of_cell, weights=cells * (1 - self.missing), minlength=bins.size)
        shares[-1] += self.missing
        return shares


@dataclass(frozen=True)
class Categories:
    """A column of categories, each with its share of the rows."""

    each: Floats

    def rows(self, generator: np.random.Generator, n_rows: int) -> list[str]:
        """Draw rows."""
        return [str(at) for at in generator.choice(len(self.each), n_rows, p=self.each)]

    def learned(self, generator: np.random.Generator, n_rows: int) -> tuple[CategoryBins, NDArray[np.int64]]:
        """Bins of a sample, and what is in them."""
        counts = Counter(self.rows(generator, n_rows))
        bins = CategoryBins.learn(counts)
        return bins, bins.count(counts)

    def shares(self, bins: CategoryBins) -> Floats:
        """Share of all rows there will ever be in each bin, `(n_bins,)`."""
        return np.bincount(bins.index([str(at) for at in range(len(self.each))]), self.each, bins.size)


def known(law: stats.rv_frozen, missing: float = 0.0) -> Numbers:
    """A column that follows one of SciPy's laws."""
    return Numbers(lambda generator, n: law.rvs(n, random_state=generator).astype(float), law.cdf, law.std(), missing)


def often(value: float, share: float, law: stats.rv_frozen) -> Numbers:
    """A column in which a share of the rows is one value, and the others follow a law."""

    def draw(generator: np.random.Generator, n_rows: int) -> Floats:
        return np.where(generator.random(n_rows) < share, value, law.rvs(n_rows, random_state=generator))

    spread = (1 - share) * (law.var() + share * (law.mean() - value) ** 2)
    return Numbers(draw, lambda x: share * (x >= value) + (1 - share) * law.cdf(x), spread**0.5)


def zipf(categories: int) -> Categories:
    """Categories each as often as one over its rank."""
    each = 1 / np.arange(1, categories + 1)
    return Categories(each / each.sum())


def long_tailed(frequent: int, rare: int, share: float) -> Categories:
    """Some frequent categories, and a share of the rows in many that hardly ever come twice."""
    return Categories(np.concatenate([(1 - share) * zipf(frequent).each, np.full(rare, share / rare)]))


CONTINUOUS = {"normal": known(stats.norm()), "log-normal": known(stats.lognorm(1.0))}
ASKED = {
    **CONTINUOUS,
    "zero-heavy": often(0.0, 0.7, stats.lognorm(1.0)),
    "binary": known(stats.bernoulli(0.3)),
    "zipf of 1,000": zipf(1_000),
}
OTHERS = {
    "uniform": known(stats.uniform()),
    "Cauchy": known(stats.cauchy()),
    "-999 or normal": often(-999.0, 0.1, stats.norm()),
    "normal, 20 % missing": known(stats.norm(), 0.2),
    "binary, 1 %": known(stats.bernoulli(0.01)),
    "Poisson, mean 3": known(stats.poisson(3.0)),
    "Poisson, mean 0.02": known(stats.poisson(0.02)),
    "zipf of 60": zipf(60),
    "zipf of 5": zipf(5),
    "1 % in a long tail": long_tailed(10, 5_000, 0.01),
    "5 % in a long tail": long_tailed(10, 5_000, 0.05),
}


def windows(
    shape: Numbers | Categories, generator: np.random.Generator, n_rows: int, learned_from: int, moved: float = 0.0
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Counts of `(WINDOWS, n_bins)` and of their baseline, a baseline after another."""
    for _ in range(BASELINES):
        bins, reference = shape.learned(generator, learned_from)
        # `moved` is a number's business.
        shares = shape.shares(bins, moved) if moved else shape.shares(bins)  # type: ignore[call-arg, arg-type]
        yield generator.multinomial(n_rows, shares / shares.sum(), size=WINDOWS), reference


def alarms(
    shape: Numbers | Categories, generator: np.random.Generator, n_rows: int, learned_from: int, moved: float = 0.0
) -> int:
    """How many of the windows of all baselines raise an alarm."""
    drawn = windows(shape, generator, n_rows, learned_from, moved)
    return sum(int(np.count_nonzero(drifted(counts, reference))) for counts, reference in drawn)


def main() -> None:
    """Print the tables."""
    total = BASELINES * WINDOWS
    print(
        f"\nalarms without drift, of {total:,} windows ({BASELINES} baselines, {WINDOWS:,} windows each); asked: ≤ 10"
    )
    print(f"  {'':<22}{'baseline of':<10}" + "".join(f"{f'n={n:,}':>12}" for n in ROWS))
    for name, shape in {**ASKED, **OTHERS}.items():
        for learned_from in LEARNED_FROM:
            generator = np.random.default_rng(0)
            counts = [alarms(shape, generator, n_rows, learned_from) for n_rows in ROWS]
            print(f"  {name:<22}{learned_from:>10,}" + "".join(f"{count:>12,}" for count in counts))
    print(f"\nalarms of {total:,} windows of {MOVED_ROWS} rows moved by half a standard deviation; asked: ≥ 99.9 %")
    for name, shape in {**CONTINUOUS, "zero-heavy": ASKED["zero-heavy"], "uniform": OTHERS["uniform"]}.items():
        for learned_from in LEARNED_FROM:
            count = alarms(shape, np.random.default_rng(0), MOVED_ROWS, learned_from, shape.sd / 2)
            print(f"  {name:<22}{learned_from:>10,}{count / total:>12.3%}")


if __name__ == "__main__":
    main()
