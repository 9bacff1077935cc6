"""How well scores are probabilities: proper scores of rows, and calibration error from counts a bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.confusion import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-15


def brier(scores: NDArray[Any], actual: NDArray[Any]) -> float:
    """Mean squared distance of the probability from what happened (Brier 1950); NaN of no rows.

    Parameters
    ----------
    scores : (n_rows,) probability of the positive class.
    actual : (n_rows,) 1 where it is the positive class, else 0.

    >>> brier(np.array([0.5, 1.0]), np.array([0, 1]))
    0.125
    """
    error = np.asarray(scores, dtype=np.float64) - np.asarray(actual, dtype=np.float64)
    return float(np.mean(error**2)) if error.size else float("nan")


def log_loss(scores: NDArray[Any], actual: NDArray[Any], epsilon: float = EPSILON) -> float:
    """Mean negative log likelihood, of probabilities clipped to [epsilon, 1 - epsilon]; NaN of no rows.

    Clipped, because one confident mistake would make it infinite for good.

    >>> round(log_loss(np.array([0.5, 0.5]), np.array([0, 1])), 4)
    0.6931
    """
    clipped = np.minimum(np.maximum(np.asarray(scores, dtype=np.float64), epsilon), 1 - epsilon)
    hit = np.asarray(actual, dtype=bool)
    loss = -np.where(hit, np.log(clipped), np.log1p(-clipped))
    return float(np.mean(loss)) if loss.size else float("nan")


def expected_calibration_error(counts: ArrayLike, positives: ArrayLike, score_sums: ArrayLike) -> NDArray[np.float64]:
    """Distance of the mean score from the share of positives, a bin, weighted by the bin's rows.

    Naeini, Cooper and Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian binning",
    AAAI.

    Parameters
    ----------
    counts, positives, score_sums : (..., n_bins) rows, positive rows and sum of the scores.

    Returns
    -------
    (...) errors; NaN where there are no rows.

    >>> float(expected_calibration_error([10, 10], [1, 8], [2.0, 9.0]))
    0.1
    """
    distance = np.abs(np.asarray(positives, dtype=np.float64) - np.asarray(score_sums, dtype=np.float64))
    rows = np.asarray(counts, dtype=np.float64).sum(axis=-1)
    return np.asarray(ratio(distance.sum(axis=-1), rows))
