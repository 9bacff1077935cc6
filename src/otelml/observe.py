"""The host's call, once, outside every guard; what we do before and after it is guarded."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import process
from otelml.arrays import as_array, column, n_rows
from otelml.batches import BATCH
from otelml.ledger import ledger
from otelml.monitor import staged
from otelml.patching.guard import guarded
from otelml.patching.nesting import INSIDE
from otelml.patching.sites import whole
from otelml.prediction import Form, label_text
from otelml.recorders.requests import Request
from otelml.telemetry import names
from otelml.telemetry.spans import Spans, suppressed

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.frameworks.adapter import Adapter
    from otelml.models import Models
    from otelml.monitor import Answer, Monitor
    from otelml.patching.sites import Operation
    from otelml.telemetry.spans import OpenSpan

_clock = time.perf_counter


class Observer:
    """What stands between a host and one framework: sees every outermost call."""

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
        """Call `call(model, *args, **kwargs)` and watch it."""
        watched = self.begin(operation, model)
        token = INSIDE.set(True)
        try:
            output = call(model, *args, **kwargs)
        except BaseException as error:
            INSIDE.reset(token)
            if watched is not None:
                watched.failed(error)
            raise
        INSIDE.reset(token)
        if watched is not None:
            watched.answered(output, args, kwargs)
        return output

    @guarded("observe")
    def begin(self, operation: Operation, model: Any) -> WatchedCall | None:
        """Open the watch on a call; None where the host asked for silence."""
        arrived = _clock()
        if suppressed():
            return None
        models = process.current().models
        return WatchedCall(operation, model, models.monitor(model, self.adapter), models, arrived)


class WatchedCall:
    """One outermost call, from just before the host's code runs until just after."""

    __slots__ = ("arrived", "model", "models", "monitor", "opened", "operation", "started")

    def __init__(
        self, operation: Operation, model: Any, monitor: Monitor, models: Models, arrived: float
    ) -> None:
        self.operation, self.model, self.monitor, self.models, self.arrived = (
            operation,
            model,
            monitor,
            models,
            arrived,
        )
        self.opened: OpenSpan | None = (
            monitor.spans.start(operation.name) if monitor.spans is not None else None
        )
        monitor.requests.enter(operation.name)
        self.started = _clock()

    @guarded("observe")
    def failed(self, error: BaseException) -> None:
        """The host's code raised."""
        ended = _clock()
        kind = type(error).__qualname__ if isinstance(error, Exception) else None
        if self.opened is not None and self.monitor.spans is not None:
            self.monitor.spans.fail(self.opened.span, error)
        self._leave(ended, 0, kind, None)

    @guarded("observe")
    def answered(self, output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """The host's code returned `output`."""
        ended = _clock()
        rows, answer = 0, None
        try:
            rows, answer = self._read(output, args, kwargs)
        finally:
            if self.opened is not None:
                self.opened.span.set_attribute(names.BATCH_SIZE, rows)
                if answer is not None and rows == 1 and answer.ids and self.models.settings.span_ids:
                    self.opened.span.set_attribute(names.PREDICTION_ID, answer.ids[0])
            self._leave(ended, rows, None, answer)

    def _leave(self, ended: float, rows: int, error: str | None, answer: Answer | None) -> None:
        self.monitor.requests.leave(self.operation.name)
        trace = self.models.exemplars.trace(self.opened)
        if self.opened is not None:
            Spans.end(self.opened)
        request = Request(self.operation.name, ended - self.started, rows, error, trace)
        self.monitor.stage(request, answer, self.started - self.arrived + _clock() - ended)

    def _read(self, output: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, Answer | None]:
        operation = self.operation
        answer = output if operation.answer is whole else operation.answer(self.model, output)
        if type(answer) is not np.ndarray:
            try:
                answer = as_array(answer)
            except TypeError:
                return self._unreadable(answer, args, kwargs)
        elif answer.ndim == 0:
            return self._unreadable(answer, args, kwargs)
        form = operation.form
        if not isinstance(form, Form):
            form = form(self.monitor.description, args, kwargs)
        rows = len(answer)
        return rows, staged(answer, self._ids(rows, args, kwargs), operation.name, form)

    def _unreadable(self, answer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, None]:
        rows = n_rows(self.operation.inputs(args, kwargs)) or 0
        name = self.monitor.identity.name
        ledger.drop("unsupported_output", max(rows, 1), name)
        ledger.warn_once(
            "otelml: %s answered with %s; its scores are not counted", name, type(answer).__name__
        )
        return rows, None

    def _ids(self, rows: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
        batch = BATCH.get()
        if batch is not None:
            ids = batch.take(self.model, self.operation.name, rows)
        elif self.models.settings.id_column is None:
            return []
        else:
            found = column(self.operation.inputs(args, kwargs), self.models.settings.id_column)
            ids = [] if found is None else [label_text(one) for one in found.tolist()]
        if ids:
            self.models.desk.expect()
        return ids if len(ids) == rows else []
