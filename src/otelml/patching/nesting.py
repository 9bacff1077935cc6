"""The outermost call is the prediction: one ContextVar says whether a call is within another.

A pipeline asks its estimator, an estimator its booster, a forest its trees: one prediction.  What `fit`, a search or
a cross-validation asks of a model is none at all.

An exception of a signal handler may come between any two steps of ours, in a `finally` as well: what has to be put
back is put back twice, the first time idempotently.  `with` would not do, since it calls Python code to leave.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from otelml.patching.frames import unseen

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

INSIDE: ContextVar[bool] = ContextVar("otelml_inside", default=False)


@unseen
def silently(call: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call `call`; nothing that it asks of a model counts as a prediction."""
    before = INSIDE.get()
    try:
        try:
            INSIDE.set(True)
            return call(*args, **kwargs)
        finally:
            INSIDE.set(before)
    finally:
        INSIDE.set(before)


class Carried:
    """A task for a pool's worker, that runs inside the call which sent it there.

    A class and not a closure, since process pools pickle their tasks.
    """

    def __init__(self, task: Callable[..., Any]) -> None:
        self.task = task

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Do the task."""
        return silently(self.task, *args, **kwargs)
