"""Where predictions are handed in to wait, and outcomes are brought: one desk a process, before the store.

The host's threads append to queues, which is atomic: a signal handler, or a finaliser, may do so in the middle of the
same.  Whoever has the store's turn empties them.  A shared store is used by a thread of the desk's own, and a
collection waits for that thread only for a moment; what another process keeps from being written stays in the queue.
An outcome or action which comes before another process has written its prediction is kept for a moment, and tried
again.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from itertools import groupby
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from otelml import clock
from otelml.labels import MISSING_IDS, MOST_TEXT, REVOKED, shortened
from otelml.ledger import ledger
from otelml.outcomes.early import Early
from otelml.outcomes.records import Action, Awaited, Locked, Outcome
from otelml.outcomes.service import Service
from otelml.outside import let_pass
from otelml.patching.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from otelml.outcomes.early import Said, Waiting
    from otelml.outcomes.records import Acted, Joined, Matured, Model, Settled, Store

A = TypeVar("A")
T = TypeVar("T")
PATIENCE_S = 0.9
RETRY_S = 0.2
CLOSING_S = 1.0
MOST_PENDING = 100_000
CHUNK = 1_000
TOGETHER = 1_000  # outcomes in a store of our own that are joined in a round before the next collection
NO_IDS = MISSING_IDS | {REVOKED}


class Recorder(Protocol):
    """Who counts what becomes of a model's predictions."""

    def await_(self, awaited: Sequence[Awaited]) -> None:
        """Predictions were registered."""
        ...

    def join(self, joined: Sequence[Joined]) -> None:
        """Outcomes found their predictions."""
        ...

    def mature(self, matured: Sequence[Matured]) -> None:
        """Predictions reached the horizon."""
        ...

    def act(self, acted: Sequence[Acted]) -> None:
        """Actions found their predictions, and count or do not."""
        ...

    def reject(self, rejected: Counter[str], action: str | None = None) -> None:
        """Outcomes, or those actions, were not taken, by reason."""
        ...


class Desk:
    """Takes predictions and outcomes in, asks the store, and has the recorders count what it says.

    Parameters
    ----------
    recorder_of : finds the recorder of a model by name and version, also of one that predicted elsewhere.
    fold : brings staged predictions here; called before any join.
    """

    def __init__(
        self, store: Store, recorder_of: Callable[[Model, Awaited | None], Recorder], fold: Callable[[], None]
    ) -> None:
        self._store, self._recorder_of, self._fold = store, recorder_of, fold
        self._service = Service(self._do, self._waits)
        self.start_afresh()

    def start_afresh(self) -> None:
        """Wait for nothing, as a forked child."""
        self._pending: deque[Awaited] = deque()
        self._rejected: deque[tuple[str, int, str | None]] = deque()
        self._notices: deque[tuple[str, str, int]] = deque()
        self._warnings: deque[tuple[str, str]] = deque()
        self._introduced: dict[Model, str] = {}
        self._early = Early()
        self._service.start_afresh()
        self._runs: list[Run] = []
        self._closed = False

    def hand_in(self, awaited: Sequence[Awaited]) -> None:
        """Have predictions wait; those beyond what fits before a shared store are dropped and counted.

        Called where the host's thread holds a lock: it appends, and at most takes its turn at a map in memory.
        """
        there = [_kept(one) for one in awaited if one.id not in NO_IDS]
        if len(there) < len(awaited):
            revoked = sum(one.id == REVOKED for one in awaited)
            self._notices.append(("ids_mismatch", awaited[0].model, revoked))
            self._notices.append(("ids_missing", awaited[0].model, len(awaited) - len(there) - revoked))
        room = max(0, MOST_PENDING - len(self._pending))
        if len(there) > room and not self._store.shared:  # a map of our own is quick to write
            self._pending.extend(there)
            self._take_turn(0.0, fold=False)
            return
        self._pending.extend(there[:room])
        ledger.drop("queue_full", len(there) - min(room, len(there)))
        if self._store.shared:
            self._service.wake()

    def introduce(self, model: Model, profile: str) -> None:
        """Have processes that share the store know how to judge a model's outcomes."""
        if self._store.shared:
            self._introduced[model] = profile
            self._service.wake()

    @guarded("outcomes")
    def profile(self, model: Model) -> str | None:
        """What a process that shares the store said of a model; None where none did."""
        try:
            return self._store.profile(model)
        except Locked:
            return None

    def expect(self) -> None:
        """Something was, or is about to be, handed in."""
        if self._store.shared:
            if self._service.ensure():
                self._service.wake()
            elif len(self._pending) >= CHUNK:
                self._do(False)  # noqa: FBT003 -- without what is due

    @guarded("outcomes")
    def bring(self, said: Sequence[Said]) -> None:
        """Join outcomes and actions to their predictions: many at once, at the latest at the next collection."""
        self._early.add(said)
        if not self._store.shared:
            # A round costs a millisecond, however few there are: a request that records one does not pay for it.
            if len(self._early) >= TOGETHER:
                self._take_turns(0.0)  # whoever has the turn looks again; the host does not wait
            return
        self.expect()  # another process may hold its lock for seconds
        if not self._service.runs:
            self._do(False)  # noqa: FBT003 -- without what is due

    def reject(self, reason: str, count: int, action: str | None = None) -> None:
        """Count outcomes, or those actions, that no model is known for."""
        if count:
            self._rejected.append((reason, count, action))
            if self._store.shared:
                self._service.wake()

    def write(self, until: float | None = None) -> bool:
        """Bring what waits before the store into it, and try early outcomes again; False where that did not end.

        Parameters
        ----------
        until : how long to wait for a shared store, as `time.monotonic` has it; 0.9 s by default.
        """
        return self._round(mature=False, until=until)

    def mature(self, until: float | None = None) -> bool:
        """Count what reached the horizon, for a collection, and write what waits; see `write`."""
        return self._round(mature=True, until=until)

    def _round(self, *, mature: bool, until: float | None) -> bool:
        if self._store.shared:
            self.expect()
            if self._service.runs:
                return self._service.ask(mature=mature, until=until)
        patience = PATIENCE_S if until is None else until - time.monotonic()
        return self._take_turns(patience, mature=mature)

    def close(self, until: float | None = None) -> None:
        """Write what waits, give up on what found no prediction, let go of the store; a second by default."""
        deadline = time.monotonic() + CLOSING_S if until is None else until
        self.write(deadline)
        while self._store.shared and (self._waits() or self._runs) and time.monotonic() < deadline:
            # Another worker, which may be ending as well, has yet to write the prediction; or it holds the store.
            time.sleep(max(0.0, min(RETRY_S, deadline - time.monotonic())))
            self.write(deadline)
        self._closed = True
        runs, self._runs = self._runs, []
        self._put_back(list(runs))  # what the thread has in hand, which may be stuck
        self._leave_behind()
        self._service.close()
        self._store.close()

    def _leave_behind(self) -> None:
        """Count what could not be written, and what found no prediction, at the end."""
        left = self._early.take()
        lost = len(_drained(self._pending)) + sum(one.since is None for one in left)
        if lost:
            ledger.drop("store_unwritable", lost)
            ledger.warn_once("otelml: the outcome store was locked until the end; what waited for it is lost, see "
                             "otelml.dropped")  # fmt: skip
        self._give_up([one.said for one in left if one.since is not None])
        self._count_rejected()
        self._report()

    def _waits(self) -> bool:
        return bool(self._early) or bool(self._pending)

    # What follows is done by whoever has the turn.

    def _do(self, mature: bool) -> bool:  # noqa: FBT001 -- the service's
        return self._take_turn(PATIENCE_S, mature=mature)

    def _take_turns(self, patience: float, *, mature: bool = False) -> bool:
        """Take turns until nothing came in the meantime, from a signal handler of this very thread, say."""
        done = self._take_turn(patience, mature=mature)
        while done and self._waits() and not self._store.shared:
            done = self._take_turn(patience)
        return done

    def _take_turn(self, patience: float, *, mature: bool = False, fold: bool = True) -> bool:
        """Do a round; False where another thread, or this one further up, is at it, or the store is locked."""
        if not self._store.turn.take(patience):
            return False
        try:
            done = self._work(mature, fold)
        finally:
            self._store.turn.leave()
        self._report()
        return bool(done)

    @guarded("outcomes")
    def _work(self, mature: bool, fold: bool) -> bool:  # noqa: FBT001 -- of `_take_turn`
        now = clock.now()  # before what waits is taken: whatever an outcome may still come in time for is not counted
        tried = self._early.take() if fold else []  # before folding: the prediction of each was made before it came
        if fold:
            self._fold()
        runs = self._runs = _in_order(_drained(self._pending), tried)
        try:
            self._introduce()
            while runs:
                self._one_run(runs[0])
                del runs[0]
                self._service.progress += 1
            if mature:
                self._mature(now)
        except Locked:
            self._warn_of_lock()
            return False
        finally:
            if self._runs is runs:  # else the end of the process has counted them
                self._runs = []
                self._put_back(runs)  # also where an interrupt came
            self._count_rejected()
        return True

    def _warn_of_lock(self) -> None:
        self._warn("otelml: the outcome store is locked by another process; what waits for it is kept, and tried again "
                   "(%s)", "a store on a disk of this machine is locked for moments only")  # fmt: skip

    def _put_back(self, runs: list[Run]) -> None:
        self._early.put_back([one for _, tried in runs for one in tried])
        self._pending.extendleft(reversed([one for awaited, _ in runs for one in awaited]))

    def _one_run(self, run: Run) -> None:
        awaited, tried = run
        while awaited:
            self._register(awaited[:CHUNK])
            del awaited[:CHUNK]
            self._service.progress += 1
        if tried:
            self._join(tried)

    def _introduce(self) -> None:
        for model, profile in list(self._introduced.items()):
            try:
                self._store.introduce(model, profile)
            except Locked:
                raise
            except Exception as error:  # noqa: BLE001 -- a full disk; tried again at the next write
                let_pass(error)
                self._unwritable(0, error)
                return
            self._introduced.pop(model, None)

    def _asked(self, ask: Callable[[A], T], what: A, count: int) -> T | None:
        """What the store says; None where it cannot be used, and `count` records are lost with it."""
        try:
            return ask(what)
        except Locked:
            raise
        except Exception as error:  # noqa: BLE001 -- a full disk, a file that is no store
            let_pass(error)
            self._unwritable(count, error)
            return None

    def _register(self, chunk: list[Awaited]) -> None:
        fresh = self._asked(self._store.register, chunk, len(chunk))
        if fresh is None:
            return
        for model, group in _by_model(fresh, lambda one: one):
            self._tell("await_", model, group[0], group)

    def _join(self, tried: list[Waiting]) -> None:
        """Settle outcomes, then actions; takes out of `tried` what the store was asked about."""
        of: dict[Said, Waiting] = {one.said: one for one in tried}
        outcomes = [one.said for one in tried if isinstance(one.said, Outcome)]
        actions = [one.said for one in tried if isinstance(one.said, Action)]
        if outcomes:
            self._settle(outcomes, of)
            tried[:] = [one for one in tried if isinstance(one.said, Action)]
        if actions:
            self._act(actions, of)
            tried.clear()

    def _settle(self, outcomes: list[Outcome], of: dict[Said, Waiting]) -> None:
        settled = self._asked(self._store.settle, outcomes, len(outcomes))
        if settled is None:
            return
        self._count(settled)
        self._give_up(self._early.keep(settled.unknown, of) if self._store.shared else settled.unknown)

    def _act(self, actions: list[Action], of: dict[Said, Waiting]) -> None:
        found = self._asked(self._store.act, actions, len(actions))
        if found is None:
            return
        acted, unknown = found
        for model, group in _by_model(acted, lambda one: one.awaited):
            self._tell("act", model, group[0].awaited, group)
        self._give_up(self._early.keep(unknown, of) if self._store.shared else unknown)

    def _give_up(self, lost: Sequence[Said]) -> None:
        if lost:
            what = "outcomes" if isinstance(lost[0], Outcome) else "actions"
            self._warn(
                "otelml: %s came for ids that no prediction waits for (ml.outcome.rejections counts them); give "
                "them the ids of otelml.predictions(...), and start the process by opentelemetry-instrument or call "
                "otelml.instrument()", what,
            )  # fmt: skip
        for name, count in Counter(one.name if isinstance(one, Action) else None for one in lost).items():
            self._rejected.append(("unknown", count, name))

    def _count(self, settled: Settled) -> None:
        for model, joined in _by_model(settled.joined, lambda one: one.awaited):
            self._tell("join", model, joined[0].awaited, joined)
        for model, matured in _by_model(settled.matured, lambda one: one.awaited):
            self._tell("mature", model, matured[0].awaited, matured)
        for (reason, name, version), count in settled.rejected.items():
            self._tell("reject", (name, version), None, Counter({reason: count}))

    def _count_rejected(self) -> None:
        for reason, count, action in _drained(self._rejected):
            self._tell("reject", ("", None), None, Counter({reason: count}), action)

    @guarded("outcomes")
    def _tell(self, what: str, model: Model, example: Awaited | None, *values: Any) -> None:
        """Have the recorder of a model count; one that fails takes no other along."""
        getattr(self._recorder_of(model, example), what)(*values)

    def _mature(self, now: float) -> None:
        due = self._asked(self._store.mature, now, 0)
        if due is None:
            return
        for model, matured in _by_model(due, lambda one: one.awaited):
            self._tell("mature", model, matured[0].awaited, matured)

    def _unwritable(self, count: int, error: Exception) -> None:
        ledger.drop("store_unwritable", count)
        ledger.error("outcomes")
        self._warn(
            "otelml: the outcome store cannot be used (%s): make its folder writable, or fix "
            "OTEL_PYTHON_ML_OUTCOME_STORE; `otelml doctor` tries it", type(error).__name__,
        )  # fmt: skip

    def _warn(self, message: str, value: str) -> None:
        self._warnings.append((message, value))

    def _report(self) -> None:
        """Count and log what was noticed under a lock, now that none is held."""
        notices, self._store.notices = self._store.notices, Counter()
        for (reason, model), count in notices.items():
            self._notices.append((reason, model, count))
        for reason, model, count in _drained(self._notices):
            if reason == "store_deleted":
                ledger.drop("store_deleted", count)
                ledger.error("outcomes")
            elif not count:
                continue
            elif reason == "ids_mismatch":  # the block that revoked them has said why
                ledger.drop("ids_mismatch", count, model)
                continue
            elif reason == "ids_repeated":
                ledger.drop("ids_repeated", count, model)
            else:
                ledger.drop("ids_missing", count, model)
            self._warn("otelml: %s", NOTICES[reason])
        for message, value in _drained(self._warnings):
            ledger.warn_once(message, value)


Run = tuple[list[Awaited], list["Waiting"]]
NOTICES = {
    "ids_missing": "rows were predicted without an id (None, NaN or an empty text among the ids): no outcome is "
    "awaited for them, see otelml.dropped",
    "ids_repeated": "predictions came under ids whose earlier prediction still waits for its outcome; they are not "
    "awaited, see otelml.dropped. An id names one prediction: give the id of the order or request, not the customer's",
    "store_deleted": "the file of the outcome store was deleted or replaced; it was made anew, and what waited in it "
    "is lost, see otelml.dropped",
}


def _kept(one: Awaited) -> Awaited:
    return one if len(one.id) <= MOST_TEXT else one._replace(id=shortened(one.id))


def _drained(waiting: deque[T]) -> list[T]:
    taken: list[T] = []
    for _ in range(len(waiting)):
        try:
            taken.append(waiting.popleft())
        except IndexError:  # noqa: PERF203 -- another thread took the rest
            break
    return taken


def _in_order(awaited: list[Awaited], tried: list[Waiting]) -> list[Run]:
    """Predictions, then what was said of them; by turns where an outcome came between two predictions of one id."""
    came: dict[str, float] = {}
    for one in tried:
        if one.since is None:
            came.setdefault(one.said.id, one.came)
    if not any(one.time > came.get(one.id, one.time) for one in awaited):
        return [(awaited, tried)]
    events = [(one.time, False, one) for one in awaited] + [(one.came, True, one) for one in tried]
    events.sort(key=lambda event: event[:2])
    runs: list[Run] = []
    for said, group in groupby(events, key=lambda event: event[1]):
        run = [one for _, _, one in group]
        runs.append(([], [one for one in run if not isinstance(one, Awaited)]) if said
                    else ([one for one in run if isinstance(one, Awaited)], []))  # fmt: skip
    return runs


def _by_model(records: Sequence[T], awaited_of: Callable[[T], Awaited]) -> list[tuple[Model, list[T]]]:
    groups: dict[Model, list[T]] = {}
    for record in records:
        awaited = awaited_of(record)
        groups.setdefault((awaited.model, awaited.version), []).append(record)
    return list(groups.items())
