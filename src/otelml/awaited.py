"""Calls that run in steps: coroutines, generators and asynchronous generators that a model's method returns.

The watch over such a call begins with its first step and ends with its last.  Between two steps its caller runs, in
the same context: the span of the call is current, and nothing else is a prediction, during the steps alone.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, get_current

from otelml.patching.frames import unseen
from otelml.patching.nesting import INSIDE, silently
from otelml.patching.stepping import stepped
from otelml.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context

    from otelml.frameworks.adapter import Adapter
    from otelml.patching.sites import Operation

    Arguments = tuple[tuple[Any, ...], dict[str, Any]]

_clock = time.perf_counter


class StepsObserver:
    """What stands between a host and those methods of one framework that return coroutines or generators."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    @unseen
    def __call__(
        self,
        operation: Operation,
        call: Callable[..., Any],
        model: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call `call(model, *args, **kwargs)`, which runs nothing yet, and watch what it returns as it runs."""
        output = silently(call, model, *args, **kwargs)
        return stepped(output, Watching(Watch(operation, model, self.adapter), (args, kwargs))) or output


class Watching:
    """The watch over one call that runs in steps."""

    def __init__(self, watch: Watch, arguments: Arguments) -> None:
        self.watch, self.arguments = watch, arguments
        self.arrived = self.started = 0.0
        self.context: Context | None = None  # the call's own, where it differs from that of its caller

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        return bool(self.started)

    @unseen
    def step(self, advance: Callable[..., Any], /, *args: Any) -> Any:
        """Advance, with what is current within the call."""
        if INSIDE.get() and not self.started:  # what is first awaited within another call is part of that one
            return advance(*args)
        around, inside = get_current(), INSIDE.get()
        try:
            try:
                self._enter()
                INSIDE.set(True)
                return advance(*args)
            finally:
                INSIDE.set(inside)
                self._exit(around)
        finally:
            INSIDE.set(inside)
            self._exit(around)

    def answered(self, output: Any) -> None:
        """Take note of what was returned."""
        self.watch.around = get_current()
        self.watch.answered(output, self.arguments, (self.arrived, self.started, _clock()))
        self.abandoned()

    def failed(self, error: BaseException) -> None:
        """Take note of what was raised; of a call that never began or has ended there is nothing to note."""
        self.watch.around = get_current()
        self.watch.failed(error, _clock() - self.started, self.started - self.arrived)
        self.abandoned()

    def abandoned(self) -> None:
        """Leave nothing open: maybe in a finaliser, whose context is anybody's."""
        if self.watch.open:
            self.watch.around = get_current()
            self.watch.leave()

    def _enter(self) -> None:
        if not self.started:
            self.arrived = _clock()
            self.watch.begin(*self.arguments)
            self.started = _clock()
        elif self.context is not None:
            context, self.context = self.context, None
            attach(context)

    def _exit(self, around: Context) -> None:
        own = get_current()
        if own is not around:
            self.context = own
            attach(around)
