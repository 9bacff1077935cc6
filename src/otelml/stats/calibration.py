"""How well scores are probabilities: proper scores of rows, and calibration error from counts a bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.stats.confusion import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-15


def brier_losses(scores: ArrayLike, actual: ArrayLike) -> NDArray[np.float64]:
    """Squared distance of each probability from what happened (Brier 1950), `(n_rows,)`.

    Parameters
    ----------
    scores : (n_rows,) probability of the positive class.
    actual : (n_rows,) 1 where it is the positive class, else 0.

    >>> brier_losses([0.5, 1.0], [0, 1]).tolist()
    [0.25, 0.0]
    """
    return (np.asarray(scores, dtype=np.float64) - np.asarray(actual, dtype=np.float64)) ** 2


def brier(scores: ArrayLike, actual: ArrayLike) -> float:
    """Mean of `brier_losses`; NaN of no rows.

    >>> brier(np.array([0.5, 1.0]), np.array([0, 1]))
    0.125
    """
    losses = brier_losses(scores, actual)
    return float(np.mean(losses)) if losses.size else float("nan")


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
