"""How a process ends: what is wrapped for it, and that it is restored."""

from __future__ import annotations

import asyncio
import functools
import sys

import pytest
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from test_shim import NEVER_MS, Exported

from otelml.testing import total


@pytest.fixture
def server():
    """Give uvicorn's server class."""
    return pytest.importorskip("uvicorn.server").Server


def shut_down(server):
    """Shut a server of uvicorn down that never served."""
    from uvicorn import Config

    async def main():
        never_served = server(Config("nowhere:app", log_level="critical"))
        never_served.servers = []
        never_served.lifespan = Lifespan()
        await never_served.shutdown()

    asyncio.run(main())


class Lifespan:
    """The application's end."""

    async def shutdown(self):
        """Do nothing."""


def test_uvicorn_exports_before_it_ends(pipeline, provide, streams, server):
    """A server that ends itself by signal exports zero and value first; should it live on, it goes on counting."""
    exporter = Exported()
    pipeline.open(provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)))
    streams.add(3)
    ended = []
    pipeline.endings.append(lambda: ended.append(True))
    shut_down(server)
    assert total(exporter.points, "shop.rows") == (3, 3)
    assert ended == [True]
    streams.add(1, later="yes")
    assert pipeline.flush()
    assert total(exporter.points, "shop.rows") == (4, 4)


def test_uvicorn_is_restored(pipeline, provide, streams, server):
    """Removal puts uvicorn's own method back; opening again wraps it again, and once."""
    pipeline.remove()
    original, exporter = server.shutdown, Exported()
    provider = provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
    for _ in range(2):
        pipeline.open(provider)
        assert server.shutdown.__wrapped__ is original
        pipeline.remove()
        assert server.shutdown is original
    streams.add(1)
    shut_down(server)
    assert exporter.points == []


def test_a_wrapper_around_ours_stays(pipeline, provide, server, monkeypatch):
    """Where somebody has wrapped our wrapper since, removal leaves theirs in place, and ours does nothing."""
    pipeline.open(provide())
    ours = server.shutdown
    monkeypatch.setattr(server, "shutdown", functools.partialmethod(ours))
    theirs = vars(server)["shutdown"]
    pipeline.remove()
    assert vars(server)["shutdown"] is theirs
    monkeypatch.undo()
    server.shutdown = ours.__wrapped__


def test_nothing_is_imported_for_it():
    """The ways to end are hooks: neither uvicorn nor multiprocessing is loaded by the way into the SDK."""
    import subprocess

    code = (
        "import sys; from otelml.telemetry.pipeline import PIPELINE; PIPELINE.open(); "
        "print([m for m in ('uvicorn', 'multiprocessing.util', 'sklearn', 'pandas') if m in sys.modules])"
    )
    command = (sys.executable, "-c", code)
    assert subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout == "[]\n"  # noqa: S603 -- ours
