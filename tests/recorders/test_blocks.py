"""What blocks of the baseline's days had, and what a backend makes of the sums of such a block, are the same."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import otelml
from otelml.recorders.constants import of_column
from otelml.testing import select
from recorders.conftest import DAY

ROWS, WEEK = 2_800, 700  # a hundred rows a day
TIMES = np.arange(ROWS) // 100 * DAY + 20_000 * DAY


@pytest.fixture
def weeks(cancer):
    """A model of two classes, and four weeks of rows that vary more and more, with labels."""
    model, rows, labels = cancer
    at = np.random.default_rng(4).integers(0, len(rows), ROWS)
    spread = np.repeat([[0.2], [0.4], [0.7], [1.0]], WEEK, axis=0)
    centre = rows.mean(axis=0)
    return model, centre + (rows[at] - centre) * spread, labels[at]


def bounds_of(service, moment, **attributes):
    """Return the limits that were told of a week."""
    asked = {"moment": moment, "window": "P7D", "column.role": "output", **attributes}
    return [service.gauge("ml.baseline.moment", bound=bound, **asked) for bound in ("lower", "upper")]


def test_the_score_of_a_week_is_within_those_of_the_baseline(service, weeks):
    """Mean and variance by the sums of the first week, the calmest, are the smallest that the baseline tells."""
    model, rows, labels = weeks
    baseline = otelml.Baseline.fit(model, rows, labels, time=TIMES)
    otelml.identify(model, name=service.name, baseline=baseline)
    scores = model.predict_proba(rows[:WEEK])[:, 1]
    told = {"column.name": "score", "baseline.id": baseline.id}
    lower, upper = bounds_of(service, "variance", **told)
    points = service.points("ml.prediction.score")
    count, mean = sum(point.count for point in points), sum(point.sum for point in points) / WEEK
    squares = service.sum("ml.prediction.score.squares")
    assert count == WEEK
    assert squares / count - mean**2 == pytest.approx(lower)
    assert scores.var() == pytest.approx(lower)
    assert lower < upper
    smallest, largest = bounds_of(service, "mean", **told)
    assert smallest <= mean <= largest


def test_the_values_of_a_week_are_within_those_of_the_baseline(service):
    """Of a regression the sums are of z; times the deviation squared they are the variance that the baseline tells."""
    rng = np.random.default_rng(6)
    rows = 1_000 + rng.normal(size=(ROWS, 1)) * np.repeat([[1.0], [2.0], [3.0], [4.0]], WEEK, axis=0)
    truth = 3 * rows[:, 0] + rng.normal(size=ROWS)
    model = LinearRegression().fit(rows, truth)
    baseline = otelml.Baseline.fit(model, rows, truth, time=TIMES)
    otelml.identify(model, name=service.name, baseline=baseline)
    values = model.predict(rows[-WEEK:])
    sums = service.by("ml.prediction.value.moment", "moment")
    mean = (sums["positive",] - sums["negative",]) / WEEK
    scale = service.gauge("ml.baseline.moment", moment="standard_deviation", **{"column.name": "value"})
    _, upper = bounds_of(service, "variance", **{"column.name": "value"})
    assert (sums["squared",] / WEEK - mean**2) * scale**2 == pytest.approx(upper)
    assert upper == pytest.approx(values.var())


def test_without_times_there_are_no_blocks(service, weeks):
    """A baseline that knows no days tells mean and deviation over all rows alone."""
    model, rows, labels = weeks
    otelml.identify(model, name=service.name, baseline=otelml.Baseline.fit(model, rows, labels))
    model.predict_proba(rows[:5])
    points = service.points("ml.baseline.moment")
    assert {point.attributes["ml.moment"] for point in points} == {"mean", "standard_deviation"}
    assert not any({"ml.bound", "ml.window"} & point.attributes.keys() for point in points)


def test_constants_are_foretold(service, weeks):
    """As many series say what a column was like as were foretold, those of its blocks included."""
    model, rows, labels = weeks
    baseline = otelml.Baseline.fit(model, rows, labels, time=TIMES)
    otelml.identify(model, name=service.name, baseline=baseline)
    model.predict_proba(rows[:5])
    service.points("ml.baseline.rows")
    for column in baseline.columns:
        own = {"ml.column.name": column.name, "ml.column.role": column.role, "ml.model.name": service.name}
        metrics = [f"ml.baseline.{name}" for name in ("values", "rows", "moment", "drift")]
        series = {point.series for metric in metrics for point in select(service.told, metric, own)}
        assert len(series) == len(list(of_column(column)))
