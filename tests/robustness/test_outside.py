"""A store that cannot be written, an endpoint that is away, settings that make no sense: the host goes on."""

from __future__ import annotations

import logging
import socket
import threading

import numpy as np
import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

import otelml
from otelml import process
from otelml.ledger import ledger
from otelml.outcomes import desk
from otelml.settings import Settings, variable
from otelml.testing import points_from_sdk, total

ROWS = np.random.default_rng(2).normal(size=(40, 2))
IDS = [f"row-{row}" for row in range(40)]


def unwritable(tmp_path, kind):
    """Name a store that SQLite cannot open, or not read."""
    if kind == "no folder":
        return f"sqlite:///{tmp_path}/no/such/folder/outcomes.sqlite"
    (tmp_path / "outcomes.sqlite").write_bytes(b"this is no database, and long enough to be taken for one" * 50)
    return f"sqlite:///{tmp_path}/outcomes.sqlite"


@pytest.mark.parametrize("kind", ["no folder", "no database"])
def test_a_store_that_cannot_be_used_is_told(watch, name, caplog, tmp_path, logistic, kind):
    """Predictions and outcomes are answered as always; each that is lost is booked, and the log names the mend once."""
    expected = logistic.predict_proba(ROWS)
    before = ledger.dropped["store_unwritable", ""]
    watched = watch(outcome_store=unwritable(tmp_path, kind))
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS) as batch:
        assert np.array_equal(logistic.predict_proba(ROWS), expected)
    assert batch.ids == IDS
    otelml.record_outcomes(IDS[:7], [1] * 7)
    assert watched.count("ml.inference.rows", model=name) == 40
    assert watched.count("ml.prediction.score", model=name) == 40
    assert ledger.dropped["store_unwritable", ""] - before == 47
    assert watched.new_errors()["outcomes"] >= 2
    assert caplog.text.count("the outcome store cannot be used") == 1
    assert "mend OTEL_PYTHON_ML_OUTCOME_STORE" in caplog.text


def test_a_store_that_is_written_too_slowly_drops(watch, name, logistic, tmp_path, monkeypatch):
    """What does not fit before the store is booked, and what fits is joined."""
    monkeypatch.setattr(desk, "MOST_PENDING", 30)
    before = ledger.dropped["queue_full", ""]
    watched = watch(outcome_store=f"sqlite:///{tmp_path}/outcomes.sqlite")
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    otelml.record_outcomes(IDS, [1] * 40)
    assert ledger.dropped["queue_full", ""] - before == 10
    assert watched.count("ml.outcomes", model=name) == 30


def test_ids_that_do_not_fit_are_told(watch, name, caplog, logistic):
    """More rows than ids: the answer is as always, no row waits under a wrong id, and that is booked."""
    before = ledger.dropped["ids_mismatch", ""]
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS[:3]):
        assert len(logistic.predict(ROWS)) == 40
    assert ledger.dropped["ids_mismatch", ""] - before == 40
    assert "40 rows were predicted under 3 ids; give one id a row" in caplog.text
    assert watched.count("ml.inference.rows", model=name) == 40
    assert watched.count("ml.outcome.awaited", model=name) == 0


def test_outcomes_that_make_no_sense_are_rejected(watch, name, logistic):
    """Missing labels and times that are no times are invalid, strangers unknown; none is an error."""
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    already = {reason: watched.count("ml.outcome.rejections", reason=reason) for reason in ("invalid", "unknown")}
    otelml.record_outcomes(IDS[:4], [None, np.nan, np.datetime64("NaT"), 1])
    otelml.record_outcomes(IDS[4:6], [1, 1], at=[np.nan, np.inf])
    otelml.record_outcomes(["stranger"], [1])
    assert watched.count("ml.outcome.rejections", reason="invalid") - already["invalid"] == 5
    assert watched.count("ml.outcome.rejections", reason="unknown") - already["unknown"] == 1
    assert watched.count("ml.outcomes", model=name) == 1
    assert watched.new_errors() == {}


@pytest.mark.parametrize(("actuals", "more"), [([1], {}), ([1, 0], {"at": [1.0]}), ([1, 0], {"weight": [1.0] * 3})])
def test_lengths_that_differ_are_the_callers_mistake(watch, actuals, more):
    """A call that cannot be understood raises at once, naming both lengths, and records nothing."""
    watch()
    with pytest.raises(ValueError, match=r"[123] (actuals|values|actual)"):
        otelml.record_outcomes(["a", "b"], actuals, **more)


@pytest.fixture
def nobody():
    """Name an address where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def test_an_endpoint_that_is_away_harms_nothing(nobody, name, logistic, caplog):
    """With nobody at the endpoint, calls are answered as always, and another reader is told of every row."""
    caplog.set_level(logging.CRITICAL, "opentelemetry")
    away = PeriodicExportingMetricReader(OTLPMetricExporter(f"{nobody}/v1/metrics", timeout=0.2), 3_600_000)
    here = InMemoryMetricReader()
    meters, tracers = MeterProvider([away, here], shutdown_on_exit=False), TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{nobody}/v1/traces", timeout=0.2)))
    expected = logistic.predict(ROWS)
    otelml.instrument(tracers, meters)
    try:
        otelml.identify(logistic, name=name)
        for _ in range(2):
            assert np.array_equal(logistic.predict(ROWS), expected)
            otelml.force_flush(timeout_millis=2_000)
        points = points_from_sdk(here.get_metrics_data()) + points_from_sdk(here.get_metrics_data())
        assert total(points, "ml.inference.rows", {"ml.model.name": name}).last == 80
    finally:
        otelml.uninstrument()
        tracers.shutdown()
        meters.shutdown()


BAD = {
    "enabled": "perhaps",
    "metrics": "",
    "gauges": "some",
    "outcome_store": "oracle://",
    "outcome_capacity": "many",
    "outcome_horizon": "-1d",
    "outcome_ttl": "soon",
    "max_points": "0",
}


def test_variables_that_cannot_be_read_leave_the_defaults(watch, name, caplog, monkeypatch, logistic):
    """Each bad variable is named with what it takes, and the host is watched under the defaults."""
    for setting, value in BAD.items():
        monkeypatch.setenv(variable(setting), value)
    watched = watch()
    assert process.current().settings == Settings()
    for setting, value in BAD.items():
        if value:
            assert f"{variable(setting)} is {value!r}, so the default is in force: it takes " in caplog.text
    otelml.identify(logistic, name=name).predict(ROWS)
    assert watched.count("ml.inference.rows", model=name) == 40


def test_arguments_that_cannot_be_taken_raise(watch):
    """A setting that does not exist, or a value that it does not take, is the caller's mistake, told at once."""
    watch()
    with pytest.raises(TypeError, match="no setting 'horizon'; there are: enabled"):
        otelml.instrument(horizon="1d")
    with pytest.raises(ValueError, match="outcome_horizon is 'soon'; it takes a duration"):
        otelml.instrument(outcome_horizon="soon")


def test_threads_of_a_closed_desk_end(watch, name, tmp_path, logistic):
    """The thread that writes behind the predict path ends with its store."""
    watch(outcome_store=f"sqlite:///{tmp_path}/outcomes.sqlite")
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    (writer,) = [thread for thread in threading.enumerate() if thread.name == "otelml-outcomes"]
    otelml.uninstrument()
    writer.join(timeout=10)
    assert not writer.is_alive()
