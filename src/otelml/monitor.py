"""One model identity in this process: calls are staged as they end, and folded into streams in bulk.

The hot path copies and appends; folding happens when enough is staged, at collection, or before a join, whichever
comes first.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml import clock
from otelml.ledger import ledger
from otelml.outcomes.records import Awaited
from otelml.patching.guard import guarded, swallow
from otelml.prediction import Form, Prediction, Task, normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from otelml.prediction import Decision, Description, ModelIdentity
    from otelml.recorders.outputs import Outputs
    from otelml.recorders.requests import Request, Requests
    from otelml.telemetry.spans import Spans

FOLD_AT = 1_024  # calls, or rows, that are staged at most before they are folded


class Answer(NamedTuple):
    """Rows that one call answered, with their ids where outcomes will come for them, and when."""

    operation: str
    form: Form
    rows: NDArray[Any]
    ids: list[str]
    time: float


class Monitor:
    """What is watched of one model identity.

    Parameters
    ----------
    hand_in : takes predictions that wait for an outcome.
    """

    def __init__(  # noqa: PLR0913 -- the parts of a monitor, each made by `models.py`
        self,
        identity: ModelIdentity,
        *,
        description: Description,
        decision: Decision,
        requests: Requests,
        outputs: Outputs,
        spans: Spans | None,
        hand_in: Callable[[list[Awaited]], None],
    ) -> None:
        self.identity, self.description, self.decision = identity, description, decision
        self.requests, self.outputs, self.spans = requests, outputs, spans
        self._hand_in = hand_in
        self.start_afresh()

    def start_afresh(self) -> None:
        """Begin with nothing staged, as a forked child does."""
        self._staging, self._folding = threading.Lock(), threading.Lock()
        self._requests: list[Request] = []
        self._answers: list[Answer] = []
        self._rows = 0
        self._spent = 0.0
        self.requests.reset()

    def stage(self, request: Request, answer: Answer | None, spent: float) -> None:
        """Keep a call that has ended; `spent` is the time that otelml itself took of it."""
        with self._staging:
            self._requests.append(request)
            if answer is not None:
                self._answers.append(answer)
            self._rows += request.rows
            self._spent += spent
            full = self._rows >= FOLD_AT or len(self._requests) >= FOLD_AT
        if full:
            self.fold()

    @guarded("fold")
    def fold(self) -> None:
        """Bring what is staged into the streams."""
        with self._folding:
            with self._staging:
                requests, self._requests = self._requests, []
                answers, self._answers = self._answers, []
                spent, self._spent, self._rows = self._spent, 0.0, 0
            if not requests:
                return
            started = time.perf_counter()
            self.requests.record(requests)
            for (form, *_), group in _alike(answers):
                self._fold(form, group)
            ledger.spend(spent + time.perf_counter() - started)

    def _fold(self, form: Form, answers: list[Answer]) -> None:
        rows = answers[0].rows if len(answers) == 1 else np.concatenate([answer.rows for answer in answers])
        try:
            prediction = normalise(form, self.decision, rows)
        except (ValueError, TypeError) as error:
            ledger.drop("unsupported_output", len(rows), self.identity.name)
            ledger.warn_once("otelml: %s: %s; its scores are not counted", self.identity.name, error)
            return
        try:
            self.outputs.record(prediction)
        except Exception as error:  # noqa: BLE001 -- a broken recorder takes no outcomes along
            swallow("outputs", error)
        if any(answer.ids for answer in answers):
            self._hand_in(list(self._awaited(prediction, answers)))

    def _awaited(self, prediction: Prediction, answers: Iterable[Answer]) -> Iterable[Awaited]:
        classes = (
            *self.decision.classes,
            "other",
        )  # -1, a class that the decision does not know, is the last
        predicted, values = prediction.predicted, prediction.values
        labels = None if predicted is None else [classes[index] for index in predicted.tolist()]
        numbers = (
            values.tolist()
            if values is not None and values.ndim == 1 and self.decision.task is Task.REGRESSION
            else None
        )
        binary = prediction.scores is not None and prediction.scores.ndim == 1
        scores = prediction.scores.tolist() if binary and prediction.scores is not None else None
        start = 0
        for answer in answers:
            for offset, one in enumerate(answer.ids):
                row = start + offset
                yield Awaited(
                    one,
                    self.identity.name,
                    self.identity.version,
                    labels[row] if labels else None,
                    scores[row] if scores else None,
                    numbers[row] if numbers else None,
                    answer.time,
                )
            start += len(answer.rows)


def staged(answer: NDArray[Any], ids: list[str], operation: str, form: Form) -> Answer:
    """An answer as it is kept: a copy, since callers reuse their buffers."""
    return Answer(operation, form, answer.copy(), ids, clock.now() if ids else 0.0)


def _alike(answers: list[Answer]) -> Iterable[tuple[tuple[Form, Any, Any, bool], list[Answer]]]:
    """Answers that can be stacked: of one form, shape of row and type."""
    groups: dict[tuple[Form, Any, Any, bool], list[Answer]] = {}
    for answer in answers:
        key = (answer.form, answer.rows.shape[1:], answer.rows.dtype, bool(answer.ids))
        groups.setdefault(key, []).append(answer)
    return groups.items()
