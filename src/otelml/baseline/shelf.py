"""Baselines that were read from files: each file once while it stays as it is, the ones that cannot be read too.

No lock is held while a file is read: two threads that ask at once may both read it, and find the same.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from otelml.baseline.artifact import Baseline
from otelml.baseline.document import BaselineError, place_of

MOST_FILES = 1_000
State = tuple[int, ...]


class Outcome(NamedTuple):
    """What came of a file.

    Attributes
    ----------
    baseline : what it holds; None where it cannot be read.
    error : why not, in words.
    fresh : it was read just now, and nobody was warned of it yet.
    """

    baseline: Baseline | None
    error: str | None
    fresh: bool


class Shelf:
    """The files of one process."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[State, Outcome]] = {}

    def look(self, path: str | os.PathLike[str]) -> Outcome:
        """What is in a file; never raises."""
        try:
            place = os.path.abspath(place_of(path))  # noqa: PTH100 -- as a text, and links stay what they are
        except BaselineError as error:
            return Outcome(None, str(error), fresh=True)
        state = _state_of(place)
        known = self._held.get(place)
        if known is not None and known[0] == state:
            return known[1]
        outcome = _read(place)
        if len(self._held) >= MOST_FILES:
            self._held.clear()
        self._held[place] = state, outcome._replace(fresh=False)
        return outcome

    def load(self, path: str | os.PathLike[str]) -> Baseline:
        """The baseline in a file, read once while the file stays as it is.

        Raises
        ------
        BaselineError
            As :meth:`otelml.Baseline.load`, also where that was found before.
        """
        outcome = self.look(path)
        if outcome.baseline is None:
            raise BaselineError(outcome.error)
        return outcome.baseline


def _state_of(place: str) -> State:
    """What changes when a file does; a ConfigMap is a link that comes to lead elsewhere."""
    try:
        status = os.stat(place)  # noqa: PTH116 -- of what a link leads to
    except (OSError, ValueError):
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino, status.st_mode


def _read(place: str) -> Outcome:
    try:
        return Outcome(Baseline.load(place), None, fresh=True)
    except BaselineError as error:
        return Outcome(None, str(error), fresh=True)


shelf = Shelf()
