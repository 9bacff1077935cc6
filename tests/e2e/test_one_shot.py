"""A job that lives for seconds: what a backend that extrapolates makes of its few samples."""

from __future__ import annotations

import time

import joblib
import pytest
from gateway import running_pipeline
from launcher import environment, launch
from prometheus import running_prometheus
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

pytestmark = pytest.mark.e2e

ROWS, JOBS = 100, 2
FEATURES = {"as it is": (), "zero at the start": ("--enable-feature=created-timestamp-zero-ingestion",)}


@pytest.fixture(scope="module", params=FEATURES)
def told(request, collector_binary, prometheus_binary, tmp_path_factory):
    """Run the same job several times, cumulative and delta, through agent and gateway; give what PromQL says then."""
    directory = tmp_path_factory.mktemp("jobs")
    X, y = load_breast_cancer(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=10_000).fit(X, y), directory / "job.joblib")
    with running_prometheus(prometheus_binary, directory, flags=FEATURES[request.param]) as prometheus:
        with running_pipeline(collector_binary, directory, prometheus.otlp_endpoint) as pipeline:
            for temporality in ("cumulative", "delta"):
                for _ in range(JOBS):
                    variables = {
                        "OTEL_SERVICE_NAME": temporality,
                        "OTEL_METRIC_EXPORT_INTERVAL": None,
                        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
                    }
                    env = environment(pipeline, **variables)
                    launch("one_shot.py", directory / "job.joblib", ROWS, env=env, cwd=directory)
        at = time.time()
        yield (
            request.param,
            {
                kind: {
                    temporality: prometheus.query(expression.format(temporality), at).get((), 0.0)
                    for temporality in ("cumulative", "delta")
                }
                for kind, expression in {
                    "last": 'sum(last_over_time(ml_inference_rows_total{{job="{}"}}[10m]))',
                    "increase": 'sum(increase(ml_inference_rows_total{{job="{}"}}[10m]))',
                }.items()
            },
        )


def test_every_row_of_a_job_arrives(told):
    """All rows of each job are in Prometheus, whichever temporality it exports."""
    _, values = told
    assert values["last"] == {"cumulative": ROWS * JOBS, "delta": ROWS * JOBS}


def test_increase_sees_every_job(told):
    """No job is missed by increase(), since it is there as 0 first; by how much the rest is extrapolated is shown."""
    feature, values = told
    shares = {temporality: value / (ROWS * JOBS) for temporality, value in values["increase"].items()}
    print(f"\n{feature}: increase() tells", {temporality: f"{share:.0%}" for temporality, share in shares.items()})
    assert shares["cumulative"] >= 1
    assert (shares["delta"] >= 1) is (feature == "zero at the start")
