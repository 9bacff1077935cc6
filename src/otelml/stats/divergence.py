"""How far apart two samples are that were counted into the same bins, and what chance alone would make of it.

Every function takes counts `(..., n_bins)`: one window, or many at once, against one reference or many.  Counts add
up over replicas and windows, so each of these can be computed for a fleet, by a backend too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otelml.stats.confusion import ratio

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

CHANCE = 4.265
"""Quantile of the normal distribution that chance exceeds once in 100,000 windows."""
EFFECT = 0.1
"""Population stability index below which nobody acts, however certain it is (Lewis 1994; Siddiqi 2006)."""
BLOCKS = 1.25
"""How much more than the blocks of the training data differ among themselves a window has to."""
FEWEST = 200
"""Rows of a window below which nothing is judged."""


def psi(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """Population stability index: the symmetrised Kullback-Leibler divergence of two binned samples.

    ``sum((q - p) * ln(q / p))`` over the bins that hold something on either side, with Jeffreys' shares
    ``(count + 1/2) / (rows + bins / 2)``: a bin that is empty on one side alone would make it infinite.

    Kullback and Leibler (1951), "On information and sufficiency"; Jeffreys (1946), "An invariant form for the prior
    probability in estimation problems".

    Parameters
    ----------
    counts, reference : (..., n_bins) of the window and of what it is compared with; they broadcast.

    Returns
    -------
    (...) indices, 0 or more; NaN where one side has no rows.

    >>> round(float(psi([50, 30, 20], [40, 40, 20])), 4)
    0.0497
    """
    sides = _sides(counts, reference)
    used = (sides[0] > 0) | (sides[1] > 0)
    bins = used.sum(axis=-1, keepdims=True)
    q, p = (ratio(side + 0.5, side.sum(axis=-1, keepdims=True) + bins / 2) for side in sides)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(used, (q - p) * np.log(q / p), 0.0)
    return _unless_empty(terms.sum(axis=-1), *sides)


def psi_critical(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """What the index of a window without drift stays below, but for about once in 100,000 windows.

    Without drift the index is near ``(1/n + 1/m)`` times a chi-squared variable of ``d`` degrees of freedom, the bins
    that hold something on either side less one; its quantile is Wilson and Hilferty's (1931), "The distribution of
    chi-square", PNAS 17:684-688.  Of windows of 200 rows, with few in each bin, up to four in 100,000 are above it.

    Parameters
    ----------
    counts, reference : (..., n_bins).

    Returns
    -------
    (...) values; 0 where there is but one bin, NaN where one side has no rows.

    >>> round(float(psi_critical([50, 30, 20], [40, 40, 20])), 3)
    0.493
    """
    window, known = _sides(counts, reference)
    free = ((window > 0) | (known > 0)).sum(axis=-1) - 1.0
    spread = 2 / (9 * np.maximum(free, 1.0))
    quantile = np.where(free > 0, free * (1 - spread + CHANCE * np.sqrt(spread)) ** 3, 0.0)
    scale = ratio(np.ones_like(free), window.sum(axis=-1)) + ratio(np.ones_like(free), known.sum(axis=-1))
    with np.errstate(invalid="ignore"):
        return _unless_empty(quantile * scale, window, known)


def takes(counts: ArrayLike, reference: ArrayLike, blocks: ArrayLike = 0.0) -> Floats:
    """What the index of a window has to be above, to be drift: an effect, no chance, and more than blocks differ by.

    Parameters
    ----------
    counts, reference : (..., n_bins).
    blocks : (...) largest index among blocks of the reference, as long as the window; 0 where it is not known.

    >>> float(takes([900, 100], [500, 500], blocks=0.4))
    0.5
    """
    return np.maximum(EFFECT, np.maximum(psi_critical(counts, reference), BLOCKS * np.asarray(blocks)))


def drifted(counts: ArrayLike, reference: ArrayLike, blocks: ArrayLike = 0.0) -> NDArray[np.bool_]:
    """Tell drift that matters, is no chance, and is more than the training data did by themselves.

    Parameters
    ----------
    counts, reference : (..., n_bins).
    blocks : (...) largest index among blocks of the reference, as long as the window; 0 where it is not known.

    >>> bool(drifted([900, 100], [500, 500])), bool(drifted([90, 10], [50, 50]))
    (True, False)
    """
    index = psi(counts, reference)
    rows = np.asarray(counts, dtype=np.float64).sum(axis=-1)
    return np.asarray((rows >= FEWEST) & (index > takes(counts, reference, blocks)))


def jensen_shannon(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """Jensen-Shannon divergence in nats, 0 to ln 2; NaN where one side has no rows.

    Lin (1991), "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37:145-151.
    SciPy's `jensenshannon` is its square root.

    >>> round(float(jensen_shannon([1, 0], [0, 1])), 4)
    0.6931
    """
    q, p = _shares(counts, reference)
    middle = (q + p) / 2
    return np.asarray((_surprise(q, middle) + _surprise(p, middle)) / 2)


def _surprise(p: Floats, q: Floats) -> Floats:
    """Kullback-Leibler divergence; an empty bin adds nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(p > 0, p * np.log(p / q), np.where(np.isnan(p), np.nan, 0.0)).sum(axis=-1)


def total_variation(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """Total variation distance: the share of rows that would have to change bins; NaN where one side has no rows.

    >>> float(total_variation([3, 1], [1, 3]))
    0.5
    """
    q, p = _shares(counts, reference)
    return np.asarray(np.abs(q - p).sum(axis=-1) / 2)


def kolmogorov_smirnov(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """Kolmogorov-Smirnov distance between bins that are in order; NaN where one side has no rows.

    Within a bin nothing is known, so the distance of the raw values is this at least.

    >>> float(kolmogorov_smirnov([2, 2, 0], [0, 2, 2]))
    0.5
    """
    q, p = _shares(counts, reference)
    return np.asarray(np.abs(np.cumsum(q - p, axis=-1)).max(axis=-1, initial=0.0))


def kolmogorov_smirnov_critical(counts: ArrayLike, reference: ArrayLike) -> Floats:
    """What the distance of a window without drift stays below, but for once in 100,000 windows.

    Smirnov (1948), "Table for estimating the goodness of fit of empirical distributions".  Binned values stay below
    it more often still.

    >>> round(float(kolmogorov_smirnov_critical([500, 500], [5000, 5000])), 3)
    0.082
    """
    window, known = _sides(counts, reference)
    rows = [ratio(np.ones_like(side.sum(axis=-1)), side.sum(axis=-1)) for side in (window, known)]
    with np.errstate(invalid="ignore"):
        return _unless_empty(np.sqrt(np.log(2 / 1e-5) / 2 * (rows[0] + rows[1])), window, known)


def wasserstein(counts: ArrayLike, reference: ArrayLike, positions: ArrayLike) -> Floats:
    """Wasserstein distance between bins at `positions`, in the unit of these; NaN where one side has no rows.

    Parameters
    ----------
    counts, reference : (..., n_bins), in the order of the positions.
    positions : (n_bins,) where the rows of each bin are taken to be, not decreasing.

    >>> float(wasserstein([0, 4], [4, 0], [1.0, 3.5]))
    2.5
    """
    q, p = _shares(counts, reference)
    steps = np.diff(np.asarray(positions, dtype=np.float64))
    return np.asarray((np.abs(np.cumsum(q - p, axis=-1))[..., :-1] * steps).sum(axis=-1))


def _sides(counts: ArrayLike, reference: ArrayLike) -> tuple[Floats, Floats]:
    window, known = np.broadcast_arrays(np.asarray(counts, dtype=np.float64), np.asarray(reference, dtype=np.float64))
    return window, known


def _shares(counts: ArrayLike, reference: ArrayLike) -> tuple[Floats, Floats]:
    window, known = _sides(counts, reference)
    return ratio(window, window.sum(axis=-1, keepdims=True)), ratio(known, known.sum(axis=-1, keepdims=True))


def _unless_empty(values: Floats, *sides: Floats) -> Floats:
    known = np.logical_and.reduce([side.sum(axis=-1) > 0 for side in sides])
    return np.asarray(np.where(known, values, np.nan))
