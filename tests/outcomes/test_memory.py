"""What only the in-process store promises: it is bounded, and forgets nobody in silence."""

from __future__ import annotations

import os

import pytest

from otelml.ledger import Ledger
from otelml.outcomes import memory
from otelml.outcomes.memory import MemoryStore
from outcomes.conftest import AGES, HORIZON, awaited, outcome


def test_the_oldest_gives_way(monkeypatch):
    """Beyond its capacity the store forgets the oldest, and books those that still waited."""
    monkeypatch.setattr(memory, "ledger", booked := Ledger())
    store = MemoryStore(AGES, 2)
    store.register([awaited("a"), awaited("b", 1), awaited("c", 2), awaited("d", 3)])
    assert [one.id for one in store.settle([outcome(i) for i in "abcd"]).unknown] == ["a", "b"]
    assert booked.dropped == {("store_full", "m"): 2}
    assert [one.awaited.id for one in store.mature(HORIZON + 10)] == ["c", "d"]


def test_what_was_counted_is_no_loss(monkeypatch):
    """A tombstone that gives way is no dropped prediction."""
    monkeypatch.setattr(memory, "ledger", booked := Ledger())
    store = MemoryStore(AGES, 2)
    store.register([awaited("a"), awaited("b")])
    assert len(store.mature(HORIZON)) == 2
    store.register([awaited("c", HORIZON), awaited("d", HORIZON)])
    assert booked.dropped == {}


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_waits_for_nothing():
    """The parent's predictions are counted by the parent alone."""
    store = MemoryStore(AGES, 10)
    store.register([awaited("a")])
    child = os.fork()
    if child == 0:
        store.start_afresh()  # as the walk from the process does
        empty = not store.mature(HORIZON) and bool(store.settle([outcome("a")]).unknown)
        os._exit(0 if empty else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(store.mature(HORIZON)) == 1


def test_the_store_stays_within_its_capacity():
    """However many predictions come within one horizon, no more than the capacity is held."""
    store = MemoryStore(AGES, 10)
    for number in range(500):
        store.register([awaited(str(number), float(number % 7))])
    assert len(store._entries) == len(store._kept) == 10
    assert len(store._waiting) <= 10
