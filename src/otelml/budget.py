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
    ...     budget.settle(host=0.1, spent=0.02 / budget.step, share_kept=1 / budget.step)
    >>> budget.step
    4
    """

    def __init__(self, share: float) -> None:
        self._share = share
        self._credit = CREDIT_S
        self._host = self._whole = 0.0
        self.step = 1

    def settle(self, host: float, spent: float, share_kept: float = 1.0) -> None:
        """Take in seconds of the host's calls and of ours; `share_kept`: of the rows that these could have cost."""
        earned = self._share * host
        self._credit = min(self._credit + earned - spent, CREDIT_S)
        self._host = self._host * FADE + earned
        self._whole = self._whole * FADE + spent / share_kept
        if self._credit < 0 and self._host > 0:
            self.step = max(1, min(math.ceil(self._whole / self._host - ROUNDING), MOST))
        elif self._credit > CREDIT_S / 2:
            self.step = 1
