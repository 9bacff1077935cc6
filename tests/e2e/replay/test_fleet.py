"""Four replicas with restarts in the middle: what PromQL makes of a fleet equals what the raw data say."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest
from comparison import Comparison, compare
from evaluation import HALF, HOUR, Grid, evaluate
from prometheus import WHOLE_YEAR, running_prometheus
from stretch import environment, gateway, serve, settled, train
from truth import Truth, within
from year import moment

from otelml.rules.catalogue import defaults

pytestmark = pytest.mark.e2e

REPLICAS = 4
# Start, end and minutes between two collections; at each end every replica is restarted, in the last in a busy hour.  A
# week of collections each minute would take hours of the processor's time, so the last day alone has one every other.
MINUTES = 2
STRETCHES = (
    ("2013-04-01T08:00", "2013-04-08T08:00", 60),
    ("2013-04-08T08:00", "2013-04-08T20:00", MINUTES),
    ("2013-04-08T20:00", "2013-04-09T10:00", MINUTES),
)
BOUND = 0.01


START, END = moment(STRETCHES[0][0]), moment(STRETCHES[-1][1])
HALF_HOUR = 1_800.0
LATE = END - 600 + HALF  # no call is near, so that windows of minutes have sharp ends
# All flights of an hour are predicted in one call, at its beginning.  Where a window begins just there, `increase()`
# cannot tell whether the call is in it: so in the middle of an hour, or at 08:00 UTC, when nothing flies.
MOMENTS = {"1d": ("2013-04-09T08:00", "2013-04-09T08:30", "2013-04-09T09:30"), "7d": ("2013-04-09T08:00",)}


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
        evaluate(prometheus, defaults(), Grid(START + HALF, END))
        evaluate(prometheus, defaults(), Grid(END - 2 * HOUR + HALF_HOUR + HALF, END))
        evaluate(prometheus, [file for file in defaults() if file.name == "service"], Grid(LATE, LATE))
        yield prometheus, Truth(folder, START, END, 60.0 * MINUTES)


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
    for time in MOMENTS[window]:
        compare(comparison, prometheus, truth, moment(time) + HALF, window)
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def mature(truth):
    """Which flights reached the horizon before the last collection, that at exit, some seconds after the end."""
    return (truth.flights["made"] + 86_400 <= END + 3).to_numpy()


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
        "ml_outcome_cohort_total": int(mature(truth).sum()),
    }
    for series, expected in counted.items():
        comparison.add_all(prometheus, END + 30, last.format(series, length), {"flights": expected}, "ml_model_name")
    print(comparison.table())
    assert not comparison.above(0)


def test_increase_loses_nothing_to_births(fleet):
    """Over the whole time increase() tells each cell of the cohort, births and restarts and all, within 1 %."""
    prometheus, truth = fleet
    length = int(END - START) + 3_600
    found = truth.flights[mature(truth)]
    actual = found["actual"].map({0.0: "0", 1.0: "1"}).fillna("none")
    counted = (found["predicted"].astype(str) + " " + actual).value_counts()
    cells = f"increase(ml_outcome_cohort_total[{length}s])"
    asked = f'sum by (cell) (label_join({cells}, "cell", " ", "ml_predicted", "ml_actual"))'
    comparison = Comparison()
    comparison.add_all(prometheus, END + 30, asked, counted.to_dict(), "cell")
    print(comparison.table())
    for _, key, said, expected, _ in comparison.pairs:
        print(f"  {key:10}{said:12.2f}{expected:8d}  {said / expected - 1:+.3%}")
    assert not comparison.above(BOUND)


def calls(truth, at, seconds):
    """How many calls a window had, and how many failed: on the last day one a replica, at half past each hour."""
    made = truth.flights[within(truth.flights["made"], at, seconds)]
    replica = made["id"].map(lambda one: crc32(one.encode()) % REPLICAS)
    answered = len(set(zip(replica, made["made"], strict=True)))
    halves = np.arange(moment(STRETCHES[1][0]) + HALF_HOUR + 2, END, HOUR)
    return answered, REPLICAS * int(((halves > at - seconds) & (halves <= at)).sum())


def test_service_of_a_fleet(fleet):
    """Calls, failures, rows and processes of a fleet are as they were, but for what increase() extrapolates."""
    prometheus, truth = fleet
    for window, seconds in (("5m", 300), ("30m", 1_800), ("1h", 3_600), ("6h", 21_600), ("3d", 259_200)):
        answered, failed = calls(truth, LATE, seconds)
        told = {f"ml:calls:rate{window}": (answered + failed) / seconds}
        if answered + failed:
            told[f"ml:failures:ratio_rate{window}"] = failed / (answered + failed)
        if window in {"5m", "1h"}:
            told[f"ml:rows:rate{window}"] = within(truth.flights["made"], LATE, seconds).sum() / seconds
        comparison = Comparison()
        for series, expected in told.items():
            comparison.add_all(prometheus, LATE, series, {"flights": expected}, "ml_model_name")
        print(comparison.table())
        # Of n collections in a window increase() sees n - 1 steps, and takes the n-th to be like them.
        assert not comparison.above(BOUND + 1 / (seconds / 60 / MINUTES - 1)), comparison.table()
    comparison = Comparison()
    comparison.add_all(prometheus, LATE, "ml:serving_processes", {"flights": REPLICAS}, "ml_model_name")
    comparison.add_all(prometheus, END + HALF, "ml:outcomes_rejected:increase1h", {"": 0}, "ml_model_name")
    assert not comparison.above(0), comparison.table()
