"""The in-process store: a bounded map, for one process that predicts and learns the outcomes itself."""

from __future__ import annotations

from collections import Counter
from heapq import heappop, heappush
from itertools import count

from otelml.ledger import ledger
from otelml.outcomes.records import (
    Acted,
    Action,
    Ages,
    Awaited,
    Held,
    Matured,
    Model,
    Outcome,
    Settled,
    belonging,
    judge,
    next_generation,
    refusal,
    repeated,
    skipped,
)
from otelml.outcomes.turns import Turn

Aged = tuple[float, int, Held]  # time of the prediction, arrival, entry


class MemoryStore:
    """At most `capacity` predictions; the oldest gives way, and is counted as dropped when it still waited.

    It has no lock of its own: who uses it has `turn`.
    """

    shared = False

    def __init__(self, ages: Ages, capacity: int) -> None:
        self._ages, self._capacity = ages, capacity
        self.start_afresh()

    def start_afresh(self) -> None:
        """Wait for none of the parent's outcomes, as a forked child: each is counted once, by the parent."""
        self.turn = Turn()
        self.notices: Counter[tuple[str, str]] = Counter()
        self._entries: dict[str, list[Held]] = {}
        # By the time of the prediction, not of its arrival here: staged calls arrive in groups.
        self._waiting: list[Aged] = []
        self._kept: list[Aged] = []
        self._arrivals = count()

    def govern(self, ages: Ages, capacity: int) -> None:
        """Go on with what waits, under other rules."""
        self._ages, self._capacity = ages, capacity

    def introduce(self, model: Model, profile: str) -> None:
        """Nobody else looks in here."""

    def profile(self, model: Model) -> str | None:  # noqa: ARG002 -- the protocol's
        """Nothing was kept."""
        return None

    def register(self, awaited: list[Awaited]) -> list[Awaited]:
        """Take predictions in; returns those that are no repetition of one which still waits."""
        fresh: list[Awaited] = []
        for one in awaited:
            held = self._entries.setdefault(one.id, [])
            earlier = repeated(one, held, self._ages)
            if earlier is not None:
                reason = skipped(one, earlier.awaited)
                if reason is not None:
                    self.notices[reason, one.model] += 1
                continue
            entry = Held(one, generation=next_generation(one, held))
            held.append(entry)
            aged = (one.time, next(self._arrivals), entry)
            heappush(self._waiting, aged)
            heappush(self._kept, aged)
            fresh.append(one)
        while len(self._kept) > self._capacity:
            self._forget(heappop(self._kept)[-1])
        return fresh

    def settle(self, outcomes: list[Outcome]) -> Settled:
        """Join outcomes to the predictions that wait for them: of each model, the latest made by then."""
        settled = Settled()
        for outcome in outcomes:
            entries = self._entries.get(outcome.id)
            if not entries:
                settled.unknown.append(outcome)
                continue
            for entry in belonging(entries, outcome.at):
                late = outcome.at >= entry.awaited.time + self._ages.horizon
                if judge(settled, entry.awaited, outcome, entry.outcome, counted=entry.counted, ages=self._ages):
                    entry.outcome, entry.counted = outcome, entry.counted or late
        return settled

    def act(self, actions: list[Action]) -> tuple[list[Acted], list[Action]]:
        """Join actions to their predictions, each once by its name; returns also those of ids that nobody knows."""
        acted: list[Acted] = []
        for action in actions:
            for entry in belonging(self._entries.get(action.id, ()), action.at):
                known = action.name in entry.actions
                refused = refusal(entry.awaited, action, self._ages, known=known)
                if refused is None:
                    entry.actions = (*entry.actions, action.name)
                acted.append(Acted(entry.awaited, action, refused))
        return acted, [action for action in actions if action.id not in self._entries]

    def mature(self, now: float) -> list[Matured]:
        """Predictions that reached the horizon since; forgets those past their time to live."""
        matured: list[Matured] = []
        while self._waiting and self._waiting[0][0] + self._ages.horizon <= now:
            entry = heappop(self._waiting)[-1]
            if not entry.counted:
                entry.counted = True
                matured.append(Matured(entry.awaited, entry.outcome))
        while self._kept and self._kept[0][0] + self._ages.time_to_live <= now:
            self._forget(heappop(self._kept)[-1])
        return matured

    def _forget(self, entry: Held) -> None:
        rest = [other for other in self._entries.get(entry.awaited.id, ()) if other is not entry]
        if rest:
            self._entries[entry.awaited.id] = rest
        else:
            self._entries.pop(entry.awaited.id, None)
        if not entry.counted:
            entry.counted = True
            ledger.drop("store_full", model=entry.awaited.model)
        while self._waiting and self._waiting[0][-1].counted:  # or forgotten ones would pile up to their horizon
            heappop(self._waiting)

    def close(self) -> None:
        """Nothing is held open."""
