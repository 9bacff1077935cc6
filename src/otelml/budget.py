"""How much of its host's time the distributions may take, and which rows are left out above that.

A credit grows with the time that the host's own calls take, and pays for what is counted.  When it is used up, only
every n-th row is counted, with n such that the share is kept.  Service metrics are never sampled.
"""

from __future__ import annotations

import math

CREDIT_S = 0.5  # what a process starts with, and saves up at most: a start or a burst is counted whole
FADE = 0.9  # of what is remembered, at each settlement
MOST = 1_000
ROUNDING = 1e-6


class Budget:
    """The account of one model.

    Parameters
    ----------
    share : of the host's time.

    >>> budget = Budget(0.05)
    >>> for _ in range(100):
    ...     budget.spend(0.02 / budget.step)
    ...     budget.settle(host=0.1)
    >>> budget.step
    4
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._credit = CREDIT_S
        self._earned = self._whole = 0.0
        self.step = 1

    def spend(self, seconds: float) -> None:
        """Take in time that we took."""
        self._credit -= seconds
        self._whole += seconds * self.step  # each row that is counted stands for so many

    def settle(self, host: float) -> None:
        """Take in seconds of the host's calls since it was settled last, and choose how many rows are counted."""
        earned = self._share * host
        self._credit = min(self._credit + earned, CREDIT_S)
        self._earned += earned
        if self._credit < 0 and self._earned > 0:
            self.step = max(1, min(math.ceil(self._whole / self._earned - ROUNDING), MOST))
        elif self._credit > CREDIT_S / 2:
            self.step = 1
        self._earned, self._whole = FADE * self._earned, FADE * self._whole
