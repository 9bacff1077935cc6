"""A service that predicts steadily, can be killed, and has written down what it exported."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager

from collector import wait_until
from launcher import LAUNCHER, PROGRAMS, environment

PROMETHEUS_NAMES = {"ml.inference.rows": "ml_inference_rows_total", "ml.predictions": "ml_predictions_total"}


class Service:
    """`programs/steady.py` under the launcher, exporting each second, and what it wrote down."""

    def __init__(self, pipeline, folder, **variables):
        self.folder = folder
        settings = {
            "OTEL_METRIC_EXPORT_INTERVAL": "1000",
            "OTEL_BSP_SCHEDULE_DELAY": "1000",
            "OTEL_PYTHON_ML_SPAN_SCORES": "true",
            **variables,
        }
        command = [str(part) for part in (LAUNCHER, sys.executable, PROGRAMS / "steady.py", folder)]
        env = environment(pipeline, **settings)
        with (folder / "service.log").open("w") as log:
            self.process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=log, stderr=log)  # noqa: S603 -- ours
        wait_until(lambda: len(self.read("predictions")) > 1, 60, (folder / "service.log").read_text)

    def stop(self):
        """Let it come to its end."""
        self.process.stdin.close()
        assert self.process.wait(timeout=120) == 0

    def kill(self):
        """End it as a crash does, at once."""
        self.process.kill()
        self.process.wait(timeout=30)
        self.process.stdin.close()

    def read(self, diary):
        """Return what it wrote down."""
        file = self.folder / f"{diary}.jsonl"
        lines = file.read_text().splitlines(keepends=True) if file.exists() else []
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def samples(self, *, taken_alone=False):
        """Return {(name, class, milliseconds): value} of its exports, as Prometheus should have them."""
        return {
            (PROMETHEUS_NAMES[name], label, at // 1_000_000): float(value)
            for export in self.read("exports")
            if export["taken"] or not taken_alone
            for name, label, at, value in export["points"]
        }

    def unsure(self):
        """Return the trace ids of the spans that the gateway keeps."""
        return {span["trace_id"] for span in self.read("spans")}


@contextmanager
def serving(pipeline, folder, **variables):
    """Run the service until the block ends, whatever happens in it."""
    service = Service(pipeline, folder, **variables)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.kill()
