"""The limit of series: every model keeps its service, scores and outcomes; detail gives way, is counted, comes back."""

from __future__ import annotations

import copy
from collections import defaultdict

import numpy as np
import pytest
from fresh import forget_models
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.telemetry import names
from otelml.telemetry.pipeline import PIPELINE
from otelml.testing import capture, simulated_clock

ROWS = 60
NEEDED = ("ml.inference.duration", "ml.inference.rows", "ml.inference.batch.size", "ml.model.info", "ml.predictions")
JUDGED = ("ml.prediction.score", "ml.outcome.awaited", "ml.outcomes", "ml.outcome.cohort", "ml.outcome.delay")


def fitted(columns, classes):
    """Fit a model of so many columns and classes, and make its baseline; returns both, the rows and their labels."""
    rng = np.random.default_rng(columns)
    rows, labels = rng.normal(size=(20 * classes + 400, columns)), np.arange(20 * classes + 400) % classes
    model = LogisticRegression(max_iter=20, tol=1e-1).fit(rows, labels)
    return model, otelml.Baseline.fit(model, rows, labels), rows[:ROWS], labels[:ROWS]


@pytest.fixture
def serve():
    """Serve so many models, collect, and return the last collection's points by metric and model."""
    forget_models()
    with simulated_clock(1e9) as clock, capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_horizon="1h", budget=1e6)

        def run(models, columns, classes):
            model, baseline, rows, labels = fitted(columns, classes)
            for number in range(models):
                one = otelml.identify(copy.deepcopy(model), name=f"m{number:02d}", baseline=baseline)
                ids = [f"{number}-{row}" for row in range(len(rows))]
                with otelml.predictions(ids=ids):
                    one.predict_proba(rows)
                otelml.record_outcomes(ids, labels)
            captured.points()
            clock.advance(7_200)
            captured.points()
            return captured.points()

        run.points = captured.points
        try:
            yield run
        finally:
            otelml.uninstrument()
            forget_models()


def by_model(points):
    """Points by metric and model."""
    found = defaultdict(list)
    for point in points:
        found[point.name, point.attributes.get(names.MODEL_NAME)].append(point)
    return found


@pytest.mark.parametrize(("models", "columns", "classes"), [(20, 50, 2), (50, 20, 2), (60, 10, 20)])
@pytest.mark.filterwarnings("ignore:lbfgs failed to converge", "ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_model_keeps_what_it_needs(serve, models, columns, classes):
    """At the default limit each model has its service, scores, outcomes and cohort whole; what was shed is counted."""
    points = serve(models, columns, classes)
    found = by_model(points)
    own = min(models, names.MOST_MODELS)
    served = {f"m{number:02d}": ROWS for number in range(own)}
    if models > own:
        served[names.OTHER] = ROWS * (models - own)
    for model, rows in served.items():
        for metric in (*NEEDED, *JUDGED):
            assert found[metric, model], (metric, model)
        for metric in ("ml.inference.rows", "ml.predictions", "ml.outcomes", "ml.outcome.cohort"):
            assert sum(point.value for point in found[metric, model]) == rows, (metric, model)
        if classes == 2:
            for metric in ("ml.outcome.score.values", "ml.outcome.score.below", "ml.outcome.loss"):
                assert found[metric, model], (metric, model)
    # Not those that earlier tests left in scopes of their own, which `forget_models` does not charge.
    shipped = [point for point in points if point.scope == names.SCOPE and not point.name.startswith("otelml.")]
    assert len(shipped) <= 10_000
    shed = sum(p.value for p in points if p.name == "otelml.dropped" and p.attributes[names.REASON] == "cardinality")
    assert shed > 0
    bins = {len(group.entries) for group in PIPELINE.allowance.groups[names.Rank.COLUMN]}
    assert 0 not in bins


def test_columns_are_whole_or_absent(serve):
    """No column has some of its bins: the index over half of them would be another number."""
    points = serve(20, 50, 2)
    held = defaultdict(set)
    for point in points:
        if point.name == "ml.column.values":
            held[point.attributes[names.MODEL_NAME], point.attributes[names.COLUMN_NAME]].add(
                point.attributes[names.BIN]
            )
    sizes = defaultdict(set)
    for (_, column), bins in held.items():
        sizes[column].add(len(bins))
    assert held
    assert all(len(one) == 1 for one in sizes.values())


def test_what_was_shed_comes_back(serve):
    """When there is room again, columns, constants and gauges are shipped again, whole; rows between are counted."""
    PIPELINE.allowance.most = 10_000
    rows, labels = np.random.default_rng(0).normal(size=(600, 6)), np.arange(600) % 2
    model = LogisticRegression().fit(rows, labels)
    otelml.identify(model, name="back", baseline=otelml.Baseline.fit(model, rows, labels))
    PIPELINE.allowance.most = PIPELINE.allowance.held + 120  # the model's own, and a few columns
    model.predict_proba(rows[:100])
    assert 0 < len(shipped_columns(serve.points())) < 6
    PIPELINE.allowance.most = 10_000
    serve.points()
    model.predict_proba(rows[100:140])
    serve.points()
    points = serve.points()
    assert len(shipped_columns(points)) == 6
    for metric in ("ml.baseline.values", "ml.drift"):
        assert len(shipped_columns(points, metric)) == 6
    for column in range(6):
        counted = sum(p.value for p in points if p.attributes.get(names.COLUMN_NAME) == f"x{column}" and is_bin(p))
        assert counted in (40, 140)
    dropped = [p.value for p in points if p.name == "otelml.dropped" and p.attributes.get(names.MODEL_NAME) == "back"]
    assert sum(dropped) >= 100


def is_bin(point):
    """Whether a point counts the values of an input by bin."""
    return point.name == "ml.column.values" and point.attributes[names.COLUMN_ROLE] == "input"


def shipped_columns(points, metric="ml.column.values"):
    """The inputs of a model that a metric is shipped of."""
    held = [point.attributes for point in points if point.name == metric]
    return {one[names.COLUMN_NAME] for one in held if one[names.COLUMN_ROLE] == "input"}
