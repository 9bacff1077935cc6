"""The host's call, once, outside every guard; what we do before and after it is guarded.

This is the hot path.  It costs its host a few microseconds, which is why all of it is one function, why it appends and
leaves all else to `Monitor.fold`, and why the guard is written out here instead of being wrapped around.  Whatever is
not as it was the last time (another shape, an answer to be taken apart, an exception) is `Watch`'s.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
from opentelemetry.context import get_current

from otelml import clock, process
from otelml.batches import BATCH
from otelml.patching.frames import unseen
from otelml.patching.guard import swallow
from otelml.patching.nesting import INSIDE, silently
from otelml.telemetry.spans import SUPPRESSED
from otelml.watch import MOST_BYTES, Watch, end, enter, fill, ids_of, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from opentelemetry.context import Context

    from otelml.frameworks.adapter import Adapter
    from otelml.models import Models
    from otelml.patching.sites import Operation

_clock = time.perf_counter
_PENDING: Any = object()


class Observer:
    """What stands between a host and one framework: sees every outermost call."""

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    @unseen
    def __call__(  # noqa: C901, PLR0912, PLR0915 -- each further function costs as much as what it would do
        self,
        operation: Operation,
        call: Callable[..., Any],
        model: Any,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Call `call(model, *args, **kwargs)` and watch it."""
        arrived = started = ended = _clock()
        monitor = taken = span = entry = watch = None
        models: Models = _PENDING
        around: Context = _PENDING
        output, done = _PENDING, False
        try:
            around = get_current()
            if not around.get(SUPPRESSED):
                models = process.current().models
                monitor = models.monitor(model, self.adapter)
        except BaseException as error:  # noqa: BLE001 -- the guard: a call that we fail to watch is made all the same
            swallow("observe", error)
        if monitor is None:
            return silently(call, model, *args, **kwargs)
        if monitor.intake is not None:
            try:
                taken = monitor.intake.take(operation.inputs(args, kwargs))
            except BaseException as error:  # noqa: BLE001 -- the guard
                swallow("columns", error)
        key, name, under_way = object(), operation.name, monitor.requests.under_way
        asked = operation, model, self.adapter, models, monitor, around, under_way, key
        # An exception of a signal handler may come between any two of these steps, in a `finally` too: what has to be
        # put back is put back twice.
        try:
            try:
                under_way[key] = name
                INSIDE.set(True)
                if monitor.spans is not None:
                    span = start(monitor.spans, name)
                    if span is not None:
                        enter(span)
                started = _clock()
                output = call(model, *args, **kwargs)
                ended = _clock()
                INSIDE.set(False)  # a handler's own predictions are not within the host's call any more
                lane = monitor.latest.get(name)
                # As the one before it, in nine calls of ten: then all that could be asked of it is known.
                if not (
                    lane is not None
                    and (lane.settled is operation or (lane.alone is operation and len(args) == 1 and not kwargs))
                    and type(output) is np.ndarray
                    and output.dtype is lane.dtype
                    and (shape := output.shape)
                    and shape[1:] == lane.tail
                    and (weight := output.nbytes) <= MOST_BYTES
                ):
                    watch = Watch.over(asked, span, taken, entry)
                    watch.answered(output, (args, kwargs), (arrived, started, ended))
                    done = True
                    return output
                rows = shape[0]
                ids: Sequence[str] = ()
                if BATCH.get() is not None or models.id_column is not None:
                    ids = ids_of(operation, model, models, rows, (args, kwargs))
                if ids:
                    entry = (ended - started, rows, output.tobytes(), ids, clock.now())
                    models.desk.expect()
                else:
                    entry = (ended - started, rows, output.tobytes())
                monitor.stage(lane, entry, taken, weight, arrived - started + ended)
                under_way.pop(key, None)
                done = True
                if span is not None:
                    fill(span, models, monitor, lane, output, rows, ids, ended - started)
                    end(span, around)
                    span = None
                if monitor.staged >= monitor.fold_at:
                    monitor.fold_in_passing()
                return output  # noqa: TRY300 -- one exception table for all of it
            except BaseException as error:
                INSIDE.set(False)
                if done:  # the call is noted; what folding lets pass is the host's
                    raise
                watch = watch or Watch.over(asked, span, taken, entry)
                if output is _PENDING:
                    watch.failed(error, _clock() - started, started - arrived)
                    raise
                watch.lost(ended - started, error)  # raises what is the host's
                return output
            finally:
                if not done or span is not None or INSIDE.get():
                    INSIDE.set(False)
                    watch = watch or Watch.over(asked, span, taken, entry)
                    watch.leave()
        finally:
            if not done or span is not None or INSIDE.get():
                INSIDE.set(False)
                watch = watch or Watch.over(asked, span, taken, entry)
                watch.leave()
