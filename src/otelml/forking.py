"""The one registration for forks of this process.

`process.py` registers the walk: before a fork collections are held off for a moment; in the child everything that
counts starts from zero, with new locks, from the process's state down.  A child inherits its parent's totals (which
the parent reports) and its parent's locks (which a thread that does not exist in the child may hold for ever).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def register(before: Callable[[], object], in_parent: Callable[[], object], in_child: Callable[[], object]) -> None:
    """Call `before` in this process when it is about to fork, and the others after it; in a child's children, too."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
