"""Events over the wire: log records with a name, to the provider that was given."""

from __future__ import annotations

import numpy as np
import pytest
from fresh import forget_models
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.telemetry import names
from otelml.testing import Receiver, capture


@pytest.fixture
def asked():
    """Serve a model of three columns, the second of which is moved; returns baseline and what was received."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(2_000, 3))
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    baseline = otelml.Baseline.fit(model, rows, rows[:, 0] > 0)

    def ask(moved, size=400, skew_rows=500):
        with Receiver() as receiver, capture() as kept:
            logs = LoggerProvider(shutdown_on_exit=False)
            logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{receiver.endpoint}/v1/logs")))
            otelml.instrument(kept.tracer_provider, kept.meter_provider, logs, skew_rows=skew_rows)
            try:
                otelml.identify(model, name="events", version="3", baseline=baseline)
                for start in range(0, 2_000, size):
                    model.predict(rows[start : start + size] + np.array([0.0, moved, 0.0]))
                    kept.points()
            finally:
                otelml.uninstrument()
                forget_models()
                logs.shutdown()
            return baseline, receiver.log_records

    return ask


def test_skew_is_an_event_with_the_names_of_what_moved(asked):
    """Once a model, a warning: rows and columns that were compared, and the names of those that moved."""
    baseline, [event] = asked(1.0)
    assert event.event_name == names.SKEW.name
    assert event.severity_text == "WARN"
    assert event.scope == names.SCOPE
    assert event.attributes == {
        "ml.model.name": "events",
        "ml.model.version": "3",
        "ml.baseline.id": baseline.id,
        "ml.skew.rows": 800,
        "ml.skew.columns": 3,
        "ml.skew.moved": ("x1",),
    }


def test_fewer_rows_than_an_index_can_be_judged_by_are_not_compared(asked):
    """However few rows are asked for: 200 at least, since fewer differ from any baseline."""
    _, [event] = asked(0.0, size=50, skew_rows=10)
    assert event.attributes["ml.skew.rows"] == 200
    assert event.severity_text == "INFO"


def test_rows_as_in_training_are_an_information(asked):
    """No skew is an event too: the comparison was made, and found nothing."""
    _, [event] = asked(0.0)
    assert event.severity_text == "INFO"
    assert event.attributes.get("ml.skew.moved", ()) == ()
