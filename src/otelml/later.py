"""Answers that come later: a call returns at once, and a callback takes what the model answers, on whatever thread.

The watch over such a call begins in the host's thread and ends where the answer arrives, in the host's own context:
the block of ids, and the span, are those of the call.
"""

from __future__ import annotations

import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current

from otelml.patching.guard import guarded
from otelml.patching.nesting import INSIDE
from otelml.telemetry.spans import SUPPRESSED
from otelml.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.frameworks.adapter import Adapter
    from otelml.patching.sites import Arguments, Operation

_clock = time.perf_counter


class LaterObserver:
    """What stands between a host and those methods of one framework whose answers come later."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def __call__(
        self,
        operation: Operation,
        call: Callable[..., Any],
        model: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call `call(model, *args, **kwargs)`, and watch until its answer came."""
        pending = _begin(self.adapter, operation, model, (args, kwargs))
        if pending is None:
            return call(model, *args, **kwargs)
        args, kwargs = pending.arguments
        try:
            return pending.inside.run(call, model, *args, **kwargs)
        except BaseException as error:
            pending.received(None, error)
            raise


@guarded("observe")
def _begin(adapter: Adapter, operation: Operation, model: Any, arguments: Arguments) -> Pending | None:
    return None if get_current().get(SUPPRESSED) else Pending(adapter, operation, model, arguments)


class Pending:
    """A call whose answer has not come yet.

    Attributes
    ----------
    arguments : of the call, with the callback that ends the watch before the host's own is called.
    inside : the context to call it in, where nothing further is a prediction.
    """

    def __init__(self, adapter: Adapter, operation: Operation, model: Any, arguments: Arguments) -> None:
        self._arrived, self._asked = _clock(), arguments
        # A context of its own: a span that is made current there is made so no longer by whichever thread answers.
        self._context = copy_context()
        self._watch: Watch | None = Watch(operation, model, adapter)
        self._context.run(self._watch.begin, *arguments)
        self.inside = self._context.copy()
        self.inside.run(INSIDE.set, True)  # noqa: FBT003 -- it is one
        self.arguments = arguments if operation.later is None else operation.later(*arguments, self.received)
        self._started = _clock()

    @guarded("observe")
    def received(self, output: Any, error: BaseException | None) -> None:
        """Take note of the answer, or of the error in its place; of the first of them alone."""
        watch, self._watch = self._watch, None
        if watch is None:
            return
        ended = _clock()
        if error is None:
            times = (self._arrived, self._started, ended)
            self._context.run(watch.answered, output, self._asked, times)
        else:
            self._context.run(watch.failed, error, ended - self._started, self._started - self._arrived)
