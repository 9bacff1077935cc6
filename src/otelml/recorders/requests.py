"""The service: how often a model was asked, how long it took, how it failed."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.staging import drained
from otelml.stats.histogram import Histogram, bin_index
from otelml.telemetry import names
from otelml.telemetry.streams import Example

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from otelml.staging import Failure, Lane, Trace
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
        self._active: dict[str, int] = {}
        self._lock = threading.Lock()

    def show_active(self) -> None:
        """Bring the calls under way into their series, for a collection."""
        for operation, count in list(self._active.items()):
            self._streams.active.number(self._of(operation)).set(count)

    def record(self, begun: list[str], lanes: Sequence[Lane], failures: list[Failure]) -> Times:
        """Fold calls that began and calls that ended, and take them out."""
        with self._lock:  # monitors of one identity share this
            return self._record(begun, lanes, failures)

    def _record(self, begun: list[str], lanes: Sequence[Lane], failures: list[Failure]) -> Times:
        self._count(Counter(drained(begun)), +1)
        host = spent = 0.0
        for lane in lanes:
            if lane.seconds:
                seconds = drained(lane.seconds)
                self._count({lane.operation: len(seconds)}, -1)
                self._answered(lane.operation, seconds, drained(lane.rows), drained(lane.traces))
                spent += sum(drained(lane.spent))
                host += sum(seconds)
        for failure in drained(failures):
            self._count({failure.operation: 1}, -1)
            labels = {names.ERROR_TYPE: self._bounded(failure.error)} if failure.error else {}
            traces = [failure.trace] if failure.trace else []
            self._lasted({**self._of(failure.operation), **labels}, [failure.seconds], traces)
            spent += failure.spent
        return Times(host, spent)

    def _count(self, calls: Mapping[str, int], sign: int) -> None:
        for operation, count in calls.items():
            if operation not in self._active:
                self._born(operation)
            self._active[operation] = self._active.get(operation, 0) + sign * count

    def _born(self, operation: str) -> None:
        """Make the series of an operation as soon as a call has begun: readers are told of them at zero."""
        attributes = self._of(operation)
        self._streams.duration.buckets(attributes)
        self._streams.sizes.buckets(attributes)
        self._streams.rows.number(attributes)

    def _answered(self, operation: str, seconds: list[float], rows: list[int], traces: list[Trace]) -> None:
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
        self._lock = threading.Lock()
        self._active = dict.fromkeys(self._active, 0)


def _examples(duration: Buckets, traces: list[Trace]) -> dict[int, Example]:
    if not traces:
        return {}
    index = bin_index([trace[0] for trace in traces], np.array(duration.bounds)).tolist()
    return {
        bucket: Example(seconds, time_ns, trace_id, span_id)
        for bucket, (seconds, trace_id, span_id, time_ns) in zip(index, traces, strict=True)
    }
