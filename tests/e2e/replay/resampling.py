"""Years in which nothing happened: the days of March, drawn anew with replacement, as the counters of so many models.

What otelml counted in March is taken from Prometheus hour by hour.  A day begins at 08:00 UTC, when nothing flies.
"""

from __future__ import annotations

import numpy as np
from evaluation import HOUR

from otelml import Baseline
from otelml.recorders.constants import of_column, of_model
from otelml.rules.prometheus import family, label

DAY_HOURS = 24
# What the paging rules read, but for durations: of failed and slow calls March had none.
COUNTED = (
    "ml_outcome_cohort_total",
    'ml_column_values_total{ml_column_name="score"}',
    "ml_inference_rows_total",
    "ml_inference_duration_seconds_count",
)
COHORT_LATER = 24 * HOUR  # a day's predictions reach their horizon in the day after
OWN = ("instance", "job", "ml_model_name")


def days_of(prometheus, start, days):
    """What each series counted in each hour of each day: {(name, labels): (days, 24)}."""
    found = {}
    for series in COUNTED:
        name, later = series.partition("{")[0], COHORT_LATER if "cohort" in series else 0.0
        for labels, hours in _hours(prometheus, series, start + later, days).items():
            kept = tuple(pair for pair in labels if pair[0] not in OWN)
            found[name, kept] = hours.reshape(days, DAY_HOURS)
    return found


def _hours(prometheus, series, start, days):
    hours = days * DAY_HOURS
    told = prometheus.query_range(series, start + 0.5, start + 0.5 + hours * HOUR, HOUR)
    found = {}
    for labels, (times, values) in told.items():
        whole = np.zeros(hours + 1)
        place = np.round((times - start) / HOUR).astype(int)
        whole[place] = values
        whole[: place[0]] = 0.0
        found[labels] = np.diff(whole)
    return found


def year_of(days, drawn, start, model):
    """Counters of a year made of the days drawn: a sample each hour, and one a second later."""
    for (name, labels), hours in days.items():
        counted = np.concatenate([[0.0], np.cumsum(hours[drawn].ravel())])
        times = start + HOUR * np.arange(len(counted))
        both = np.stack([times, times + 1], axis=1).ravel()
        yield (name, (*labels, ("ml_model_name", model))), (both, np.repeat(counted, 2))


def constants_of(path, start, hours, model):
    """What processes ship of a baseline, each hour."""
    baseline = Baseline.load(path)
    score = [column for column in baseline.outputs if column.name == "score"]
    times = start + HOUR * np.arange(hours)
    own = {"ml_model_name": model, "ml_model_version": "1", "ml_baseline_id": baseline.id}
    for metric, labels, value in [*of_model(baseline), *of_column(score[0])]:
        named = own | {label(key): text for key, text in labels.items()}
        yield (family(metric), tuple(sorted(named.items()))), (times, np.full(hours, float(value)))
