"""The threshold of a binary decision: as given, or tuned for F1 without fooling oneself.

A row is positive when its score is at or above the threshold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from otelml.baseline.document import BaselineError
from otelml.baseline.sample import PROBABILITY
from otelml.stats.quantiles import between

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from otelml.baseline.days import Days

HALF = 0.5
FOLDS = 5
SPLITTABLE = 2  # days: one cannot be split


@dataclass(frozen=True)
class Decided:
    """A threshold, where it came from (`default`, `given`, `f1`), and which rows it calls positive.

    `fooled` says that a given threshold looks tuned on these very rows.
    """

    threshold: float
    source: str
    predicted: NDArray[np.bool_]
    fooled: bool = False


@dataclass(frozen=True)
class Optimum:
    """The thresholds of highest F1: all in ``(low, high]`` decide these rows alike."""

    low: float
    high: float

    @property
    def threshold(self) -> float:
        """The number of fewest digits near the middle: a threshold is read, and copied by hand.

        >>> Optimum(0.4083, 0.4127).threshold
        0.41
        """
        if self.low == -np.inf:
            return self.high
        middle = between(self.low, self.high, fewest=2)
        return middle if middle > self.low else self.high


def f1_optimum(scores: NDArray[np.float64], actual: NDArray[np.bool_]) -> Optimum:
    """Find the thresholds of highest F1, the highest ones where several are best.

    Parameters
    ----------
    scores, actual : (n_rows,) score of the positive class, and whether it was.

    >>> f1_optimum(np.array([0.1, 0.4, 0.6, 0.9]), np.array([False, False, True, True]))
    Optimum(low=0.4, high=0.6)
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(actual[order])
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    f1 = 2 * hits[last] / (last + 1 + hits[-1]) if hits[-1] else np.zeros(len(last))
    best = int(np.argmax(f1))
    low = ranked[last[best + 1]] if best + 1 < len(last) else -np.inf
    return Optimum(float(low), float(ranked[last[best]]))


@dataclass(frozen=True)
class Scored:
    """(n_rows,) scores of the positive class, whether each row was, and what the scores are."""

    scores: NDArray[np.float64]
    actual: NDArray[np.bool_]
    kind: str | None = PROBABILITY


def decide(rows: Scored, threshold: float | str | None, days: Days | None) -> Decided:
    """Apply the threshold that was asked for.

    Raises
    ------
    BaselineError
        When it is neither None, a finite number nor "f1", or "f1" has nothing to be tuned on.
    """
    if threshold is None:
        chosen = HALF if rows.kind == PROBABILITY else 0.0
        return Decided(chosen, "default", rows.scores >= chosen)
    if threshold == "f1":
        return _tuned(rows, days)
    if isinstance(threshold, str) or not np.isfinite(threshold):
        raise BaselineError(f'threshold {threshold!r}: give a number, "f1" to tune it, or None for the default')
    chosen = float(threshold)
    best = f1_optimum(rows.scores, rows.actual)
    fooled = best.low < chosen <= best.high and chosen != HALF and bool(rows.actual.any())
    return Decided(chosen, "given", rows.scores >= chosen, fooled)


def _tuned(rows: Scored, days: Days | None) -> Decided:
    """Tune on all rows, but decide each row with the threshold tuned on the other folds."""
    scores, actual = rows.scores, rows.actual
    if actual.all() or not actual.any():
        raise BaselineError('threshold "f1" needs positive and negative rows to be tuned on: give rows of both')
    predicted = np.zeros(len(scores), dtype=np.bool_)
    folds = _folds(len(scores), days)
    for fold in np.unique(folds):
        held = folds == fold
        predicted[held] = scores[held] >= f1_optimum(scores[~held], actual[~held]).threshold
    return Decided(f1_optimum(scores, actual).threshold, "f1", predicted)


def _folds(n_rows: int, days: Days | None) -> NDArray[np.intp]:
    """Blocks of whole days, because rows of a day resemble each other; interleaved rows without days."""
    if days is None or days.count < SPLITTABLE:
        return np.arange(n_rows) % FOLDS
    return np.asarray(days.index * min(FOLDS, days.count) // days.count)
