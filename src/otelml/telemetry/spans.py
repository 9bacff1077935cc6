"""The span around a prediction, and when a measurement may point at it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from opentelemetry.trace import SpanKind, Status, StatusCode

from otelml import clock
from otelml.labels import encodable, shortened
from otelml.telemetry import names

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

    from otelml.prediction import Decision, Prediction
    from otelml.telemetry.streams import Attributes

SUPPRESSED = "suppress_instrumentation"  # in the context, where somebody up the stack asked for silence


class Spans:
    """The spans of one model; `scores` says that the answer to one row is put on its span."""

    def __init__(self, tracer: Tracer, attributes: Attributes, *, messages: bool, scores: bool) -> None:
        self._tracer, self._messages, self.scores = tracer, messages, scores
        self._attributes = dict(attributes)
        self._of: dict[str, tuple[str, dict[str, Any]]] = {}

    def start(self, operation: str) -> Span | None:
        """Start a span, which is not current yet; None where nobody traces."""
        name, attributes = self._of.get(operation) or self._named(operation)
        span = self._tracer.start_span(name, kind=SpanKind.INTERNAL, attributes=attributes)
        return span if span.get_span_context().is_valid else None

    def _named(self, operation: str) -> tuple[str, dict[str, Any]]:
        attributes = {**self._attributes, names.OPERATION_NAME: operation}
        self._of[operation] = named = (f"{operation} {attributes[names.MODEL_NAME]}", attributes)
        return named

    def fail(self, span: Span, error: BaseException) -> None:
        """Mark the span of a call that raised; cancellation and exit are no errors."""
        if not isinstance(error, Exception):
            return
        span.set_attribute(names.ERROR_TYPE, shortened(encodable(type(error).__qualname__)))
        if self._messages:
            span.record_exception(error)
            span.set_status(Status(StatusCode.ERROR, str(error)))
        else:
            span.set_status(StatusCode.ERROR)  # without a description: exception messages quote data

    @staticmethod
    def answer(span: Span, decision: Decision, prediction: Prediction) -> None:
        """Say what one row was answered: the class, and its score where that is a probability."""
        if prediction.predicted is None:
            return
        chosen = int(prediction.predicted[0])
        span.set_attribute(names.PREDICTION_CLASS, decision.classes[chosen] if chosen >= 0 else names.OTHER)
        if prediction.scores is None or chosen < 0:
            return
        score = float(prediction.scores[0] if prediction.scores.ndim == 1 else prediction.scores[0, chosen])
        if 0 <= score <= 1:  # of one that is none the fold books why
            span.set_attribute(names.PREDICTION_SCORE, score)


class ExemplarFilter:
    """Whether a duration may carry the ids of its span, as `OTEL_METRICS_EXEMPLAR_FILTER` has it.

    The provider's own filter object is private; the variable that makes it is not.
    """

    def __init__(self) -> None:
        self._kind = os.environ.get("OTEL_METRICS_EXEMPLAR_FILTER", "trace_based").strip().lower()

    def trace(self, opened: Span | None) -> tuple[int, int, int] | None:
        """(trace id, span id, now in nanoseconds) of a span that may be pointed at, else None."""
        if opened is None or self._kind == "always_off":
            return None
        own = opened.get_span_context()
        if self._kind != "always_on" and not own.trace_flags.sampled:
            return None
        return own.trace_id, own.span_id, clock.now_ns()
