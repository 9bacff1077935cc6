"""Bins of scores and values, chosen from the baseline's rows so that every replica has the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otelml.stats.histogram import count_bins

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

MOST_BOUNDS = 31
PER_CLASS = 15


def quantile_bounds(groups: Iterable[NDArray[np.float64]], each: int, extra: Iterable[float] = ()) -> tuple[float, ...]:
    """`each` quantiles of every group and the `extra` bounds, in order, none twice.

    Quantiles are rounded to six digits, which is what their labels show; an extra bound stays as it is.

    >>> quantile_bounds([np.arange(100.0)], 3, [50.0])
    (24.75, 49.5, 50.0, 74.25)
    """
    levels = np.arange(1, each + 1) / (each + 1)
    drawn = [np.quantile(group, levels) for group in groups if len(group)]
    rounded = {float(f"{bound:.6g}") for bounds in drawn for bound in bounds.tolist()}
    return tuple(sorted(rounded | {float(bound) for bound in extra}))


def counts_by_class(
    scores: NDArray[np.float64], actual: NDArray[np.intp], classes: tuple[str, ...], bounds: tuple[float, ...]
) -> dict[str, tuple[int, ...]]:
    """Count the scores a bin, apart for each class that the rows really had."""
    edges = np.array(bounds)
    return {
        label: tuple(count_bins(scores[actual == position], edges).tolist()) for position, label in enumerate(classes)
    }
