"""The watch over one call of a host's: what is changed for it and put back, and what is left behind of its answer.

`Observer` does what it can without one; see there for the call itself.
"""

from __future__ import annotations

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
from otelml.patching.guard import swallow
from otelml.patching.nesting import INSIDE, silently
from otelml.prediction import Form, Reading, Task, label_texts, normalise, task_of
from otelml.staging import Failure, holds
from otelml.telemetry import names
from otelml.telemetry.spans import SUPPRESSED, Spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from otelml.frameworks.adapter import Adapter
    from otelml.intake import Taken
    from otelml.models import Models
    from otelml.monitor import Monitor
    from otelml.patching.sites import Arguments, Operation
    from otelml.staging import Lane, Trace

    Asked = tuple[Operation, Any, Adapter, Models, Monitor, Context, dict[Any, str], Any]
    """What is asked of which model, its monitor, the context around it, and its place among the calls under way."""

MOST_BYTES = 1 << 30  # of an answer that is copied


def ids_of(operation: Operation, model: Any, models: Models, rows: int, arguments: Arguments) -> Sequence[str]:
    """Ids under which outcomes will come: one a row, or none."""
    batch, name = BATCH.get(), models.id_column
    try:
        if batch is not None:
            ids = batch.take(model, operation.name, rows)
        else:
            found = None if name is None else column(operation.inputs(*arguments), name)
            ids = [] if found is None else id_texts(found)
    except BaseException as error:  # noqa: BLE001 -- the guard: a host's container raises what it likes
        swallow("ids", error)
        return ()
    return ids if len(ids) == rows else ()


# The guard is written out in each of these, since they are on the hot path of whoever traces.


def start(spans: Spans, operation: str) -> Span | None:
    """Start the span of a call; None where nobody traces.  What a span processor asks of a model is no prediction."""
    try:
        return spans.start(operation)
    except BaseException as error:  # noqa: BLE001 -- the guard
        swallow("observe", error)
        return None


def enter(span: Span) -> None:
    """Make a span current, so that the host's own hang below it."""
    try:
        attach(set_span_in_context(span))
    except BaseException as error:  # noqa: BLE001 -- the guard
        swallow("observe", error)


def end(span: Span, around: Context) -> None:
    """Make the span before it current again, and end a span; what its processors ask of a model is no prediction."""
    try:
        if get_current() is not around:
            attach(around)
        INSIDE.set(True)
        span.end()
    except BaseException as error:  # noqa: BLE001 -- the guard
        INSIDE.set(False)
        swallow("observe", error)
    finally:
        INSIDE.set(False)


def fill(  # noqa: PLR0913, PLR0917 -- instead of an object a call
    span: Span,
    models: Models,
    monitor: Monitor,
    lane: Lane,
    answer: NDArray[Any],
    rows: int,
    ids: Sequence[str],
    seconds: float,
) -> None:
    """Say on the span of a call what was answered; where a measurement may point at it, it will."""
    try:
        if len(ids) == 1 and models.settings.span_ids:
            span.set_attribute(names.PREDICTION_ID, ids[0])
        if lane.tells and rows == 1:
            _tell(span, monitor, lane.form, answer)
        span.set_attribute(names.BATCH_SIZE, rows)
        trace = trace_of(span, models, seconds)
        if trace is not None:
            lane.traces.append(trace)
    except BaseException as error:  # noqa: BLE001 -- the guard
        swallow("observe", error)


def _tell(span: Span, monitor: Monitor, form: Form, answer: NDArray[Any]) -> None:
    try:
        prediction = normalise(form, monitor.decision, answer)
    except (ValueError, TypeError) as error:
        let_pass(error)
        return  # folding meets the same, and counts it
    Spans.answer(span, monitor.decision, prediction)


def trace_of(span: Span, models: Models, seconds: float) -> Trace | None:
    """Where a measurement of a call may point."""
    ids = models.exemplars.trace(span)
    return None if ids is None else (seconds, *ids)


class Watch:
    """The watch over one outermost call, from just before the host's code runs until just after.

    Attributes
    ----------
    open : something is to be put back yet: the span that was current, the call among those under way.
    key : under which the call is among those.
    """

    __slots__ = (
        "adapter", "around", "entry", "key", "model", "models", "monitor", "noted", "open", "operation", "span",
        "taken", "under_way",
    )  # fmt: skip

    models: Models
    monitor: Monitor
    around: Context
    under_way: dict[Any, str]

    def __init__(self, operation: Operation, model: Any, adapter: Adapter) -> None:
        self.operation, self.model, self.adapter = operation, model, adapter
        self.taken: Taken | None = None
        self.span: Span | None = None
        self.key: Any = object()  # not itself: a cycle would keep the model until the next collection of garbage
        self.entry: Any = None
        self.open = self.noted = False

    @classmethod
    def over(cls, asked: Asked, span: Span | None, taken: Taken | None, entry: Any) -> Watch:
        """The watch over a call that was begun without one."""
        watch = cls.__new__(cls)
        watch.operation, watch.model, watch.adapter, watch.models, watch.monitor = asked[:5]
        watch.around, watch.under_way, watch.key = asked[5:]
        watch.span, watch.taken, watch.entry = span, taken, entry
        watch.open, watch.noted = True, False
        return watch

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
            self.under_way[self.key] = self.operation.name
            if monitor.spans is not None:
                self.span = span = silently(start, monitor.spans, self.operation.name)
                if span is not None:
                    enter(span)
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
            if self.under_way.pop(self.key, None) is not None and not self._is_noted():
                ledger.drop("interrupted", model=self.monitor.identity.name)
        except BaseException as error:  # noqa: BLE001 -- the guard
            swallow("observe", error)
        self.open = False

    def _close(self) -> None:
        """End the span, and make the one before it current again."""
        if self.span is None:
            return
        end(self.span, self.around)
        self.span = None

    def _done(self) -> None:
        """Nothing is under way any more."""
        self._close()
        self.under_way.pop(self.key, None)
        self.open = False

    def answered(self, output: Any, arguments: Arguments, times: tuple[float, float, float]) -> None:
        """Take note of what the host's code returned; `times` are our arrival, its start and its end."""
        if not self.open:
            return
        arrived, started, ended = times
        try:
            answer, rows, lane = self._placed(output, arguments)
            monitor = self.monitor
            ids: Sequence[str] = ()
            if BATCH.get() is not None or self.models.id_column is not None:
                ids = ids_of(self.operation, self.model, self.models, rows, arguments)
            filled = lane, answer
            weight = answer.nbytes
            if weight > MOST_BYTES:
                answer, lane, weight, ids = NOTHING, self._too_large(rows), 0, ()
            if ids:
                self.entry = entry = (ended - started, rows, answer.tobytes(), ids, clock.now())
                self.models.desk.expect()
            else:
                self.entry = entry = (ended - started, rows, answer.tobytes())
            monitor.stage(lane, entry, self.taken, weight, arrived - started + ended)
            self.noted = True
            if self.span is not None:
                fill(self.span, self.models, monitor, *filled, rows, ids, ended - started)
                end(self.span, self.around)
                self.span = None
            self.under_way.pop(self.key, None)
            self.open = False
            if monitor.staged >= monitor.fold_at:
                monitor.fold_in_passing()
        except BaseException as error:  # noqa: BLE001 -- the guard
            self.lost(ended - started, error)

    def failed(self, error: BaseException, seconds: float, spent: float) -> None:
        """Take note that the host's code raised, or that an exception came while we took note of its answer."""
        if not self.open or self._is_noted():
            return
        try:
            trace = None
            if self.span is not None and self.monitor.spans is not None:
                self.monitor.spans.fail(self.span, error)
                trace = trace_of(self.span, self.models, seconds)
            kind = type(error).__qualname__ if isinstance(error, Exception) else None
            self._note(Failure(self.operation.name, seconds, kind, trace, spent))
        except BaseException as ours:  # noqa: BLE001 -- the guard
            self.lost(seconds, ours)

    def lost(self, seconds: float, error: BaseException) -> None:
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
        if isinstance(self.entry, Failure):
            return any(one is self.entry for one in self.monitor.failures[-1:])
        return any(holds(lane.calls, self.entry) or holds(lane.waiting, self.entry) for lane in self.monitor.staging())

    def _note(self, failure: Failure) -> None:
        monitor = self.monitor
        self.entry = failure
        monitor.failures.append(failure)
        self.noted = True
        self._done()
        monitor.staged += 1
        if monitor.staged >= monitor.fold_at:
            monitor.fold_in_passing()

    def _placed(self, output: Any, arguments: Arguments) -> tuple[NDArray[Any], int, Lane]:
        """Rows of an answer, how many, and the lane where answers like it are staged."""
        operation, monitor = self.operation, self.monitor
        form = operation.form
        fixed = isinstance(form, Form)
        alone = len(arguments[0]) == 1 and not arguments[1]  # what else tells the form is known of the model
        if not isinstance(form, Form):
            form = form(monitor.description, *arguments)
        usual = type(output) is np.ndarray and monitor.known and form is not Form.OPAQUE and output.shape
        if usual and not output.dtype.hasobject:
            answer, rows = output, output.shape[0]
        else:
            answer, form, rows = self._read(output, form, arguments)
            monitor, fixed, alone = self.monitor, False, False  # the answer may have told what the model is
        lane = monitor.latest.get(operation.name)
        if lane is None or not lane.fits(form, answer):
            lane = monitor.lane(operation.name, form, answer)
        same = lane.form is form
        lane.settled, lane.alone = operation if fixed and same else None, operation if alone and same else None
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
