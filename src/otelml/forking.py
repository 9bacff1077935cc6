"""What a forked child does before anything else: start from zero, with new locks.

A child inherits its parent's totals (which the parent reports) and its parent's locks (which a thread that does
not exist in the child may hold for ever).  Every room that keeps either says here how it starts afresh; the
functions run in the order in which they were given.
"""

from __future__ import annotations

import os
from types import MethodType
from typing import TYPE_CHECKING
from weakref import WeakMethod

if TYPE_CHECKING:
    from collections.abc import Callable

_fresh_starts: list[Callable[[], Callable[[], None] | None]] = []


def in_child(start_afresh: Callable[[], None]) -> None:
    """Call `start_afresh` in every child that this process forks; of a method, for as long as its object lives."""
    _fresh_starts[:] = [one for one in _fresh_starts if one() is not None]
    _fresh_starts.append(WeakMethod(start_afresh) if isinstance(start_afresh, MethodType) else lambda: start_afresh)


def _run() -> None:
    for reference in _fresh_starts:
        start_afresh = reference()
        if start_afresh is not None:
            start_afresh()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_run)
