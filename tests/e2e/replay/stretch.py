"""Flights through otelml, a real Collector and a real Prometheus: programs started, queues drained."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from collector import wait_until
from gateway import Node
from launcher import LAUNCHER

HERE = Path(__file__).parent
FLIGHTS = HERE.parents[2] / "examples" / "flights"
LIMIT_S = 1_500
QUIET_S = 2.0


def train(folder):
    """Train the model of the flights, and save its baseline, into a folder."""
    command = (sys.executable, FLIGHTS / "train.py", folder)
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 -- ours


@contextmanager
def gateway(binary, directory, prometheus):
    """Run `gateway.yaml` before a Prometheus; yields where services export to."""
    node = Node(
        binary, "gateway", directory, ("OTELML_GATEWAY_GRPC", "OTELML_GATEWAY_HTTP", "OTELML_GATEWAY_HEALTH"),
        OTELML_GATEWAY_QUEUE=str(directory / "gateway-queue"), OTELML_PROMETHEUS_OTLP=prometheus.otlp_endpoint,
    )  # fmt: skip
    node.start()
    try:
        yield f"http://{node.address['OTELML_GATEWAY_HTTP']}"
    finally:
        node.stop()


def environment(endpoint, **variables):
    """Variables of a replica: everything counted, nothing collected but by its own clock, no spans."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    return {
        **kept,
        "OMP_NUM_THREADS": "1",  # a call has some fifty rows: waking threads for them costs more than they bring
        "OTEL_SERVICE_NAME": "flights",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRIC_EXPORT_INTERVAL": "3600000",
        "OTEL_PYTHON_ML_OUTCOME_HORIZON": "24h",
        "OTEL_PYTHON_ML_BUDGET": "100%",
        # They would carry the time of today, and Prometheus takes no sample of 2013 after that.
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "system_metrics",
        **variables,
    }


def serve(replicas):
    """Run replicas under the launcher beside each other, to their end, and all of them well.

    Parameters
    ----------
    replicas : of each its log, its variables and its arguments.
    """
    running = []
    try:
        for log, env, arguments in replicas:
            command = [LAUNCHER, sys.executable, HERE / "replica.py", *arguments]
            with log.open("w") as errors:
                told = [str(part) for part in command]
                running.append((log, subprocess.Popen(told, env=env, stdout=errors, stderr=errors)))  # noqa: S603 -- ours
        for log, process in running:
            assert process.wait(timeout=LIMIT_S) == 0, log.read_text()
    finally:
        for _, process in running:
            process.kill()
            process.wait()


def settled(prometheus, at):
    """Wait until nothing more arrives: the gateway's queue has been emptied."""
    last = [0.0, time.monotonic()]

    def quiet():
        [series] = prometheus.query('count(last_over_time({__name__=~"ml_.*"}[2d]))', at).values() or [0]
        newest = sum(prometheus.query("timestamp(ml_inference_rows_total)", at).values(), series)
        if newest != last[0]:
            last[:] = newest, time.monotonic()
        return time.monotonic() - last[1] > QUIET_S

    wait_until(quiet, 120, lambda: "samples still arrive")
