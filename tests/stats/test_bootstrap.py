"""The block bootstrap against windows whose spread is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from otelml.stats.bootstrap import block_bootstrap
from otelml.stats.intervals import wilson


def share(sums: np.ndarray) -> np.ndarray:
    """Successes by trials."""
    return sums[..., 0] / sums[..., 1]


def days(spread: float, n_days: int = 120, rows: int = 200, seed: int = 0) -> np.ndarray:
    """Draw successes and trials of days whose success rates differ by `spread`."""
    rng = np.random.default_rng(seed)
    rates = np.clip(rng.normal(0.5, spread, n_days), 0, 1)
    return np.stack([rng.binomial(rows, rates), np.full(n_days, rows)], axis=1).astype(float)


def test_days_that_are_alike_vary_as_the_binomial_does() -> None:
    """Where days do not cluster, the interval is about as wide as that of independent rows."""
    low, high = block_bootstrap(days(spread=0.0), 7, share)
    wilson_low, wilson_high = wilson(700, 1400)
    assert (high - low) == pytest.approx(wilson_high - wilson_low, rel=0.2)


def test_days_that_cluster_vary_more() -> None:
    """Where days differ the interval is much wider, and narrower the longer the window."""
    clustered = days(spread=0.15)
    widths = [np.diff(block_bootstrap(clustered, length, share))[0] for length in (1, 7, 28)]
    assert widths[1] > 3 * np.diff(wilson(700, 1400))[0]
    assert widths[0] > widths[1] > widths[2]
    assert widths[1] / widths[2] == pytest.approx(2, rel=0.2)


def test_mean_of_days_has_the_quantiles_of_theory() -> None:
    """The mean of a window of normal days stays in mean ± 1.96 sd sqrt(1 / length + 1 / n_days)."""
    values = stats.norm.ppf((np.arange(200) + 0.5) / 200)
    statistics = np.stack([values, np.ones(200)], axis=1)
    low, high = block_bootstrap(statistics, 28, share, draws=20_000)
    reach = 1.96 * np.sqrt(1 / 28 + 1 / 200)
    assert (low, high) == pytest.approx((-reach, reach), abs=0.015)


def test_new_windows_stay_inside() -> None:
    """In 95 of 100 weeks, about, of further days alike the metric stays in the interval."""
    low, high = block_bootstrap(days(spread=0.1, n_days=400), 7, share)
    weeks = days(spread=0.1, n_days=7 * 500, seed=1).reshape(500, 7, 2).sum(axis=1)
    assert 0.92 < np.mean((share(weeks) >= low) & (share(weeks) <= high)) < 0.98


def test_a_month_of_days_covers_further_months() -> None:
    """Four weeks of further days stay inside about 95 times in 100, though only 31 days are known."""
    covered = []
    for seed in range(150):
        low, high = block_bootstrap(days(spread=0.1, n_days=31, seed=seed), 28, share)
        months = days(spread=0.1, n_days=28 * 20, seed=1000 + seed).reshape(20, 28, 2).sum(axis=1)
        covered.append(np.mean((share(months) >= low) & (share(months) <= high)))
    assert 0.91 < np.mean(covered) < 0.98


def test_the_same_seed_gives_the_same_interval() -> None:
    """The interval is deterministic, and another seed gives another one."""
    statistics = days(spread=0.1)
    assert block_bootstrap(statistics, 7, share) == block_bootstrap(statistics, 7, share)
    assert block_bootstrap(statistics, 7, share) != block_bootstrap(statistics, 7, share, seed=1)


def test_windows_without_the_metric_are_left_out() -> None:
    """Windows in which the metric is undefined do not count; where it never is, both bounds are NaN."""

    def defined(sums: np.ndarray) -> np.ndarray:
        return np.where(sums[..., 1] > 0, sums[..., 0], np.nan)

    statistics = np.array([[3.0, 1.0], [0.0, 0.0]])
    assert block_bootstrap(statistics, 1, defined) == (3.0, 3.0)
    assert all(map(math.isnan, block_bootstrap(np.zeros((2, 2)), 1, defined)))


@pytest.mark.parametrize(("n_days", "length"), [(0, 7), (3, 0)])
def test_no_days_are_refused(n_days: int, length: int) -> None:
    """Without a day, or for a window of none, there is nothing to draw."""
    with pytest.raises(ValueError, match="cannot be drawn"):
        block_bootstrap(np.ones((n_days, 2)), length, share)
