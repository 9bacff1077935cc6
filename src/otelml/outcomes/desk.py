"""Where predictions are handed in to wait, and outcomes are brought: one desk a process, before the store.

A shared store is written behind the predict path, by a thread of the desk's own that wakes when something was handed
in; and an outcome or action which comes before another process has written its prediction is kept for a moment, and
tried again.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import TYPE_CHECKING, Protocol, TypeVar

from otelml import clock
from otelml.ledger import ledger
from otelml.outcomes.early import Early
from otelml.outcomes.records import Action, Outcome
from otelml.patching.guard import guarded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from otelml.outcomes.early import Said
    from otelml.outcomes.records import Acted, Awaited, Joined, Matured, Model, Settled, Store

T = TypeVar("T")
LINGER_S = 0.02
RETRY_S = 0.2
CLOSING_S = 1.0
MOST_PENDING = 100_000
CHUNK = 1_000


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
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with nothing waiting and no thread, as a forked child must."""
        self._pending: deque[Awaited] = deque()
        self._introduced: dict[Model, str] = {}
        self._early = Early()
        self._writing = threading.RLock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closed = False

    def hand_in(self, awaited: Sequence[Awaited]) -> None:
        """Have predictions wait; those beyond what fits before a shared store are dropped and booked."""
        room = max(0, MOST_PENDING - len(self._pending))
        if len(awaited) > room and not self._store.shared:  # a map of our own is quick to write
            self._pending.extend(awaited)
            self._write_pending()
            return
        self._pending.extend(awaited[:room])
        ledger.drop("queue_full", len(awaited) - min(room, len(awaited)))
        self.expect()

    def introduce(self, model: Model, profile: str) -> None:
        """Have processes that share the store know how to judge a model's outcomes."""
        if self._store.shared:
            self._introduced[model] = profile
            self.expect()

    @guarded("outcomes")
    def profile(self, model: Model) -> str | None:
        """What a process that shares the store said of a model; None where none did."""
        return self._store.profile(model)

    def expect(self) -> None:
        """Something was, or is about to be, handed in."""
        if not self._store.shared:
            return
        if self._thread is None or not self._thread.is_alive():
            self._closed = False  # also after the end of the process began
            self._thread = threading.Thread(target=self._serve, name="otelml-outcomes", daemon=True)
            self._thread.start()
        self._wake.set()

    def _serve(self) -> None:
        while not self._closed:
            self._wake.wait(RETRY_S if self._early else None)
            time.sleep(LINGER_S)  # what comes in the meantime shares the transaction
            self._wake.clear()
            self.write()

    @guarded("outcomes")
    def write(self) -> None:
        """Bring what waits before the store into it, and try early outcomes again."""
        self._fold()
        with self._writing:
            self._introduce()
            self._write_pending()
            if self._early:
                tried = self._early.take()
                self._join([said for _, said in tried], {said: since for since, said in tried})

    def _write_pending(self) -> None:
        with self._writing:
            while self._pending:
                self._register([self._pending.popleft() for _ in range(min(CHUNK, len(self._pending)))])

    def _introduce(self) -> None:
        for model, profile in list(self._introduced.items()):
            try:
                self._store.introduce(model, profile)
            except Exception as error:  # noqa: BLE001 -- a full disk, a locked file; tried again at the next write
                _unwritable(0, error)
                return
            self._introduced.pop(model, None)

    def _register(self, chunk: list[Awaited]) -> None:
        try:
            fresh = self._store.register(chunk)
        except Exception as error:  # noqa: BLE001 -- a full disk, a locked file
            _unwritable(len(chunk), error)
            return
        for model, group in _by_model(fresh, lambda one: one):
            self._recorder_of(model, group[0]).await_(group)

    @guarded("outcomes")
    def bring(self, said: Sequence[Said]) -> None:
        """Join what was said to its predictions: at once in a store of our own, behind the caller in a shared one."""
        if self._store.shared:  # another process may hold its lock for seconds
            self._early.add(said)
            self.expect()
            return
        self.write()
        with self._writing:
            self._join(said, {})

    def _join(self, said: Sequence[Said], since: Mapping[Said, float]) -> None:
        outcomes = [one for one in said if isinstance(one, Outcome)]
        actions = [one for one in said if isinstance(one, Action)]
        if outcomes:
            self._settle(outcomes, since)
        if actions:
            self._act(actions, since)
        if self._early:
            self.expect()

    def _settle(self, outcomes: list[Outcome], since: Mapping[Said, float]) -> None:
        try:
            settled = self._store.settle(outcomes)
        except Exception as error:  # noqa: BLE001 -- a full disk, a locked file
            _unwritable(len(outcomes), error)
            return
        self._count(settled)
        self._give_up(self._early.keep(settled.unknown, since) if self._store.shared else settled.unknown)

    def _act(self, actions: list[Action], since: Mapping[Said, float]) -> None:
        try:
            acted, unknown = self._store.act(actions)
        except Exception as error:  # noqa: BLE001 -- a full disk, a locked file
            _unwritable(len(actions), error)
            return
        for model, group in _by_model(acted, lambda one: one.awaited):
            self._recorder_of(model, group[0].awaited).act(group)
        self._give_up(self._early.keep(unknown, since) if self._store.shared else unknown)

    def _give_up(self, lost: Sequence[Said]) -> None:
        if lost:
            what = "outcomes" if isinstance(lost[0], Outcome) else "actions"
            ledger.warn_once(
                "otelml: %s came for ids that no prediction waits for (ml.outcome.rejections counts them); give "
                "them the ids of otelml.predictions(...), and start the process by opentelemetry-instrument or call "
                "otelml.instrument()", what,
            )  # fmt: skip
        for name, count in Counter(one.name if isinstance(one, Action) else None for one in lost).items():
            self.reject("unknown", count, name)

    def _count(self, settled: Settled) -> None:
        for model, joined in _by_model(settled.joined, lambda one: one.awaited):
            self._recorder_of(model, joined[0].awaited).join(joined)
        for model, matured in _by_model(settled.matured, lambda one: one.awaited):
            self._recorder_of(model, matured[0].awaited).mature(matured)
        for (reason, name, version), count in settled.rejected.items():
            self._recorder_of((name, version), None).reject(Counter({reason: count}))

    def reject(self, reason: str, count: int, action: str | None = None) -> None:
        """Count outcomes, or those actions, that no model is known for."""
        if count:
            self._recorder_of(("", None), None).reject(Counter({reason: count}), action)

    @guarded("outcomes")
    def mature(self) -> None:
        """Count what reached the horizon, for a collection."""
        self.write()
        with self._writing:
            try:
                due = self._store.mature(clock.now())
            except Exception as error:  # noqa: BLE001 -- a full disk, a locked file
                _unwritable(0, error)
                return
            for model, matured in _by_model(due, lambda one: one.awaited):
                self._recorder_of(model, matured[0].awaited).mature(matured)

    def close(self) -> None:
        """Write what waits, give up on what found no prediction, let go of the store."""
        self.write()
        deadline = time.monotonic() + CLOSING_S
        while self._early and time.monotonic() < deadline:
            time.sleep(RETRY_S)  # another worker, which may be ending as well, has yet to write the prediction
            self.write()
        self._give_up([said for _, said in self._early.take()])
        self._closed = True
        self._wake.set()
        self._store.close()


def _unwritable(count: int, error: Exception) -> None:
    ledger.drop("store_unwritable", count)
    ledger.error("outcomes")
    ledger.warn_once(
        "otelml: the outcome store cannot be used (%s): make its folder writable, or mend "
        "OTEL_PYTHON_ML_OUTCOME_STORE; `otelml doctor` tries it", type(error).__name__,
    )  # fmt: skip


def _by_model(records: Sequence[T], awaited_of: Callable[[T], Awaited]) -> list[tuple[Model, list[T]]]:
    groups: dict[Model, list[T]] = {}
    for record in records:
        awaited = awaited_of(record)
        groups.setdefault((awaited.model, awaited.version), []).append(record)
    return list(groups.items())
