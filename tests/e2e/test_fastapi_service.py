"""The FastAPI example as its README runs it: launcher, uvicorn with four workers, one outcome store."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import numpy as np
import pytest
from collector import free_ports, wait_until
from launcher import BIN, LAUNCHER, environment
from sklearn.metrics import confusion_matrix

from otelml.testing import select, total

pytestmark = pytest.mark.e2e

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi_service"
THRESHOLD = 0.35
WORKERS = 4
PARCELS = 200


class Service:
    """The example, served by four workers."""

    def __init__(self, env, directory):
        [port] = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        self.log = directory / "service.log"
        serve = (BIN / "uvicorn", "--app-dir", EXAMPLE, "service:app", "--workers", str(WORKERS))
        with self.log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603 -- ours
                (LAUNCHER, *serve, "--port", str(port)), env=env, cwd=directory, stdout=log, stderr=log
            )

    def post(self, path, content):
        """Post JSON and return the JSON of the answer, None where it is empty."""
        headers = {"Content-Type": "application/json"}
        body = json.dumps(content).encode()
        request = Request(self.address + path, data=body, headers=headers)  # noqa: S310 -- ours
        with urlopen(request, timeout=60) as answer:  # noqa: S310 -- ours
            return json.loads(answer.read() or b"null")

    def ready(self):
        """Say whether every worker serves yet; ChildProcessError if the service ended instead."""
        if self.process.poll() is not None:
            raise ChildProcessError(self.log.read_text())
        if self.log.read_text().count("Application startup complete") < WORKERS:
            return False
        try:
            with urlopen(self.address + "/docs", timeout=10):  # noqa: S310 -- ours
                return True
        except URLError:
            return False

    def stop(self):
        """End it as a supervisor does, and wait until it has ended."""
        self.process.terminate()
        self.process.wait(timeout=60)


@pytest.fixture(params=["cumulative", "delta"])
def service(request, collector, tmp_path):
    """Train the model, serve it until the test ends, and show the log of a test that failed."""
    subprocess.run((sys.executable, EXAMPLE / "train.py"), cwd=tmp_path, check=True)  # noqa: S603 -- ours
    variables = {
        "OTEL_PYTHON_ML_OUTCOME_STORE": "sqlite:///outcomes.sqlite",
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": request.param,
    }
    running = Service(environment(collector, **variables), tmp_path)
    try:
        wait_until(running.ready, 120, running.log.read_text)
        yield running
    finally:
        running.stop()
        print(running.log.read_text())


def test_predictions_and_feedback_add_up(collector, service):
    """From four workers every prediction and every outcome arrives exactly once, in the right cell."""
    parcels = [{"distance_km": 10.0 * i, "weight_kg": 2.0, "hour": 6 + i % 16} for i in range(PARCELS)]
    actual = [i % 3 == 0 for i in range(PARCELS)]
    with ThreadPoolExecutor(8) as pool:
        forecasts = list(pool.map(lambda parcel: service.post("/predict", parcel), parcels))
        outcomes = [{"id": one["id"], "actual": a} for one, a in zip(forecasts, actual, strict=True)]
        assert set(pool.map(lambda outcome: service.post("/feedback", outcome), outcomes)) == {None}
    service.stop()
    collector.stop()
    points = collector.points()

    parcels_model = {"ml.model.name": "parcels", "ml.model.version": "1"}
    assert total(points, "ml.inference.rows", parcels_model) == (PARCELS, PARCELS)
    assert len({forecast["id"] for forecast in forecasts}) == PARCELS
    late = [forecast["late"] for forecast in forecasts]
    expected = confusion_matrix(actual, late)
    assert expected.all(), "each cell is tried"
    for true in (0, 1):
        for said in (0, 1):
            cell = {"ml.predicted": str(said), "ml.actual": str(true), "ml.correct": said == true}
            assert total(points, "ml.outcomes", cell) == (expected[true, said],) * 2, cell
    assert total(points, "ml.outcomes") == (PARCELS, PARCELS)
    assert total(points, "ml.outcome.awaited", {"ml.predicted": "1"}) == (sum(late),) * 2
    scores = np.array([forecast["score"] for forecast in forecasts])
    assert late == (scores >= THRESHOLD).tolist()
    assert total(points, "ml.prediction.score") == (PARCELS, PARCELS)
    assert total(points, "ml.prediction.score", read=lambda point: point.sum).last == pytest.approx(scores.sum())
    assert total(points, "ml.outcome.rejections").last == 0
    assert total(points, "otelml.errors").last == total(points, "otelml.dropped").last == 0
    assert sum(span.name == "predict_proba parcels" for span in collector.spans()) == PARCELS
    assert len({point.resource["service.instance.id"] for point in select(points, "ml.inference.rows")}) > 1
