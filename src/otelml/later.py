"""Answers that come later: a call returns at once, and a callback takes what the model answers, on whatever thread.

The watch over such a call begins in the host's thread and ends where the answer arrives, in the host's own context:
the block of ids, and the span, are those of the call.
"""

from __future__ import annotations

import time
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

from opentelemetry.context import get_current

from otelml.observe import Observer, Watch
from otelml.patching.guard import guarded
from otelml.patching.nesting import INSIDE
from otelml.telemetry.spans import SUPPRESSED

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.frameworks.adapter import Adapter
    from otelml.patching.sites import Arguments, Operation
    from otelml.patching.wrappers import Observer as Observing

_clock = time.perf_counter


def observer(adapter: Adapter) -> Observing:
    """What stands between a host and one framework."""
    now = Observer(adapter)
    operations = (one for site in adapter.sites for one in getattr(site, "operations", ()))
    if all(one.later is None for one in operations):
        return now.__call__  # a method is called faster than an object that has one

    def observe(
        operation: Operation, call: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        if operation.later is None:
            return now(operation, call, model, args, kwargs)
        return _observe(adapter, operation, call, model, (args, kwargs))

    return observe


def _observe(adapter: Adapter, operation: Operation, call: Callable[..., Any], model: Any, arguments: Arguments) -> Any:
    """Call `call(model, *args, **kwargs)`, and watch until its answer came."""
    pending = _begin(adapter, operation, model, arguments)
    if pending is None:
        return call(model, *arguments[0], **arguments[1])
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
