"""A process with an observable instrument that misbehaves: `callbacks.py slow|raises|hangs launcher|host`.

At its very end it prints, as JSON, the rows that its exporter was given.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.pipeline import PIPELINE
from otelml.testing import points_from_sdk, total

INTERVAL_MS, ROWS = 50, 1_000


class Kept(MetricExporter):
    """An exporter that keeps what it is given, and prints how much it is."""

    def __init__(self):
        super().__init__()
        self.points, self._printing = [], threading.Lock()

    def export(self, metrics_data, timeout_millis=10_000, **_):
        """Print the rows so far: the last line counts."""
        del timeout_millis
        with self._printing:
            self.points += points_from_sdk(metrics_data)
            os.write(1, json.dumps({"rows": total(self.points, "rows").last}).encode() + b"\n")
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis=10_000):
        """Hold nothing back."""
        return bool(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **_):
        """Hold nothing that has to be let go of."""


def main(callback, maker):
    """Count rows, some of them after the last export, and end."""
    ending = threading.Event()

    def misbehave(_):
        if callback == "slow":
            time.sleep(2 * INTERVAL_MS / 1_000)
        elif callback == "raises" and ending.is_set():
            raise SystemError
        elif callback == "hangs" and ending.is_set():
            os.set_blocking(read, True)
            os.read(read, 1)  # nobody ever writes
        return ()

    read, _write = os.pipe()
    resource = Resource({"telemetry.auto.version": "1"} if maker == "launcher" else {})
    reader = PeriodicExportingMetricReader(Kept(), export_interval_millis=INTERVAL_MS)
    provider = MeterProvider([reader], resource=resource)
    metrics.set_meter_provider(provider)
    provider.get_meter("host").create_observable_gauge("bad", [misbehave])
    PIPELINE.open(shutdown_s=2.0)
    rows = PIPELINE.meter("shop").stream(Metric("rows", Kind.COUNTER, "{row}", "")).number({})
    for count in range(ROWS):
        rows.add(1)
        if count == ROWS // 2:
            time.sleep(5 * INTERVAL_MS / 1_000)
    ending.set()
    if maker == "host":  # whose own shutdown waits for 30 s: its limit, not ours
        threading.Thread(target=lambda: (time.sleep(4), os._exit(0)), daemon=True).start()


if __name__ == "__main__":
    main(*sys.argv[1:])
