"""The end of a worker: outcomes that came before another worker wrote the prediction are not given up at once."""

from __future__ import annotations

from otelml.outcomes.desk import Desk
from otelml.outcomes.sqlite import SqliteStore
from outcomes.conftest import AGES, awaited, outcome


class Tally:
    """A recorder that keeps what it is told."""

    def __init__(self):
        self.joined, self.rejected = [], []

    def join(self, joined):
        """Outcomes found their predictions."""
        self.joined += joined

    def reject(self, rejected, _action=None):
        """Outcomes were not taken."""
        self.rejected.append(rejected)


def test_an_end_waits_for_another_workers_prediction(tmp_path):
    """An outcome whose prediction is written while this worker ends is joined; one without is given up, and told."""
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
