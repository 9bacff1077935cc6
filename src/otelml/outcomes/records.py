"""What waits, what comes in, and what the join makes of both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Model = tuple[str, str | None]  # name and version


class Awaited(NamedTuple):
    """A prediction that waits: its id, whose it is, and what it said.

    `predicted` is a label as text (classification), `score` the probability of the positive class, `value` a number
    (regression); `time` is in seconds since the epoch.
    """

    id: str
    model: str
    version: str | None
    predicted: str | None
    score: float | None
    value: float | None
    time: float


class Outcome(NamedTuple):
    """What came true of an id: a label as text, the number it was if it was one, when (seconds), how much it counts."""

    id: str
    actual: str
    value: float | None
    at: float
    weight: float = 1


class Action(NamedTuple):
    """What somebody did about the prediction of an id: under which name it is told, and when (seconds)."""

    id: str
    name: str
    at: float


class Acted(NamedTuple):
    """An action and its prediction; `refused` is why it does not count, or None where it does."""

    awaited: Awaited
    action: Action
    refused: str | None


class Joined(NamedTuple):
    """An outcome and its prediction; `previous` is the label that it corrects, or None where it is the first."""

    awaited: Awaited
    outcome: Outcome
    previous: str | None


class Matured(NamedTuple):
    """A prediction that reached the horizon; `outcome` is None where none had come."""

    awaited: Awaited
    outcome: Outcome | None


@dataclass
class Settled:
    """What became of a batch of outcomes; `unknown` are those that no prediction waits for."""

    joined: list[Joined] = field(default_factory=list[Joined])
    matured: list[Matured] = field(default_factory=list[Matured])
    rejected: Counter[tuple[str, str, str | None]] = field(default_factory=Counter[tuple[str, str, str | None]])
    unknown: list[Outcome] = field(default_factory=list[Outcome])

    def extend(self, other: Settled) -> None:
        """Take in what became of a further batch."""
        self.joined += other.joined
        self.matured += other.matured
        self.rejected += other.rejected
        self.unknown += other.unknown


class Ages(NamedTuple):
    """When a prediction is counted, and when it is forgotten, in seconds after it was made."""

    horizon: float
    time_to_live: float


class Store(Protocol):
    """Where predictions wait.  Each is counted at the horizon once, in whichever process asks first."""

    shared: bool

    def start_afresh(self) -> None:
        """Begin anew in a forked child."""
        ...

    def introduce(self, model: Model, profile: str) -> None:
        """Keep what has to be known of a model to judge its outcomes, for processes that never saw it predict."""
        ...

    def profile(self, model: Model) -> str | None:
        """What was kept of a model; None where it was not introduced."""
        ...

    def register(self, awaited: list[Awaited]) -> list[Awaited]:
        """Take predictions in; returns those whose (id, model) was not there yet."""
        ...

    def settle(self, outcomes: list[Outcome]) -> Settled:
        """Join outcomes to the predictions that wait for them."""
        ...

    def act(self, actions: list[Action]) -> tuple[list[Acted], list[Action]]:
        """Join actions to their predictions, each once by its name; returns also those of ids that nobody knows."""
        ...

    def mature(self, now: float) -> list[Matured]:
        """Predictions that reached the horizon since; forgets those past their time to live."""
        ...

    def close(self) -> None:
        """Let go of what the store holds open."""
        ...


def judge(
    settled: Settled, awaited: Awaited, outcome: Outcome, held: Outcome | None, *, counted: bool, ages: Ages
) -> bool:
    """Decide what an outcome is to a prediction, write it into `settled`, and say whether it is to be kept.

    `held` is the outcome known so far, `counted` whether the prediction reached the horizon before.
    """
    if outcome.at >= awaited.time + ages.time_to_live:
        settled.rejected["expired", awaited.model, awaited.version] += 1
        return False
    if held is not None and held.actual == outcome.actual:
        settled.rejected["duplicate", awaited.model, awaited.version] += 1
        return False
    if not counted and outcome.at >= awaited.time + ages.horizon:
        settled.matured.append(Matured(awaited, held))  # it came late: the cohort is counted without it
    settled.joined.append(Joined(awaited, outcome, held.actual if held else None))
    return True


def refusal(awaited: Awaited, action: Action, ages: Ages, *, known: bool) -> str | None:
    """Why an action does not count, or None; `known` says that the prediction has one of its name."""
    if action.at >= awaited.time + ages.time_to_live:
        return "expired"
    return "duplicate" if known else None
