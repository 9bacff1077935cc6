"""What a model is asked and answers, column by column, against numpy on the same rows."""

from __future__ import annotations

import logging
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import otelml
from otelml.patching.guard import loud
from otelml.stats import divergence
from otelml.tables import table_of
from otelml.testing import select
from recorders.conftest import DAY, START

ROWS = 2_000


@pytest.fixture(scope="module")
def mixed():
    """A pipeline on numbers, categories and truth values; 2,000 rows that it was trained on, and their labels."""
    rng = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "amount": np.where(rng.random(ROWS) < 0.3, 0.0, rng.lognormal(3, 1, ROWS)),
            "age": np.where(rng.random(ROWS) < 0.05, np.nan, rng.normal(40, 12, ROWS)),
            "country": rng.choice(["de", "fr", "us"], ROWS, p=[0.6, 0.3, 0.1]),
            "member": rng.random(ROWS) < 0.4,
        }
    )
    labels = (frame["amount"].rank() + 900 * rng.random(ROWS) > 1_500).astype(int)
    encoder = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["country"]), remainder="passthrough")
    filled = frame.fillna({"age": 40.0})
    return make_pipeline(encoder, StandardScaler(), LogisticRegression()).fit(filled, labels), filled, labels


@pytest.fixture
def watched(service, mixed):
    """The mixed model with its baseline; rows that are asked about are counted exactly."""
    model, frame, labels = mixed
    baseline = otelml.Baseline.fit(model, frame, labels)
    return otelml.identify(model, name=service.name, baseline=baseline), baseline


def counted(service, column):
    """What was counted of a baseline's column, in the order of its bins."""
    told = service.by("ml.column.values", "bin", **{"column.name": column.name, "column.role": column.role})
    assert {label for (label,) in told} <= set(column.bins.labels)
    return [told[label,] for label in column.bins.labels]


def test_the_baselines_own_rows_give_its_counts(service, watched, mixed):
    """Every bin of every column, inputs and outputs alike, counts what the baseline counted on the same rows."""
    model, baseline = watched
    model.predict_proba(mixed[1])
    for column in baseline.columns:
        assert counted(service, column) == list(column.counts), column.name
        assert sum(column.counts) == ROWS


def test_rows_one_by_one_and_in_bulk_count_alike(service, watched, mixed):
    """However rows are handed over, bins sum to rows, and are the same."""
    model, baseline = watched
    frame = mixed[1][:300]
    for start in range(100):
        model.predict_proba(frame[start : start + 1])
    model.predict_proba(frame[100:150])
    model.predict_proba(frame[150:])
    own = otelml.Baseline.fit(model, frame)
    for column in baseline.inputs:
        expected = column.bins.count(_read(column, frame))
        assert counted(service, column) == expected.tolist()
        assert sum(expected) == len(frame)
    assert own.inputs  # fitted above, in a watched process: nothing of that was counted


def _read(column, frame):
    held = table_of(frame).column(list(frame.columns).index(column.source))
    if column.kind == "numeric":
        return held.astype(float)
    return Counter(str(int(value)) if column.kind == "boolean" else value for value in held)


def test_moments_are_those_of_numpy(service, watched, mixed):
    """Mean and variance from the sums, taken back by the baseline's own, are numpy's."""
    model, baseline = watched
    rows = mixed[1][200:900]
    model.predict_proba(rows)
    (column,) = [one for one in baseline.inputs if one.name == "amount"]
    sums = service.by("ml.column.moment", "moment", **{"column.name": "amount"})
    z = (sums["positive",] - sums["negative",]) / len(rows)
    assert column.mean + column.sd * z == pytest.approx(rows["amount"].mean(), rel=1e-12)
    assert column.sd**2 * (sums["squared",] / len(rows) - z**2) == pytest.approx(rows["amount"].var(ddof=0), rel=1e-9)


def test_what_is_not_as_in_training_is_counted(service, watched, mixed):
    """Values out of range, unseen categories, wrong types and missing values, by column."""
    model, _ = watched
    rows = mixed[1][:100].copy()
    rows.loc[rows.index[:5], "age"] = [-500.0, -400.0, 1e6, 1e7, 1e8]
    rows.loc[rows.index[:4], "country"] = "xx"
    model.predict_proba(rows)
    assert service.by("ml.column.violations", "violation", "column.name", **{"column.role": "input"}) == {
        ("range", "age"): 5,
        ("category", "country"): 4,
    }


def test_rows_of_a_call_that_failed_are_not_counted(service, watched, mixed):
    """A call that raised answered nobody."""
    model, _ = watched
    with pytest.raises(ValueError, match="columns are missing"):
        model.predict_proba(mixed[1][["age"]])
    model.predict_proba(mixed[1][:1])
    assert service.sum("ml.column.values", **{"column.name": "age"}) == 1


def test_a_model_that_changes_its_input_is_watched_before(service):
    """What is counted is what the host handed over, not what `StandardScaler(copy=False)` made of it."""
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(100, 5, (500, 3)), rng.integers(0, 2, 500)
    model = make_pipeline(StandardScaler(copy=False), LogisticRegression()).fit(rows.copy(), labels)
    baseline = otelml.Baseline.fit(model, rows.copy(), labels)
    otelml.identify(model, name=service.name, baseline=baseline)
    for part in (rows[:1].copy(), rows[1:].copy()):
        model.predict(part)
    for column in baseline.inputs:
        assert counted(service, column) == list(column.counts)


def test_drift_is_that_of_the_raw_rows(service, watched, mixed):
    """The gauge is the index of the window's bins, and leaves the window with its rows."""
    model, baseline = watched
    rows = mixed[1][mixed[1]["amount"] > 20]
    model.predict_proba(rows)
    (column,) = [one for one in baseline.inputs if one.name == "amount"]
    counts = column.bins.count(rows["amount"].to_numpy())
    asked = {"column.name": "amount", "method": "psi"}
    for window in ("P1D", "P7D"):
        index = service.gauge("ml.drift", **asked, window=window)
        assert index == pytest.approx(float(divergence.psi(counts, column.counts)), rel=1e-12)
        critical = service.gauge("ml.drift.critical", **asked, window=window)
        assert critical == pytest.approx(float(divergence.psi_critical(counts, column.counts)), rel=1e-12)
        assert index > critical
    service.clock.set(START + 2 * DAY)
    assert service.gauge("ml.drift", **asked, window="P1D") is None
    assert service.gauge("ml.drift", **asked, window="P7D") == index


def test_gauges_of_every_method_are_numpys(service, watched, mixed):
    """Mean, variance and completeness of the window are those of the rows; all five methods tell a distance."""
    model, _ = watched
    rows = mixed[1][:500]
    model.predict_proba(rows)
    asked = {"column.name": "age", "window": "P1D"}
    assert service.gauge("ml.column.mean", **asked) == pytest.approx(rows["age"].mean(), rel=1e-12)
    assert service.gauge("ml.column.variance", **asked) == pytest.approx(rows["age"].var(ddof=0), rel=1e-9)
    assert service.gauge("ml.column.completeness", **asked) == 1
    told = {method for (method,) in service.by("ml.drift", "method", **asked)}
    assert told == {"psi", "js", "ks", "wasserstein", "tvd"}


def test_the_baseline_ships_its_bins(service, watched, mixed):
    """Shares, rows, mean and deviation of every column are constants beside the counts, under the same labels."""
    model, baseline = watched
    model.predict_proba(mixed[1][:1])
    for column in baseline.columns:
        asked = {"column.name": column.name, "column.role": column.role, "baseline.id": baseline.id}
        shares = [service.gauge("ml.baseline.values", bin=label, **asked) for label in column.bins.labels]
        assert shares == [count / ROWS for count in column.counts]
        assert service.gauge("ml.baseline.rows", **asked) == ROWS
        assert service.gauge("ml.baseline.moment", moment="mean", **asked) == column.mean


def test_skew_is_reported_once(service, watched, mixed, caplog):
    """The first thousand rows are compared; what is not as in training is named, once."""
    model, _ = watched
    rows = mixed[1].assign(amount=mixed[1]["amount"] / 100)  # cents became euros
    with caplog.at_level(logging.INFO, "otelml"):
        for start in range(0, ROWS, 250):
            model.predict_proba(rows[start : start + 250])
            service.points("ml.column.values")
    told = [record for record in caplog.records if "skew" in record.message]
    assert [record.levelname for record in told] == ["WARNING"]
    assert "1 of 4 columns" in told[0].message
    assert "amount" in told[0].message


def test_rows_as_in_training_are_reported_as_such(service, watched, mixed, caplog):
    """No skew is told, too: once, and as an information."""
    model, baseline = watched
    with caplog.at_level(logging.INFO, "otelml"):
        model.predict_proba(mixed[1])
        service.points("ml.column.values")
    assert [r.levelname for r in caplog.records if "skew" in r.message] == ["INFO"]
    assert baseline.id in caplog.text


def test_without_a_baseline_moments_and_completeness_are_told(service):
    """Sums of the raw values, and how many are missing; names are the model's own."""
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(rng.normal(5, 2, (400, 2)), columns=["a", "b"])
    model = LogisticRegression().fit(frame, frame["a"] > 5)
    otelml.identify(model, name=service.name).predict_proba(frame)
    sums = service.by("ml.column.moment", "moment", **{"column.name": "a"})
    assert sums["positive",] - sums["negative",] == pytest.approx(frame["a"].sum())
    assert sums["squared",] == pytest.approx((frame["a"] ** 2).sum())
    assert service.by("ml.column.values", "bin", **{"column.name": "b"}) == {("other",): 400}
    assert service.by("ml.column.values", "bin", **{"column.role": "output"}) == {("other",): 400}


def test_the_first_rows_can_stand_in_for_a_baseline(service, cancer, caplog):
    """On request, and marked: the reference of one process adds up with nobody's."""
    model, rows, _ = cancer
    otelml.instrument(service.captured.tracer_provider, service.captured.meter_provider, provisional_rows=200)
    otelml.identify(model, name=service.name)
    model.predict_proba(rows[:250])
    assert service.points("ml.column.values", **{"column.role": "input"}) == []
    model.predict_proba(rows[250:])
    points = service.points("ml.column.values", **{"column.role": "input"})
    assert {point.attributes["ml.baseline.id"][:12] for point in points} == {"provisional-"}
    assert service.sum("ml.column.values", **{"column.name": "x0"}) == len(rows) - 250
    assert "provisionally" in caplog.text


def test_a_column_that_does_not_fit_is_left_out_whole(service, mixed, caplog):
    """Series have a limit: a column has all of its bins or none, what it would have counted is booked, and told."""
    model, frame, labels = mixed
    baseline = otelml.Baseline.fit(model, frame, labels)
    before = service.allowance.held
    most = before + 30 + 50  # of which 50 are kept for the service's own
    otelml.instrument(service.captured.tracer_provider, service.captured.meter_provider, max_points=most)
    otelml.identify(model, name=service.name, baseline=baseline).predict_proba(frame[:500])
    told = {name for (name,) in service.by("ml.column.values", "column.name", **{"column.role": "input"})}
    whole = {column.name: column for column in baseline.inputs}
    assert 0 < len(told) < len(whole)
    for name in told:
        assert sum(counted(service, whole[name])) == 500
    assert service.sum("otelml.dropped", reason="cardinality") >= 500 * (len(whole) - len(told))
    assert "OTEL_PYTHON_ML_MAX_POINTS" in caplog.text


def test_series_are_foretold(service, watched, mixed, caplog):
    """At its first call a model says how many series it will make; once rows have come, it has made as many."""
    model, _ = watched
    before = service.allowance.held
    with caplog.at_level(logging.INFO, "otelml"):
        model.predict_proba(mixed[1])
    service.points("ml.column.values")
    (told,) = [record for record in caplog.records if "will make" in record.message]
    made = service.allowance.held - before
    assert int(told.message.split("will make ")[1].split()[0]) == pytest.approx(made, abs=4)


def test_names_of_categories_are_told_on_request(service, mixed):
    """`cat:00` becomes `=de`; a category that hardly any row holds stays a number."""
    model, frame, labels = mixed
    rare = frame.copy()
    rare.loc[rare.index[:12], "country"] = "li"
    otelml.instrument(service.captured.tracer_provider, service.captured.meter_provider, category_names=True)
    otelml.identify(model, name=service.name, baseline=otelml.Baseline.fit(model, rare, labels))
    model.predict_proba(rare)
    told = service.by("ml.column.values", "bin", **{"column.name": "country"})
    assert set(told) == {("=de",), ("=fr",), ("=us",), ("cat:03",)}
    assert told["cat:03",] == 12


def test_another_baseline_ends_the_drift_of_the_first(service, mixed):
    """During a deploy two baselines are kept apart by their ids; drift is told from the one in force."""
    model, frame, labels = mixed
    first, second = otelml.Baseline.fit(model, frame, labels), otelml.Baseline.fit(model, frame[:1500], labels[:1500])
    for baseline in (first, second):
        otelml.identify(model, name=service.name, baseline=baseline).predict_proba(frame)
        points = service.points("ml.column.values")
    assert {point.attributes.get("ml.baseline.id") for point in points} == {first.id, second.id}
    now = service.captured.points()
    drift = select(now, "ml.drift", {"ml.model.name": service.name})
    assert {point.attributes["ml.baseline.id"] for point in drift} == {second.id}


def test_columns_can_be_switched_off(service, mixed):
    """Nothing of the columns is counted, and everything else is."""
    model, frame, labels = mixed
    otelml.instrument(service.captured.tracer_provider, service.captured.meter_provider, columns=False)
    otelml.identify(model, name=service.name, baseline=otelml.Baseline.fit(model, frame, labels)).predict_proba(frame)
    assert service.sum("ml.inference.rows") == ROWS
    assert service.points("ml.column.values") == []


def test_rows_that_are_no_table_are_booked(service, caplog):
    """What has no columns is told once, counted, and answered as ever."""
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])

    class Own:
        shape, ndim, dtype = (2, 1), 2, np.dtype(float)

        def __len__(self):
            return 2

        def __array__(self, *_args, **_kwargs):
            return np.array([[0.0], [1.0]])

    with loud(on=True):
        assert otelml.identify(model, name=service.name).predict(Own()).tolist() == [0, 1]
    assert service.sum("otelml.dropped", reason="unsupported_input") == 2
    assert "Own" in caplog.text


def test_models_of_other_columns_under_one_name_are_no_violations(service):
    """Without a baseline nothing is expected: each kind of table is counted by its own columns."""
    rng = np.random.default_rng(0)
    for columns in (["a", "b"], ["b", "c", "d"]):
        frame = pd.DataFrame(rng.normal(size=(50, len(columns))), columns=columns)
        otelml.identify(LogisticRegression().fit(frame, frame["b"] > 0), name=service.name).predict(frame)
    assert service.by("ml.column.values", "column.name", "bin", **{"column.role": "input"}) == {
        ("a", "other"): 50, ("b", "other"): 100, ("c", "other"): 50, ("d", "other"): 50,
    }  # fmt: skip
    assert service.points("ml.column.violations") == []


def test_names_that_look_alike_are_kept_apart(service):
    """Two names that are one once they are cut have a series each, and shift no other."""
    long = "n" * 130
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=[f"{long}1", f"{long}2", "z"])
    frame.loc[:9, "z"] = np.nan
    model = HistGradientBoostingClassifier(max_iter=2).fit(frame, frame[f"{long}1"] > 0)
    otelml.identify(model, name=service.name).predict(frame)
    told = service.by("ml.column.values", "column.name", "bin", **{"column.role": "input"})
    assert told["z", "missing"] == 10
    assert sorted(told.values()) == [10, 20, 30, 30]


def test_scores_and_values_are_columns_whatever_came_first(service, cancer):
    """Without a baseline an answer is a column as soon as there is one; under a baseline of inputs alone, too."""
    model, rows, _ = cancer
    otelml.identify(model, name=service.name, baseline=otelml.Baseline.fit(model, rows))
    model.predict(rows)
    model.predict_proba(rows)
    assert service.by("ml.column.values", "column.name", **{"column.role": "output"}) == {("score",): len(rows)}
