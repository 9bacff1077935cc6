"""Intervals of proportions, and of what is made of proportions.

They take rows as independent.  Where days cluster they are too narrow: see :mod:`otelml.stats.bootstrap`.
"""

from __future__ import annotations

import math

Z = 1.959964
"""Quantile of the normal distribution for a two-sided 95 %."""


def wilson(successes: float, trials: float, z: float = Z) -> tuple[float, float]:
    """Score interval of a proportion; NaNs of no trials.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22:209-212.

    >>> low, high = wilson(8, 10)
    >>> round(low, 4), round(high, 4)
    (0.4902, 0.9433)
    """
    if trials <= 0:
        return math.nan, math.nan
    share = successes / trials
    weight = z * z / trials
    centre = (share + weight / 2) / (1 + weight)
    reach = z / (1 + weight) * math.sqrt(share * (1 - share) / trials + weight / (4 * trials))
    # At the ends the bound is the end itself; rounding would leave it 1e-17 beside it.
    low = 0.0 if successes <= 0 else centre - reach
    high = 1.0 if successes >= trials else centre + reach
    return low, high


def f1_interval(tp: float, fp: float, fn: float, z: float = Z) -> tuple[float, float]:
    """Interval of F1; NaNs where there is neither a positive row nor a positive prediction.

    ``J = tp / (tp + fp + fn)`` (the Jaccard index) is a proportion, and F1 is ``2 J / (1 + J)``, which
    increases with J: Wilson's interval of J is carried over.

    >>> low, high = f1_interval(30, 10, 20)
    >>> round(low, 3), round(high, 3)
    (0.548, 0.767)
    """
    low, high = wilson(tp, tp + fp + fn, z)
    return 2 * low / (1 + low), 2 * high / (1 + high)


def newcombe(first: tuple[float, float], second: tuple[float, float], z: float = Z) -> tuple[float, float]:
    """Interval of the difference of two independent proportions, first minus second.

    Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of
    eleven methods", Statistics in Medicine 17:873-890, method 10.

    Parameters
    ----------
    first, second : (successes, trials) each.

    >>> low, high = newcombe((56, 70), (48, 80))
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    if first[1] <= 0 or second[1] <= 0:
        return math.nan, math.nan
    share, other = first[0] / first[1], second[0] / second[1]
    low, high = wilson(*first, z)
    other_low, other_high = wilson(*second, z)
    difference = share - other
    return (
        difference - math.hypot(share - low, other_high - other),
        difference + math.hypot(high - share, other - other_low),
    )
