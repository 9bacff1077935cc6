"""What is lost when a part of the pipeline is killed in the middle of a run; `-s` shows the figures."""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress

import pytest
from collector import wait_until
from gateway import running_pipeline
from launcher import environment, launch
from prometheus import Prometheus
from steadily import PROMETHEUS_NAMES, serving

from otelml.testing import total

pytestmark = pytest.mark.e2e

OUTAGE_S = float(os.environ.get("OTELML_OUTAGE_S", "8"))
BEFORE_S, AFTER_S = 3.0, 2.0
DRAIN_S = 60 + OUTAGE_S
SECOND_NS = 1_000_000_000
AT_A_KILL = 30  # spans at most between the gateway's receiver and its disk, of two kills
UNSURE_EVERY, IN_TWO_SECONDS = 5, 100  # predictions, as programs/steady.py makes them


def pause(seconds):
    """Let the run go on."""
    threading.Event().wait(seconds)


def held(prometheus):
    """Return {(name, class, milliseconds): value} of what Prometheus has."""
    query = f'{{__name__=~"{"|".join(PROMETHEUS_NAMES.values())}"}}[6h]'
    return {
        (one["metric"]["__name__"], one["metric"].get("ml_class", ""), round(at * 1_000)): float(value)
        for one in prometheus.ask("query", query=query, time=time.time())["result"]
        for at, value in one["values"]
    }


def arrived(backend):
    """Return the trace ids at the trace backend."""
    return [span.trace_id for span in backend.spans()]


def last(samples):
    """Return the last value of each series."""
    return {key[:2]: samples[key] for key in sorted(samples, key=lambda key: key[2])}


def await_all(service, prometheus, backend):
    """Wait until all that was taken from the service has arrived; spans may be lost, after a while."""
    expected = service.samples(taken_alone=True)

    def missing():
        return len(expected.keys() - held(prometheus).keys())

    wait_until(lambda: missing() == 0, DRAIN_S, lambda: f"{missing()} samples are missing")
    with suppress(TimeoutError):
        wait_until(lambda: service.unsure() <= set(arrived(backend)), 10, str)


def show(what, **figures):
    """Print what was measured."""
    print(f"\n{what}, {OUTAGE_S:g} s: " + ", ".join(f"{key} {value}" for key, value in figures.items()))


def test_gateway_and_backends_may_die(collector_binary, prometheus_binary, tmp_path):
    """Killed one after the other, the gateway once more while there is no backend: every sample, every kept span."""
    prometheus = Prometheus(prometheus_binary, tmp_path)
    with running_pipeline(collector_binary, tmp_path, prometheus.otlp_endpoint, OTELML_SHARE_PERCENT="0") as pipeline:
        with serving(pipeline, tmp_path) as service:
            pause(BEFORE_S)
            pipeline.gateway.kill()
            pause(OUTAGE_S)
            pipeline.gateway.start()
            pause(AFTER_S)
            prometheus.process.kill()
            prometheus.process.wait()
            pipeline.backend.kill()
            pause(OUTAGE_S / 2)
            pipeline.gateway.kill()
            pipeline.gateway.start()
            pause(OUTAGE_S / 2)
            pipeline.backend.start()
            prometheus = Prometheus(prometheus_binary, tmp_path, port=prometheus.port)
            pause(AFTER_S)
            service.stop()
        try:
            await_all(service, prometheus, pipeline.backend)
            expected, there = service.samples(), held(prometheus)
        finally:
            prometheus.stop()
        spans, kept = service.unsure(), arrived(pipeline.backend)
    show(
        "gateway and backends killed",
        exports=len(service.read("exports")),
        samples=len(expected),
        missing=len(expected.keys() - there.keys()),
        spans=len(spans),
        lost=len(spans - set(kept)),
        twice=len(kept) - len(set(kept)),
    )
    assert there == expected
    assert last(there)["ml_inference_rows_total", ""] == len(service.read("predictions"))
    assert len(spans - set(kept)) <= AT_A_KILL


def test_the_agent_may_die(collector_binary, prometheus_binary, tmp_path):
    """What it had taken arrives, later exports hold the sums of those that failed, and lost spans are of the outage."""
    prometheus = Prometheus(prometheus_binary, tmp_path)
    with running_pipeline(collector_binary, tmp_path, prometheus.otlp_endpoint, OTELML_SHARE_PERCENT="0") as pipeline:
        with serving(pipeline, tmp_path) as service:
            pause(BEFORE_S)
            killed = time.time_ns()
            pipeline.agent.kill()
            pause(OUTAGE_S)
            pipeline.agent.start()
            back = time.time_ns()
            pause(AFTER_S)
            service.stop()
        try:
            await_all(service, prometheus, pipeline.backend)
            taken, made, there = service.samples(taken_alone=True), service.samples(), held(prometheus)
        finally:
            prometheus.stop()
        spans, kept = service.unsure(), arrived(pipeline.backend)
    show(
        "agent killed",
        exports=len(service.read("exports")),
        refused=sum(not export["taken"] for export in service.read("exports")),
        samples=len(made),
        missing=len(made.keys() - there.keys()),
        spans=len(spans),
        lost=len(spans - set(kept)),
        twice=len(kept) - len(set(kept)),
    )
    assert taken.items() <= there.items()
    assert last(there)["ml_inference_rows_total", ""] == len(service.read("predictions"))
    lost = [span["at"] for span in service.read("spans") if span["trace_id"] not in kept]
    assert all(killed - 2 * SECOND_NS < at < back for at in lost)


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_what_the_service_itself_takes_along(collector_binary, tmp_path, store):
    """Killed, it loses what it did since its last export; what waits for outcomes as well, where no store holds it."""
    settings = {"OTEL_PYTHON_ML_OUTCOME_STORE": "memory" if store == "memory" else f"sqlite:///{tmp_path}/o.sqlite"}
    with running_pipeline(collector_binary, tmp_path, OTELML_SHARE_PERCENT="0") as pipeline:
        with serving(pipeline, tmp_path, **settings) as service:
            pause(BEFORE_S + AFTER_S)
            service.kill()
        learnt = tmp_path / "predictions.jsonl"
        launch("learning.py", learnt, env=environment(pipeline, **settings), cwd=tmp_path)
        pipeline.drain()
        points, kept = pipeline.backend.points(), set(arrived(pipeline.backend))
    predictions = len(service.read("predictions"))
    counted, joined = total(points, "ml.inference.rows").last, total(points, "ml.outcomes").last
    unknown = total(points, "ml.outcome.rejections", {"ml.reason": "unknown"}).last
    show(
        f"service killed, outcomes in {store}",
        predictions=predictions,
        uncounted=predictions - counted,
        spans=len(service.unsure()),
        lost=len(service.unsure() - kept),
        joined=joined,
        unknown=unknown,
    )
    assert counted == max(value for key, value in service.samples(taken_alone=True).items() if "rows" in key[0])
    assert predictions - counted <= IN_TWO_SECONDS
    assert len(service.unsure() - kept) <= IN_TWO_SECONDS / UNSURE_EVERY + 1
    assert joined + unknown == predictions
    assert unknown == predictions if store == "memory" else unknown <= IN_TWO_SECONDS
