"""Area under the ROC curve: exact from scores, or from counts a bin that add up across processes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.confusion import ratio
from otelml.stats.intervals import Z

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def auc_from_bins(positives: ArrayLike, negatives: ArrayLike) -> NDArray[np.float64]:
    """Area under the ROC curve of scores of which only the bins are known.

    A positive and a negative in the same bin count as a tie.  The error is at most half the probability of
    such a tie, so it is exact where no bin holds both.

    Parameters
    ----------
    positives, negatives : (..., n_bins) counts by increasing score.

    Returns
    -------
    (...) areas; NaN where one class is missing.

    >>> float(auc_from_bins([0, 1, 3], [2, 2, 0]))
    0.9375
    """
    hits = np.asarray(positives, dtype=np.float64)
    misses = np.asarray(negatives, dtype=np.float64)
    below = np.cumsum(misses, axis=-1)
    pairs = hits.sum(axis=-1) * misses.sum(axis=-1)
    return np.asarray(ratio((hits * (below - misses / 2)).sum(axis=-1), pairs))


def roc_auc(scores: NDArray[Any], actual: NDArray[np.bool_]) -> float:
    """Exact area under the ROC curve, by ranks (Mann and Whitney 1947); tied scores share their mean rank.

    Parameters
    ----------
    scores : (n_rows,), higher for rows more likely to be positive.
    actual : (n_rows,) whether each is.

    Returns
    -------
    The area, or NaN where one class is missing.

    >>> roc_auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    _, tie, sizes = np.unique(scores, return_inverse=True, return_counts=True)
    last_rank = np.cumsum(sizes)
    ranks = (last_rank - (sizes - 1) / 2)[tie]
    n_positive = int(np.count_nonzero(actual))
    n_negative = len(scores) - n_positive
    if not n_positive or not n_negative:
        return math.nan
    wins = float(ranks[actual].sum()) - n_positive * (n_positive + 1) / 2
    return wins / (n_positive * n_negative)


def auc_standard_error(auc: float, n_positive: float, n_negative: float) -> float:
    """Estimate the standard error of an area under the ROC curve.

    Hanley and McNeil (1982), "The meaning and use of the area under a receiver operating characteristic (ROC)
    curve", Radiology 143:29-36.  It takes rows as independent, and is 0 for a perfect ranking.

    >>> round(auc_standard_error(0.9, 50, 50), 4)
    0.0321
    """
    both_positive = auc / (2 - auc)
    both_negative = 2 * auc**2 / (1 + auc)
    variance = (
        auc * (1 - auc) + (n_positive - 1) * (both_positive - auc**2) + (n_negative - 1) * (both_negative - auc**2)
    ) / (n_positive * n_negative)
    return math.sqrt(max(variance, 0.0))


def auc_interval(auc: float, n_positive: float, n_negative: float, z: float = Z) -> tuple[float, float]:
    """Two-sided interval from :func:`auc_standard_error`, cut to [0, 1]; NaNs where one class is missing.

    >>> low, high = auc_interval(0.9, 50, 50)
    >>> round(low, 3), round(high, 3)
    (0.837, 0.963)
    """
    if math.isnan(auc) or n_positive <= 0 or n_negative <= 0:
        return math.nan, math.nan
    reach = z * auc_standard_error(auc, n_positive, n_negative)
    return max(auc - reach, 0.0), min(auc + reach, 1.0)
