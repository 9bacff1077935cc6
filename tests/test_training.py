"""What an instrumented `fit` leaves: a baseline of the columns, found by the service, and nothing in-sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import otelml
from otelml.testing import capture, select

ROWS = pd.DataFrame(np.random.default_rng(0).normal(size=(600, 2)), columns=["a", "b"])
LABELS = (ROWS["a"] > 0).astype(int)


@pytest.fixture
def kept():
    """Offer providers in memory."""
    with capture() as captured:
        yield captured


@pytest.fixture
def folder(tmp_path, kept):
    """Watch models, with a folder that fits leave baselines in, and services find them."""
    place = tmp_path / "models"
    providers = kept.tracer_provider, kept.meter_provider
    otelml.instrument(*providers, baseline_on_fit=str(place), baselines=str(place))
    yield place
    otelml.uninstrument()


def files(folder):
    """Baselines in a folder."""
    return sorted(folder.glob("*.baseline.json")) if folder.exists() else []


def test_fit_leaves_the_columns_and_nothing_in_sample(folder):
    """The file has the columns of the rows that were fitted on; no scores, no cells, no performance."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(ROWS, LABELS)
    [path] = files(folder)
    baseline = otelml.Baseline.load(path)
    assert baseline == otelml.Baseline.fit(model, ROWS)
    assert [column.name for column in baseline.inputs] == ["a", "b"]
    assert baseline.outputs == ()
    assert baseline.performance == ()
    assert baseline.cells == {}
    assert baseline.score_bounds is None


def test_a_service_finds_it(folder, kept):
    """The folder of baselines is that of the fits: the model is known by its fingerprint, and drift is told."""
    model = LogisticRegression().fit(ROWS, LABELS)
    model.predict_proba(ROWS)
    points = kept.points()
    [own] = {point.attributes["ml.baseline.id"] for point in select(points, "ml.baseline.rows")}
    assert own == otelml.Baseline.load(files(folder)[0]).id
    assert {point.attributes["ml.column.name"] for point in select(points, "ml.drift")} == {"a", "b"}


def test_only_the_outermost_fit_leaves_one(folder):
    """A search fits hundreds of models; the one that its user fitted is one."""
    GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2).fit(X=ROWS, y=LABELS)
    assert [path.name.split("-")[0] for path in files(folder)] == ["GridSearchCV"]


def test_cross_validation_leaves_none(folder):
    """Models that nobody keeps leave nothing."""
    cross_val_score(LogisticRegression(), ROWS, LABELS, cv=2)
    assert files(folder) == []


def test_a_fit_that_fails_leaves_none(folder):
    """What was not fitted has no columns."""
    with pytest.raises(ValueError, match="inconsistent"):
        LogisticRegression().fit(ROWS, LABELS[:5])
    assert files(folder) == []


def test_a_baseline_that_knows_more_is_left_alone(folder):
    """One that was measured on labelled rows is not replaced by columns alone."""
    model = LogisticRegression().fit(ROWS, LABELS)
    [path] = files(folder)
    path.unlink()
    measured = folder / "measured.baseline.json"
    otelml.Baseline.fit(model, ROWS, LABELS).save(measured)
    LogisticRegression().fit(ROWS, LABELS)
    assert files(folder) == [measured]


def test_a_folder_that_cannot_be_written_harms_nothing(tmp_path, caplog):
    """The fit is as ever, and the log says what is wrong."""
    place = tmp_path / "file"
    place.write_text("")
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider, baseline_on_fit=str(place))
        try:
            assert LogisticRegression().fit(ROWS, LABELS).predict(ROWS[:1]).shape == (1,)
        finally:
            otelml.uninstrument()
    assert "fit leaves no baseline" in caplog.text


def test_columns_are_those_before_the_fit(folder):
    """A pipeline that scales its input in place is known by what it was handed."""
    rows = np.random.default_rng(0).normal(50, 10, (500, 2))
    model = make_pipeline(StandardScaler(copy=False), LogisticRegression()).fit(rows.copy(), rows[:, 0] > 50)
    baseline = otelml.Baseline.load(files(folder)[0])
    assert baseline == otelml.Baseline.fit(model, rows.copy())
    assert baseline.inputs[0].mean == pytest.approx(rows[:, 0].mean())


def test_a_named_baseline_of_another_model_is_left_alone(kept, tmp_path):
    """With a model's name in the settings, the baseline of that name is replaced by nothing that knows less."""
    model = LogisticRegression().fit(ROWS, LABELS)
    named = tmp_path / "flights.baseline.json"
    otelml.Baseline.fit(model, ROWS, LABELS, name="flights").save(named)
    before = named.read_bytes()
    otelml.instrument(kept.tracer_provider, kept.meter_provider, baseline_on_fit=str(tmp_path), model_name="flights")
    try:
        StandardScaler().fit(ROWS)
    finally:
        otelml.uninstrument()
    assert named.read_bytes() == before
    assert len(files(tmp_path)) == 2
