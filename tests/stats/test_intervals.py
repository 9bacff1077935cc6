"""Intervals against SciPy and published examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from otelml.stats.confusion import Confusion
from otelml.stats.intervals import Z, f1_interval, newcombe, wilson
from stats.strategies import confusions


@given(st.integers(1, 5000), st.data())
def test_wilson_is_that_of_scipy(trials: int, data: st.DataObject) -> None:
    """Wilson's interval equals SciPy's."""
    successes = data.draw(st.integers(0, trials))
    expected = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    assert wilson(successes, trials) == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_the_quantile_is_that_of_95_percent() -> None:
    """The constant is the normal quantile of a two-sided 95 %."""
    assert pytest.approx(stats.norm.ppf(0.975), abs=1e-6) == Z


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
    ],
)
def test_newcombe_gives_the_published_intervals(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    """The examples of Newcombe (1998), table II, method 10."""
    assert newcombe(first, second) == pytest.approx((low, high), abs=1e-4)


@given(confusions())
def test_f1_lies_in_its_interval(drawn: list[int]) -> None:
    """The interval of F1 holds F1 and stays within [0, 1]."""
    tp, fp, fn, _ = drawn
    low, high = f1_interval(tp, fp, fn)
    if tp + fp + fn == 0:
        assert math.isnan(low)
        assert math.isnan(high)
    else:
        f1 = Confusion(float(tp), float(fp), float(fn), 0.0).f1
        assert -1e-12 <= low <= f1 + 1e-12
        assert f1 - 1e-12 <= high <= 1 + 1e-12


def test_f1_interval_covers_the_true_f1() -> None:
    """In 95 of 100 samples of independent rows, about, the interval holds the population's F1."""
    rng = np.random.default_rng(1)
    shares = np.array([0.2, 0.1, 0.15, 0.55])
    true_f1 = 2 * shares[0] / (2 * shares[0] + shares[1] + shares[2])
    drawn = rng.multinomial(300, shares, size=1000)
    covered = [low <= true_f1 <= high for low, high in (f1_interval(*counts[:3]) for counts in drawn.tolist())]
    assert 0.93 < np.mean(covered) < 0.97


def test_no_trials_have_no_interval() -> None:
    """Of nothing each bound is NaN."""
    assert all(map(math.isnan, wilson(0, 0)))
    assert all(map(math.isnan, newcombe((0, 0), (1, 2))))


def test_the_ends_are_exact() -> None:
    """No success has the lower bound 0, no failure the upper bound 1, exactly."""
    assert wilson(0, 7)[0] == 0.0
    assert wilson(7, 7)[1] == 1.0
