"""The service: how often a model was asked, how long it took, how it failed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.stats.histogram import Histogram, bin_index
from otelml.telemetry import names
from otelml.telemetry.streams import Example

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otelml.telemetry.streams import Attributes, Buckets, Stream


class Request(NamedTuple):
    """What the service metrics keep of one call.

    `trace` is (trace id, span id, nanoseconds since the epoch) where an exemplar may be taken, else None.
    """

    operation: str
    seconds: float
    rows: int
    error: str | None
    trace: tuple[int, int, int] | None


class RequestStreams(NamedTuple):
    """The streams of the service metrics, shared by all models."""

    duration: Stream
    active: Stream
    rows: Stream
    sizes: Stream


class Requests:
    """Service metrics of one model."""

    def __init__(self, streams: RequestStreams, attributes: Attributes, system: str) -> None:
        self._streams = streams
        self._attributes = {**attributes, names.SYSTEM_NAME: system}
        self._errors: set[str] = set()
        self._active: dict[str, int] = {}
        self._lock = threading.Lock()

    def born(self, operation: str) -> None:
        """Make the series of an operation that will be asked for."""
        attributes = self._of(operation)
        self._streams.duration.buckets(attributes)
        self._streams.sizes.buckets(attributes)
        self._streams.rows.number(attributes)

    def enter(self, operation: str) -> None:
        """A call begins."""
        with self._lock:
            self._active[operation] = self._active.get(operation, 0) + 1

    def leave(self, operation: str) -> None:
        """A call ends."""
        with self._lock:
            self._active[operation] -= 1

    def show_active(self) -> None:
        """Bring the calls under way into their series, for a collection."""
        for operation, count in list(self._active.items()):
            self._streams.active.number(self._of(operation)).set(count)

    def record(self, requests: Sequence[Request]) -> None:
        """Fold calls that have ended, in bulk."""
        groups: dict[tuple[str, str | None], list[Request]] = {}
        for request in requests:
            groups.setdefault((request.operation, request.error), []).append(request)
        for (operation, error), group in groups.items():
            self._record(self._of(operation), self._bounded(error), group)

    def _record(self, attributes: Attributes, error: str | None, group: list[Request]) -> None:
        failed = {names.ERROR_TYPE: error} if error else {}
        duration = self._streams.duration.buckets({**attributes, **failed})
        seconds = np.array([request.seconds for request in group])
        batch = Histogram(duration.bounds)
        batch.add(seconds)
        duration.add(batch, _examples(duration, group))
        if error is None:
            sizes = self._streams.sizes.buckets(attributes)
            batch = Histogram(sizes.bounds)
            rows = [request.rows for request in group]
            batch.add(np.array(rows, dtype=np.float64))
            sizes.add(batch)
            self._streams.rows.number(attributes).add(sum(rows))

    def _of(self, operation: str) -> dict[str, str | bool | int | float]:
        return {**self._attributes, names.OPERATION_NAME: operation}

    def _bounded(self, error: str | None) -> str | None:
        if error is None or error in self._errors:
            return error
        if len(self._errors) >= names.MOST_ERROR_TYPES:
            return names.OTHER_ERROR
        self._errors.add(error)
        return error

    def reset(self) -> None:
        """Start afresh in a forked child, where none of the parent's calls is under way."""
        self._lock = threading.Lock()
        self._active = dict.fromkeys(self._active, 0)


def _examples(duration: Buckets, group: list[Request]) -> dict[int, Example]:
    traced = [(request.seconds, request.trace) for request in group if request.trace]
    if not traced:
        return {}
    index = bin_index([seconds for seconds, _ in traced], np.array(duration.bounds)).tolist()
    return {
        bucket: Example(seconds, time_ns, trace_id, span_id)
        for bucket, (seconds, (trace_id, span_id, time_ns)) in zip(index, traced, strict=True)
    }
