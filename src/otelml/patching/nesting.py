"""The outermost call is the prediction: one ContextVar says whether a call is within another.

A pipeline asks its estimator, an estimator its booster, a forest its trees: one prediction.  What `fit`, a search or
a cross-validation asks of a model is none at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

INSIDE: ContextVar[bool] = ContextVar("otelml_inside", default=False)


@contextmanager
def silenced() -> Generator[None]:
    """Nothing asked of a model in this block counts as a prediction."""
    token = INSIDE.set(True)
    try:
        yield
    finally:
        INSIDE.reset(token)


class Carried:
    """A task for a pool's worker, that runs inside the call which sent it there.

    A class and not a closure, since process pools pickle their tasks.
    """

    def __init__(self, task: Callable[..., Any]) -> None:
        self.task = task

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the task."""
        token = INSIDE.set(True)
        try:
            return self.task(*args, **kwargs)
        finally:
            INSIDE.reset(token)
