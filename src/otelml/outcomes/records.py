"""What waits, what comes in, and what the join makes of both."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.outcomes.turns import Turn

AGAIN_S = 60.0  # two ways to ask about one row, or a request that is tried again, are this close together
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
    """The actual outcome of an id: a label as text, the number if it was one, when (seconds), how much it counts."""

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


class Locked(Exception):  # noqa: N818 -- a state of the store, which passes
    """Another process holds the store; what was to be written waits."""


@dataclass(slots=True)
class Held:
    """A prediction in a store: its outcome as far as known, whether its cohort was counted, what was done about it.

    `generation` numbers the predictions that one id and model had.
    """

    awaited: Awaited
    outcome: Outcome | None = None
    counted: bool = False
    generation: int = 0
    actions: tuple[str, ...] = ()


class Store(Protocol):
    """Where predictions wait.  Each is counted at the horizon once, in whichever process asks first.

    An id names one prediction of a model at a time: a later one under the same id is a generation of its own once the
    earlier has an outcome, was counted or reached the horizon, and else the same one again.

    Attributes
    ----------
    shared : other processes use the store too; each call may wait for them.
    turn : whose it is to use the store, in this process.
    notices : what is to be counted in `otelml.dropped`, by reason and model; whoever reports them takes them out.
    """

    shared: bool
    turn: Turn
    notices: Counter[tuple[str, str]]

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
        """Take predictions in; returns those that are no repetition of one which still waits."""
        ...

    def settle(self, outcomes: list[Outcome]) -> Settled:
        """Join outcomes to the predictions that wait for them: of each model, the latest made by then."""
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


def same_model(one: Awaited, other: Awaited) -> bool:
    """Whether two predictions are of one model."""
    return one.model == other.model and one.version == other.version


def repeated(one: Awaited, held: Iterable[Held], ages: Ages) -> Held | None:
    """The prediction that `one` repeats: of its id and model, it still waits.  None where `one` stands for itself."""
    before = after = None
    for other in held:
        if other.awaited == one:  # brought twice, after an interrupt
            return other
        if not same_model(other.awaited, one):
            continue
        if other.awaited.time <= one.time:
            before = other if before is None or other.awaited.time >= before.awaited.time else before
        elif after is None or other.awaited.time < after.awaited.time:
            after = other
    if before is not None and before.outcome is None and not before.counted:  # noqa: SIM102 -- one condition each
        if one.time < before.awaited.time + ages.horizon:
            return before
    # It was made earlier and comes later, from another process: the one that came first stands.
    return after if after is not None and after.awaited.time < one.time + ages.horizon else None


def next_generation(one: Awaited, held: Iterable[Held]) -> int:
    """The number of a further prediction under an id and model."""
    return max((other.generation + 1 for other in held if same_model(other.awaited, one)), default=0)


def skipped(one: Awaited, earlier: Awaited) -> str | None:
    """Why a repetition is to be counted as dropped; None where it says the same as the earlier, at about its time."""
    if one.score is not None and earlier.score is not None:
        differs = one.score != earlier.score
    else:  # labels and probabilities of one row are one prediction
        differs = one.score is earlier.score and (one.predicted, one.value) != (earlier.predicted, earlier.value)
    return "ids_repeated" if differs or abs(one.time - earlier.time) >= AGAIN_S else None


def belonging(held: Iterable[Held], at: float) -> list[Held]:
    """Of each model, the latest prediction made at or before `at`; the first where all are later."""
    latest: dict[Model, Held] = {}
    for one in held:
        model = (one.awaited.model, one.awaited.version)
        other = latest.get(model)
        if other is None or _rank(one, at) >= _rank(other, at):
            latest[model] = one
    return list(latest.values())


def _rank(held: Held, at: float) -> tuple[bool, float]:
    time = held.awaited.time
    return (True, time) if time <= at else (False, -time)
