"""Which of three ways a method's calls are watched: as it returns, as it runs in steps, or when its answer comes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from otelml.awaited import StepsObserver
from otelml.later import LaterObserver
from otelml.observe import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.frameworks.adapter import Adapter
    from otelml.patching.sites import Operation
    from otelml.patching.wrappers import Observer as Observing

_RUNS_IN_STEPS = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


class Observers:
    """What stands between a host and the methods of one framework."""

    def __init__(self, adapter: Adapter) -> None:
        # Bound once: a method is called faster than an object that has one.
        self._now: Observing = Observer(adapter).__call__
        self._in_steps: Observing = StepsObserver(adapter).__call__
        self._later: Observing = LaterObserver(adapter).__call__

    def of(self, operation: Operation, function: Callable[..., Any]) -> Observing:
        """What is called in place of an outermost call of the `function` that does an `operation`."""
        if operation.later is not None:
            return self._later
        code = getattr(function, "__code__", None)
        return self._in_steps if code is not None and code.co_flags & _RUNS_IN_STEPS else self._now
