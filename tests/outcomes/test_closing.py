"""The end of a worker: outcomes that came before another worker wrote the prediction are not dropped at once."""

from __future__ import annotations

import pytest

from otelml.outcomes.desk import Desk
from otelml.outcomes.memory import MemoryStore
from otelml.outcomes.sqlite import SqliteStore
from otelml.testing import simulated_clock
from outcomes.conftest import AGES, HORIZON, awaited, outcome


class Tally:
    """A recorder that keeps what it is told."""

    def __init__(self):
        self.joined, self.rejected, self.matured = [], [], []

    def await_(self, awaited):
        """Predictions were registered."""

    def join(self, joined):
        """Outcomes found their predictions."""
        self.joined += joined

    def mature(self, matured):
        """Predictions reached the horizon."""
        self.matured += matured

    def reject(self, rejected, _action=None):
        """Outcomes were not taken."""
        self.rejected.append(rejected)


def test_an_end_waits_for_another_workers_prediction(tmp_path):
    """An outcome whose prediction is written while this worker ends is joined; one without is dropped, and reported."""
    path, tally, steps = str(tmp_path / "outcomes.sqlite"), Tally(), []
    other = SqliteStore(AGES, path)

    def fold():
        steps.append("write")
        if len(steps) == 3:  # the first retry of the end
            other.register([awaited("late")])

    desk = Desk(SqliteStore(AGES, path), lambda *_: tally, fold)
    desk.expect = lambda: None  # the desk's own thread would try again as well
    desk.bring([outcome("late"), outcome("never")])
    assert (tally.joined, tally.rejected) == ([], [])
    desk.close()
    other.close()
    assert [one.awaited.id for one in tally.joined] == ["late"]
    assert [dict(one) for one in tally.rejected] == [{"unknown": 1}]


@pytest.mark.parametrize("in_time", [True, False])
def test_a_frozen_process_counts_the_label_that_came_in_time(in_time):
    """The clock may pass the horizon while an outcome waits for the turn: the cohort has it by its own time."""
    tally, store = Tally(), MemoryStore(AGES, 10)
    with simulated_clock(0.0) as clock:

        def fold():
            if not clock():  # as another thread, or a signal handler, in the middle of a collection's round
                desk.bring([outcome("a", at=HORIZON / 2 if in_time else HORIZON + 1)])
                clock.set(2 * HORIZON)

        desk = Desk(store, lambda *_: tally, fold)
        desk.hand_in([awaited("a"), awaited("b")])
        desk.mature()
        desk.mature()
    assert [(one.awaited.id, one.outcome is not None) for one in tally.matured] == (
        [("a", True), ("b", False)] if in_time else [("a", False), ("b", False)]
    )
    assert [one.awaited.id for one in tally.joined] == ["a"]
