"""Nobody is held up for longer than promised: a flush, a signal handler, an event loop, the end of a process."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from sklearn.linear_model import LogisticRegression
from test_shim import NEVER_MS, Exported

import otelml
from otelml.ledger import ledger
from otelml.telemetry.bounded import Errand
from otelml.testing import capture, total

PROGRAM = Path(__file__).parent / "programs" / "ending.py"
GRACE_S = 0.5


@contextmanager
def frozen():
    """Give the endpoint of a receiver that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def stuck(pipeline, provide):
    """Give a pipeline whose receiver accepts and never answers."""
    with frozen() as endpoint:
        exporter = OTLPMetricExporter(endpoint + "/v1/metrics", timeout=3)
        pipeline.open(provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)))
        yield pipeline
    pipeline.exporting.start_afresh()  # what hangs is waited for no more


@contextmanager
def at_most(seconds):
    """Fail where the block takes longer."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds


def test_a_flush_keeps_its_timeout(stuck, streams):
    """With a receiver that never answers, again and again, and it says that nothing came of it."""
    streams.add(3)
    for _ in range(5):
        with at_most(0.1 + GRACE_S):
            assert not stuck.flush(100)
    assert sum(thread.name.startswith("Dummy") for thread in threading.enumerate()) <= 2, "they do not pile up"


def test_a_flush_keeps_its_timeout_where_preparing_hangs(pipeline, provide, streams):
    """The same where what is staged cannot be folded: a store is locked."""
    let_go, exporter = threading.Event(), Exported()
    pipeline.open(provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)))
    streams.add(3)
    pipeline.producer.preparations.append(lambda: let_go.wait(30))
    with at_most(0.1 + GRACE_S):
        assert not pipeline.flush(100)
    let_go.set()
    assert pipeline.flush()
    assert total(exporter.points, "shop.rows").last == 3


def test_a_flush_in_an_event_loop(stuck, streams):
    """It keeps its timeout there as well."""
    streams.add(3)

    async def main():
        with at_most(0.1 + GRACE_S):
            stuck.flush(100)

    asyncio.run(main())


def test_a_flush_where_no_thread_can_be_started(pipeline, provide, streams, monkeypatch):
    """It is done inline, and whole."""
    exporter = Exported()
    pipeline.open(provide(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS)))
    streams.add(3)
    monkeypatch.setattr("otelml.telemetry.bounded.in_thread", lambda _: False)
    assert pipeline.flush()
    assert total(exporter.points, "shop.rows") == (3, 3)


@pytest.mark.parametrize("how", ["Thread.start", "start_new_thread"])
def test_the_first_call_counts_where_no_thread_can_be_started(monkeypatch, how):
    """A host at its limit of threads loses no row, and no reason is given that is none."""

    def fail(*_args):
        raise RuntimeError("can't start new thread")

    model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
    before = ledger.errors.copy(), ledger.dropped.copy()
    with capture("delta") as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        try:
            with monkeypatch.context() as patch:
                target = "threading.Thread.start" if how == "Thread.start" else "_thread.start_new_thread"
                patch.setattr(target, fail)
                model.predict(np.eye(4))
                model.predict_proba(np.eye(4))
            points = kept.points()
        finally:
            otelml.uninstrument()
    assert total(points, "ml.inference.rows", {"ml.operation.name": "predict"}).last == 4
    assert total(points, "ml.inference.rows", {"ml.operation.name": "predict_proba"}).last == 4
    assert (ledger.errors, ledger.dropped) == before


def test_an_errand_is_run_once_more_for_whoever_asks_meanwhile():
    """What is asked for while the work is being done is done afterwards, once for all of them."""
    begun, let_go, runs = threading.Event(), threading.Event(), []

    def work(_):
        runs.append(1)
        begun.set()
        return let_go.wait(10)

    errand = Errand(work, "flush")
    first = errand.start(time.monotonic() + 10)
    assert begun.wait(10)
    later = [errand.start(time.monotonic() + 10) for _ in range(3)]
    let_go.set()
    assert first.wait()
    assert all(ticket.wait() for ticket in later)
    assert len(runs) == 2


def test_a_signal_handler_that_flushes(captured):
    """Wherever it interrupts our own code, it returns; rows afterwards are exact."""
    model = LogisticRegression().fit(np.eye(2), [0, 1])
    captured.points()
    flushed = []

    def handle(*_):
        with at_most(0.2 + GRACE_S):
            flushed.append(otelml.force_flush(200))

    before = signal.signal(signal.SIGALRM, handle)
    calls = 0
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.003, 0.007)
        while len(flushed) < 20:
            model.predict(np.eye(2))
            calls += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert total(captured.points(), "ml.inference.rows").last == 2 * calls


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_the_end_of_a_launched_process_has_a_deadline(protocol):
    """With a receiver that never answers a process ends in time, and says what was not exported."""
    bin_ = Path(sys.executable).parent
    with frozen() as endpoint:
        env = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")} | {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
            "OTEL_LOGS_EXPORTER": "none",
            "OTEL_PYTHON_ML_SHUTDOWN_TIMEOUT": "2s",
        }
        command = (bin_ / "opentelemetry-instrument", sys.executable, PROGRAM)
        done = subprocess.run([str(part) for part in command], env=env, capture_output=True, timeout=60, check=True)  # noqa: S603 -- ours
        ended = time.time()
    assert ended - float(done.stdout.split()[0]) < 4, done.stderr.decode()
    assert b"OTEL_PYTHON_ML_SHUTDOWN_TIMEOUT" in done.stderr


def test_a_thread_that_waits_can_be_interrupted(stuck, streams):
    """Waiting for a flush is left by an exception of a signal handler, and the next flush works."""
    streams.add(3)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with at_most(1), suppress(KeyboardInterrupt):
            stuck.flush(5_000)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with at_most(0.1 + GRACE_S):
        assert not stuck.flush(100)
