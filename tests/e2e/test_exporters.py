"""Under the launcher, with the exporters that go nowhere near a Collector: Prometheus' own port, and the console."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from urllib.request import urlopen

import joblib
import numpy as np
import pytest
from collector import free_ports
from launcher import LAUNCHER, PROGRAMS
from prometheus_client.parser import text_string_to_metric_families
from sklearn.linear_model import LogisticRegression

from otelml.telemetry.names import SCORE_BOUNDS

pytestmark = pytest.mark.e2e

ROWS = 40
MODEL = {"ml_model_name": "LogisticRegression"}


@pytest.fixture
def prepared(tmp_path):
    """Save a model and rows where the program will look, and give the scores of the rows."""
    random = np.random.default_rng(3)
    X = random.normal(size=(ROWS, 2))
    model = LogisticRegression().fit(X, (X[:, 0] > 0).astype(int))
    joblib.dump(model, tmp_path / "model.joblib")
    np.save(tmp_path / "rows.npy", X)
    return model.predict_proba(X)[:, 1]


@contextmanager
def predicting(directory, **variables):
    """Run the program until it has predicted; it ends, with its exporters, where the block does."""
    environment = os.environ | {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"} | variables
    command = (LAUNCHER, sys.executable, PROGRAMS / "waiting.py", "model.joblib", "rows.npy")
    with subprocess.Popen(  # noqa: S603 -- ours
        command,
        cwd=directory,
        env=environment | {"PYTHONWARNINGS": "default"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert "has predicted\n" in iter(process.stderr.readline, ""), "it ended instead"
            yield process
        finally:
            process.stdin.close()


def scrape(port):
    """Return (name, labels, value) of every sample that the host offers to Prometheus."""
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as response:
        families = text_string_to_metric_families(response.read().decode())
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def value(samples, name, **labels):
    """Return the one value of this name with (at least) these labels."""
    [found] = [v for n, own, v in samples if n == name and (MODEL | labels).items() <= own.items()]
    return found


def test_prometheus_reader(prepared, tmp_path):
    """With OTEL_METRICS_EXPORTER=prometheus a scrape of the host finds every row, in its bucket."""
    [port] = free_ports(1)
    variables = {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": str(port)}
    with predicting(tmp_path, **variables):
        first, second = scrape(port), scrape(port)
    assert value(first, "ml_inference_rows_total") == 0
    assert value(second, "ml_inference_rows_total", ml_operation_name="predict_proba") == ROWS
    assert value(second, "ml_inference_duration_seconds_count") == ROWS
    assert value(second, "ml_predictions_total", ml_class="1") == np.count_nonzero(prepared >= 0.5)
    for bound in SCORE_BOUNDS:
        bucket = value(second, "ml_prediction_score_bucket", le=str(bound))
        assert bucket == np.count_nonzero(prepared <= bound)
    assert value(second, "ml_prediction_score_sum") == pytest.approx(prepared.sum())
    assert len({(name, *sorted(labels.items())) for name, labels, _ in second}) == len(second)


def test_console_exporter(prepared, tmp_path):
    """With OTEL_METRICS_EXPORTER=console the last thing that is printed holds every row."""
    with predicting(tmp_path, OTEL_METRICS_EXPORTER="console") as process:
        printed = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    first, *_, last = collections(printed)
    assert "ml.inference.rows" in first, "the birth of a model is announced at once"
    assert [point["value"] for point in last["ml.inference.rows"]] == [ROWS]
    assert [point["count"] for point in last["ml.prediction.score"]] == [ROWS]
    assert last["ml.prediction.score"][0]["sum"] == pytest.approx(prepared.sum())


def collections(printed):
    """Return metric → points of each collection that the console exporter printed."""
    decoder, rest = json.JSONDecoder(), printed.lstrip()
    while rest:
        document, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        scopes = [scope for resource in document["resource_metrics"] for scope in resource["scope_metrics"]]
        yield {metric["name"]: metric["data"]["data_points"] for scope in scopes for metric in scope["metrics"]}
