"""Both stores are one machine: whatever happens, in whatever order, they say the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from otelml.outcomes.memory import MemoryStore
from otelml.outcomes.sqlite import SqliteStore
from outcomes.conftest import AGES, awaited, outcome

IDS = st.sampled_from("abc")
TIMES = st.integers(0, 1_200).map(float)
LABELS = st.sampled_from("01")
REGISTER = st.tuples(st.just("register"), st.lists(st.builds(awaited, IDS, TIMES, st.sampled_from("mn")), max_size=4))
SETTLE = st.tuples(st.just("settle"), st.lists(st.builds(outcome, IDS, LABELS, TIMES), max_size=4))
MATURE = st.tuples(st.just("mature"), TIMES)


def told(store, step):
    """Take one step, and say what came of it, in an order that does not matter."""
    name, argument = step
    said = getattr(store, name)(argument)
    if name == "settle":
        parts = (said.joined, said.matured, said.unknown)
        return [sorted(part, key=repr) for part in parts] + [said.rejected]
    return sorted(said, key=repr)


@given(st.lists(st.one_of(REGISTER, SETTLE, MATURE), max_size=12))
def test_the_stores_agree(steps):
    """Any history of predictions, outcomes and collections gives the same joins, cohorts and rejections."""
    with tempfile.TemporaryDirectory() as folder:
        memory, sqlite = MemoryStore(AGES, 1_000), SqliteStore(AGES, str(Path(folder) / "o.sqlite"))
        try:
            for step in steps:
                assert told(memory, step) == told(sqlite, step)
        finally:
            sqlite.close()


@given(st.lists(st.one_of(REGISTER, SETTLE, MATURE), max_size=20))
def test_every_prediction_is_counted_once(steps):
    """By the end, each registered prediction has matured exactly once, and joined a first label at most once."""
    store = MemoryStore(AGES._replace(time_to_live=1e9), 1_000)  # one that is forgotten may be registered anew
    registered, matured, first = [], [], []
    for name, argument in [*steps, ("mature", 10_000.0)]:
        said = getattr(store, name)(argument)
        if name == "register":
            registered += said
        elif name == "mature":
            matured += [one.awaited for one in said]
        else:
            matured += [one.awaited for one in said.matured]
            first += [one.awaited for one in said.joined if one.previous is None]
    assert sorted(matured, key=repr) == sorted(registered, key=repr)
    assert len(set(first)) == len(first)
