"""Four replicas with restarts in the middle: what PromQL makes of a fleet equals what the raw data say."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from comparison import Comparison, compare_models
from evaluation import HALF, HOUR, Grid, evaluate
from prometheus import WHOLE_YEAR, running_prometheus
from stretch import environment, gateway, serve, settled, train
from truth import Truth

from otelml.rules.catalogue import defaults

pytestmark = pytest.mark.e2e

REPLICAS = 4
# Start, end and minutes between two collections; at each end every replica is restarted.
STRETCHES = (
    ("2013-04-01T08:00", "2013-04-06T20:00", 10),
    ("2013-04-06T20:00", "2013-04-11T14:00", 10),
    ("2013-04-11T14:00", "2013-04-11T20:00", 1),
)
BOUND = 0.01


def moment(text):
    """Seconds since the epoch of a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


START, END = moment(STRETCHES[0][0]), moment(STRETCHES[-1][1])


@pytest.fixture(scope="module")
def fleet(collector_binary, prometheus_binary, tmp_path_factory):
    """Serve the stretches with four replicas, evaluate every rule, and give the Prometheus and the truth."""
    folder, directory = tmp_path_factory.mktemp("flights"), tmp_path_factory.mktemp("fleet")
    train(folder)
    with running_prometheus(prometheus_binary, directory, late="500d", flags=WHOLE_YEAR) as prometheus:
        with gateway(collector_binary, directory, prometheus) as endpoint:
            for stretch in STRETCHES:
                serve(replicas(folder, directory, endpoint, *stretch))
            settled(prometheus, END + 60)
        evaluate(prometheus, defaults(), Grid(START + HALF, END + HALF))
        yield prometheus, Truth(folder, START, END, 600.0)


def replicas(folder, directory, endpoint, begin, end, minutes):
    """All replicas of one stretch: each goes on with the outcomes that the one before it waits for."""
    for replica in range(REPLICAS):
        store = f"sqlite:///{directory / f'outcomes-{replica}.db'}"
        env = environment(endpoint, OTEL_PYTHON_ML_OUTCOME_STORE=store)
        yield directory / f"{replica}-{begin}.log", env, (folder, begin, end, minutes, replica, REPLICAS, 0)


@pytest.mark.parametrize("window", ["1d", "7d"])
def test_fleet_equals_raw_data(fleet, window):
    """Drift, performance, AUC, calibration, variance and completeness of the fleet are within 1 % of the raw data's."""
    prometheus, truth = fleet
    comparison = Comparison()
    for hour in ("2013-04-09T08:00", "2013-04-10T08:00", "2013-04-10T20:00", "2013-04-11T08:00"):
        compare_models(comparison, prometheus, truth, moment(hour) + HALF, window)
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def test_nothing_is_lost_in_restarts(fleet):
    """Every prediction, outcome and cohort of the fleet is in its counters, restarts and all."""
    prometheus, truth = fleet
    length = int(END - START) + 60
    comparison = Comparison()
    last = "sum by (ml_model_name) (last_over_time({}[{}s]))"
    counted = {
        "ml_inference_rows_total": len(truth.flights),
        "ml_outcome_awaited_total": len(truth.flights),
        "ml_outcomes_total": int((truth.labelled_at <= END).sum()),
        "ml_outcome_cohort_total": int((truth.matured_at <= END).sum()),
    }
    for series, expected in counted.items():
        comparison.add_all(prometheus, END + 30, last.format(series, length), {"flights": expected}, "ml_model_name")
    print(comparison.table())
    assert not comparison.above(0)


def test_increase_loses_nothing_to_births(fleet):
    """Over the whole time increase() tells each cell of the cohort, births and restarts and all, within 1 %."""
    prometheus, truth = fleet
    length = int(END - START) + 3_600
    found = truth.flights[(truth.matured_at <= END).to_numpy()]
    actual = found["actual"].map({0.0: "0", 1.0: "1"}).fillna("none")
    counted = (found["predicted"].astype(str) + " " + actual).value_counts()
    cells = f"increase(ml_outcome_cohort_total[{length}s])"
    asked = f'sum by (cell) (label_join({cells}, "cell", " ", "ml_predicted", "ml_actual"))'
    comparison = Comparison()
    comparison.add_all(prometheus, END + 30, asked, counted.to_dict(), "cell")
    print(comparison.table())
    for _, key, said, expected in comparison.pairs:
        print(f"  {key:10}{said:12.2f}{expected:8d}  {said / expected - 1:+.3%}")
    assert not comparison.above(BOUND)


HOUR_OF_FAILURES = REPLICAS  # each fails once an hour


def test_service_of_a_fleet(fleet):
    """Calls, failures, rows and processes of a fleet that collects each minute are as they were."""
    prometheus, truth = fleet
    at = END + HALF
    comparison = Comparison()
    hour = truth.flights[(truth.flights["made"] > at - HOUR - 60) & (truth.flights["made"] <= at - 60)]
    calls = HOUR_OF_FAILURES + REPLICAS
    for series, expected in {
        "ml:serving_processes": REPLICAS,
        "ml:calls:rate1h": calls / HOUR,
        "ml:failures:ratio_rate1h": HOUR_OF_FAILURES / calls,
        "ml:rows:rate1h": len(hour) / HOUR,
    }.items():
        comparison.add_all(prometheus, at, series, {"flights": expected}, "ml_model_name")
    print(comparison.table())
    assert not comparison.above(0.02)
