"""The share of the host's time that columns may take: kept, and not a moment before it has to be."""

from __future__ import annotations

from otelml.budget import CREDIT_S, Budget


def test_nothing_is_sampled_as_long_as_the_share_is_kept():
    """A model whose columns cost less than their share is counted whole, for ever."""
    budget = Budget(0.05)
    for _ in range(10_000):
        budget.spend(0.04)
        budget.settle(host=1.0)
        assert budget.step == 1


def test_a_start_is_counted_whole():
    """Until the first credit is used up every row is counted, whatever it costs."""
    budget = Budget(0.05)
    spent = 0.0
    while spent < CREDIT_S - 0.02:
        budget.spend(0.01)
        budget.settle(host=0.01)
        spent += 0.01
        assert budget.step == 1


def test_the_share_is_kept_in_the_long_run():
    """Of columns that would cost as much as the host's own calls, one row in twenty is counted at 5 %."""
    budget = Budget(0.05)
    host = spent = 0.0
    for _ in range(5_000):
        cost = 0.01 / budget.step
        budget.spend(cost)
        budget.settle(host=0.01)
        host, spent = host + 0.01, spent + cost
    assert spent < 0.05 * host + CREDIT_S + 0.02
    assert budget.step == 20


def test_a_host_that_takes_longer_is_counted_whole_again():
    """When calls take longer, or columns less, sampling ends."""
    budget = Budget(0.05)
    for _ in range(200):
        budget.spend(0.01 / budget.step)
        budget.settle(host=0.01)
    assert budget.step > 1
    for _ in range(200):
        budget.spend(0.01 / budget.step)
        budget.settle(host=1.0)
    assert budget.step == 1
