"""A process that forks: `forked.py zero|locks`; prints what its readers and its child's were told, as JSON.

`zero`: the parent has counted, and told it; `locks`: another thread of the parent is in the middle of an export.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    InMemoryMetricReader,
    MetricExporter,
    MetricExportResult,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource

from otelml import process  # noqa: F401 -- registers what happens at a fork
from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.pipeline import PIPELINE
from otelml.testing import points_from_sdk


class Shop:
    """What counts, and the way out of it."""

    def __init__(self):
        self.pipeline = PIPELINE
        meter = self.pipeline.meter("shop")
        self.rows = meter.stream(Metric("rows", Kind.COUNTER, "{row}", "")).number({})
        self.active = meter.stream(Metric("active", Kind.UP_DOWN_COUNTER, "{request}", "")).number({})


def told(reader):
    """Collect twice, for the first time says zero, and return name → (value, start, first value)."""
    first, second = ({p.name: p for p in points_from_sdk(reader.get_metrics_data())} for _ in range(2))
    return {name: (p.value, p.start_ns, first[name].value) for name, p in second.items()}


def in_child(work):
    """Fork, and return what `work` returns in the child."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, json.dumps(work()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        result = json.load(answer)
    os.waitpid(child, 0)
    return result


def zero():
    """Count in the parent, then in the child."""
    shop = Shop()
    reader = InMemoryMetricReader()
    shop.pipeline.open(MeterProvider([reader], resource=Resource({}), shutdown_on_exit=False))
    shop.rows.add(5)
    shop.active.add(1)
    told(reader)
    shop.rows.add(1)  # and this the parent has not told yet
    forked_ns = time.time_ns()

    def child():
        shop.rows.add(2)
        return told(reader)

    return {"child": in_child(child), "parent": told(reader), "forked_ns": forked_ns}


class Slow(MetricExporter):
    """An exporter that takes as long as it is told to."""

    def __init__(self):
        super().__init__()
        self.begun, self.end, self.points = threading.Event(), threading.Event(), []

    def export(self, metrics_data, timeout_millis=10_000, **_):
        """Keep the points, and take long."""
        del timeout_millis
        self.points += points_from_sdk(metrics_data)
        self.begun.set()
        self.end.wait(30)
        return MetricExportResult.SUCCESS

    def force_flush(self, timeout_millis=10_000):
        """Hold nothing back."""
        return bool(timeout_millis)

    def shutdown(self, timeout_millis=30_000, **_):
        """Hold nothing that has to be let go of."""


def locks():
    """Fork while another thread exports and a third collects."""
    shop = Shop()
    exporter, collecting = Slow(), threading.Event()
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=3_600_000)
    provider = MeterProvider([reader], resource=Resource({}), shutdown_on_exit=False)
    shop.pipeline.open(provider)
    shop.rows.add(5)
    stop = threading.Event()

    def hold_up(_):
        collecting.set()
        stop.wait(30)
        return ()

    export = threading.Thread(target=reader.collect)
    export.start()
    exporter.begun.wait()
    gauge = provider.get_meter("host").create_observable_gauge("slow", [hold_up])
    collect = threading.Thread(target=reader.collect)  # holds the consumer's lock, in the host's callback
    collect.start()
    collecting.wait()

    def child():
        stop.set()
        exporter.end.set()
        exporter.points.clear()
        shop.rows.add(2)
        return {"flushed": shop.pipeline.flush(), "values": [p.value for p in exporter.points if p.name == "rows"]}

    result = in_child(child)
    stop.set()
    exporter.end.set()
    export.join()
    collect.join()
    del gauge
    return result


if __name__ == "__main__":
    print(json.dumps({"zero": zero, "locks": locks}[sys.argv[1]]()))  # noqa: T201 -- for the test that started it
