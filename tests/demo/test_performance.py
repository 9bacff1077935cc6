"""Measures from counts agree with scikit-learn, and their intervals hold."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from demo.points import cells
from otelml.cli.demo.arrivals import SCORES, Arrivals, Baseline, Counts, total
from otelml.cli.demo.performance import (
    Measure,
    adjusted_f1,
    area,
    at_baseline,
    performance,
    quantile,
    unlabelled_share,
)
from otelml.stats.confusion import Confusion


def counts_of(*matrix: int) -> Counts:
    """Read cohort cells as if they had arrived."""
    arrivals = Arrivals(until=math.inf)
    arrivals.add(cells(*matrix), 0.0)
    return total(arrivals.collections)


def test_measures_are_those_of_scikit_learn() -> None:
    """Precision, recall and F1 of the cells are those of the rows behind them."""
    tp, fp, fn, tn = 30, 12, 18, 90
    actual = [1] * tp + [0] * fp + [1] * fn + [0] * tn
    predicted = [1] * (tp + fp) + [0] * (fn + tn)
    shown = performance(counts_of(tp, fp, fn, tn), 0.3)
    assert shown.precision.value == pytest.approx(precision_score(actual, predicted))
    assert shown.recall.value == pytest.approx(recall_score(actual, predicted))
    assert shown.f1.value == pytest.approx(f1_score(actual, predicted))


def test_at_its_own_prevalence_adjusted_f1_is_f1() -> None:
    """Adjusting to the base rate of the sample itself changes nothing."""
    confusion = Confusion(tp=30.0, fp=12.0, fn=18.0, tn=90.0)
    assert adjusted_f1(confusion, confusion.prevalence).value == pytest.approx(confusion.f1)


def test_interval_of_adjusted_f1_covers() -> None:
    """Of samples drawn at the true rates some 95 % have an interval that holds the true value."""
    hit, alarm, prevalence, positives, negatives, draws = 0.6, 0.3, 0.2, 400, 900, 2000
    truth = Confusion(tp=hit, fp=alarm, fn=1 - hit, tn=1 - alarm).adjusted_f1(prevalence)
    random = np.random.default_rng(0)
    hits, alarms = random.binomial(positives, hit, draws), random.binomial(negatives, alarm, draws)
    held = 0
    for tp, fp in zip(hits.tolist(), alarms.tolist(), strict=True):
        low, high = adjusted_f1(Confusion(tp=tp, fp=fp, fn=positives - tp, tn=negatives - fp), prevalence)[1:]
        held += low <= truth <= high
    assert held / draws == pytest.approx(0.95, abs=0.015)


def test_area_is_that_of_the_scores() -> None:
    """With bins that separate all scores the area is scikit-learn's."""
    actual = [0, 0, 1, 1, 0, 1]
    order = [0, 1, 2, 3, 4, 5]
    bins = Counter({(str(label), f"{position:02d}:"): 1 for label, position in zip(actual, order, strict=True)})
    assert area(bins).value == pytest.approx(roc_auc_score(actual, order))


def test_without_counts_measures_are_unknown() -> None:
    """Nothing that arrived gives no numbers and no errors."""
    shown = performance(Counter({(SCORES, "1", "00:"): 0}), 0.2)
    assert all(math.isnan(measure.value) for measure in shown if isinstance(measure, Measure))
    assert math.isnan(shown.coverage)


def test_coverage_counts_what_got_no_outcome() -> None:
    """Predictions at their horizon without an outcome lower the coverage, by predicted class."""
    counts = counts_of(6, 2, 1, 9, 2)
    assert performance(counts, 0.2).coverage == pytest.approx(18 / 20)
    assert unlabelled_share(counts, ("1",)) == pytest.approx(2 / 10)
    assert unlabelled_share(counts, ("0",)) == 0


def test_baseline_measures_come_from_its_cells() -> None:
    """Of the baseline the cells are read, and the area as it was told."""
    baseline = Baseline(
        cells={("1", "1"): 30, ("1", "0"): 12, ("0", "1"): 18, ("0", "0"): 90},
        performance={("roc_auc", "value", ""): 0.8, ("roc_auc", "lower", "P7D"): 0.6},
    )
    shown = at_baseline(baseline)
    assert shown.f1.value == pytest.approx(60 / 90)
    assert shown.roc_auc.value == 0.8
    assert shown.roc_auc.low < 0.8 < shown.roc_auc.high


def test_quantile_is_within_its_bucket() -> None:
    """The estimate lies in the bucket that holds the true quantile."""
    values = np.random.default_rng(1).exponential(0.01, 5000)
    bounds = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1)
    counts = np.bincount(np.searchsorted(bounds, values), minlength=len(bounds) + 1).tolist()
    for share in (0.1, 0.5, 0.99):
        truth, estimate = float(np.quantile(values, share)), quantile(bounds, counts, share)
        assert np.searchsorted(bounds, truth) == np.searchsorted(bounds, estimate)


def test_quantile_above_the_last_bound_is_that_bound() -> None:
    """Of the open bucket only its lower end is known."""
    assert quantile((1.0, 2.0), (0, 0, 5), 0.5) == 2.0
    assert math.isnan(quantile((1.0,), (0, 0), 0.5))
