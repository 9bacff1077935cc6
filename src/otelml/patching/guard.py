"""Whatever fails in ours stays ours: logged once, counted, and never raised into the host.

What is not ours passes: a time limit that a signal handler raises, or that another thread injects, may arrive while
our lines run, and belongs to the host.  In tests the guard is loud: an error of ours fails the test that met it.
"""

from __future__ import annotations

import functools
import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from otelml.ledger import ledger
from otelml.outside import let_pass

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("otelml")

_loud = False


@contextmanager
def loud(on: bool = True) -> Generator[None]:  # noqa: FBT001, FBT002 -- a switch
    """Raise what would be swallowed, or stop doing so, until the block ends; for tests."""
    global _loud  # noqa: PLW0603 -- one switch a process
    before, _loud = _loud, on
    try:
        yield
    finally:
        _loud = before


def guarded(component: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a function that returns None where it would raise, and counts the error under `component`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def guard(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 -- the guard: a panic of Rust, or an exit of a property
                swallow(component, error)
                return None

        return guard

    return decorate


def swallow(component: str, error: BaseException) -> None:
    """Count `error`, log it the first time that it comes up; re-raise it in a test, and where it is the host's."""
    if _loud:
        raise error
    let_pass(error)
    ledger.error(component)
    # The type, never the text: exception messages quote data.
    ledger.warn_once("otelml: %s failed in %s; predictions go on, see otelml.errors", type(error).__name__, component)
    logger.debug("otelml: swallowed in %s", component, exc_info=error)
