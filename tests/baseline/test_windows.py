"""Performance at the alert windows: whole days resampled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from otelml.baseline import Baseline, BaselineWarning

if TYPE_CHECKING:
    from baseline.conftest import Case

WINDOWS = ("P1D", "P7D", "P28D")
HOURLY = np.arange(3000) * 3600


def widths(baseline: Baseline, metric: str) -> list[float]:
    """Width of the interval of each window."""
    held = {entry.window: entry for entry in baseline.performance if entry.metric == metric}
    return [(held[window].upper or 0) - (held[window].lower or 0) for window in WINDOWS]


def test_every_metric_has_every_window(churn: Case) -> None:
    """With times each metric has an entry over all rows and one a window, of the same value."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, time=HOURLY)
    metrics = {entry.metric for entry in baseline.performance}
    assert len(metrics) == 8
    for metric in metrics:
        entries = [entry for entry in baseline.performance if entry.metric == metric]
        assert [entry.window for entry in entries] == [None, *WINDOWS]
        assert len({entry.value for entry in entries}) == 1


@pytest.mark.parametrize("name", ["churn", "digits", "diabetes"])
def test_longer_windows_vary_less(name: str, request: pytest.FixtureRequest) -> None:
    """For each task the interval holds the value and narrows with the window."""
    case: Case = request.getfixturevalue(name)
    baseline = Baseline.fit(case.model, case.X, case.y, time=np.arange(len(case.y)) * 7200)
    metric = "r2" if name == "diabetes" else "accuracy"
    day, week, month = widths(baseline, metric)
    assert day > week > month > 0
    entry = next(entry for entry in baseline.performance if (entry.metric, entry.window) == (metric, "P28D"))
    assert entry.lower is not None
    assert entry.upper is not None
    assert entry.lower < entry.value < entry.upper


def test_days_that_cluster_are_seen(churn: Case) -> None:
    """The same rows sorted by the model's error, so that days differ, have a wider interval."""
    scores = churn.model.predict_proba(churn.X)[:, 1]
    order = np.argsort(np.abs(scores - (churn.y == "stays")))
    alike = Baseline.fit(churn.model, churn.X, churn.y, time=HOURLY)
    clustered = Baseline.fit(churn.model, churn.X[order], churn.y[order], time=HOURLY)
    assert widths(clustered, "brier")[1] > 3 * widths(alike, "brier")[1]


def test_the_area_of_windows_is_that_of_the_bins(churn: Case) -> None:
    """The windows' area surrounds the exact one: the baseline's bins lose next to nothing."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, time=HOURLY)
    exact = roc_auc_score(churn.y == "stays", churn.model.predict_proba(churn.X)[:, 1])
    entry = next(entry for entry in baseline.performance if (entry.metric, entry.window) == ("roc_auc", "P28D"))
    assert entry.value == pytest.approx(exact)
    assert ((entry.lower or 0) + (entry.upper or 0)) / 2 == pytest.approx(exact, abs=0.02)


def test_few_days_are_said(churn: Case) -> None:
    """Fewer than 14 days warn that the intervals are too narrow."""
    with pytest.warns(BaselineWarning, match="5 days are few"):
        Baseline.fit(churn.model, churn.X, churn.y, time=HOURLY // 25)


def test_order_of_the_rows_is_invisible(churn: Case) -> None:
    """Rows in another order, with their times, give the same baseline."""
    order = np.random.default_rng(0).permutation(3000)
    shuffled = Baseline.fit(churn.model, churn.X[order], churn.y[order], time=HOURLY[order])
    straight = Baseline.fit(churn.model, churn.X, churn.y, time=HOURLY)
    assert (shuffled.cells, shuffled.score_counts) == (straight.cells, straight.score_counts)
    for one, other in zip(shuffled.performance, straight.performance, strict=True):
        assert (one.value, one.lower, one.upper) == pytest.approx((other.value, other.lower, other.upper))
