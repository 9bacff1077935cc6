"""How much a metric varies from one window of days to the next, when rows of a day go together.

Rows of one day share weather, campaigns and outages.  An interval that takes rows as independent is then far
too narrow; resampling whole days keeps what a day has in common (Davison and Hinkley 1997, "Bootstrap Methods
and their Application", section 3.8).

The days known are themselves a draw: a window is drawn from resampled days, not from the days as they are.
Its variance is then that of a window plus that of what is known, as in a prediction interval; without the
second, four weeks judged by one month of days would fall outside 15 times in 100 instead of 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def block_bootstrap(
    statistics: NDArray[np.float64],
    days_per_window: int,
    metric: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval in which a metric of one window of days stays.

    Parameters
    ----------
    statistics : (n_days, k) sums a day from which the metric is made (confusion counts, counts a bin).
    days_per_window : how many days a window has; each is drawn with replacement.
    metric : sums (..., k) → metric (...).
    draws : how many windows are drawn.
    seed : of the generator; the same data gives the same interval.
    level : share of the windows that stay inside.

    Returns
    -------
    Lower and upper quantile of the windows in which the metric is defined; NaNs when there is none.

    Raises
    ------
    ValueError
        When there is no day, or the window has none.

    >>> days = np.array([[8.0, 10.0], [2.0, 10.0], [5.0, 10.0]])
    >>> block_bootstrap(days, 1, lambda sums: sums[..., 0] / sums[..., 1])
    (0.2, 0.8)
    """
    n_days = len(statistics)
    if n_days < 1 or days_per_window < 1:
        raise ValueError(f"a window of {days_per_window} days cannot be drawn from {n_days}")
    times = _times_drawn(np.random.default_rng(seed), n_days, days_per_window, draws)
    # How often each day is drawn is all that a window's sums need: one matrix product instead of a gather.
    values = metric(times @ statistics)
    values = values[~np.isnan(values)]
    if not len(values):
        return math.nan, math.nan
    tail = (1 - level) / 2
    lower, upper = np.quantile(values, [tail, 1 - tail])
    return float(lower), float(upper)


def _times_drawn(rng: np.random.Generator, n_days: int, days_per_window: int, draws: int) -> NDArray[np.float64]:
    """How often each day is in each window, (draws, n_days): days first, then a window of these days."""
    known = rng.integers(n_days, size=(draws, n_days))
    drawn = np.take_along_axis(known, rng.integers(n_days, size=(draws, days_per_window)), axis=1)
    flat = np.bincount((drawn + n_days * np.arange(draws)[:, None]).ravel(), minlength=draws * n_days)
    return np.reshape(flat, (draws, n_days)).astype(np.float64)
