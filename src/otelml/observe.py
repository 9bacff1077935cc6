"""The host's call, once, outside every guard; what we do before and after it is guarded.

This is the hot path.  It costs its host a few microseconds, which is why it appends and leaves all else to
`Monitor.fold`, and why the guard is written out here instead of being wrapped around.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from opentelemetry.context import attach, get_current
from opentelemetry.trace import set_span_in_context

from otelml import clock, process
from otelml.arrays import as_array, classes_in, column, is_lazy, n_rows
from otelml.batches import BATCH
from otelml.labels import id_texts
from otelml.ledger import ledger
from otelml.monitor import NOTHING
from otelml.outside import let_pass
from otelml.patching.frames import unseen
from otelml.patching.guard import swallow
from otelml.patching.nesting import INSIDE
from otelml.prediction import Form, Reading, Task, label_texts, normalise, task_of
from otelml.staging import Failure
from otelml.telemetry import names
from otelml.telemetry.spans import SUPPRESSED, Spans

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from otelml.frameworks.adapter import Adapter
    from otelml.intake import Taken
    from otelml.models import Models
    from otelml.monitor import Monitor
    from otelml.patching.sites import Operation
    from otelml.staging import Lane, Trace

    Arguments = tuple[tuple[Any, ...], dict[str, Any]]

MOST_BYTES = 1 << 30  # of an answer that is copied
SPENT_EVERY = 16  # calls for each one whose share of ours is measured, for all of them

_clock = time.perf_counter


class Observer:
    """What stands between a host and one framework: sees every outermost call."""

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
        """Call `call(model, *args, **kwargs)` and watch it."""
        arrived = started = _clock()
        try:
            watch = Watch(operation, model, self.adapter)
        except BaseException as error:  # noqa: BLE001 -- the guard
            swallow("observe", error)
            watch = None
        if watch is None:
            return call(model, *args, **kwargs)
        # An exception of a signal handler may come between any two of these steps, in a `finally` too: what has to be
        # put back is put back twice.
        try:
            try:
                watch.begin(args, kwargs)
                INSIDE.set(True)
                started = _clock()
                output = call(model, *args, **kwargs)
                ended = _clock()
                INSIDE.set(False)  # a handler's own predictions are not within the host's call any more
                watch.answered(output, (args, kwargs), (arrived, started, ended))
                return output  # noqa: TRY300 -- one exception table for all of it
            except BaseException as error:
                INSIDE.set(False)
                watch.failed(error, _clock() - started, started - arrived)
                raise
            finally:
                if INSIDE.get() or watch.open:
                    INSIDE.set(False)
                    watch.leave()
        finally:
            if INSIDE.get() or watch.open:
                INSIDE.set(False)
                watch.leave()


class Watch:
    """The watch over one outermost call, from just before the host's code runs until just after.

    Attributes
    ----------
    open : something is to be put back yet: the span that was current, the call among those under way.
    """

    __slots__ = (
        "adapter", "around", "entry", "model", "models", "monitor", "noted", "open", "operation", "span", "taken",
        "under_way",
    )  # fmt: skip

    models: Models
    monitor: Monitor
    around: Context
    under_way: dict[Watch, str]

    def __init__(self, operation: Operation, model: Any, adapter: Adapter) -> None:
        self.operation, self.model, self.adapter = operation, model, adapter
        self.taken: Taken | None = None
        self.span: Span | None = None
        self.entry: Any = None
        self.open = self.noted = False

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Take note of what the host is about to ask; a call that we fail to watch is made all the same."""
        try:
            self.around = around = get_current()
            if around.get(SUPPRESSED):
                return
            self.models = models = process.current().models
            self.monitor = monitor = models.monitor(self.model, self.adapter)
            if monitor.intake is not None:
                try:
                    self.taken = monitor.intake.take(self.operation.inputs(args, kwargs))
                except BaseException as error:  # noqa: BLE001 -- the guard: the call is watched all the same
                    swallow("columns", error)
            self.under_way = monitor.requests.under_way
            self.open = True
            self.under_way[self] = self.operation.name
            if monitor.spans is not None:
                self.span = span = monitor.spans.start(self.operation.name)
                if span is not None:  # current, so that the host's own spans hang below it
                    attach(set_span_in_context(span))
        except BaseException as error:  # noqa: BLE001 -- the guard
            if self.open:
                self.leave()
            swallow("observe", error)

    def leave(self) -> None:
        """Put back what `begin` changed, and count a call that was not taken note of; once more changes nothing."""
        if not self.open:
            return
        try:
            self._close()
            if self.under_way.pop(self, None) is not None and not self._is_noted():
                ledger.drop("interrupted", model=self.monitor.identity.name)
        except BaseException as error:  # noqa: BLE001 -- the guard
            swallow("observe", error)
        self.open = False

    def _close(self) -> None:
        """End the span, and make the one before it current again."""
        if self.span is None:
            return
        if get_current() is not self.around:
            attach(self.around)
        span, self.span = self.span, None
        span.end()

    def _done(self) -> None:
        """Nothing is under way any more."""
        self._close()
        self.under_way.pop(self, None)
        self.open = False

    def answered(self, output: Any, arguments: Arguments, times: tuple[float, float, float]) -> None:
        """Take note of what the host's code returned; `times` are our arrival, its start and its end."""
        if not self.open:
            return
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
            ids = () if BATCH.get() is None and self.models.id_column is None else self._ids(rows, arguments)
            if self.span is not None:
                self._end_span(self.span, lane, rows, answer, ids, ended - started)
            weight = answer.nbytes
            if weight > MOST_BYTES:
                answer, lane, weight, ids = NOTHING, self._too_large(rows), 0, ()
            if self.taken is not None:
                staged, taken, more = self.taken
                staged.append(taken)
                weight += more
            if ids:
                self.entry = entry = (ended - started, rows, answer.tobytes(), ids, clock.now())
                lane.waiting.append(entry)
                self.models.desk.expect()
            else:
                self.entry = entry = (ended - started, rows, answer.tobytes())
                lane.calls.append(entry)
            self.noted = True
            self.under_way.pop(self, None)
            self.open = False
            lane.count += 1
            if not lane.count % SPENT_EVERY:  # to look at the clock once more costs as much as an append
                lane.spent.append(SPENT_EVERY * (started - arrived + _clock() - ended))
            # Two threads may lose an addition here, which only delays the fold.  512 bytes weigh as much as a row.
            monitor.staged += rows + 1 + (weight >> 9)
            if monitor.staged >= monitor.fold_at:
                monitor.fold_in_passing()
        except BaseException as error:  # noqa: BLE001 -- the guard
            self._lost(ended - started, error)

    def failed(self, error: BaseException, seconds: float, spent: float) -> None:
        """Take note that the host's code raised, or that an exception came while we took note of its answer."""
        if not self.open or self._is_noted():
            return
        try:
            trace = None
            if self.span is not None and self.monitor.spans is not None:
                self.monitor.spans.fail(self.span, error)
                trace = self._trace(self.span, seconds)
            kind = type(error).__qualname__ if isinstance(error, Exception) else None
            self._note(Failure(self.operation.name, seconds, kind, trace, spent))
        except BaseException as ours:  # noqa: BLE001 -- the guard
            self._lost(seconds, ours)

    def _lost(self, seconds: float, error: BaseException) -> None:
        """Count the call at least, where we failed to take note of its answer."""
        if not self._is_noted():
            self._note(Failure(self.operation.name, seconds, None, None, 0.0))
        if self.open:
            self.leave()
        swallow("observe", error)

    def _is_noted(self) -> bool:
        """Whether this call is staged: an exception may have come just after the append, or just before it."""
        if self.noted or self.entry is None:
            return self.noted
        lanes = [held for lane in self.monitor.staging() for held in (lane.calls, lane.waiting)]
        return any(bool(held) and held[-1] is self.entry for held in (self.monitor.failures, *lanes))

    def _note(self, failure: Failure) -> None:
        monitor = self.monitor
        self.entry = failure
        monitor.failures.append(failure)
        self.noted = True
        self._done()
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
            lane = monitor.latest.get(operation.name)  # the answer may have told what the model is
        if lane is None or not lane.fits(form, answer):
            lane = monitor.lane(operation.name, form, answer)
        lane.settled = fixed and lane.form is form
        return answer, rows, lane

    def _read(self, output: Any, form: Form, arguments: Arguments) -> tuple[NDArray[Any], Form, int]:
        """Rows of an answer, what they are, and how many."""
        description = self.monitor.description
        answer = output
        if not isinstance(output, np.ndarray):
            answer, form = self._given(output, form, arguments)
            description = self.monitor.description
        if form is Form.OPAQUE:  # whatever it is, it is not turned into an array: it may be sparse and huge
            return NOTHING, form, n_rows(answer) or 0
        if form is Form.PROBABILITIES and description.task is Task.OTHER and n_rows(answer):
            classes = classes_in(answer)
            learned = replace(description, task=task_of(classes), classes=classes)
            self.monitor = self.models.learn(self.model, self.adapter, learned)
        if type(answer) is not np.ndarray or not answer.shape:
            try:
                answer = as_array(answer)
            except TypeError:
                return NOTHING, Form.OPAQUE, self._unreadable(answer, arguments)
        if answer.dtype.hasobject:  # objects have no bytes of their own
            answer = np.array(label_texts(answer.ravel())).reshape(answer.shape)
        return answer, form, len(answer)

    def _given(self, output: Any, form: Form, arguments: Arguments) -> tuple[Any, Form]:
        """The rows of an answer that is no array, and what they are."""
        answer = self.operation.answer(self.monitor.description, output, *arguments)
        if type(answer) is Reading:
            answer, form, learned = answer
            if learned is not None:
                self.monitor = self.models.learn(self.model, self.adapter, learned)
        elif is_lazy(answer):  # whoever computes it asks the model then
            return NOTHING, Form.OPAQUE
        return answer, form

    def _too_large(self, rows: int) -> Lane:
        """Where calls are staged whose answers are left out: a view of few bytes may stand for gigabytes."""
        ledger.drop("unsupported_output", rows, self.monitor.identity.name)
        return self.monitor.lane(self.operation.name, Form.OPAQUE, NOTHING)

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

    def _end_span(
        self, span: Span, lane: Lane, rows: int, answer: NDArray[Any], ids: Sequence[str], seconds: float
    ) -> None:
        if len(ids) == 1 and self.models.settings.span_ids:
            span.set_attribute(names.PREDICTION_ID, ids[0])
        if lane.tells and rows == 1:
            self._tell(span, lane.form, answer)
        span.set_attribute(names.BATCH_SIZE, rows)
        trace = self._trace(span, seconds)
        if trace is not None:
            lane.traces.append(trace)
        self._close()

    def _tell(self, span: Span, form: Form, answer: NDArray[Any]) -> None:
        try:
            prediction = normalise(form, self.monitor.decision, answer)
        except (ValueError, TypeError) as error:
            let_pass(error)
            return  # folding meets the same, and counts it
        Spans.answer(span, self.monitor.decision, prediction)

    def _trace(self, span: Span, seconds: float) -> Trace | None:
        ids = self.models.exemplars.trace(span)
        return None if ids is None else (seconds, *ids)
