"""A forked child starts from zero, now, with new locks and connections."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from test_shim import NEVER_MS

from otelml.telemetry import connections
from otelml.testing import Receiver

PROGRAM = Path(__file__).parent / "programs" / "forked.py"


def run(way):
    """Run the program and return what it printed."""
    command = (sys.executable, str(PROGRAM), way)
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)  # noqa: S603 -- ours


def test_a_child_starts_from_zero_and_now():
    """The child reports its own rows alone, since the fork, zero first; the parent goes on as it was."""
    answer = run("zero")
    value, start_ns, first = answer["child"]["rows"]
    assert (value, first) == (2, 0)
    assert start_ns >= answer["forked_ns"]
    assert answer["parent"]["rows"][0] == 6
    assert answer["parent"]["rows"][1] < answer["forked_ns"]
    state, since_ns, _ = answer["child"]["active"]
    assert (state, since_ns >= answer["forked_ns"]) == (1, True), "a state stays true, and is told as of the child"


def test_a_fork_in_the_middle_of_an_export_holds_nothing_up():
    """A child that was forked while its parent's threads collected and exported can do both."""
    assert run("locks") == {"flushed": True, "values": [0, 2]}


@pytest.fixture
def exporters():
    """Give a reader and a tracer provider that export over HTTP, each after its first request."""
    with Receiver() as receiver:
        reader = PeriodicExportingMetricReader(
            OTLPMetricExporter(receiver.endpoint + "/v1/metrics"), export_interval_millis=NEVER_MS
        )
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(receiver.endpoint + "/v1/traces")))
        yield reader, provider
        reader.shutdown()
        provider.shutdown()


def sessions(owners):
    """Return the HTTP sessions that exporters hold."""
    return [found for found in connections.walk(owners) if isinstance(found, requests.Session)]


def test_a_child_opens_its_own_connections(exporters):
    """Exporters of metrics and spans get new pools: two processes on one connection garble each other."""
    before = [adapter.poolmanager for session in sessions(exporters) for adapter in session.adapters.values()]
    assert len(sessions(exporters)) == 2
    connections.renew(exporters)
    after = [adapter.poolmanager for session in sessions(exporters) for adapter in session.adapters.values()]
    assert len(after) == len(before) == 4
    assert not {id(pool) for pool in after} & {id(pool) for pool in before}
    reader, provider = exporters
    provider.get_tracer("shop").start_span("after").end()
    assert provider.force_flush()
    assert reader.force_flush()


def test_what_is_not_opentelemetrys_is_left_alone():
    """The host's own sessions are not touched, not even where an exporter holds something that leads there."""
    own = requests.Session()
    pools = [adapter.poolmanager for adapter in own.adapters.values()]
    connections.renew([{"session": own}, SimpleNamespace(session=own)])
    assert [adapter.poolmanager for adapter in own.adapters.values()] == pools


def test_forks_during_collections():
    """Of twenty children that were forked while a thread collected each can collect, export and end, with its rows."""
    command = (sys.executable, str(PROGRAM.with_name("forking.py")), "20")
    done = subprocess.run(command, check=True, capture_output=True, timeout=240)  # noqa: S603 -- ours
    answer = json.loads(done.stdout)
    assert (answer["hung"], answer["wrong"]) == (0, 0), done.stderr.decode()
    assert answer["slowest"] < 1
