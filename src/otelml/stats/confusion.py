"""The confusion matrix and what is read from it, also at another base rate than the sample's own.

All of it works on single counts and on arrays of counts alike (one matrix a day, a draw, a class).  A
quotient of nothing by nothing is NaN, without a warning: no precision is known of a class that was never
predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Counts = TypeVar("Counts", float, NDArray[np.float64])


def ratio(numerator: Counts, denominator: Counts) -> Counts:
    """Divide; nothing by nothing is NaN.

    >>> ratio(1.0, 4.0), ratio(0.0, 0.0)
    (0.25, nan)
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        quotient = np.true_divide(numerator, denominator)
    return cast("Counts", quotient if isinstance(quotient, np.ndarray) else float(quotient))


@dataclass(frozen=True)
class Confusion(Generic[Counts]):
    """Counts of a binary decision: single numbers, or arrays of one shape.

    >>> Confusion(tp=30, fp=10, fn=20, tn=40).f1
    0.6666666666666666
    >>> days = np.array([3.0, 0.0]), np.array([1.0, 0.0]), np.array([2.0, 0.0]), np.array([4.0, 9.0])
    >>> Confusion(*days).precision
    array([0.75,  nan])
    """

    tp: Counts
    fp: Counts
    fn: Counts
    tn: Counts

    @property
    def total(self) -> Counts:
        """All rows."""
        return self.tp + self.fp + self.fn + self.tn

    @property
    def precision(self) -> Counts:
        """Share of the rows predicted positive that are."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> Counts:
        """Share of the positive rows that were predicted so."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> Counts:
        """Harmonic mean of precision and recall: 0 without a hit, NaN where there was nothing to hit."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def accuracy(self) -> Counts:
        """Share of the rows that were predicted right."""
        return ratio(self.tp + self.tn, self.total)

    @property
    def prevalence(self) -> Counts:
        """Share of the rows that are positive: the base rate."""
        return ratio(self.tp + self.fn, self.total)

    @property
    def tpr(self) -> Counts:
        """True positive rate: recall under its other name."""
        return self.recall

    @property
    def fpr(self) -> Counts:
        """False positive rate: share of the negative rows that were predicted positive."""
        return ratio(self.fp, self.fp + self.tn)

    def adjusted_precision(self, prevalence: float) -> Counts:
        """Precision that these rates would have at another base rate (Bayes' theorem).

        >>> rare = Confusion(tp=80.0, fp=90.0, fn=20.0, tn=810.0)
        >>> round(rare.precision, 3), round(rare.adjusted_precision(0.5), 3)
        (0.471, 0.889)
        """
        hit = prevalence * self.tpr
        return ratio(hit, hit + (1 - prevalence) * self.fpr)

    def adjusted_f1(self, prevalence: float) -> Counts:
        """F1 that these rates would have at another base rate.

        With true positives ``p * tpr``, false positives ``(1 - p) * fpr`` and ``p`` positive rows in all, of
        one row: ``2 p tpr / (p tpr + (1 - p) fpr + p)``.
        """
        hit = prevalence * self.tpr
        return ratio(2 * hit, hit + (1 - prevalence) * self.fpr + prevalence)


def one_vs_rest(cells: ArrayLike) -> Confusion[NDArray[np.float64]]:
    """Binary matrices of each class against all others.

    Parameters
    ----------
    cells : (..., n_classes, n_classes) counts, predicted class by actual class.

    Returns
    -------
    Matrices of shape (..., n_classes).

    >>> one_vs_rest([[5, 1], [2, 8]]).recall.round(3).tolist()
    [0.714, 0.889]
    """
    counts = np.asarray(cells, dtype=np.float64)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    predicted, actual = counts.sum(axis=-1), counts.sum(axis=-2)
    total = counts.sum(axis=(-2, -1))[..., None]
    return Confusion(tp=hits, fp=predicted - hits, fn=actual - hits, tn=total - predicted - actual + hits)


def multiclass_accuracy(cells: ArrayLike) -> NDArray[np.float64]:
    """Share of the rows on the diagonal; (..., n_classes, n_classes) in, (...) out.

    >>> float(multiclass_accuracy([[5, 1], [2, 8]]))
    0.8125
    """
    counts = np.asarray(cells, dtype=np.float64)
    return np.asarray(ratio(np.trace(counts, axis1=-2, axis2=-1), counts.sum(axis=(-2, -1))))


def count_cells(predicted: NDArray[np.intp], actual: NDArray[np.intp], n_classes: int) -> NDArray[np.int64]:
    """Count (predicted, actual) pairs of positions into `(n_classes, n_classes)`.

    >>> count_cells(np.array([0, 1, 1]), np.array([0, 0, 1]), 2).tolist()
    [[1, 0], [1, 1]]
    """
    flat = np.bincount(predicted * n_classes + actual, minlength=n_classes * n_classes)
    return np.reshape(flat, (n_classes, n_classes)).astype(np.int64, copy=False)
