"""What is ours leaves, to the row, whatever the host's own callbacks do to the SDK's collection."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from opentelemetry.sdk.metrics.export import AggregationTemporality, PeriodicExportingMetricReader
from streams import COUNTED
from test_shim import NEVER_MS, Exported

from otelml.testing import total

PROGRAM = Path(__file__).parent / "programs" / "callbacks.py"


class Fetched(Exported):
    """An exporter of deltas or of cumulative sums."""

    def __init__(self, temporality):
        super().__init__()
        self._preferred_temporality = dict.fromkeys(
            COUNTED, AggregationTemporality.DELTA if temporality == "delta" else AggregationTemporality.CUMULATIVE
        )


@pytest.fixture
def exporting(pipeline, provide, temporality):
    """Give an exporter, its reader and its provider."""
    exporter = Fetched(temporality)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)
    provider = provide(reader)
    pipeline.open(provider)
    return exporter, reader, provider


def test_a_collection_that_times_out_exports_ours(exporting, streams):
    """The SDK raises as ever, the host's metrics of this collection are lost as ever, and ours are exported."""
    exporter, reader, provider = exporting
    provider.get_meter("host").create_observable_gauge("slow", [lambda _: ()])
    for rows in (3, 4):
        streams.add(rows)
        with pytest.raises(Exception, match="Timed out while executing callback"):
            reader.collect(timeout_millis=0)
    reader.collect()
    assert total(exporter.points, "shop.rows").last == 7


def test_a_collection_that_raises_exports_ours(exporting, streams, monkeypatch):
    """The same of whatever else the SDK raises."""
    exporter, reader, provider = exporting
    provider.get_meter("host").create_counter("orders").add(1)
    storage = provider._measurement_consumer._reader_storages[reader]
    streams.add(3)
    with monkeypatch.context() as patch:
        patch.setattr(storage, "collect", lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            reader.collect()
    reader.collect()
    assert total(exporter.points, "shop.rows").last == 3
    assert "orders" in {point.name for point in exporter.points}


def test_a_collection_that_hangs_exports_ours(exporting, pipeline, streams):
    """While a callback of the host does not return, ours leaves all the same."""
    exporter, reader, provider = exporting
    pipeline.shim.patience_s = 0.01
    begun, let_go = threading.Event(), threading.Event()

    def hang(_):
        begun.set()
        let_go.wait(30)
        return ()

    provider.get_meter("host").create_observable_gauge("hanging", [hang])
    streams.add(3)
    thread = threading.Thread(target=reader.collect)
    thread.start()
    assert begun.wait(10)
    assert exporter.arrived.acquire(timeout=10)
    let_go.set()
    thread.join()
    reader.collect()
    assert total(exporter.points, "shop.rows").last == 3


@pytest.mark.parametrize("maker", ["launcher", "host"])
@pytest.mark.parametrize("callback", ["slow", "raises", "hangs"])
def test_the_end_of_a_process_is_exact(callback, maker):
    """With an interval of 50 ms, and callbacks that take longer, raise or hang from the last collection on."""
    command = (sys.executable, str(PROGRAM), callback, maker)
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 -- ours
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["rows"] == 1_000, done.stderr.decode()
