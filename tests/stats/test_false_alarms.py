"""Alarms of the drift rule without drift, and with it; `tests/benchmarks/false_alarms.py` tries more."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.false_alarms import ASKED, BASELINES, CONTINUOUS, MOVED_ROWS, OTHERS, ROWS, WINDOWS, alarms
from scipy import stats

from otelml.stats.divergence import drifted

LEARNED_FROM = 10_000
TOTAL = BASELINES * WINDOWS


def test_a_hundred_thousand_windows_are_judged() -> None:
    """The rates below are of as many windows as they claim, and of many baselines."""
    assert TOTAL == 100_000
    assert BASELINES >= 50


@pytest.mark.parametrize("n_rows", ROWS)
@pytest.mark.parametrize("shape", ASKED)
def test_chance_alone_alarms_once_in_ten_thousand_windows_at_most(shape: str, n_rows: int) -> None:
    """Windows of the baseline's own shape: at most 0.01 % of them alarm."""
    assert alarms(ASKED[shape], np.random.default_rng(11), n_rows, LEARNED_FROM) <= 1e-4 * TOTAL


@pytest.mark.parametrize("shape", CONTINUOUS)
def test_half_a_standard_deviation_is_seen(shape: str) -> None:
    """Of windows of 500 rows moved by half a standard deviation 99.9 % alarm at least."""
    column = CONTINUOUS[shape]
    found = alarms(column, np.random.default_rng(12), MOVED_ROWS, LEARNED_FROM, column.sd / 2)
    assert found >= 0.999 * TOTAL


@pytest.mark.parametrize("shape", {**ASKED, **OTHERS})
def test_windows_by_their_shares_are_windows_of_rows(shape: str) -> None:
    """Rows drawn one by one and counted into the bins follow the shares that windows are drawn from."""
    generator = np.random.default_rng(13)
    column = {**ASKED, **OTHERS}[shape]
    bins, _ = column.learned(generator, LEARNED_FROM)
    shares = column.shares(bins)
    assert shares.sum() == pytest.approx(1)
    rows = column.rows(generator, 200_000)
    counts = np.bincount(bins.index(rows), minlength=bins.size)
    assert not counts[shares < 1e-12].any()
    expected = np.append(shares[shares * len(rows) >= 5], shares[shares * len(rows) < 5].sum()) * len(rows)
    found = np.append(counts[shares * len(rows) >= 5], counts[shares * len(rows) < 5].sum())
    kept = expected > 0.5
    fit = stats.chisquare(found[kept], expected[kept] * found[kept].sum() / expected[kept].sum())
    assert fit.pvalue > 1e-4


def test_windows_of_rows_alarm_no_more_often() -> None:
    """Five hundred windows of rows drawn one by one raise no alarm, and moved by half a deviation all do."""
    generator = np.random.default_rng(14)
    column = CONTINUOUS["normal"]
    bins, reference = column.learned(generator, LEARNED_FROM)
    windows = [column.rows(generator, MOVED_ROWS) for _ in range(500)]
    assert not drifted([bins.count(rows) for rows in windows], reference).any()
    assert drifted([bins.count(rows + 0.5) for rows in windows], reference).all()
