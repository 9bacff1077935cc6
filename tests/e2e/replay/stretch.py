"""Flights through otelml, a real Collector and a real Prometheus: programs started, queues drained."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from collector import wait_until
from gateway import Node
from launcher import LAUNCHER

from otelml.cli.demo import processes

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
    """Variables of a replica: those of the demo's service, without spans."""
    return {
        **processes.environment(endpoint),
        "OTEL_TRACES_EXPORTER": "none",
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
