"""A store that cannot be written, an endpoint that is away, settings that make no sense: the host goes on."""

from __future__ import annotations

import contextvars
import logging
import re
import socket
import threading

import numpy as np
import pandas as pd
import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sklearn.linear_model import LogisticRegression

import otelml
from otelml import process
from otelml.batches import BATCH
from otelml.ledger import ledger
from otelml.outcomes import desk, early
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
    """Predictions and outcomes are answered as always; each that is lost is booked, and the log names the fix once."""
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
    assert "fix OTEL_PYTHON_ML_OUTCOME_STORE" in caplog.text


def test_a_store_that_is_written_too_slowly_drops(watch, name, logistic, tmp_path, monkeypatch):
    """What does not fit before the store is booked, and what fits is joined."""
    monkeypatch.setattr(desk, "MOST_PENDING", 30)
    monkeypatch.setattr(early, "MOST_EARLY", 30)
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
    otelml.record_outcomes(IDS[:4], [None, np.nan, np.datetime64("NaT", "s"), 1])
    otelml.record_outcomes(IDS[4:6], [1, 1], at=[np.nan, np.inf])
    otelml.record_outcomes(["stranger"], [1])
    assert watched.count("ml.outcome.rejections", reason="invalid") - already["invalid"] == 5
    assert watched.count("ml.outcome.rejections", reason="unknown") - already["unknown"] == 1
    assert watched.count("ml.outcomes", model=name) == 1
    assert watched.new_errors() == {}


WEIGHTS = [np.nan, np.inf, -np.inf, -1.0]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_weights_that_count_nothing_are_rejected(watch, name, logistic, weight):
    """A weight that is negative or no number is invalid: a single one would ruin the counter for good."""
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    already = watched.count("ml.outcome.rejections", reason="invalid")
    otelml.record_outcomes(IDS[:3], [1, 1, 1], weight=[1.5, weight, 0])
    assert watched.count("ml.outcome.rejections", reason="invalid") - already == 1
    assert watched.count("ml.outcomes", model=name) == 1.5


ACTUALS = {
    "NA": [1, pd.NA, 0],
    "NaT": [1, pd.NaT, 0],
    "an array": [1, np.array([1, 0]), 0],
    "nullable": pd.Series([1, None, 0], dtype="Int64", index=[5, 5, 5]),
}


@pytest.mark.parametrize("actuals", ACTUALS.values(), ids=ACTUALS)
def test_one_label_that_is_none_takes_no_other_along(watch, name, logistic, actuals):
    """Of a batch with a label that is missing, or no label at all, that one alone is invalid."""
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    already = watched.count("ml.outcome.rejections", reason="invalid")
    otelml.record_outcomes(IDS[:3], actuals)
    assert watched.count("ml.outcome.rejections", reason="invalid") - already == 1
    assert watched.count("ml.outcomes", model=name) == 2
    assert watched.new_errors() == {}


def test_labels_in_a_column_and_huge_numbers_are_labels(watch, name, logistic):
    """A matrix of one column holds one label a row; an integer too large for a float is a label like any other."""
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        predicted = logistic.predict(ROWS)
    otelml.record_outcomes(IDS[:30], predicted[:30, None])
    otelml.record_outcomes(IDS[30:], [10**400] * 10)
    assert watched.count("ml.outcomes", model=name) == 40
    assert watched.count("ml.outcomes", model=name, correct=True) == 30


def test_a_text_that_cannot_be_encoded_fails_no_export(watch, name, tmp_path):
    """Halves of surrogate pairs in ids, labels and names neither fail an export nor take other rows along."""
    broken = chr(0xD83D)
    watched = watch(outcome_store=f"sqlite:///{tmp_path}/outcomes.sqlite")
    model = LogisticRegression().fit(ROWS, np.where(ROWS[:, 0] > 0, broken, "plain").astype(object))
    otelml.identify(model, name=name + broken, version=broken)
    with otelml.predictions(ids=[broken + one for one in IDS]):
        model.predict(ROWS)
    otelml.record_outcomes([broken + one for one in IDS], [broken] * 40)
    assert watched.count("ml.outcomes", model=f"{name}?") == 40
    assert encode_metrics(watched.captured.reader.get_metrics_data()).ByteSize() > 0
    assert encode_spans(watched.captured.exporter.get_finished_spans()).ByteSize() > 0


def test_a_block_may_be_left_in_another_context(watch, name, logistic):
    """A block that is left in another context than it was entered in, or entered twice, raises nothing."""
    watched = watch()
    otelml.identify(logistic, name=name)
    block = otelml.predictions(ids=IDS)
    contextvars.copy_context().run(block.__enter__)
    block.__exit__(None, None, None)
    with block, block:
        logistic.predict(ROWS)
    assert BATCH.get() is None
    assert watched.count("ml.outcome.awaited", model=name) == 40


@pytest.mark.parametrize(("actuals", "more"), [([1], {}), ([1, 0], {"at": [1.0]}), ([1, 0], {"weight": [1.0] * 3})])
def test_lengths_that_differ_are_invalid(watch, caplog, actuals, more):
    """A call that cannot be understood names both lengths in the log, records nothing, and raises nothing."""
    watched = watch()
    ledger._said.clear()
    already = watched.count("ml.outcome.rejections", reason="invalid")
    otelml.record_outcomes(["a", "b"], actuals, **more)
    assert re.search(r"[123] (actuals|values)", caplog.text)
    assert watched.count("ml.outcome.rejections", reason="invalid") - already == 2


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
    before = set(threading.enumerate())
    watch(outcome_store=f"sqlite:///{tmp_path}/outcomes.sqlite")
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    (writer,) = [one for one in set(threading.enumerate()) - before if one.name == "otelml-outcomes"]
    otelml.uninstrument()
    writer.join(timeout=10)
    assert not writer.is_alive()


def test_a_large_batch_waits_in_memory_as_a_whole(watch, name, logistic, monkeypatch):
    """What does not fit before the in-process map is written to it at once, up to the map's own capacity."""
    monkeypatch.setattr(desk, "MOST_PENDING", 10)
    watched = watch()
    otelml.identify(logistic, name=name)
    for half in (slice(0, 8), slice(8, 40)):
        with otelml.predictions(ids=IDS[half]):
            logistic.predict(ROWS[half])
    otelml.record_outcomes(IDS, [1] * 40)
    assert watched.count("ml.outcomes", model=name) == 40
