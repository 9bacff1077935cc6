"""What the answer to one row leaves on its span, where `span_scores` asks for it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression

import otelml
from otelml.testing import capture, total

SCORE, CLASS = "ml.prediction.score", "ml.prediction.class"


@pytest.fixture
def opted_in():
    """Watch every model, with scores on spans."""
    with capture("delta") as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider, span_scores=True)
        try:
            yield kept
        finally:
            otelml.uninstrument()


class Saying(ClassifierMixin, BaseEstimator):
    """Answers the probabilities that it was given, whatever it is asked."""

    def __init__(self, answer, classes):
        self.answer, self.classes_ = answer, np.array(classes)

    def predict_proba(self, _rows):
        """Answer probabilities."""
        return np.array(self.answer)

    def predict(self, _rows):
        """Answer a label that it does not know."""
        return np.array(["wolf"])


def told(captured):
    """Return class and score of each span, None where there is none."""
    return [(span.attributes.get(CLASS), span.attributes.get(SCORE)) for span in captured.spans()]


def test_binary_models_tell_the_positive_class(opted_in):
    """The score is the probability of the positive class, whichever was chosen; labels alone have none."""
    model = LogisticRegression().fit([[0.0], [1.0]], ["no", "yes"])
    for row in ([[0.1]], [[0.9]], [[0.8]]):
        model.predict_proba(row)
    model.predict([[0.9]])
    likely = model.predict_proba([[0.1], [0.9], [0.8]])[:, 1].tolist()
    assert told(opted_in)[:3] == [
        (label, pytest.approx(p)) for label, p in zip(("no", "yes", "yes"), likely, strict=True)
    ]
    assert told(opted_in)[3] == ("yes", None)


def test_the_threshold_decides_the_class(opted_in):
    """The class is the one that the threshold of the service gives, as in `ml.predictions`."""
    model = otelml.identify(Saying([[0.7, 0.3]], [0, 1]), name="careful", threshold=0.25, positive_class=1)
    model.predict_proba([[0]])
    assert told(opted_in) == [("1", 0.3)]


def test_more_classes_tell_the_chosen_one(opted_in):
    """The score is the probability of the class that was chosen."""
    Saying([[0.2, 0.5, 0.3]], ["a", "b", "c"]).predict_proba([[0]])
    assert told(opted_in) == [("b", 0.5)]


@pytest.mark.parametrize(
    ("answer", "expected"), [([[0.2, np.nan]], "other"), ([[-2.0, 3.0]], "1"), ([[0.1] * 3], None)]
)
def test_what_is_no_probability_is_no_score(opted_in, answer, expected):
    """NaN, numbers beyond a probability and a wrong shape: no score, and the call is counted all the same."""
    Saying(answer, [0, 1]).predict_proba([[0]])
    assert told(opted_in) == [(expected, None)]
    assert total(opted_in.points(), "ml.inference.rows").last == 1


def test_an_unknown_label_is_not_told(opted_in):
    """A label that is none of the model's classes is `other`."""
    Saying([[0.5, 0.5]], ["cat", "dog"]).predict([[0]])
    assert told(opted_in) == [("other", None)]


def test_batches_and_numbers_tell_nothing(opted_in):
    """Spans of several rows, and of regressions, have neither class nor score."""
    LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict_proba([[0.1], [0.9]])
    LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]).predict([[0.5]])
    assert told(opted_in) == [(None, None)] * 2


def test_by_default_spans_tell_no_answer(captured):
    """Without the setting no span says what was answered."""
    LogisticRegression().fit([[0.0], [1.0]], [0, 1]).predict_proba([[0.1]])
    assert told(captured) == [(None, None)]
