"""Under which names actions are told: those that a setting declares, else the first that come; the rest is `other`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.labels import shortened
from otelml.ledger import ledger
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Sequence


class ActionNames:
    """At most 20 names a process.

    Parameters
    ----------
    declared : the names that there are; None takes those that come first.

    >>> told = ActionNames(None)
    >>> told.of("click"), told.of("book"), told.of("click")
    ('click', 'book', 'click')
    """

    def __init__(self, declared: Sequence[str] | None) -> None:
        self.declared = tuple(dict.fromkeys(declared or ()))[: names.MOST_ACTIONS]
        self._known = set(self.declared)
        # Two threads that bring new names at once share these out, without a lock that a fork could leave held.
        self._free = iter(range(0 if self.declared else names.MOST_ACTIONS))

    def of(self, action: str) -> str:
        """The name that an action is recorded by, at most `MOST_TEXT` characters; one that does not fit is counted."""
        action = shortened(action)
        if action in self._known:
            return action
        if next(self._free, None) is None:
            ledger.drop("cardinality")
            return names.OTHER
        self._known.add(action)
        return action
