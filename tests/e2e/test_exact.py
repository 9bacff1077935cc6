"""Exact to the row: threads and processes of all kinds, both temporalities, collections all the while."""

from __future__ import annotations

import itertools

import joblib
import numpy as np
import pytest
from launcher import PROGRAMS, environment, launch
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.stats.divergence import psi
from otelml.telemetry.names import SCORE_BOUNDS
from otelml.testing import bucket_totals, select, total

pytestmark = pytest.mark.e2e


@pytest.fixture
def traffic(monkeypatch):
    """Give the test the rows that `programs/workers.py` predicts."""
    monkeypatch.syspath_prepend(str(PROGRAMS))
    import traffic

    return traffic


@pytest.fixture(scope="module")
def model():
    """Fit a model, in a process that nobody watches."""
    random = np.random.default_rng(0)
    X = random.normal(size=(200, 4))
    return LogisticRegression().fit(X, (X[:, 0] + random.normal(size=200) > 0).astype(int))


def _by_hand(values, column):
    """The population stability index of raw values, with numpy alone, and the edges of a column without own values."""
    edges = [-np.inf, *column.bins.edges, np.inf]
    window = np.array([((values > low) & (values <= high)).sum() for low, high in itertools.pairwise(edges)])
    known = np.array(column.counts[:-1])
    used = (window > 0) | (known > 0)
    q = (window[used] + 0.5) / (window.sum() + used.sum() / 2)
    p = (known[used] + 0.5) / (known.sum() + used.sum() / 2)
    return ((q - p) * np.log(q / p)).sum()


def same(count):
    """Return what a total reads that arrived whole: as last values, and in differences alone."""
    return (count, count)


@pytest.mark.parametrize(
    ("method", "temporality", "protocol"),
    [
        ("fork", "cumulative", "http/protobuf"),
        ("fork", "delta", "http/protobuf"),
        ("spawn", "cumulative", "http/protobuf"),
        ("spawn", "delta", "grpc"),
        ("os_fork", "cumulative", "http/protobuf"),
        ("os_fork", "delta", "http/protobuf"),
    ],
)
def test_sums_arrive_to_the_row(collector, traffic, model, tmp_path, method, temporality, protocol):
    """What arrives from four processes of four threads equals what numpy counts, first events included."""
    joblib.dump(model, tmp_path / "model.joblib")
    baseline = otelml.Baseline.fit(model, np.random.default_rng(1).normal(size=(1_000, 4)))
    baseline.save(tmp_path / "own.baseline.json")
    variables = {
        "OTEL_PYTHON_ML_BASELINES": str(tmp_path),
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.grpc_endpoint if protocol == "grpc" else collector.http_endpoint,
        "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": temporality,
    }
    env = environment(collector, **variables)
    launch("workers.py", method, "model.joblib", env=env, cwd=tmp_path)
    collector.stop()
    points, spans = collector.points(), collector.spans()

    batches = [np.zeros((1, 4)), *(b for one in traffic.everything() for b in traffic.batches(one))]
    everything = np.concatenate(batches)
    scores = model.predict_proba(everything)[:, 1]
    rows, calls = len(scores), len(batches)
    assert total(points, "ml.inference.rows") == same(rows)
    assert total(points, "ml.inference.duration") == same(calls)
    assert total(points, "ml.inference.batch.size") == same(calls)
    assert total(points, "ml.predictions", {"ml.class": "1"}) == same(np.count_nonzero(scores >= 0.5))
    assert total(points, "ml.predictions", {"ml.class": "0"}) == same(np.count_nonzero(scores < 0.5))
    bins = np.bincount(np.searchsorted(SCORE_BOUNDS, scores), minlength=len(SCORE_BOUNDS) + 1)
    assert bucket_totals(points, "ml.prediction.score") == tuple(map(same, bins.tolist()))
    assert total(points, "ml.prediction.score", read=lambda point: point.sum).last == pytest.approx(scores.sum())
    squares = total(points, "ml.prediction.score.squares")
    assert squares == pytest.approx(same(np.square(scores).sum()))
    for column, values in zip(baseline.inputs, everything.T, strict=True):
        own = {"ml.column.name": column.name, "ml.column.role": "input"}
        told = [total(points, "ml.column.values", {**own, "ml.bin": label}) for label in column.bins.labels]
        assert told == list(map(same, column.bins.count(values).tolist()))
        index = psi([counted.last for counted in told], column.counts)
        assert index == pytest.approx(_by_hand(values, column), rel=1e-12)
        z = (values - column.mean) / column.sd
        for moment, expected in (("positive", z[z > 0].sum()), ("negative", -z[z < 0].sum()), ("squared", z @ z)):
            found = total(points, "ml.column.moment", {**own, "ml.moment": moment})
            assert found == pytest.approx(same(expected), rel=1e-9)
    assert total(points, "ml.inference.active").last == 0
    assert total(points, "otelml.errors") == same(0)
    assert total(points, "otelml.dropped") == same(0)
    assert sum(span.name.startswith("predict_proba") for span in spans) == calls
    assert sum(span.attributes["ml.batch.size"] for span in spans) == rows
    processes = {point.resource["service.instance.id"] for point in select(points, "ml.inference.rows")}
    assert len(processes) == 1 + traffic.WORKERS
    assert {point.temporality for point in select(points, "ml.inference.rows")} == {temporality}
