"""A host whose predictions are sure, unsure, slow and failed, and that tells telemetry what it should not."""

from __future__ import annotations

import threading
from contextlib import suppress

import numpy as np
from opentelemetry import metrics, trace
from opentelemetry._logs import get_logger
from sklearn.linear_model import LogisticRegression

import otelml

SURE, UNSURE, FAILED, SLOW, ROWS = 60, 5, 3, 2, 20
SLOW_S = 0.4
EMAIL, CARD, ID = "jane.doe@example.org", "4111 1111 1111 1111", "order-8842"
LINKED = "john.roe@example.org"
IDENTITIES = ("class", "predicted", "actual", "from", "to", "bin", "action", "column.name")
CLASSES = ("a@example.net", "b@example.net")


class Slow(LogisticRegression):
    """Takes its time."""

    def predict_proba(self, X):
        """Answer after a while."""
        threading.Event().wait(SLOW_S)
        return super().predict_proba(X)


def steep(kind):
    """Make a model that is unsure of 0 alone."""
    model = kind().fit([[-1.0], [1.0]], [0, 1])
    model.coef_, model.intercept_ = np.array([[10.0]]), np.array([0.0])
    return model


def three():
    """Make a model of three classes that is a little less unsure of 0 than it could be."""
    model = LogisticRegression().fit([[-1.0], [0.0], [1.0]], ["a", "b", "c"])
    model.coef_, model.intercept_ = np.array([[-5.0], [0.0], [5.0]]), np.array([0.3, 0.0, 0.0])
    return model


def tell():
    """Say in a span and in a log record of the host's own what quotes a customer."""
    link = trace.Link(trace.SpanContext(1, 1, is_remote=True), {"owner": LINKED})
    with trace.get_tracer("host").start_as_current_span(f"pay {EMAIL}", links=[link]) as span:
        span.add_event(f"asked {EMAIL}", {"of": EMAIL})
        span.set_attribute("note", f"card {CARD} of {EMAIL}")
        span.set_attribute("notes", [EMAIL, CARD])
        span.set_attribute("number", int(CARD.replace(" ", "")))
        span.set_status(trace.StatusCode.ERROR, f"{EMAIL} was refused")
    get_logger("host").emit(body=f"refused {EMAIL}", attributes={"card": CARD}, event_name="refusal")

    counter = metrics.get_meter("host").create_counter("host.orders")
    for key in IDENTITIES:
        for text in CLASSES:
            counter.add(1, {f"ml.{key}": text})


def main():
    """Ask for what is sure, unsure, slow and failed, one row at a time, and for a batch."""
    model = otelml.identify(steep(LogisticRegression), name="deciding", version="1")
    for number in range(SURE):
        model.predict_proba([[1.0 if number % 2 else -1.0]])
    for number in range(UNSURE):
        with otelml.predictions(ids=[f"{ID}-{number}"]):
            model.predict_proba([[0.01 * number]])
    otelml.identify(three(), name="three").predict_proba([[0.0]])
    otelml.identify(three(), name="three").predict_proba([[3.0]])
    for _ in range(FAILED):
        with suppress(ValueError):
            model.predict_proba(np.array([[EMAIL]], dtype=object))
    slow = otelml.identify(steep(Slow), name="slow")
    for _ in range(SLOW):
        slow.predict_proba([[1.0]])
    model.predict_proba(np.ones((ROWS, 1)))
    tell()


if __name__ == "__main__":
    main()
