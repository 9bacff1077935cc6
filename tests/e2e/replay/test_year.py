"""The flights of a year: each recorded value equals the raw data's, and alerts fire when they should, and else not."""

from __future__ import annotations

import re
from datetime import datetime, timezone

import numpy as np
import pytest
from comparison import ELSEWHERE, OF_A_FLEET, Comparison, compare, compared
from evaluation import HALF, HOUR, seconds, stretches
from scipy import stats
from truth import within
from year import END, MARCH, moment

from otelml.rules.catalogue import defaults, recorded
from otelml.rules.rule import Alert
from otelml.stats.confusion import Confusion

pytestmark = pytest.mark.e2e

BOUND = 0.01
WEEK = 7 * 86_400
# A day of each month, at the hour when nothing flies and in the evening; the 28th so that four weeks lie behind it.
EVENINGS = [f"2013-{month:02d}-28T{hour:02d}:00" for month in range(4, 13) for hour in (8, 20)]


@pytest.mark.parametrize("window", ["1d", "7d", "28d"])
def test_rules_equal_raw_data(year, window):
    """Drift, performance, AUC, calibration, variance and completeness are within 1 % of the raw data's, all year."""
    comparison = Comparison()
    for evening in EVENINGS:
        compare(comparison, year.prometheus, year.truth, moment(evening) + HALF, window)
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def test_service_and_seasons_equal_raw_data(year):
    """Rows, throughput, shares of classes and actions, and the season of each, are within 1 % of the raw data's."""
    comparison = Comparison()
    for evening in EVENINGS[4:]:
        at = moment(evening) + HALF
        made = len(year.truth.predictions(at, "1d"))
        for series, by, own, floor, events in (
            ("ml:throughput:1h", "ml_model_name", throughput, 0.5, HOUR),
            ("ml:class_share:1d", "ml_class", positives, 0.2, made),
            ("ml:action_share:1d", "ml_action", rebooked, 0.2, made),
        ):
            weeks = [own(year.truth, at - week * WEEK) for week in range(9)]
            for name, told in season(weeks, floor, events).items():
                comparison.add_all(year.prometheus, at, f"{series}{name}", told, by)
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def throughput(truth, at):
    """Rows a second of the hour before."""
    return {"flights": len(truth.predictions(at, "1h")) / HOUR}


def positives(truth, at):
    """Share of the day before that was predicted late."""
    return {"1": float(truth.predictions(at, "1d")["predicted"].mean())}


def rebooked(truth, at):
    """Share of the day before that was rebooked."""
    return {"rebooked": truth.rebooked(at, "1d") / len(truth.predictions(at, "1d"))}


def season(weeks, floor, events):
    """What is recorded of a number, from its values of this week and of the eight before; 1 stands for `events`."""
    [key] = weeks[0]
    before = np.array([one[key] for one in weeks[1:]])
    mean, spread = before.mean(), before.std(ddof=1)
    chance = (3 * np.sqrt(mean * events) + 10) / events
    reach = max(stats.t.ppf(0.9995, 7) * np.sqrt(1 + 1 / 8) * spread, floor * mean, chance)
    told = {"": weeks[0][key], ":season_mean": mean, ":season_stddev": before.std()}
    told |= {":season_least": mean - reach, ":season_most": mean + reach}
    return {name: {key: value} for name, value in told.items()}


def test_the_rest_equals_raw_data(year):
    """Rows, predictions, columns moved, violations, delays, and who is judged at all, are what they were."""
    prometheus, truth, comparison = year.prometheus, year.truth, Comparison()
    for evening in EVENINGS:
        at = moment(evening) + HALF
        made, hour = truth.predictions(at, "1d"), truth.predictions(at, "1h")
        name = {
            "ml:rows:increase1d": len(made),
            "ml:rows:rate1h": len(hour) / HOUR,
            "ml:exposed:increase1d": len(made),
            "ml:columns_moved:count1d": truth.moved(at),
            "ml:outcomes_judged:7d": int(truth.cohort(at, "7d")["actual"].notna().sum()),
            "ml:outcomes_counted:increase1h": len(truth.outcomes(at, "1h")),
        }
        for series, value in name.items():
            comparison.add_all(prometheus, at, series, {"flights": value}, "ml_model_name")
        comparison.add_all(prometheus, at, "ml:positive_class", {"1": 1.0}, "ml_class")
        shares = made["predicted"].astype(str).value_counts().to_dict()
        comparison.add_all(prometheus, at, "ml:predictions:increase1d", shares, "ml_class")
        for window in ("1d", "28d"):
            for quantile, value in truth.delays(at, window).items():
                series = f"ml:label_delay_seconds:{quantile}_{window}"
                comparison.add_all(prometheus, at, series, {"flights": value}, "ml_model_name")
        if len(hour):
            outside = (truth.bins["temp"].loc[hour_rows(truth, at)].isin(["below", "above"])).mean()
            comparison.add_all(prometheus, at, VIOLATED, {"temp": outside}, "ml_column_name")
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


VIOLATED = 'ml:column_violations:ratio1h{ml_violation="range"}'


def hour_rows(truth, at):
    """Which flights were predicted in the hour before."""
    return within(truth.predicted_at, at, HOUR)


def test_baseline_equals_its_file(year):
    """What training was like is what the file says, as constants in the rules."""
    comparison, at = Comparison(), moment("2013-06-01T08:00") + HALF
    truth, ask = year.truth, year.prometheus
    for column in truth.baseline["columns"]:
        of, rows = ("ml_column_name", column["name"]), sum(column["counts"])
        bins = dict(zip(column["bins"], column["counts"], strict=True))
        shares = {f"{column['name']} {text}": count / rows for text, count in bins.items() if count}
        comparison.add_all(ask, at, "ml:baseline_values", shares, "ml_column_name", "ml_bin")
        comparison.add_all(ask, at, "ml:baseline_rows", {column["name"]: rows}, of[0])
        drift = {f"{column['name']} {window}": value for window, value in column["drift"].items()}
        comparison.add_all(ask, at, "ml:baseline_drift", drift, of[0], "ml_window")
        if column["mean"] is not None:
            moments = {f"{column['name']} {name}": column[name] for name in ("mean", "standard_deviation")}
            comparison.add_all(ask, at, 'ml:baseline_moment{ml_bound=""}', moments, of[0], "ml_moment")
    entries = {}
    for one in truth.baseline["performance"]:
        for which in ("value", "lower", "upper"):
            if one[which] is not None:
                entries[f"{one['metric']} {one['window'] or ''} {which}"] = one[which]
    comparison.add_all(ask, at, "ml:baseline_performance", entries, "ml_metric", "ml_window", "ml_bound")
    cells = {f"{one['predicted']} {one['actual']}": one["count"] for one in truth.baseline["cells"]}
    comparison.add_all(ask, at, "ml:baseline_cells", cells, "ml_predicted", "ml_actual")
    prevalence = {"1": truth.prevalence, "0": 1 - truth.prevalence}
    comparison.add_all(ask, at, "ml:baseline_prevalence", prevalence, "ml_class")
    comparison.add_all(ask, at, "ml:baseline_f1", {"1": entries["f1_adjusted  value"]}, "ml_class")
    comparison.add_all(ask, at, "ml:baseline_f1_lower", {"1": entries["f1  lower"]}, "ml_class")
    assert not comparison.above(1e-9), comparison.table()


def test_every_recorded_series_is_compared():
    """No series is recorded whose value is compared with no truth, here, of the fleet, or in promtool alone."""
    known = {re.sub(r"{.*", "", series) for series in compared}
    rest = {series for series in recorded(defaults()) if not re.search(f"{ELSEWHERE}|{OF_A_FLEET}", series)}
    assert rest - known == set()


def episodes(year, alert):
    """When an alert fired, as pairs of seconds; until the end where it still did."""
    return sorted((one.since, one.until or moment(END)) for one in year.fired if one.alert == alert)


def told(year):
    """Write every time that an alert fired, for a person."""
    for one in sorted(year.fired, key=lambda one: (one.alert, one.since)):
        label = {
            key: text for key, text in one.labels if key in {"ml_column_name", "ml_class", "ml_window", "severity"}
        }
        until = "the end" if one.until is None else f"{datetime.fromtimestamp(one.until, timezone.utc):%d %b %H:00}"
        yield f"{one.alert:24} {datetime.fromtimestamp(one.since, timezone.utc):%d %b %H:00} to {until:14} {label}"


@pytest.mark.parametrize("alert", ["MLF1BelowBaseline", "MLF1FarBelowBaseline"])
def test_adjusted_f1_fires_when_the_model_is_worse(year, alert):
    """Adjusted F1 fires by 30 April, is silent from June to August, and fires again by 30 September."""
    found = episodes(year, alert)
    print(f"\n{alert}:", [f"{datetime.fromtimestamp(since, timezone.utc):%d %b %H:00}" for since, _ in found])
    assert moment("2013-04-01T08:00") < found[0][0] < moment("2013-05-01T04:00")
    summer = moment("2013-06-01T04:00"), moment("2013-09-01T04:00")
    assert not [one for one in found if one[1] > summer[0] and one[0] < summer[1]]
    assert [one for one in found if summer[1] < one[0] < moment("2013-10-01T04:00")]


@pytest.mark.parametrize("metric", ["f1_adjusted", "precision_adjusted", "recall"])
def test_first_firing_is_that_of_the_raw_data(year, metric):
    """An alert on performance fires for the first time in the very hour in which the raw data say so."""
    alert = {
        "f1_adjusted": "MLF1BelowBaseline",
        "precision_adjusted": "MLPrecisionBelowBaseline",
        "recall": "MLRecallBelowBaseline",
    }[metric]
    times, values = hourly(year.truth, metric)
    lower = next(
        one["lower"]
        for one in year.truth.baseline["performance"]
        if one["metric"] == metric and one["window"] == "P7D" and one["class"] == "1"
    )
    low = [one for one in stretches(times[values < lower], HOUR) if one[1] - one[0] >= 86_400]
    expected = [since + 86_400 for since, _ in low]
    assert [since for since, _ in episodes(year, alert)][:1] == expected[:1]


def hourly(truth, metric):
    """Performance of the week before each hour, from the flights, once there were eight days of labels."""
    known = truth.flights["actual"].notna()
    actual, predicted = truth.flights["actual"] == 1, truth.flights["predicted"] == 1
    at = truth.matured_at
    grid = np.arange(moment(MARCH), moment(END) + 1, HOUR)
    sums = []
    for rows in (actual & predicted, ~actual & predicted, actual & ~predicted, ~actual & ~predicted):
        counted = np.searchsorted(np.sort(at[rows & known]), grid, side="right")
        before = np.searchsorted(np.sort(at[rows & known]), grid - 7 * 86_400, side="right")
        sums.append((counted - before).astype(float))
    cells = Confusion(*sums)
    with np.errstate(invalid="ignore", divide="ignore"):
        values = {
            "f1_adjusted": lambda: cells.adjusted_f1(truth.prevalence),
            "precision_adjusted": lambda: cells.adjusted_precision(truth.prevalence),
            "recall": lambda: cells.recall,
        }[metric]()
    whole = (grid - 7 * 86_400 > at.min()) & (cells.total >= 200)
    return grid[whole] + HALF, np.asarray(values)[whole]


def test_every_alert_holds_as_long_as_its_rule_says(year):
    """No alert fired that the rules do not have, and the year is told."""
    known = {rule.name: rule for file in defaults() for rule in file.rules if isinstance(rule, Alert)}
    print("\n" + "\n".join(told(year)))
    assert {one.alert for one in year.fired} <= set(known)
    assert all(one.since >= moment(MARCH) + seconds(known[one.alert].lasts) for one in year.fired)
