"""A store that another process holds, that somebody deleted, or that no thread serves: the host does not wait."""

from __future__ import annotations

import signal
import sqlite3
import stat
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from fresh import forget_models
from sklearn.linear_model import LogisticRegression

import otelml
from otelml import process
from otelml.ledger import ledger
from otelml.outcomes import desk as desks
from otelml.outcomes import early
from otelml.outcomes.desk import TOGETHER, Desk
from otelml.outcomes.memory import MemoryStore
from otelml.outcomes.sqlite import SqliteStore
from otelml.testing import capture, total
from outcomes.conftest import AGES, awaited, outcome

ROWS = np.linspace(-1, 1, 40).reshape(-1, 1)


class Tally:
    """A recorder that keeps what it is given."""

    def __init__(self):
        self.awaited, self.joined, self.rejected = [], [], []

    def await_(self, awaited):
        """Predictions were registered."""
        self.awaited += awaited

    def join(self, joined):
        """Outcomes found their predictions."""
        self.joined += joined

    def mature(self, matured):
        """Predictions reached the horizon."""

    def reject(self, rejected, action=None):
        """Outcomes were not taken."""
        self.rejected.append((dict(rejected), action))


@pytest.fixture(autouse=True)
def nothing_said():
    """Log each warning anew."""
    ledger._said.clear()


@pytest.fixture
def path(tmp_path):
    """Name a file that is not there yet."""
    return str(tmp_path / "outcomes.sqlite")


@pytest.fixture
def shared(path):
    """Make a desk before a file."""
    tally = Tally()
    desk = Desk(SqliteStore(AGES, path), lambda *_: tally, lambda: None)
    yield desk, tally
    desk.close()


@pytest.fixture
def holder(path, shared):
    """Hold the file, as another process would, until told to let go."""
    shared[0].write()
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    shared[0].hand_in([awaited("before")])
    shared[0].write()
    connection.execute("begin immediate")
    yield connection
    connection.close()


def test_a_locked_store_is_waited_for_once_and_loses_nothing(shared, holder):
    """The first collection gives up within a second, twenty more at once; what waited is written in the end."""
    desk, tally = shared
    before = ledger.dropped.copy()
    desk.hand_in([awaited(str(number)) for number in range(3_000)])
    desk.bring([outcome(str(number)) for number in range(1_000)])
    started = time.monotonic()
    assert not desk.mature()
    assert time.monotonic() - started < 1
    started = time.monotonic()
    assert [desk.mature() for _ in range(20)] == [False] * 20
    assert time.monotonic() - started < 1.5
    holder.execute("rollback")
    _until(lambda: len(tally.joined) == 1_000)
    assert len(tally.awaited) == 3_001
    assert ledger.dropped == before


def test_a_deadline_is_kept(shared, holder):
    """Whoever has less time says so."""
    desk, _ = shared
    desk.hand_in([awaited("a")])
    started = time.monotonic()
    assert not desk.mature(started + 0.05)
    assert time.monotonic() - started < 0.5
    holder.execute("rollback")


@pytest.mark.usefixtures("holder")
def test_a_store_that_stays_locked_ends_with_a_count(shared, caplog):
    """The end waits for a second, counts what is lost, and says so."""
    desk, _ = shared
    before = ledger.dropped["store_unwritable", ""]
    desk.hand_in([awaited("a"), awaited("b")])
    desk.bring([outcome("a")])
    started = time.monotonic()
    desk.close()
    assert time.monotonic() - started < 2.5
    assert ledger.dropped["store_unwritable", ""] - before == 3
    assert "locked" in caplog.text


def _until(true, seconds=10):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def test_the_queue_is_bounded_while_the_store_is_locked(shared, holder, monkeypatch):
    """What does not fit is dropped and counted; what fits is written."""
    monkeypatch.setattr(desks, "MOST_PENDING", 5)
    monkeypatch.setattr(early, "MOST_EARLY", 5)
    desk, tally = shared
    before = ledger.dropped["queue_full", ""]
    desk.write()
    desk.hand_in([awaited(str(number)) for number in range(9)])
    desk.bring([outcome(str(number)) for number in range(9)])
    assert ledger.dropped["queue_full", ""] - before == 8
    holder.execute("rollback")
    _until(lambda: len(tally.joined) == 5)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_deleted_file_is_noticed_counted_and_made_anew(path, shared, caplog, replaced):
    """Predictions that come later are in a file again; what waited in the old one is counted."""
    desk, tally = shared
    errors, dropped = ledger.errors["outcomes"], ledger.dropped["store_deleted", ""]
    desk.hand_in([awaited("a"), awaited("b")])
    desk.write()
    for suffix in ("", "-wal", "-shm"):
        Path(path + suffix).unlink(missing_ok=True)
    if replaced:
        other = SqliteStore(AGES, path)
        other.register([awaited("c")])
        other.close()
    desk.hand_in([awaited("d")])
    desk.write()
    desk.bring([outcome("d"), *([outcome("c")] if replaced else [])])
    _until(lambda: len(tally.joined) == 1 + replaced)
    assert ledger.dropped["store_deleted", ""] - dropped == (0 if replaced else 2)
    assert ledger.errors["outcomes"] - errors == 1
    assert "deleted or replaced" in caplog.text


@pytest.mark.parametrize(("before", "after"), [(None, 0o600), (0o644, 0o600), (0o666, 0o660), (0o660, 0o660)])
def test_files_are_the_owners(path, before, after):
    """The file and its logs; a group that was let write may still."""
    if before is not None:
        Path(path).touch()
        Path(path).chmod(before)
    store = SqliteStore(AGES, path)
    store.register([awaited("a")])
    modes = {suffix: stat.S_IMODE(Path(path + suffix).stat().st_mode) for suffix in ("", "-wal", "-shm")}
    store.close()
    assert set(modes.values()) == {after}


def test_without_a_thread_the_desk_writes_inline(path, monkeypatch):
    """A process that can start none counts all the same, where outcomes come and at a collection."""
    monkeypatch.setattr(threading.Thread, "start", _refuse)
    tally = Tally()
    desk = Desk(SqliteStore(AGES, path), lambda *_: tally, lambda: None)
    desk.expect()
    desk.hand_in([awaited("a"), awaited("b")])
    desk.bring([outcome("a")])
    assert [one.awaited.id for one in tally.joined] == ["a"]
    desk.hand_in([awaited("c")])
    assert desk.mature()
    assert len(tally.awaited) == 3
    desk.close()


def _refuse(_):
    raise RuntimeError("can't start new thread")


def test_a_handler_may_record_while_its_thread_does(monkeypatch):
    """A signal in the middle of a round of the store in memory: it returns at once, and its outcome is counted."""
    tally, store, steps = Tally(), MemoryStore(AGES, 100), []
    desk = Desk(store, lambda *_: tally, lambda: None)

    def settle(outcomes, settle=store.settle):
        if not steps:
            steps.append(1)
            signal.raise_signal(signal.SIGUSR1)
        return settle(outcomes)

    monkeypatch.setattr(store, "settle", settle)
    before = signal.signal(signal.SIGUSR1, lambda *_: desk.bring([outcome("b")]))
    try:
        desk.hand_in([awaited("a"), awaited("b")])
        desk.bring([outcome("a")])
        assert desk.write()
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert sorted(one.awaited.id for one in tally.joined) == ["a", "b"]


def test_few_outcomes_wait_for_the_next_collection_and_many_are_joined_at_once():
    """A request that records one outcome pays for no round; nor do so many wait that a round would last."""
    tally = Tally()
    desk = Desk(MemoryStore(AGES, 2 * TOGETHER), lambda *_: tally, lambda: None)
    desk.hand_in([awaited(str(one)) for one in range(TOGETHER + 1)])
    for one in range(TOGETHER - 1):
        desk.bring([outcome(str(one))])
    assert tally.joined == []
    desk.bring([outcome(str(TOGETHER - 1))])
    assert len(tally.joined) == TOGETHER
    desk.bring([outcome(str(TOGETHER))])
    assert desk.mature()
    assert len(tally.joined) == TOGETHER + 1


def test_an_interrupt_in_a_round_loses_nothing(monkeypatch):
    """What the store was about to be asked about waits for the next round, and the turn is free again."""
    tally, store, steps = Tally(), MemoryStore(AGES, 100), []
    desk = Desk(store, lambda *_: tally, lambda: None)

    def register(chunk, register=store.register):
        if not steps:
            steps.append(1)
            raise KeyboardInterrupt
        return register(chunk)

    monkeypatch.setattr(store, "register", register)
    desk.hand_in([awaited("a")])
    desk.bring([outcome("a")])
    with pytest.raises(KeyboardInterrupt):
        desk.write()
    assert desk.mature()
    assert [one.awaited.id for one in tally.joined] == ["a"]


def test_a_locked_store_of_a_service_is_joined_later(tmp_path):
    """Through the public functions: the collection returns, and all is counted once the lock is gone."""
    model = LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)
    path = tmp_path / "outcomes.sqlite"
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=f"sqlite:///{path}")
        try:
            otelml.identify(model, name="locked")
            with otelml.predictions(ids=["zero"]):
                model.predict(ROWS[:1])
            points = captured.points()
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("begin immediate")
            with otelml.predictions(ids=range(40)):
                model.predict(ROWS)
            otelml.record_outcomes(range(40), ROWS[:, 0] > 0)
            started = time.monotonic()
            points += captured.points()
            assert time.monotonic() - started < 1.5
            other.execute("rollback")
            other.close()
            _until(process.current().desk.write)
            points += captured.points() + captured.points()
        finally:
            otelml.uninstrument()
            forget_models()
    assert total(points, "ml.outcomes", {"ml.model.name": "locked"}).last == 40
    assert total(points, "ml.outcome.awaited", {"ml.model.name": "locked"}).last == 41
