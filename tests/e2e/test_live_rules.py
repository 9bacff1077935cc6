"""The rules as Prometheus itself evaluates them, over a service that is alive; what no replay has, as processes."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import joblib
import numpy as np
import pandas as pd
import pytest
from collector import wait_until
from gateway import running_pipeline
from launcher import LAUNCHER, PROGRAMS, environment
from panels import live
from prometheus import running_prometheus
from sklearn.linear_model import LinearRegression, LogisticRegression

from otelml import Baseline
from otelml.dashboards.catalogue import queries
from otelml.rules.catalogue import defaults
from otelml.rules.render import as_yaml
from otelml.telemetry.process_metrics import BESIDE, EXCLUDE

pytestmark = pytest.mark.e2e

LIVES_S = 25


def fitted(folder):
    """Leave a classifier and a regression with their baselines in a folder."""
    random = np.random.default_rng(7)
    X = random.normal(size=(4_000, 3))
    times = pd.date_range("2026-01-01", periods=len(X), freq="30min")
    for name, model, y in (
        ("class", LogisticRegression(), (X[:, 0] + random.normal(size=len(X)) > 0).astype(int)),
        ("number", LinearRegression(), X @ [1.0, 2.0, 0.0] + random.normal(size=len(X))),
    ):
        joblib.dump(model.fit(X, y), folder / f"{name}.joblib")
        Baseline.fit(model, X, y, time=times).save(folder / f"{name}.baseline.json")


def quick(folder):
    """Write every file of rules, evaluated each second; its alerts tell at once."""
    for file in defaults():
        rules = tuple(replace(group, interval="1s") for group in file.groups)
        path = folder / f"{file.name}.rules.yml"
        path.write_text(as_yaml(replace(file, groups=rules), "a test"))
        yield path


@pytest.fixture(scope="module")
def alive(collector_binary, prometheus_binary, tmp_path_factory):
    """Run the service through agent and gateway for some seconds; give the Prometheus that watched it, and when."""
    directory = tmp_path_factory.mktemp("alive")
    fitted(directory)
    with (
        running_prometheus(prometheus_binary, directory, rules=list(quick(directory))) as prometheus,
        running_pipeline(collector_binary, directory, prometheus.otlp_endpoint) as pipeline,
    ):
        env = environment(
            pipeline,
            OTEL_SERVICE_NAME="alive",
            OTEL_METRIC_EXPORT_INTERVAL="1000",
            OTEL_PYTHON_ML_OUTCOME_HORIZON="1s",
            **{EXCLUDE: BESIDE},
        )
        with (directory / "service.log").open("w") as log:
            command = [str(part) for part in (LAUNCHER, sys.executable, PROGRAMS / "living.py", directory)]
            service = subprocess.Popen(  # noqa: S603 -- ours
                command, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        try:
            told = 'sum(ml:rows:increase1d{ml_model_name="number"})'
            wait_until(
                lambda: prometheus.query(told, time.time()).get((), 0) > 20 * 10 * LIVES_S / 2,
                180,
                (directory / "service.log").read_text,
            )
            yield prometheus, time.time()
        finally:
            service.stdin.close()
            service.wait(timeout=60)


def test_rules_are_evaluated_without_an_error(alive):
    """Prometheus evaluates every rule of every file, and none fails."""
    prometheus, _ = alive
    groups = prometheus.read("rules")["groups"]
    assert len(groups) == len(defaults())
    assert not [
        (rule["name"], rule["lastError"]) for group in groups for rule in group["rules"] if rule.get("lastError")
    ]


def test_processes_are_told(alive):
    """Memory, processors, files and threads of the process that serves are there, by job and instance."""
    prometheus, at = alive
    for series in ("ml:memory_bytes", "ml:cpu_cores:rate5m", "ml:open_files", "ml:threads"):
        [(labels, value)] = prometheus.query(series, at).items()
        assert dict(labels)["job"] == "alive"
        assert value > 0, series


def asked_of(model):
    """Every query of the dashboards about one model."""
    return [one for one in queries(model=model, version=".*", column="x0", **{"class": "1"}) if live(one)]


@pytest.mark.parametrize("panel", sorted({(one.dashboard, one.panel) for one in asked_of("class")}))
def test_panels_of_a_live_service_have_data(alive, panel):
    """A panel that needs a live service finds something by every query, of the classifier or of the regression."""
    prometheus, at = alive
    pairs = zip(asked_of("class"), asked_of("number"), strict=True)
    of_panel = [pair for pair in pairs if (pair[0].dashboard, pair[0].panel) == panel]
    assert of_panel
    assert not [pair for pair in of_panel if not any(prometheus.query(one.expr, at) for one in pair)]
