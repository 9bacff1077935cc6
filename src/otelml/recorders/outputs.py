"""What a model answers: classes, scores, values."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.ledger import ledger
from otelml.prediction import Task
from otelml.telemetry import names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from otelml.baseline import Baseline
    from otelml.prediction import Decision, Prediction
    from otelml.telemetry.meter import BoundScores, BoundValues, ScoreHistogram, ValueHistogram
    from otelml.telemetry.streams import Attributes, Number, Stream

    Floats = NDArray[np.float64]

ROUNDING = 1e-6


class OutputInstruments(NamedTuple):
    """The instruments of the outputs, shared by all models."""

    predictions: Stream
    scores: ScoreHistogram
    values: ValueHistogram


class Outputs:
    """Classes, scores and values of one model.

    With a baseline, boundaries and scale are the baseline's, so that every replica has the same.
    """

    def __init__(
        self,
        instruments: OutputInstruments,
        attributes: Attributes,
        decision: Decision,
        baseline: Baseline | None,
    ) -> None:
        self._instruments, self._attributes = instruments, attributes
        self._decision, self._baseline = decision, baseline
        self._model = str(attributes[names.MODEL_NAME])
        self._classes: dict[str, Number] = {}
        self._scores: dict[int, BoundScores] = {}
        self._values: BoundValues | None = None
        for label in decision.classes[: names.MOST_CLASSES]:
            self._class(label)
        if decision.task is Task.BINARY and decision.positive is not None:
            self._score(decision.positive)

    def record(self, prediction: Prediction) -> None:
        """Count one normal form."""
        if prediction.predicted is not None:
            self._count(prediction)
        if prediction.scores is not None:
            scores = self._probable(self._finite(prediction.scores))
            if scores.ndim == 1 and self._decision.positive is not None:
                self._score(self._decision.positive).record_batch(scores)
            elif scores.ndim > 1:
                for index in range(min(scores.shape[1], names.MOST_CLASSES)):
                    self._score(index).record_batch(scores[:, index])
        if prediction.values is not None:
            self._value().record_batch(self._finite(prediction.values))

    def _finite(self, numbers: Floats) -> Floats:
        """The rows of `(n_rows, …)` that are finite; the others are counted as dropped."""
        kept = _rows(numbers, np.isfinite(numbers))
        ledger.drop("not_finite", len(numbers) - len(kept), self._model)
        return kept

    def _probable(self, scores: Floats) -> Floats:
        """The rows that are probabilities, but for rounding; the others are counted as dropped."""
        kept = _rows(scores, (scores >= -ROUNDING) & (scores <= 1 + ROUNDING))
        ledger.drop("not_probability", len(scores) - len(kept), self._model)
        return kept

    def _count(self, prediction: Prediction) -> None:
        predicted = prediction.predicted
        if predicted is None:
            return
        counts = np.bincount(predicted + 1, minlength=len(self._decision.classes) + 1).tolist()
        if counts[0]:
            self._class(names.OTHER).add(counts[0])
        for label, count in zip(self._decision.classes, counts[1:], strict=True):
            if count:
                self._class(label).add(count)

    def _class(self, label: str) -> Number:
        if label not in self._classes and len(self._classes) >= names.MOST_CLASSES:
            label = names.OTHER
        if label not in self._classes:
            self._classes[label] = self._instruments.predictions.number({**self._attributes, names.CLASS: label})
        return self._classes[label]

    def _score(self, index: int) -> BoundScores:
        if index not in self._scores:
            attributes = {**self._attributes, names.CLASS: self._decision.classes[index]}
            own = self._baseline.score_bounds if self._baseline and self._decision.task is Task.BINARY else None
            self._scores[index] = self._instruments.scores.bind({**attributes, **self._baseline_id(own)}, own)
        return self._scores[index]

    def _value(self) -> BoundValues:
        if self._values is None:
            own, scale = None, (0.0, 1.0)
            if self._baseline is not None and self._baseline.value_bounds:
                own = self._baseline.value_bounds
                scale = (self._baseline.value_mean or 0.0, self._baseline.value_sd or 1.0)
            self._values = self._instruments.values.bind({**self._attributes, **self._baseline_id(own)}, own, scale)
        return self._values

    def _baseline_id(self, own: object) -> dict[str, str]:
        return {names.BASELINE_ID: self._baseline.id} if self._baseline and own else {}


def _rows(numbers: Floats, good: NDArray[np.bool_]) -> Floats:
    """The rows all of whose numbers are good."""
    return numbers if good.all() else numbers[np.asarray(good.reshape(len(numbers), -1).all(axis=1))]
