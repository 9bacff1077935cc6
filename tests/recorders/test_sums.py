"""One value that is out of all proportion is counted where it belongs, and ruins no sum for the rows to come."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import otelml
from otelml.ledger import ledger
from otelml.testing import select

SUMS = ("ml.column.moment", "ml.prediction.value.moment", "ml.outcome.loss")
KEYS = ("ml.column.name", "ml.column.role", "ml.moment", "ml.loss")
ROWS = np.random.default_rng(0).normal(size=(60, 2))
IDS = [f"honest{at}" for at in range(60)]


def sums(service):
    """Add up all sums that a model has told, by metric and attributes."""
    totals: dict[tuple, float] = {}
    for metric in SUMS:
        for point in service.points(metric):
            key = (metric, *(point.attributes.get(one) for one in KEYS))
            totals[key] = totals.get(key, 0.0) + float(point.value if point.value is not None else point.sum)
    return totals


def serve(model, rows, actual, ids):
    """Predict rows, and record what was true of them."""
    with otelml.predictions(ids=ids):
        model.predict(rows)
    otelml.record_outcomes(ids, actual)


@pytest.fixture
def regression():
    """Fit the first of two columns."""
    return LinearRegression().fit(ROWS, ROWS[:, 0])


@pytest.mark.parametrize("baseline", [True, False])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("giant", [1e200, -1e200, 1e30, 1e160])
def test_rows_after_a_giant_still_add(service, regression, giant, first, baseline):
    """Whatever one request held, and whether it was the first: honest rows add as if it had not been."""
    given = otelml.Baseline.fit(regression, ROWS, ROWS[:, 0]) if baseline else None
    otelml.identify(regression, name=service.name, baseline=given)
    if not first:
        regression.predict(ROWS)
        sums(service)
    dropped = ledger.dropped["overflow", service.name]
    serve(regression, np.array([[giant, 0.0]]), [1e120], ["giant"])
    before = sums(service)
    assert all(abs(value) < 1e17 for value in before.values())
    assert ledger.dropped["overflow", service.name] > dropped
    serve(regression, ROWS, ROWS[:, 0] + 1.0, IDS)
    after = sums(service)
    added = {key: value - before.get(key, 0.0) for key, value in after.items()}
    if not baseline:
        squared = (ROWS**2).sum(axis=0)
        assert added[("ml.column.moment", "x0", "input", "squared", None)] == pytest.approx(squared[0])
        assert added[("ml.prediction.value.moment", None, None, "squared", None)] == pytest.approx(squared[0])
    assert added[("ml.outcome.loss", None, None, None, "absolute")] == pytest.approx(60.0)
    assert added[("ml.outcome.loss", None, None, None, "squared")] == pytest.approx(60.0)
    service.clock.advance(7_200)
    assert service.gauge("ml.performance", metric="mae") == pytest.approx(1.0)
    column = service.by("ml.column.values", "column.role", column_name="x0")
    assert column["input",] == (61 if first else 121)


def test_one_giant_in_a_large_batch_costs_itself(service, regression):
    """Of a batch of a hundred thousand, all but the giant is in the sums, and all of it in the bins."""
    otelml.identify(regression, name=service.name)
    many = np.random.default_rng(1).normal(size=(100_000, 2))
    many[77_777, 0] = -1e200
    regression.predict(many)
    expected = (np.delete(many[:, 0], 77_777) ** 2).sum()
    told = service.by("ml.column.moment", "moment", column_name="x0")
    assert told["squared",] == pytest.approx(expected)
    assert service.sum("ml.column.values", column_name="x0") == len(many)
    assert ledger.dropped["overflow", service.name] >= 1


def test_a_single_precision_giant_costs_itself(service, regression):
    """What is too large for single precision is infinite: counted, in no sum."""
    otelml.identify(regression, name=service.name)
    for value in (3e38, 1e30):
        regression.predict(np.array([[value, 1.0]], dtype=np.float32))
    regression.predict(ROWS.astype(np.float32))
    told = service.by("ml.column.moment", "moment", column_name="x0")
    assert told["squared",] == pytest.approx((ROWS[:, 0] ** 2).sum(), rel=1e-5)


@pytest.mark.parametrize("weight", [1e300, 1e20])
def test_a_weight_out_of_proportion_is_left_out(service, cancer, weight):
    """An outcome that claims to count as 1e300 does not count; those that count once still do."""
    model, rows, labels = cancer
    otelml.identify(model, name=service.name)
    with otelml.predictions(ids=["a", "b", "c"]):
        model.predict(rows[:3])
    otelml.record_outcomes(["a"], labels[:1], weight=[weight])
    otelml.record_outcomes(["b", "c"], labels[1:3], weight=[2.5, 1.0])
    assert service.sum("ml.outcomes") == pytest.approx(3.5)
    service.clock.advance(7_200)
    assert service.sum("ml.outcome.cohort") == pytest.approx(3.5)
    assert ledger.dropped["overflow", service.name] >= 1


def test_own_instruments_are_bounded_too(service):
    """A user's histograms of scores and of values survive a giant, one value at a time or in bulk."""
    meter = otelml.get_meter(service.name)
    scores, values = meter.create_score_histogram("sums.scores"), meter.create_value_histogram("sums.values")
    for record in (scores.record, values.record):
        record(1e200)
        record(0.5)
    for record in (scores.record_batch, values.record_batch):
        record(np.array([-1e180, 0.5, 1e200]))
    told = service.captured.points()
    (counted,) = select(told, "sums.scores")
    assert (counted.count, counted.sum) == (5, 1.0)
    assert [point.value for point in select(told, "sums.scores.squares")] == [0.5]
    moments = {point.attributes["ml.moment"]: point.value for point in select(told, "sums.values.moment")}
    assert moments == {"positive": 1.0, "squared": 0.5}
