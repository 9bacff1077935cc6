"""A real Prometheus for one test: it takes OTLP, keeps it in a folder of the test's, and answers PromQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import numpy as np
import remote_write
from collector import CONFIGURATION, free_ports, wait_until

HOW_TO_GET_ONE = (
    "no Prometheus: python collector-config/build.py prometheus builds it, or name one in OTELML_PROMETHEUS_BINARY"
)
# A block of the whole year: two-hour blocks, as usual, would be written and merged by the thousand.
WHOLE_YEAR = ("--storage.tsdb.min-block-duration=400d", "--storage.tsdb.max-block-duration=400d")
_OPEN = build_opener(ProxyHandler({})).open


def find_prometheus():
    """Return the path of the Prometheus to test against, None where there is none."""
    named = os.environ.get("OTELML_PROMETHEUS_BINARY")
    if named:
        return named
    ask = (sys.executable, CONFIGURATION / "build.py", "prometheus", "--path")
    built = subprocess.run(ask, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 -- ours
    return built if Path(built).exists() else None


def promtool(binary, *arguments):
    """Run the promtool beside a Prometheus; returns what it printed, AssertionError where it found something wrong."""
    command = (Path(binary).with_name("promtool"), *arguments)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Prometheus:
    """A running Prometheus.

    Parameters
    ----------
    directory : where its data and its log are; a Prometheus started there again goes on with them.
    late : how much older than the newest a sample may be, as Prometheus writes durations.
    rules : files of rules that it evaluates.
    """

    def __init__(self, binary, directory, *, port=None, late="30m", rules=(), flags=()):
        self.log = directory / "prometheus.log"
        self.port = port or free_ports(1)[0]
        self.url = f"http://127.0.0.1:{self.port}"
        self.otlp_endpoint = f"{self.url}/api/v1/otlp"
        settings = directory / "prometheus.yml"
        scraped = {"global": {"evaluation_interval": "1s"}, "rule_files": [str(rule) for rule in rules]}
        settings.write_text(json.dumps({**scraped, "storage": {"tsdb": {"out_of_order_time_window": late}}}))
        command = (
            binary,
            f"--config.file={settings}",
            f"--storage.tsdb.path={directory / 'data'}",
            "--storage.tsdb.retention.time=20y",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-otlp-receiver",
            "--web.enable-remote-write-receiver",
            *flags,
        )
        with self.log.open("a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 -- ours
        wait_until(self._ready, 60, self.log.read_text)

    def _ready(self):
        if self.process.poll() is not None:
            raise ChildProcessError(self.log.read_text())
        try:
            return _OPEN(f"{self.url}/-/ready", timeout=5).status == 200
        except OSError:
            return False

    def stop(self):
        """End it in order."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def ask(self, path, **parameters):
        """Return the data of one answer of its API."""
        request = Request(f"{self.url}/api/v1/{path}", data=urlencode(parameters).encode())  # noqa: S310 -- loopback
        try:
            with _OPEN(request, timeout=300) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(f"{parameters}: {error.read().decode()}") from None

    def read(self, path):
        """Return the data of one answer of those that take no parameters."""
        with _OPEN(f"{self.url}/api/v1/{path}", timeout=60) as answer:
            return json.load(answer)["data"]

    def query(self, expression, at):
        """Evaluate an expression at a time; returns the value by labels, as a sorted tuple of pairs."""
        found = self.ask("query", query=expression, time=at)["result"]
        return {labels(one): float(one["value"][1]) for one in found}

    def query_range(self, expression, start, end, step):
        """Evaluate an expression over time; returns (seconds, values), arrays, by labels."""
        found = self.ask("query_range", query=expression, start=start, end=end, step=step)["result"]
        return {labels(one): _columns(one["values"]) for one in found}

    def push(self, series):
        """Write samples by remote write: {(name, labels): (seconds, values)}, each an array."""
        for chunk in remote_write.requests(series):
            headers = {
                "Content-Encoding": "snappy",
                "Content-Type": "application/x-protobuf",
                "X-Prometheus-Remote-Write-Version": "0.1.0",
            }
            request = Request(f"{self.url}/api/v1/write", data=chunk, headers=headers)  # noqa: S310 -- loopback
            try:
                _OPEN(request, timeout=300).close()
            except urllib.error.HTTPError as error:
                raise ValueError(error.read().decode()) from None


@contextmanager
def running_prometheus(binary, directory, **options):
    """Run a Prometheus until the block ends."""
    prometheus = Prometheus(binary, directory, **options)
    try:
        yield prometheus
    finally:
        prometheus.stop()


def _columns(values):
    seconds, texts = zip(*values, strict=True)
    return np.array(seconds, dtype=np.float64), np.array(texts, dtype=np.float64)


def labels(one):
    """Labels of a series but for its name, as a sorted tuple of pairs."""
    return tuple(sorted((key, value) for key, value in one["metric"].items() if key != "__name__"))
