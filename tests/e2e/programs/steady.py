"""A host that predicts steadily until its standard input ends, and writes down what it did: `steady.py FOLDER`.

Each line of the three files is on the disk before the host goes on: what it says of itself survives its own crash.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import numpy as np
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import MetricExportResult
from opentelemetry.sdk.trace import SpanProcessor
from sklearn.linear_model import LogisticRegression

import otelml

PACE_S = 0.02
UNSURE_EVERY = 5
WATCHED = ("ml.inference.rows", "ml.predictions")


class Diary:
    """One file of JSON lines."""

    def __init__(self, path):
        self._file, self._lock = path.open("a", buffering=1), threading.Lock()

    def note(self, **entry):
        """Write one line."""
        with self._lock:
            self._file.write(json.dumps(entry) + "\n")


class Ended(SpanProcessor):
    """Writes down the spans that the gateway keeps."""

    def __init__(self, diary):
        self._diary = diary

    def on_end(self, span):
        """Write down one that is unsure."""
        score = span.attributes.get("ml.prediction.score", 1.0)
        if 0.35 <= score <= 0.65:
            self._diary.note(trace_id=f"{span.context.trace_id:032x}", at=span.end_time)


def write_down_exports(diary):
    """Write down each export that is made from now on, and how it ended."""
    export = OTLPMetricExporter.export

    def noted(self, metrics_data, *arguments, **named):
        result = export(self, metrics_data, *arguments, **named)
        points = [
            [metric.name, point.attributes.get("ml.class", ""), point.time_unix_nano, point.value]
            for resource in metrics_data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name in WATCHED
            for point in metric.data.data_points
        ]
        diary.note(taken=result is MetricExportResult.SUCCESS, points=points)
        return result

    OTLPMetricExporter.export = noted


def main(folder):
    """Predict one row after the other, each under an id, every fifth of them unsure."""
    write_down_exports(Diary(folder / "exports.jsonl"))
    trace.get_tracer_provider().add_span_processor(Ended(Diary(folder / "spans.jsonl")))
    predicted = Diary(folder / "predictions.jsonl")
    model = LogisticRegression().fit([[-1.0], [1.0]], [0, 1])
    model.coef_, model.intercept_ = np.array([[10.0]]), np.array([0.0])
    otelml.identify(model, name="steady")
    ended, number = threading.Event(), 0
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not ended.wait(PACE_S):
        row = 0.0 if number % UNSURE_EVERY == 0 else 1.0
        with otelml.predictions(ids=[f"order-{number}"]):
            model.predict_proba([[row]])
        predicted.note(id=f"order-{number}")
        number += 1


if __name__ == "__main__":
    main(Path(sys.argv[1]))
