"""One model identity in this process: calls are staged as they end, and folded into streams in bulk.

The hot path appends; folding happens when enough is staged, at collection, or before a join, whichever
comes first.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import clock
from otelml.labels import id_text
from otelml.ledger import ledger
from otelml.locks import Lock
from otelml.outcomes.records import Awaited
from otelml.outside import let_pass
from otelml.patching.guard import guarded, swallow
from otelml.prediction import Form, Task, normalise
from otelml.staging import ANSWERED, AT, DATA, IDS, WAITING, Lane, drained, rows_in, taken
from otelml.telemetry.bounded import Errand

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from otelml.intake import Intake
    from otelml.intake import Taken as Intaken
    from otelml.prediction import Decision, Description, ModelIdentity, Prediction
    from otelml.recorders.columns import Columns
    from otelml.recorders.outputs import Outputs
    from otelml.recorders.requests import Requests
    from otelml.staging import Answered, Failure, Taken, Waiting
    from otelml.telemetry.spans import Spans

NOTHING = np.empty(0)
MOST_LANES = 64
SPENT_EVERY = 16  # calls for each one whose share of ours is measured, for all of them
FOLD_AT = 2_048  # calls, rows and half kilobytes, added up, at which what is staged is folded
MOST_STAGED = 2 * FOLD_AT  # about 2 MB
BEHIND_S = 0.1


class Monitor:
    """What is watched of one model identity.

    Parameters
    ----------
    hand_in : takes predictions that wait for an outcome.
    """

    def __init__(  # noqa: PLR0913 -- what a monitor is made of
        self,
        identity: ModelIdentity,
        *,
        description: Description,
        decision: Decision,
        requests: Requests,
        outputs: Outputs,
        spans: Spans | None,
        columns: Columns | None,
        intake: Intake | None,
        hand_in: Callable[[list[Awaited]], None],
    ) -> None:
        self.identity, self.description, self.decision = identity, description, decision
        self.requests, self.outputs, self.spans = requests, outputs, spans
        self.known = description.task is not Task.OTHER  # else its first answer may tell
        self.columns, self.intake = columns, intake
        self._hand_in = hand_in
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with nothing staged, as a forked child does."""
        self._folding = Lock()
        self._aside, self._cut = Errand(self._fold_aside, "fold"), False
        self.fold_at = FOLD_AT
        self._lanes: list[Lane] = []
        self.latest: dict[str, Lane] = {}
        self.staged = 0
        self.failures: list[Failure] = []
        if self.intake is not None:
            self.intake.start_afresh()

    def lane(self, operation: str, form: Form, answer: NDArray[Any]) -> Lane:
        """Where calls answered like this one are staged."""
        lane = self._find(operation, form, answer)
        if lane is None and len(self._lanes) >= MOST_LANES:  # shapes without end: calls are counted, answers not
            ledger.drop("cardinality", len(answer), self.identity.name)
            form, answer = Form.OPAQUE, NOTHING
            lane = self._find(operation, form, answer)
        if lane is None:
            lane = Lane(operation, form, answer.dtype, answer.shape[1:])
            lane.tells = self.spans is not None and self.spans.scores and bool(self.decision.classes)
            self._lanes.append(lane)  # two threads may make two of a kind, both of which are folded
        self.latest[operation] = lane
        return lane

    def _find(self, operation: str, form: Form, answer: NDArray[Any]) -> Lane | None:
        return next((one for one in self._lanes if one.operation == operation and one.fits(form, answer)), None)

    def stage(self, lane: Lane, entry: Answered | Waiting, taken: Intaken | None, weight: int, since: float) -> None:
        """Leave behind what a call was answered.

        Parameters
        ----------
        entry : what the lane is extended by, in one step.
        taken : what was copied of the call's input.
        weight : of the answer, in bytes.
        since : when our own share of the call began, had the host taken no time.
        """
        if taken is not None:
            staged, data, more = taken
            staged.append(data)
            weight += more
        (lane.calls if len(entry) == ANSWERED else lane.waiting).extend(entry)
        lane.count += 1
        if not lane.count % SPENT_EVERY:  # to look at the clock once more costs as much as an append
            lane.spent.append(SPENT_EVERY * (time.perf_counter() - since))
        # Two threads may lose an addition here, which only delays the fold.  512 bytes weigh as much as a row.
        self.staged += entry[1] + 1 + (weight >> 9)

    def staging(self) -> list[Lane]:
        """The lanes, to look at."""
        return self._lanes

    def close(self) -> None:
        """Fold from now on what each call leaves behind as it ends: nobody else will."""
        self.fold_at = 0
        self.fold()

    @guarded("fold")
    def fold_in_passing(self) -> None:
        """Fold on a host's own thread, which waits for another one that is at it only where that falls behind."""
        if self.fold_at and self._cut:  # where time limits are short, each fold in this thread would be cut off
            ticket = self._aside.start(time.monotonic() + BEHIND_S, inline=False)
            if self.staged > MOST_STAGED:
                ticket.wait()
            return
        if self.fold_at:
            self._folding.attempt(self._fold_staged, patience=BEHIND_S if self.staged > MOST_STAGED else 0)
            return
        self.fold()
        self.requests.show_active()
        if self.columns is not None:
            self.columns.show(clock.now())

    @guarded("fold")
    def fold(self) -> None:
        """Bring what is staged into the streams; what this very thread is folding already is left to that fold."""
        self._folding.attempt(self._fold_staged)

    def _fold_aside(self, _deadline: float) -> bool:
        return self._folding.attempt(self._fold_staged)

    def _fold_staged(self) -> None:
        started = time.perf_counter()
        self.staged = 0
        lanes = [lane for lane in self._lanes if lane.calls or lane.waiting]
        rows = sum(map(rows_in, lanes))
        try:
            batches = [taken(lane) for lane in lanes]
            times = self.requests.record(batches, drained(self.failures))
            for batch in batches:
                self._fold_batch(batch)
                rows -= sum(batch.rows)
        except BaseException:  # a time limit or an interrupt of the host's: from now on in another thread
            self._cut = True
            ledger.drop("interrupted", max(rows, 0), self.identity.name)
            raise
        if self.intake is not None:
            self.intake.fold()
            self.intake.budget.settle(times.host)
        if times.host or times.spent:
            ledger.spend(times.spent + time.perf_counter() - started)

    def _fold_batch(self, batch: Taken) -> None:
        if batch.calls:
            self._fold(batch.lane, batch.calls[DATA::ANSWERED])
        if batch.waiting:
            prediction = self._fold(batch.lane, batch.waiting[DATA::WAITING])
            if prediction is not None:
                self._hand_in(list(self._awaited(prediction, batch.waiting)))

    def _fold(self, lane: Lane, data: list[bytes]) -> Prediction | None:
        if lane.form is Form.OPAQUE:  # nothing to count, and nothing that an outcome could be compared with
            return None
        rows = lane.stacked(data)
        try:
            prediction = normalise(lane.form, self.decision, rows)
        except (ValueError, TypeError) as error:
            let_pass(error)
            ledger.drop("unsupported_output", len(rows), self.identity.name)
            ledger.warn_once("otelml: %s: %s; its scores are not counted", self.identity.name, error)
            return None
        try:
            self.outputs.record(prediction)
        except BaseException as error:  # noqa: BLE001 -- a broken recorder takes no outcomes along
            swallow("outputs", error)
        if self.columns is not None:
            try:
                self.columns.answer(prediction, self.decision)
            except BaseException as error:  # noqa: BLE001 -- a broken recorder takes no outcomes along
                swallow("columns", error)
        return prediction

    def _awaited(self, prediction: Prediction, waiting: list[Any]) -> Iterable[Awaited]:
        classes = (*self.decision.classes, "other")  # -1, a class that the decision does not know, is the last
        indices = None if prediction.predicted is None else prediction.predicted.tolist()
        regression = self.decision.task is Task.REGRESSION
        numbers = _single(prediction.values) if regression else None
        scores = _single(prediction.scores)
        start = 0
        for ids, at in zip(waiting[IDS::WAITING], waiting[AT::WAITING], strict=True):
            for offset, one in enumerate(ids):
                row = start + offset
                one = one if type(one) is str else id_text(one)  # noqa: PLW2901 -- the host may change `batch.ids`
                yield Awaited(
                    one,
                    self.identity.name,
                    self.identity.version,
                    classes[indices[row]] if indices else None,
                    scores[row] if scores else None,
                    numbers[row] if numbers else None,
                    at,
                )
            start += len(ids)


def _single(numbers: NDArray[np.float64] | None) -> list[float] | None:
    """One number a row, or None where there are none or several."""
    return numbers.tolist() if numbers is not None and numbers.ndim == 1 else None
