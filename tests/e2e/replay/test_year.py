"""The flights of a year: each recorded value equals the raw data's, and alerts fire when they should, and else not."""

from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest
from comparison import Comparison, compare_models
from evaluation import HALF, HOUR, seconds, stretches
from year import END, MARCH, moment

from otelml.rules.catalogue import defaults
from otelml.rules.rule import Alert
from otelml.stats.confusion import Confusion

pytestmark = pytest.mark.e2e

BOUND = 0.01
# A day of each month, at the hour when nothing flies and in the evening; the 28th so that four weeks lie behind it.
EVENINGS = [f"2013-{month:02d}-28T{hour:02d}:00" for month in range(4, 13) for hour in (8, 20)]


@pytest.mark.parametrize("window", ["1d", "7d", "28d"])
def test_rules_equal_raw_data(year, window):
    """Drift, performance, AUC, calibration, variance and completeness are within 1 % of the raw data's, all year."""
    comparison = Comparison()
    for evening in EVENINGS:
        compare_models(comparison, year.prometheus, year.truth, moment(evening) + HALF, window)
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def test_service_answers_and_labels_equal_raw_data(year):
    """Rows, shares of classes and their season, actions and delays of labels are what they were."""
    prometheus, truth, comparison = year.prometheus, year.truth, Comparison()
    for evening in EVENINGS[4:]:
        at = moment(evening) + HALF
        made = truth.predictions(at, "1d")
        comparison.add_all(prometheus, at, "ml:rows:increase1d", {"flights": len(made)}, "ml_model_name")
        shares = {str(label): float((made["predicted"] == label).mean()) for label in (0, 1)}
        comparison.add_all(prometheus, at, "ml:class_share:1d", shares, "ml_class")
        hour = len(truth.predictions(at, "1h")) / HOUR
        comparison.add_all(prometheus, at, "ml:throughput:1h", {"flights": hour}, "ml_model_name")
        weeks = [truth.predictions(at - week * 7 * 86_400, "1d")["predicted"].mean() for week in range(1, 9)]
        comparison.add_all(prometheus, at, "ml:class_share:1d:season_mean", {"1": np.mean(weeks)}, "ml_class")
        comparison.add_all(prometheus, at, "ml:class_share:1d:season_stddev", {"1": np.std(weeks)}, "ml_class")
        share = truth.rebooked(at, "1d") / len(made)
        comparison.add_all(prometheus, at, "ml:action_share:1d", {"rebooked": share}, "ml_action")
    print(comparison.table())
    assert not comparison.above(BOUND), comparison.table()


def test_baseline_equals_its_file(year):
    """What training was like is what the file says, as constants in the rules."""
    comparison, at = Comparison(), moment("2013-06-01T08:00") + HALF
    truth = year.truth
    for column in truth.baseline["columns"]:
        said = year.prometheus.query(f'ml:baseline_values{{ml_column_name="{column["name"]}"}}', at)
        bins = {dict(labels)["ml_bin"]: share for labels, share in said.items()}
        for text, count in zip(column["bins"], column["counts"], strict=True):
            if count:
                comparison.add("ml:baseline_values", f"{column['name']} {text}", bins.get(text), count / 27_902)
    comparison.add_all(
        year.prometheus, at, "ml:baseline_prevalence", {"1": truth.prevalence, "0": 1 - truth.prevalence}, "ml_class"
    )
    assert not comparison.above(1e-9), comparison.table()


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
