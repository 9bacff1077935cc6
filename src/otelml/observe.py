"""The host's call, once, outside every guard; what we do before and after it is guarded.

This is the hot path.  It costs its host a few microseconds, which is why it appends and leaves all else to
`Monitor.fold`, and why the guard is written out here instead of being wrapped around.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from opentelemetry.context import get_current

from otelml import clock, process
from otelml.arrays import as_array, classes_in, column, n_rows
from otelml.batches import BATCH
from otelml.labels import id_texts
from otelml.ledger import ledger
from otelml.monitor import NOTHING
from otelml.patching.guard import swallow
from otelml.patching.nesting import INSIDE
from otelml.prediction import Form, Task, label_texts, normalise
from otelml.staging import Failure, Trace, Waiting
from otelml.telemetry import names
from otelml.telemetry.spans import SUPPRESSED, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from otelml.frameworks.adapter import Adapter
    from otelml.intake import Taken
    from otelml.models import Models
    from otelml.monitor import Monitor
    from otelml.patching.sites import Operation
    from otelml.staging import Lane
    from otelml.telemetry.spans import OpenSpan

    Arguments = tuple[tuple[Any, ...], dict[str, Any]]

SPENT_EVERY = 16  # calls for each one whose share of ours is measured, for all of them

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
        arrived = _clock()
        watch = None
        try:
            if not get_current().get(SUPPRESSED):
                watch = Watch(operation, model, self.adapter, args, kwargs)
        except Exception as error:  # noqa: BLE001 -- the guard
            swallow("observe", error)
        token = INSIDE.set(True)
        started = _clock()
        try:
            output = call(model, *args, **kwargs)
        except BaseException as error:
            ended = _clock()
            INSIDE.reset(token)
            if watch is not None:
                watch.failed(error, ended - started, started - arrived)
            raise
        ended = _clock()
        INSIDE.reset(token)
        if watch is not None:
            watch.answered(output, (args, kwargs), (arrived, started, ended))
        return output


class Watch:
    """The watch over one outermost call, from just before the host's code runs until just after."""

    __slots__ = ("adapter", "model", "models", "monitor", "opened", "operation", "taken")

    def __init__(
        self, operation: Operation, model: Any, adapter: Adapter, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        self.operation, self.model, self.adapter = operation, model, adapter
        self.models: Models = process.current().models
        monitor = self.models.monitor(model, adapter)
        self.monitor: Monitor = monitor
        self.taken: Taken | None = None
        if monitor.intake is not None:
            try:
                self.taken = monitor.intake.take(operation.inputs(args, kwargs))
            except Exception as error:  # noqa: BLE001 -- the guard: the call is watched all the same
                swallow("columns", error)
        self.opened: OpenSpan | None = None if monitor.spans is None else monitor.spans.start(operation.name)
        monitor.begun.append(operation.name)

    def answered(self, output: Any, arguments: Arguments, times: tuple[float, float, float]) -> None:
        """Take note of what the host's code returned; `times` are our arrival, its start and its end."""
        arrived, started, ended = times
        try:
            monitor = self.monitor
            lane = monitor.latest.get(self.operation.name)
            # As the one before it, in nine calls of ten: then all that could be asked of it is known.
            if (
                lane is not None
                and lane.settled
                and type(output) is np.ndarray
                and output.dtype is lane.dtype
                and output.shape[1:] == lane.tail
                and output.shape
            ):
                answer, rows = output, len(output)
            else:
                answer, rows, lane = self._placed(output, arguments, lane)
                monitor = self.monitor
            if BATCH.get() is None and self.models.id_column is None:
                lane.data.append(answer.tobytes())
            else:
                self._wait(lane, answer.tobytes(), self._ids(rows, arguments))
            if self.opened is not None:
                if lane.tells and rows == 1:
                    self._tell(self.opened, lane.form, answer)
                self._end_span(self.opened, rows, ended - started, lane.traces)
            lane.rows.append(rows)
            lane.seconds.append(ended - started)
            weight = answer.nbytes
            if self.taken is not None:
                staged, taken, more = self.taken
                staged.append(taken)
                weight += more
            lane.calls += 1
            if not lane.calls % SPENT_EVERY:  # to look at the clock once more costs as much as an append
                lane.spent.append(SPENT_EVERY * (started - arrived + _clock() - ended))
            # Two threads may lose an addition here, which only delays the fold.  512 bytes weigh as much as a row.
            monitor.staged += rows + 1 + (weight >> 9)
            if monitor.staged >= monitor.fold_at:
                monitor.fold_in_passing()
        except Exception as error:  # noqa: BLE001 -- the guard
            self._lost(ended - started, error)

    def failed(self, error: BaseException, seconds: float, spent: float) -> None:
        """Take note that the host's code raised."""
        try:
            trace = None
            if self.opened is not None and self.monitor.spans is not None:
                self.monitor.spans.fail(self.opened.span, error)
                trace = self._trace(self.opened, seconds)
                self._close(self.opened)
            kind = type(error).__qualname__ if isinstance(error, Exception) else None
            self._note(Failure(self.operation.name, seconds, kind, trace, spent))
        except Exception as ours:  # noqa: BLE001 -- the guard
            self._lost(seconds, ours)

    def _lost(self, seconds: float, error: Exception) -> None:
        """Leave neither the span open nor the call under way, where we failed to take note of it."""
        if self.opened is not None:
            self._close(self.opened)
        self._note(Failure(self.operation.name, seconds, None, None, 0.0))
        swallow("observe", error)

    def _note(self, failure: Failure) -> None:
        monitor = self.monitor
        monitor.failures.append(failure)
        monitor.staged += 1
        if monitor.staged >= monitor.fold_at:
            monitor.fold_in_passing()

    def _placed(self, output: Any, arguments: Arguments, lane: Lane | None) -> tuple[NDArray[Any], int, Lane]:
        """Rows of an answer, how many, and the lane where answers like it are staged."""
        operation, monitor = self.operation, self.monitor
        form = operation.form
        fixed = isinstance(form, Form) or operation.by_model
        if not isinstance(form, Form):
            form = form(monitor.description, *arguments)
        usual = type(output) is np.ndarray and monitor.known and form is not Form.OPAQUE and output.shape
        if usual and not output.dtype.hasobject:
            answer, rows = output, output.shape[0]
        else:
            answer, form, rows = self._read(output, form, arguments)
            monitor, fixed = self.monitor, False
        if lane is None or not lane.fits(form, answer):
            lane = monitor.lane(operation.name, form, answer)
        lane.settled = fixed and lane.form is form
        return answer, rows, lane

    def _read(self, output: Any, form: Form, arguments: Arguments) -> tuple[NDArray[Any], Form, int]:
        """Rows of an answer, what they are, and how many."""
        description = self.monitor.description
        answer = output
        if not isinstance(output, np.ndarray):
            answer = self.operation.answer(description, output, *arguments)
        if form is Form.OPAQUE:  # whatever it is, it is not turned into an array: it may be sparse and huge
            return NOTHING, form, n_rows(answer) or 0
        if form is Form.PROBABILITIES and description.task is Task.OTHER and n_rows(answer):
            self.monitor = self.models.learn(self.model, self.adapter, classes_in(answer))
        if type(answer) is not np.ndarray or not answer.shape:
            try:
                answer = as_array(answer)
            except TypeError:
                return NOTHING, Form.OPAQUE, self._unreadable(answer, arguments)
        if answer.dtype.hasobject:  # objects have no bytes of their own
            answer = np.array(label_texts(answer.ravel())).reshape(answer.shape)
        return answer, form, len(answer)

    def _unreadable(self, answer: Any, arguments: Arguments) -> int:
        rows = n_rows(self.operation.inputs(*arguments)) or 0
        name = self.monitor.identity.name
        ledger.drop("unsupported_output", max(rows, 1), name)
        ledger.warn_once("otelml: %s answered with %s; its scores are not counted", name, type(answer).__name__)
        return rows

    def _ids(self, rows: int, arguments: Arguments) -> Sequence[str]:
        """Ids under which outcomes will come: one a row, or none."""
        batch, name = BATCH.get(), self.models.id_column
        if batch is not None:
            ids = batch.take(self.model, self.operation.name, rows)
        else:
            found = None if name is None else column(self.operation.inputs(*arguments), name)
            ids = [] if found is None else id_texts(found)
        return ids if len(ids) == rows else ()

    def _wait(self, lane: Lane, data: bytes, ids: Sequence[str]) -> None:
        if not ids:
            lane.data.append(data)
            return
        lane.waiting.append(Waiting(data, ids, clock.now()))
        self.models.desk.expect()
        if self.opened is not None and len(ids) == 1 and self.models.settings.span_ids:
            self.opened.span.set_attribute(names.PREDICTION_ID, ids[0])

    def _tell(self, opened: OpenSpan, form: Form, answer: NDArray[Any]) -> None:
        try:
            prediction = normalise(form, self.monitor.decision, answer)
        except (ValueError, TypeError):
            return  # folding meets the same, and books it
        Spans.answer(opened.span, self.monitor.decision, prediction)

    def _end_span(self, opened: OpenSpan, rows: int, seconds: float, traces: list[Trace]) -> None:
        opened.span.set_attribute(names.BATCH_SIZE, rows)
        trace = self._trace(opened, seconds)
        if trace is not None:
            traces.append(trace)
        self._close(opened)

    def _close(self, opened: OpenSpan) -> None:
        self.opened = None
        Spans.end(opened)

    def _trace(self, opened: OpenSpan, seconds: float) -> Trace | None:
        ids = self.models.exemplars.trace(opened)
        return None if ids is None else (seconds, *ids)
