"""A real Collector for one test: `collector-config/local.yaml` on free ports, its file read back."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from otelml.testing import logs_from_json, points_from_json, spans_from_json

CONFIGURATION = Path(__file__).parents[2] / "collector-config"
HOW_TO_GET_ONE = "no Collector: python collector-config/build.py builds it, or name one in OTELML_COLLECTOR"


def find_collector():
    """Return the path of the Collector to test against, None where there is none."""
    named = os.environ.get("OTELML_COLLECTOR")
    if named:
        return named
    ask = (sys.executable, CONFIGURATION / "build.py", "--path")
    built = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 -- ours
    return built if Path(built).exists() else None


class Collector:
    """A running Collector; what it exported stays readable after it was stopped."""

    def __init__(self, binary, directory):
        self.file = directory / "telemetry.jsonl"
        self.log = directory / "collector.log"
        grpc, http, self._prometheus = free_ports(3)
        self.grpc_endpoint, self.http_endpoint = f"http://127.0.0.1:{grpc}", f"http://127.0.0.1:{http}"
        environment = {
            "OTELML_OTLP_GRPC": f"127.0.0.1:{grpc}",
            "OTELML_OTLP_HTTP": f"127.0.0.1:{http}",
            "OTELML_PROMETHEUS": f"127.0.0.1:{self._prometheus}",
            "OTELML_COLLECTOR_FILE": str(self.file),
        }
        quick = "yaml:exporters::file::flush_interval: 20ms"
        command = (binary, "--config", str(CONFIGURATION / "local.yaml"), "--config", quick)
        with self.log.open("w") as log:
            everything = os.environ | environment
            self._process = subprocess.Popen(command, env=everything, stdout=log, stderr=log)  # noqa: S603 -- ours
        for port in (grpc, http, self._prometheus):
            self._await_port(port)

    def stop(self):
        """Let the Collector write what it holds, and end it."""
        if self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout=30)

    def points(self):
        """Return the metric points that the Collector has exported so far."""
        return self._read(points_from_json)

    def spans(self):
        """Return the spans that the Collector has exported so far."""
        return self._read(spans_from_json)

    def log_records(self):
        """Return the log records and events that the Collector has exported so far."""
        return self._read(logs_from_json)

    def prometheus(self):
        """Return what the Collector offers to Prometheus, as OpenMetrics text."""
        with urlopen(f"http://127.0.0.1:{self._prometheus}/metrics", timeout=10) as response:
            return response.read().decode()

    def wait_for(self, predicate, timeout=30):
        """Wait until ``predicate`` of this Collector holds; TimeoutError after ``timeout`` seconds."""
        wait_until(lambda: predicate(self), timeout, lambda: f"exported so far: {names(self.points())}")

    def _read(self, convert):
        # A line that is being written has no end yet; it is read next time.
        lines = self.file.read_bytes().splitlines(keepends=True) if self.file.exists() else []
        return [record for line in lines if line.endswith(b"\n") for record in convert(line)]

    def _await_port(self, port):
        def listening():
            if self._process.poll() is not None:
                raise ChildProcessError(self.log.read_text())
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        wait_until(listening, 30, self.log.read_text)


@contextmanager
def running_collector(binary, directory):
    """Run a Collector until the block ends."""
    collector = Collector(binary, directory)
    try:
        yield collector
    finally:
        collector.stop()


def wait_until(condition, timeout, explain):
    """Ask another process again and again, for it cannot wake us; TimeoutError after ``timeout`` seconds."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s; {explain()}")
        pause.wait(0.05)


def names(points):
    """Return the names of the metrics among these points."""
    return sorted({point.name for point in points})


def free_ports(count):
    """Return ports that are free now: reserved together, so that they differ."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
