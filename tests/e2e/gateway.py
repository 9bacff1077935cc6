"""Agent, gateway and backend for one test, each on its own configuration; any can be killed and started again."""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import contextmanager

from collector import CONFIGURATION, free_ports, wait_until

from otelml.testing import logs_from_json, points_from_json, spans_from_json

LOOPBACK = "127.0.0.1"


class Node:
    """A Collector that keeps its ports and its folders when it is started again.

    Parameters
    ----------
    name : of the file in `collector-config/`.
    ports : variables of that file that take an address here.
    """

    def __init__(self, binary, name, directory, ports, **variables):
        self._directory, self._name = directory, name
        self.address = {key: f"{LOOPBACK}:{port}" for key, port in zip(ports, free_ports(len(ports)), strict=True)}
        self._variables = {**self.address, **variables}
        self._command = [binary, "--config", str(CONFIGURATION / f"{name}.yaml")]
        self.process = None

    def start(self, *overrides, **variables):
        """Start it, and wait until it takes telemetry."""
        log = self._directory / f"{self._name}.log"
        settings = [part for override in overrides for part in ("--config", f"yaml:{override}")]
        with log.open("a") as told:
            everything = os.environ | self._variables | variables
            command = [*self._command, *settings]
            self.process = subprocess.Popen(command, env=everything, stdout=told, stderr=told)  # noqa: S603 -- ours
        wait_until(lambda: self._listening(log), 30, log.read_text)

    def _listening(self, log):
        if self.process.poll() is not None:
            raise ChildProcessError(log.read_text())
        for address in self.address.values():
            with socket.socket() as probe:
                if probe.connect_ex((LOOPBACK, int(address.rpartition(":")[2]))):
                    return False
        return True

    def kill(self):
        """End it as a crash does, at once."""
        self.process.kill()
        self.process.wait(timeout=30)

    def stop(self):
        """Let it send what it holds, and end it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)


class Backend(Node):
    """Where traces and logs arrive, and metrics where no Prometheus takes them: files, one a start.

    Each message is written at once: what it acknowledged, it has.
    """

    def __init__(self, binary, directory):
        super().__init__(binary, "local", directory, ("OTELML_OTLP_GRPC", "OTELML_OTLP_HTTP", "OTELML_PROMETHEUS"))
        self._files = []

    def start(self):
        """Start it with a file of its own: a line that a crash cut off must not be gone on with."""
        self._files.append(self._directory / f"telemetry-{len(self._files)}.jsonl")
        unbuffered = "exporters::file::rotation::max_megabytes: 1000"
        super().start(unbuffered, OTELML_COLLECTOR_FILE=str(self._files[-1]))

    def raw(self):
        """Return the lines that are complete."""
        lines = [line for file in self._files if file.exists() for line in file.read_bytes().splitlines(keepends=True)]
        return [line for line in lines if line.endswith(b"\n")]

    def points(self):
        """Return the metric points that arrived so far."""
        return [one for line in self.raw() for one in points_from_json(line)]

    def spans(self):
        """Return the spans that arrived so far."""
        return [one for line in self.raw() for one in spans_from_json(line)]

    def log_records(self):
        """Return the log records that arrived so far."""
        return [one for line in self.raw() for one in logs_from_json(line)]


class Pipeline:
    """Agent → gateway → backend; `http_endpoint` is where a service exports to.

    Parameters
    ----------
    prometheus : base of an OTLP receiver for the metrics; without one the backend takes them too.
    variables : of the two configurations.
    """

    def __init__(self, binary, directory, prometheus=None, **variables):
        quick = {"OTELML_AGENT_RETRY": "2s", "OTELML_GATEWAY_RETRY": "2s"}
        self.backend = Backend(binary, directory)
        into = self.backend.address
        self.gateway = Node(
            binary, "gateway", directory, ("OTELML_GATEWAY_GRPC", "OTELML_GATEWAY_HTTP", "OTELML_GATEWAY_HEALTH"),
            OTELML_GATEWAY_QUEUE=str(directory / "gateway-queue"),
            OTELML_PROMETHEUS_OTLP=prometheus or f"http://{into['OTELML_OTLP_HTTP']}",
            OTELML_TRACES=into["OTELML_OTLP_GRPC"],
            **quick, **variables,
        )  # fmt: skip
        self.agent = Node(
            binary, "agent", directory, ("OTELML_AGENT_GRPC", "OTELML_AGENT_HTTP"),
            OTELML_AGENT_QUEUE=str(directory / "agent-queue"),
            OTELML_GATEWAY=self.gateway.address["OTELML_GATEWAY_GRPC"],
            **quick, **variables,
        )  # fmt: skip
        self.http_endpoint = f"http://{self.agent.address['OTELML_AGENT_HTTP']}"
        self.grpc_endpoint = f"http://{self.agent.address['OTELML_AGENT_GRPC']}"

    def nodes(self):
        """Return the Collectors in the order in which telemetry meets them."""
        return self.agent, self.gateway, self.backend

    def drain(self):
        """Stop one after the other, so that each hands over what it holds, and what it has not is on its disk."""
        for node in self.nodes():
            node.stop()


@contextmanager
def running_pipeline(binary, directory, prometheus=None, **variables):
    """Run agent, gateway and backend until the block ends."""
    pipeline = Pipeline(binary, directory, prometheus, **variables)
    try:
        for node in reversed(pipeline.nodes()):
            node.start()
        yield pipeline
    finally:
        pipeline.drain()
