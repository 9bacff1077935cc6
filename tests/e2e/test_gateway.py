"""What the gateway does to telemetry: metrics stay exact, traces are chosen, raw values end there."""

from __future__ import annotations

import time
from collections import Counter

import joblib
import numpy as np
import pytest
from collector import wait_until
from gateway import running_pipeline
from launcher import PROGRAMS, environment, launch
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus import running_prometheus
from sklearn.linear_model import LogisticRegression

from otelml.testing import select, total

pytestmark = pytest.mark.e2e

MASK = "****"
OPTED_IN = {
    "OTEL_PYTHON_ML_SPAN_IDS": "true",
    "OTEL_PYTHON_ML_SPAN_SCORES": "true",
    "OTEL_PYTHON_ML_EXCEPTION_MESSAGES": "true",
    "OTEL_LOGS_EXPORTER": "otlp",
}


@pytest.fixture(scope="module")
def deciding():
    """Give the tests what `programs/deciding.py` does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROGRAMS))
        import deciding

        return deciding


@pytest.fixture(scope="module")
def behind(collector_binary, tmp_path_factory, deciding):
    """Give what reached the backend of all that `deciding.py` said, with every raw value opted in."""
    tmp_path = tmp_path_factory.mktemp("gateway")
    with running_pipeline(collector_binary, tmp_path, OTELML_SLOW_MS="300", OTELML_SHARE_PERCENT="0") as pipeline:
        launch("deciding.py", env=environment(pipeline, **OPTED_IN), cwd=tmp_path)
        wait_until(lambda: settled(pipeline.backend, deciding), 30, lambda: str(kept(pipeline.backend.spans())))
        pipeline.drain()
        yield pipeline.backend


def settled(backend, deciding):
    """Whether the last of each signal has arrived."""
    slow = {"ml.model.name": "slow"}
    counted = total(backend.points(), "ml.inference.rows", slow).last == deciding.SLOW
    return counted and backend.log_records() and any(span.name.startswith("pay") for span in backend.spans())


def kept(spans):
    """Count the spans of each model and outcome."""
    return Counter((span.attributes.get("ml.model.name"), span.status) for span in spans)


def test_failed_slow_and_unsure_predictions_are_kept(behind, deciding):
    """They are all at the trace backend, and none of the others, which are most."""
    assert kept(behind.spans()) == {
        ("deciding", "UNSET"): deciding.UNSURE,
        ("deciding", "ERROR"): deciding.FAILED,
        ("slow", "UNSET"): deciding.SLOW,
        ("three", "UNSET"): 1,
        (None, "ERROR"): 1,
    }
    scores = [span.attributes["ml.prediction.score"] for span in select_spans(behind, "ml.prediction.score")]
    assert sum(0.35 <= score <= 0.65 for score in scores) == deciding.UNSURE + 1
    assert sum(score > 0.65 for score in scores) == deciding.SLOW
    assert all(span.attributes["ml.operation.name"] == "predict_proba" for span in select_spans(behind, "ml.task"))


def select_spans(backend, attribute):
    """Return the spans that have an attribute."""
    return [span for span in backend.spans() if attribute in span.attributes]


def test_metrics_stay_exact(behind, deciding):
    """Whatever is sampled, every call, row, class and failure is counted."""
    points, own = behind.points(), {"ml.model.name": "deciding"}
    calls = deciding.SURE + deciding.UNSURE + 1
    assert total(points, "ml.inference.rows", own) == (calls - 1 + deciding.ROWS,) * 2
    assert total(points, "ml.inference.duration", own) == (calls + deciding.FAILED,) * 2
    assert total(points, "ml.inference.duration", {"error.type": "ValueError"}) == (deciding.FAILED,) * 2
    # One of the unsure is at exactly one half, where the model itself decides for its first class.
    assert total(points, "ml.predictions", {**own, "ml.class": "0"}).last == deciding.SURE / 2 + 1
    assert total(points, "ml.inference.rows", {"ml.model.name": "slow"}) == (deciding.SLOW,) * 2
    assert total(points, "otelml.errors") == (0, 0)


def test_raw_values_end_at_the_gateway(behind, deciding):
    """Ids, texts of exceptions, addresses and card numbers are in no byte behind it; what was opted in is masked."""
    told = b"".join(behind.raw())
    digits = deciding.CARD.replace(" ", "")
    for planted in (deciding.EMAIL, "jane.doe", deciding.ID, deciding.CARD, digits, "could not convert"):
        assert planted.encode() not in told
    ids = [span.attributes["ml.prediction.id"] for span in select_spans(behind, "ml.prediction.id")]
    assert ids == [MASK] * deciding.UNSURE
    failed = [span for span in behind.spans() if span.attributes.get("error.type") == "ValueError"]
    assert [span.status_description for span in failed] == [""] * deciding.FAILED
    for span in failed:
        [event] = span.events
        assert event.attributes["exception.message"] == MASK
        assert set(event.attributes["exception.stacktrace"].splitlines()) <= {MASK, ""}
        assert event.attributes["exception.type"] == "ValueError"
    [host] = [span for span in behind.spans() if span.name == f"pay {MASK}"]
    assert set(host.attributes) == {"note", "notes", "number"}
    [event] = host.events
    assert (event.name, event.attributes) == (f"asked {MASK}", {"of": MASK})
    assert host.attributes["note"] == f"card{MASK}of {MASK}"
    [record] = behind.log_records()
    assert (record.body, record.attributes) == (f"refused {MASK}", {"card": MASK})


def test_what_the_gateway_cannot_reach_passes(behind, deciding):
    """Attributes of links are as they were sent, as `docs/pipeline.md` warns: the day they are not, it is corrected."""
    assert deciding.LINKED.encode() in b"".join(behind.raw())


def test_classes_that_look_like_addresses_stay_two(behind, deciding):
    """What tells series apart passes unread: masked, two would be one, with a wrong sum."""
    points = select(behind.points(), "host.orders")
    for key in deciding.IDENTITIES:
        texts = {point.attributes[f"ml.{key}"] for point in points if f"ml.{key}" in point.attributes}
        assert texts == set(deciding.CLASSES), key


def test_names_of_the_contract_pass(behind):
    """Models, classes, bins and columns arrive as they were sent."""
    points = behind.points()
    assert not [point for point in points if MASK in str(point.attributes) or MASK in str(point.resource)]
    assert {point.attributes["ml.class"] for point in select(points, "ml.predictions")} == {"0", "1", "a", "b", "c"}
    assert {point.resource["service.name"] for point in points} == {"e2e"}
    assert not [key for point in points for key in point.attributes if key.startswith("redaction")]


def test_a_small_share_of_the_rest_is_kept(collector_binary, tmp_path):
    """Of two thousand traces that nothing speaks for about a tenth arrives, as was asked."""
    with running_pipeline(collector_binary, tmp_path, OTELML_SHARE_PERCENT="10") as pipeline:
        provider = TracerProvider(shutdown_on_exit=False)
        exporter = OTLPSpanExporter(f"{pipeline.http_endpoint}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=4_000))
        for _ in range(2_000):
            provider.get_tracer("shop").start_span("sure").end()
        provider.shutdown()
        pipeline.drain()
        assert 120 <= len(pipeline.backend.spans()) <= 280  # six standard deviations


@pytest.fixture
def traffic(monkeypatch):
    """Give the test the batches of rows that `programs/workers.py` predicts, but for its parent's first row."""
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import traffic

    return traffic


def predict_in_workers(pipeline, directory, **variables):
    """Run processes that live for a second, and export deltas."""
    joblib.dump(LogisticRegression().fit(np.eye(4), [0, 1, 0, 1]), directory / "model.joblib")
    delta = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}
    launch("workers.py", "spawn", "model.joblib", env=environment(pipeline, **delta, **variables), cwd=directory)


def test_short_lived_workers_add_up(collector_binary, tmp_path, traffic):
    """Deltas of processes that live for a second arrive as sums since the start, exact to the row."""
    with running_pipeline(collector_binary, tmp_path) as pipeline:
        predict_in_workers(pipeline, tmp_path)
        pipeline.drain()
        points = pipeline.backend.points()
    batches = [batch for one in traffic.everything() for batch in traffic.batches(one)]
    assert total(points, "ml.inference.rows").last == 1 + sum(map(len, batches))
    assert total(points, "ml.inference.duration").last == 1 + len(batches)
    assert total(points, "ml.predictions").last == 1 + sum(map(len, batches))
    counted = select(points, "ml.inference.rows")
    assert {point.temporality for point in counted} == {"cumulative"}
    assert len({point.resource["service.instance.id"] for point in counted}) == 1 + traffic.WORKERS


def test_one_delta_is_an_increase_in_prometheus(collector_binary, prometheus_binary, tmp_path, traffic):
    """A worker that exported once is a rise from zero, where Prometheus reads the start of a series."""
    zero = "--enable-feature=created-timestamp-zero-ingestion"
    with running_prometheus(prometheus_binary, tmp_path, flags=(zero,)) as prometheus:
        with running_pipeline(collector_binary, tmp_path, prometheus.otlp_endpoint) as pipeline:
            predict_in_workers(pipeline, tmp_path, OTEL_METRIC_EXPORT_INTERVAL="60000")
        found = prometheus.ask("query", query="ml_inference_rows_total[1h]", time=time.time() + 1)["result"]
    samples = [[float(value) for _, value in one["values"]] for one in found]
    assert [(len(values), values[0]) for values in samples] == [(2, 0)] * (1 + traffic.WORKERS)
    rows = sum(len(batch) for one in traffic.everything() for batch in traffic.batches(one))
    assert sum(values[-1] for values in samples) == 1 + rows
