"""The service: how often a model was asked, how long it took, how it failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.stats.histogram import Histogram, bin_index
from otelml.telemetry import names
from otelml.telemetry.streams import Example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otelml.staging import Failure, Taken, Trace
    from otelml.telemetry.streams import Attributes, Buckets, Stream


class RequestStreams(NamedTuple):
    """The streams of the service metrics, shared by all models."""

    duration: Stream
    active: Stream
    rows: Stream
    sizes: Stream


class Times(NamedTuple):
    """Seconds of the host's calls that were answered, and of otelml beside them."""

    host: float
    spent: float


class Requests:
    """Service metrics of one model."""

    def __init__(self, streams: RequestStreams, attributes: Attributes, system: str) -> None:
        self._streams = streams
        self._attributes = {**attributes, names.SYSTEM_NAME: system}
        self._errors: set[str] = set()
        self._operations: set[str] = set()
        # By whoever watches the call, which puts itself in and takes itself out: in one step each, so that an exception
        # of a signal handler leaves no call under way for ever.
        self.under_way: dict[Any, str] = {}

    def show_active(self) -> None:
        """Bring the calls under way into their series, for a collection."""
        active = Counter(self.under_way.copy().values())
        for operation in active:
            self._known(operation)
        for operation in list(self._operations):
            self._streams.active.number(self._of(operation)).set(active[operation])

    def record(self, batches: Sequence[Taken], failures: Sequence[Failure]) -> Times:
        """Count calls that ended: those that were answered, and those that failed."""
        host = spent = 0.0
        for batch in batches:
            seconds = batch.seconds
            self._answered(batch.lane.operation, seconds, batch.rows, batch.traces)
            spent += batch.spent
            host += sum(seconds)
        for failure in failures:
            self._known(failure.operation)
            labels = {names.ERROR_TYPE: self._bounded(failure.error)} if failure.error else {}
            traces = [failure.trace] if failure.trace else []
            self._lasted({**self._of(failure.operation), **labels}, [failure.seconds], traces)
            spent += failure.spent
        return Times(host, spent)

    def _known(self, operation: str) -> None:
        if operation not in self._operations:
            self._born(operation)
            self._operations.add(operation)

    def _born(self, operation: str) -> None:
        """Make the series of an operation as soon as a call has begun: readers are told of them at zero."""
        attributes = self._of(operation)
        self._streams.duration.buckets(attributes)
        self._streams.sizes.buckets(attributes)
        self._streams.rows.number(attributes)

    def _answered(self, operation: str, seconds: list[float], rows: list[int], traces: list[Trace]) -> None:
        self._known(operation)
        attributes = self._of(operation)
        self._lasted(attributes, seconds, traces)
        sizes = self._streams.sizes.buckets(attributes)
        batch = Histogram(sizes.bounds)
        batch.add(np.array(rows, dtype=np.float64))
        sizes.add(batch)
        self._streams.rows.number(attributes).add(sum(rows))

    def _lasted(self, attributes: Attributes, seconds: list[float], traces: list[Trace]) -> None:
        duration = self._streams.duration.buckets(attributes)
        batch = Histogram(duration.bounds)
        batch.add(np.array(seconds))
        duration.add(batch, _examples(duration, traces))

    def _of(self, operation: str) -> dict[str, str | bool | int | float]:
        return {**self._attributes, names.OPERATION_NAME: operation}

    def _bounded(self, error: str) -> str:
        if error not in self._errors and len(self._errors) >= names.MOST_ERROR_TYPES:
            return names.OTHER_ERROR
        self._errors.add(error)
        return error

    def start_afresh(self) -> None:
        """Begin anew in a forked child, where none of the parent's calls is under way."""
        self.under_way.clear()


def _examples(duration: Buckets, traces: list[Trace]) -> dict[int, Example]:
    if not traces:
        return {}
    index = bin_index([trace[0] for trace in traces], np.array(duration.bounds)).tolist()
    return {
        bucket: Example(seconds, time_ns, trace_id, span_id)
        for bucket, (seconds, trace_id, span_id, time_ns) in zip(index, traces, strict=True)
    }
