"""How much blocks of the baseline's own days differ: a later window that differs no more is no news."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otelml.baseline.columns import Limits, rounded
from otelml.baseline.days import WINDOWS, Days
from otelml.stats.divergence import FEWEST, psi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from otelml.stats.binning import Bins

    Floats = NDArray[np.float64]

FEWEST_BLOCKS = 3


def _blocks(days: Days) -> Iterator[tuple[str, NDArray[np.int64], NDArray[np.bool_]]]:
    """By window the block of each row, `(n_rows,)`, and which blocks are judged, `(n_blocks,)`.

    Of windows of which there are three whole blocks at least, each with the rows that a rule asks for.
    """
    for window, length in WINDOWS.items():
        block = days.blocks(length)
        rows = np.bincount(block)
        large = (rows >= FEWEST) & (np.arange(len(rows)) < days.whole_blocks(length))
        if np.count_nonzero(large) >= FEWEST_BLOCKS:
            yield window, block, large


def block_drift(bins: Bins, index: NDArray[np.intp], days: Days) -> dict[str, float]:
    """By window, the largest population stability index of one block against all the others.

    Parameters
    ----------
    index : (n_rows,) the bin of each row.
    """
    found: dict[str, float] = {}
    for window, block, large in _blocks(days):
        counts = np.bincount(block * bins.size + index, minlength=len(large) * bins.size).reshape(-1, bins.size)
        indices = psi(counts[large], counts.sum(axis=0) - counts[large])
        found[window] = float(f"{np.nanmax(indices):.6g}")
    return found


def block_moments(numbers: Floats, scale: tuple[float, float], days: Days) -> dict[str, dict[str, Limits]]:
    """By window, within what the `mean` and the population `variance` of a block stay.

    Parameters
    ----------
    numbers : (n_rows,) finite.
    scale : mean and standard deviation of all of them: where nothing varies nothing can be judged by it.
    """
    centre, deviation = scale
    found: dict[str, dict[str, Limits]] = {}
    for window, block, large in _blocks(days):
        rows = np.maximum(np.bincount(block), 1)
        apart = numbers - centre  # or the squares of what lies far from 0 lose their digits
        means = np.bincount(block, apart) / rows
        variances = np.bincount(block, (apart - means[block]) ** 2) / rows
        found[window] = {
            "mean": _limits(centre + means[large], deviation),
            "variance": _limits(variances[large], deviation**2),
        }
    return found


def _limits(values: Floats, unit: float) -> Limits:
    return Limits(rounded(float(values.min()), unit), rounded(float(values.max()), unit))
