"""Launcher, Collector, file: every metric of the contract arrives exactly; exemplars name spans."""

from __future__ import annotations

from types import SimpleNamespace

import joblib
import numpy as np
import pytest
from collector import running_collector
from launcher import environment, launch
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import confusion_matrix, f1_score, precision_score

from otelml import Baseline
from otelml.stats.divergence import psi, psi_critical
from otelml.telemetry.names import BOUND, CONTRACT, MODEL_NAME, MODEL_VERSION, VALUE_BOUNDS, Kind
from otelml.testing import bucket_totals, select, total

pytestmark = pytest.mark.e2e

ROWS = 300
THRESHOLD = 0.4
LATE = {"ml.model.name": "late", "ml.model.version": "2"}
LENGTH = {"ml.model.name": "length"}
LOST = {"ml.model.name": "lost"}  # its baseline is not where the program looks


def latest(points, name, attributes):
    """Return the last value of a gauge's only series with these attributes."""
    found = select(points, name, attributes)
    assert len({point.series for point in found}) == 1, (name, attributes)
    return max(found, key=lambda point: point.time_ns).value


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Train both models and draw the rows, where `programs/contract.py` will look for them."""
    directory = tmp_path_factory.mktemp("contract")
    random = np.random.default_rng(1)
    X, noise = random.normal(size=(3 * ROWS, 3)), random.normal(size=3 * ROWS)
    y = (X[:, 0] + noise > 0.3).astype(int)
    late, length = (
        LogisticRegression().fit(X[:ROWS], y[:ROWS]),
        LinearRegression().fit(X[:ROWS], 5 * noise[:ROWS]),
    )
    # Five weeks, each with the rows that a rule asks for, so that weeks can be told to differ.
    times = np.datetime64("2026-01-01") + np.arange(6 * ROWS) * np.timedelta64(30, "m")
    before = random.normal(size=(6 * ROWS, 3))
    came = (before[:, 0] + random.normal(size=6 * ROWS) > 0.3).astype(int)
    baseline = Baseline.fit(late, before, came, threshold=THRESHOLD, time=times)
    baseline.save(directory / "late.baseline.json")
    Baseline.fit(length, X[ROWS : 2 * ROWS], 5 * noise[ROWS : 2 * ROWS]).save(directory / "length.baseline.json")
    joblib.dump(late, directory / "late.joblib")
    joblib.dump(length, directory / "length.joblib")
    X[2 * ROWS, 0] = 50.0  # beyond all that was seen
    served = SimpleNamespace(X=X[2 * ROWS :], actual=y[2 * ROWS :], known=np.arange(0, ROWS, 2))
    served.first = served.actual.copy()
    served.first[served.known[:7]] ^= 1  # corrected later
    served.y = 5 * noise[2 * ROWS :]
    np.savez(directory / "rows.npz", **vars(served))
    served.scores = late.predict_proba(served.X)[:, 1]
    served.predicted = (served.scores >= THRESHOLD).astype(int)
    served.values = length.predict(served.X)
    served.baseline, served.length = baseline, Baseline.load(directory / "length.baseline.json")
    served.directory = directory
    return served


@pytest.fixture(scope="module", params=["cumulative", "delta"])
def arrived(request, collector_binary, prepared, tmp_path_factory):
    """Run the program once, and give what the Collector wrote of it."""
    with running_collector(collector_binary, tmp_path_factory.mktemp("collector")) as collector:
        env = environment(
            collector,
            OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=request.param,
            OTEL_PYTHON_ML_OUTCOME_HORIZON="1s",
            OTEL_PYTHON_ML_GAUGES="all",
        )
        launch("contract.py", env=env, cwd=prepared.directory)
    return SimpleNamespace(points=collector.points(), spans=collector.spans())


def exact(data):
    """Return (metric, attributes, count) of every sum and histogram: what numpy and scikit-learn count."""
    known = data.known
    joined = confusion_matrix(data.first[known], data.predicted[known])
    cohort = confusion_matrix(data.actual[known], data.predicted[known])
    yes = int(data.predicted.sum())
    positives = int(data.first[known].sum())
    proba, predict = {"ml.operation.name": "predict_proba"}, {"ml.operation.name": "predict"}
    yield from (
        ("ml.inference.rows", LATE | proba, ROWS),
        ("ml.inference.rows", LENGTH | predict, ROWS),
        ("ml.inference.duration", LATE | proba, 1),
        ("ml.inference.duration", LENGTH | predict, 2),
        ("ml.inference.duration", LENGTH | predict | {"error.type": "ValueError"}, 1),
        ("ml.inference.batch.size", LENGTH | predict, 1),
        ("ml.predictions", LATE | {"ml.class": "1"}, yes),
        ("ml.predictions", LATE | {"ml.class": "0"}, ROWS - yes),
        ("ml.prediction.score", LATE | {"ml.class": "1", "ml.baseline.id": data.baseline.id}, ROWS),
        ("ml.prediction.score.squares", LATE, pytest.approx(np.square(data.scores).sum())),
        ("ml.prediction.value", LENGTH | {"ml.baseline.id": data.length.id}, ROWS),
        *columns(data),
        *moments(LENGTH, (data.values - data.length.value_mean) / data.length.value_sd),
        *moments(LOST, data.values),
        ("ml.outcome.awaited", LATE | {"ml.predicted": "1"}, yes),
        ("ml.outcome.awaited", LENGTH, ROWS),
        ("ml.outcomes", LENGTH, ROWS),
        ("ml.outcome.corrections", LATE, 7),
        ("ml.outcome.rejections", LATE | {"ml.reason": "duplicate"}, 2),
        ("ml.outcome.rejections", LATE | {"ml.reason": "duplicate", "ml.action": "click"}, 1),
        ("ml.actions", LATE | {"ml.action": "click"}, 9),
        ("ml.outcome.rejections", {"ml.reason": "unknown"}, 1),
        ("ml.outcome.rejections", {"ml.reason": "invalid"}, 1),
        ("ml.outcome.loss", LATE | {"ml.loss": "brier"}, len(known)),
        ("ml.outcome.loss", LENGTH | {"ml.loss": "absolute"}, ROWS),
        ("ml.outcome.delay", LATE, len(known)),
        ("ml.outcome.score.values", LATE | {"ml.actual": "1"}, positives),
        ("ml.outcome.score.values", LATE | {"ml.actual": "0"}, len(known) - positives),
        ("ml.outcome.score.sum", LATE, pytest.approx(data.scores[known].sum())),
        ("ml.outcome.score.below", LATE | {"ml.actual": "1"}, below(data, 1)),
        ("ml.outcome.score.below", LATE | {"ml.actual": "0"}, below(data, 0)),
        ("otelml.errors", {"ml.component": "baseline"}, 1),
        ("otelml.dropped", {"ml.reason": "ids_mismatch"}, ROWS),
    )
    for said in (0, 1):
        unknown = np.count_nonzero(data.predicted == said) - np.count_nonzero(data.predicted[known] == said)
        yield "ml.outcome.cohort", LATE | {"ml.predicted": str(said), "ml.actual": "none"}, unknown
        for true in (0, 1):
            cell = LATE | {"ml.predicted": str(said), "ml.actual": str(true), "ml.correct": said == true}
            yield "ml.outcomes", cell, joined[true, said]
            yield "ml.outcome.cohort", cell, cohort[true, said]


def moments(model, values, name="ml.prediction.value.moment"):
    """Return what a metric by `ml.moment` counts of `values`."""
    sums = {
        "positive": values[values > 0].sum(),
        "negative": -values[values < 0].sum(),
        "squared": (values**2).sum(),
    }
    for moment, amount in sums.items():
        yield name, model | {"ml.moment": moment}, pytest.approx(amount)


def columns(data):
    """Return what is counted of the columns that the binary model was asked about."""
    for column, values in zip(data.baseline.inputs, data.X.T, strict=True):
        own = LATE | of(column) | {"ml.baseline.id": data.baseline.id}
        for label, count in zip(column.bins.labels, column.bins.count(values).tolist(), strict=True):
            yield "ml.column.values", own | {"ml.bin": label}, count
        yield from moments(own, (values - column.mean) / column.sd, "ml.column.moment")
    beyond = data.baseline.inputs[0]
    outside = (data.X[:, 0] <= beyond.bins.edges[0]) | (data.X[:, 0] > beyond.bins.edges[-1])
    yield "ml.column.violations", LATE | of(beyond) | {"ml.violation": "range"}, np.count_nonzero(outside)


def of(column):
    """Return the attributes of a column."""
    return {"ml.column.name": column.name, "ml.column.role": column.role}


def below(data, actual):
    """Return what `ml.outcome.score.below` adds up to: a score counts in its own bin and those above."""
    scores = data.scores[data.known][data.first[data.known] == actual]
    bins = len(data.baseline.score_bounds) + 1
    return int((bins - np.searchsorted(data.baseline.score_bounds, scores)).sum())


def gauges(data):
    """Return (metric, attributes, value) of every gauge."""
    known = data.known
    true, said = data.actual[known], data.predicted[known]
    day = LATE | {"ml.window": "P1D", BOUND: "value"}
    one = LATE | {"ml.class": "1", BOUND: "value", "ml.window": "P7D"}
    for window in ("P1D", "P7D", "P28D"):
        yield "ml.performance", day | {"ml.metric": "accuracy", "ml.window": window}, np.mean(true == said)
    yield "ml.performance", one | {"ml.metric": "precision"}, precision_score(true, said)
    yield "ml.performance", one | {"ml.metric": "f1"}, f1_score(true, said)
    mae = np.abs(data.values - data.y).mean()
    yield "ml.performance", LENGTH | {"ml.metric": "mae", "ml.window": "P1D", BOUND: "value"}, mae
    yield from column_gauges(data)
    for (predicted, actual), count in data.baseline.cells.items():
        yield "ml.baseline.cells", LATE | {"ml.predicted": predicted, "ml.actual": actual}, count
    for held in data.baseline.performance:
        which = {"ml.metric": held.metric, BOUND: "value"} | ({"ml.window": held.window} if held.window else {})
        if held.window and held.value is not None:
            yield "ml.baseline.performance", LATE | which, held.value


def column_gauges(data):
    """Return (metric, attributes, value) of the gauges of each column of the binary model."""
    for column, values in zip(data.baseline.inputs, data.X.T, strict=True):
        own = LATE | of(column)
        for label, count in zip(column.bins.labels, column.counts, strict=True):
            yield "ml.baseline.values", own | {"ml.bin": label}, count / column.rows
        yield "ml.baseline.rows", own, column.rows
        yield "ml.baseline.moment", own | {"ml.moment": "mean"}, column.mean
        yield "ml.baseline.moment", own | {"ml.moment": "standard_deviation"}, column.sd
        yield "ml.baseline.drift", own | {"ml.window": "P7D"}, column.drift["P7D"]
        counts = column.bins.count(values)
        for window in ("P1D", "P7D"):
            now = own | {"ml.window": window}
            yield "ml.drift", now | {"ml.method": "psi"}, float(psi(counts, column.counts))
            yield "ml.drift.critical", now | {"ml.method": "psi"}, float(psi_critical(counts, column.counts))
            yield "ml.column.mean", now, values.mean()
            yield "ml.column.variance", now, values.var()
            yield "ml.column.completeness", now, 1.0
    own = LATE | of(data.baseline.outputs[-1]) | {"ml.window": "P7D"}
    for moment, limits in data.baseline.outputs[-1].blocks["P7D"].items():
        for bound, value in limits._asdict().items():
            yield "ml.baseline.moment", own | {"ml.moment": moment, BOUND: bound}, value


def test_every_metric_arrives_exactly(arrived, prepared):
    """Each metric of the contract arrives with what numpy and scikit-learn count, first events included."""
    tried = {"otelml.overhead", "ml.inference.active", "ml.model.info"}
    for name, attributes, count in exact(prepared):
        assert total(arrived.points, name, attributes) == (count, count), (name, attributes)
        tried.add(name)
    for name, attributes, value in gauges(prepared):
        assert latest(arrived.points, name, attributes) == pytest.approx(value), (name, attributes)
        tried.add(name)
    assert total(arrived.points, "otelml.overhead").last > 0
    assert total(arrived.points, "ml.inference.active").last == 0
    assert total(arrived.points, "ml.model.info").last == 4  # late, length, lost and the one without a name
    assert tried == {metric.name for metric in CONTRACT}
    bins = np.bincount(np.searchsorted(VALUE_BOUNDS, prepared.values), minlength=len(VALUE_BOUNDS) + 1)
    assert [bucket.last for bucket in bucket_totals(arrived.points, "ml.prediction.value", LOST)] == bins.tolist()


@pytest.mark.parametrize("metric", CONTRACT, ids=lambda metric: metric.name)
def test_points_are_what_the_table_says(arrived, metric):
    """A metric arrives as the instrument, in the unit and with all the attributes that the table gives it."""
    points = select(arrived.points, metric.name)
    kinds = {Kind.HISTOGRAM: "histogram", Kind.GAUGE: "gauge"}
    assert {point.kind for point in points} == {kinds.get(metric.kind, "sum")}
    assert {(point.unit, point.scope) for point in points} == {(metric.unit, "otelml")}
    assert {point.monotonic for point in points} == {metric.kind is Kind.COUNTER if metric.kind not in kinds else None}
    seen = {key for point in points for key in point.attributes} - {MODEL_NAME, MODEL_VERSION}
    assert seen == set(metric.attributes)
    if metric.kind is Kind.HISTOGRAM:
        assert all((point.sum is None) is metric.signed for point in points)
        assert all(len(point.bounds) <= 31 for point in points)


def test_spans_arrive(arrived):
    """Each call is a span of kind INTERNAL with the contract's attributes; a failed one tells no text."""
    spans = {(span.name, span.status): span for span in arrived.spans}
    late, failed = spans["predict_proba late", "UNSET"], spans["predict length", "ERROR"]
    assert late.attributes == LATE | {
        "ml.system.name": "scikit_learn",
        "ml.operation.name": "predict_proba",
        "ml.task": "binary",
        "ml.batch.size": ROWS,
    }
    assert failed.attributes["error.type"] == "ValueError"
    assert (failed.status_description, failed.events) == ("", ())
    assert {span.kind for span in arrived.spans} == {"INTERNAL"}
    assert len(arrived.spans) == 5


def test_exemplars_name_a_span_that_arrived(arrived):
    """A duration bucket names a span that arrived, of the same model and no shorter than the exemplar."""
    spans = {(span.trace_id, span.span_id): span for span in arrived.spans}
    durations = [point for point in select(arrived.points, "ml.inference.duration") if point.exemplars]
    assert {point.attributes["ml.model.name"] for point in durations} >= {"late", "length"}
    for point in durations:
        for exemplar in point.exemplars:
            span = spans[exemplar.trace_id, exemplar.span_id]
            assert span.attributes["ml.model.name"] == point.attributes["ml.model.name"]
            assert exemplar.value <= (span.end_ns - span.start_ns) / 1e9
