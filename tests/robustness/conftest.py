"""A process that watches quietly, as in production, and models that misbehave."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fresh import forget_models
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.ledger import ledger
from otelml.patching.guard import loud
from otelml.testing import capture, select, total

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Iterator

    from otelml.testing import Capture, Point

_names = map("model{}".format, itertools.count())


@dataclass
class Watched:
    """What was captured since the watch began; the last collection of each series."""

    captured: Capture
    errors: Counter[str]

    def points(self) -> list[Point]:
        """Collect twice, since the first collection of a series says zero."""
        self.captured.points()
        return self.captured.points()

    def count(self, name: str, **attributes: Any) -> float:
        """Add up a metric over its series with these attributes (`model=` and `reason=` for short)."""
        keys = {"model": "ml.model.name", "reason": "ml.reason", "error": "error.type", "class_": "ml.class"}
        keys["correct"] = "ml.correct"
        wanted = {keys[key]: value for key, value in attributes.items()}
        points = self.points()
        if name == "ml.inference.duration":
            return sum(point.count or 0 for point in select(points, name, wanted))
        return total(points, name, wanted).last

    def new_errors(self) -> dict[str, int]:
        """Errors that were booked since the watch began, by component."""
        return dict(ledger.errors - self.errors)


@pytest.fixture
def watch() -> Iterator[Callable[..., Watched]]:
    """Start to watch, under these settings, until the test ends."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Watched:
            stack.enter_context(loud(on=False))
            captured = stack.enter_context(capture())
            forget_models()  # what tests without this fixture left
            otelml.instrument(captured.tracer_provider, captured.meter_provider, **settings)
            stack.callback(forget_models)
            stack.callback(otelml.uninstrument)
            return Watched(captured, ledger.errors.copy())

        yield start


@pytest.fixture
def name() -> str:
    """Make a name that no other model has: series are the process's, and outlive a test."""
    return next(_names)


class Classifier(ClassifierMixin, BaseEstimator):
    """Answers what it was told, or raises it."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.classes_ = np.array([0, 1])

    def predict(self, _rows: Any) -> Any:
        """Answer in labels, or not."""
        return self._say()

    def predict_proba(self, _rows: Any) -> Any:
        """Answer in probabilities, or not."""
        return self._say()

    def _say(self) -> Any:
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


class Regressor(RegressorMixin, BaseEstimator):
    """Answers what it was told."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def predict(self, _rows: Any) -> Any:
        """Answer in numbers, or not."""
        return self.answer


@pytest.fixture(scope="session")
def logistic() -> LogisticRegression:
    """Fit a real model of two columns."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 2))
    return LogisticRegression().fit(rows, rows[:, 0] > 0)
