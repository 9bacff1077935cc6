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

ROWS, JOBS = 100, 5


@pytest.fixture(scope="module")
def told(collector_binary, prometheus_binary, tmp_path_factory):
    """Run the same job several times, cumulative and delta, through agent and gateway; give what PromQL says then."""
    directory = tmp_path_factory.mktemp("jobs")
    X, y = load_breast_cancer(return_X_y=True)
    joblib.dump(LogisticRegression(max_iter=10_000).fit(X, y), directory / "job.joblib")
    with running_prometheus(prometheus_binary, directory) as prometheus:
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
        yield {
            kind: {
                temporality: prometheus.query(expression.format(temporality), at).get((), 0.0)
                for temporality in ("cumulative", "delta")
            }
            for kind, expression in {
                "last": 'sum(last_over_time(ml_inference_rows_total{{job="{}"}}[10m]))',
                "increase": 'sum(increase(ml_inference_rows_total{{job="{}"}}[10m]))',
            }.items()
        }


def test_every_row_of_a_job_arrives(told):
    """All rows of each job are in Prometheus, whichever temporality it exports."""
    assert told["last"] == {"cumulative": ROWS * JOBS, "delta": ROWS * JOBS}


def test_increase_sees_every_job(told):
    """No job is missed by increase(): it is there as 0 first; by how much the rest is extrapolated is shown."""
    truth = ROWS * JOBS
    print({temporality: f"{value / truth:.0%} of the rows" for temporality, value in told["increase"].items()})
    assert told["increase"]["cumulative"] >= truth
