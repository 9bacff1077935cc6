"""The normal form: whatever a framework answers in becomes classes, scores or values."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from otelml.batches import predictions
from otelml.prediction import UNKNOWN, Decision, Form, Task, label_text, label_texts, normalise

BINARY = Decision(Task.BINARY, ("0", "1"), 1, 0.5)
THREE = Decision(Task.MULTICLASS, ("a", "b", "c"))
NUMBER = Decision(Task.REGRESSION)
LABELS = st.one_of(st.integers(), st.booleans(), st.text(), st.floats(allow_nan=False), st.none(), st.binary())


@given(LABELS, LABELS)
def test_equal_labels_share_a_text(one, other):
    """Labels that Python holds equal have one text, whatever their type."""
    if one == other:
        assert label_text(one) == label_text(other)


@given(st.lists(st.integers(-3, 3)) | st.lists(st.floats(allow_nan=False, width=32)) | st.lists(st.booleans()))
def test_texts_of_an_array_are_those_of_its_labels(labels):
    """An array of labels gives what each label gives."""
    assert label_texts(np.array(labels)) == [label_text(label) for label in labels]


@pytest.mark.parametrize("label", [1, True, 1.0, np.int8(1), np.float32(1), np.bool_(True), "1", b"1", np.str_("1")])  # noqa: FBT003
def test_one_is_one(label):
    """Frameworks return their own kinds of one; users bring theirs."""
    assert label_text(label) == "1"


def test_texts_of_objects():
    """Arrays of objects and texts keep their texts; a missing label has one too."""
    assert label_texts(np.array(["late", 1, None, 2.0], dtype=object)) == ["late", "1", "None", "2"]
    assert label_texts(np.array(["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize("answer", [[1, 0, 7], [[1], [0], [7]], ["1", "0", "7"], [1.0, 0.0, 7.0]])
def test_labels_become_positions(answer):
    """A label is its position among the classes; one that nobody knows is -1 and told."""
    prediction = normalise(Form.LABELS, BINARY, np.array(answer))
    assert prediction.predicted.tolist() == [1, 0, -1]
    assert prediction.unknown == ("7",)


def test_labels_of_several_outputs_are_rows_only():
    """A matrix of labels has no one class a row."""
    assert normalise(Form.LABELS, THREE, np.array([["a", "b"]])).predicted is None


@pytest.mark.parametrize(("positive", "expected"), [(1, [0.9, 0.2, 0.5]), (0, [0.1, 0.8, 0.5])])
def test_binary_probabilities(positive, expected):
    """The score is the positive class's, from the threshold on it is positive."""
    decision = Decision(Task.BINARY, ("0", "1"), positive, 0.5)
    prediction = normalise(Form.PROBABILITIES, decision, np.array([[0.1, 0.9], [0.8, 0.2], [0.5, 0.5]]))
    assert prediction.scores.tolist() == expected
    assert prediction.predicted.tolist() == [positive if score >= 0.5 else 1 - positive for score in expected]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_column_is_a_score(shape):
    """Frameworks that return one column of probabilities mean the second class."""
    prediction = normalise(Form.PROBABILITIES, BINARY, np.array([0.9, 0.2, 0.5]).reshape(shape))
    assert prediction.scores.tolist() == [0.9, 0.2, 0.5]
    assert prediction.predicted.tolist() == [1, 0, 1]


@pytest.mark.parametrize("shape", [(3,), (3, 1)])
def test_one_column_is_of_the_second_class(shape):
    """Where the first class is the positive one, its score is what a column of the second leaves."""
    decision = replace(BINARY, positive=0)
    prediction = normalise(Form.PROBABILITIES, decision, np.array([0.75, 0.25, 0.5]).reshape(shape))
    assert prediction.scores.tolist() == [0.25, 0.75, 0.5]
    assert prediction.predicted.tolist() == [1, 0, 0]


def test_many_probabilities():
    """Of several classes the largest is chosen, and all scores are kept."""
    answer = np.array([[0.2, 0.5, 0.3], [0.6, 0.2, 0.2]])
    prediction = normalise(Form.PROBABILITIES, THREE, answer)
    assert prediction.predicted.tolist() == [1, 0]
    assert prediction.scores.tolist() == answer.tolist()


def test_log_probabilities():
    """Logarithms become probabilities, minus infinity zero."""
    prediction = normalise(Form.LOG_PROBABILITIES, BINARY, np.array([[0.0, -np.inf]]))
    assert prediction.scores.tolist() == [0.0]


def test_a_missing_score_is_of_no_class():
    """NaN is below no threshold: the row is of no class, not of the negative one."""
    prediction = normalise(Form.PROBABILITIES, BINARY, np.array([[np.nan, np.nan], [0.1, 0.9]]))
    assert prediction.predicted.tolist() == [-1, 1]
    answer = np.array([[np.nan, 0.5, 0.3], [0.6, 0.2, 0.2]])
    assert normalise(Form.PROBABILITIES, THREE, answer).predicted.tolist() == [-1, 0]


def test_margins():
    """One margin decides by its sign and is a value; several are values, and decide where the model says so."""
    prediction = normalise(Form.MARGINS, BINARY, np.array([-1.0, 0.0, 2.0]))
    assert prediction.predicted.tolist() == [0, 0, 1]
    assert prediction.values.tolist() == [-1.0, 0.0, 2.0]
    rows = np.array([[1.0, 2.0, 3.0], [4.0, 2.0, 3.0], [np.nan, 2.0, 3.0]])
    several = normalise(Form.MARGINS, THREE, rows)
    assert (several.predicted, several.scores) == (None, None)
    assert several.values.tolist()[:2] == rows.tolist()[:2]
    decided = normalise(Form.MARGINS, replace(THREE, largest=True), rows)
    assert decided.predicted.tolist() == [2, 0, -1]
    pairs = normalise(Form.MARGINS, replace(THREE, largest=True), np.ones((2, 6)))
    assert pairs.predicted is None


@pytest.mark.parametrize("answer", [np.array([1, 2]), np.array([[1.0], [2.0]]), np.array(["1", "2.0"])])
def test_values(answer):
    """Numbers are numbers, in one column or none, also where they came as objects and are texts now."""
    assert normalise(Form.VALUES, NUMBER, answer).values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("answer", [["a@example.org"], [b"x"], [1j], [np.datetime64("2013-01-01")]])
@pytest.mark.parametrize("form", [Form.VALUES, Form.PROBABILITIES, Form.MARGINS, Form.LOG_PROBABILITIES])
def test_what_is_no_number_raises_without_quoting(form, answer):
    """The error names the type and never the content: it is logged."""
    with pytest.raises(ValueError, match="what should be numbers is ") as raised:
        normalise(form, BINARY, np.array(answer))
    assert "example" not in str(raised.value)
    assert raised.value.__context__ is None


def test_columns_that_fit_no_class_raise():
    """Five columns for three classes are no answer that can be counted."""
    with pytest.raises(ValueError, match="5 columns of probabilities for 3 classes"):
        normalise(Form.PROBABILITIES, THREE, np.zeros((2, 5)))


@pytest.mark.parametrize("form", Form)
def test_no_rows_are_nothing(form):
    """An empty answer is a prediction of no rows in every form."""
    prediction = normalise(form, BINARY, np.empty((0, 2)))
    assert (prediction.n_rows, prediction.predicted, prediction.scores, prediction.values) == (0, None, None, None)


@pytest.mark.parametrize("given_ids", [[1, 2], [1.0, 2.0], np.array([1, 2]), ["1", "2"], [b"1", b"2"]])
def test_ids_are_texts_as_outcomes_have_them(given_ids):
    """An id may change its type between prediction and outcome, as pandas makes floats of integers."""
    with predictions(ids=given_ids) as batch:
        assert batch.ids == ["1", "2"] == [label_text(one) for one in given_ids]


def test_larger_probability_decides_by_default():
    """Without a threshold of anybody's the larger probability decides, and of equal ones that of the first class."""
    tie = np.array([[0.5, 0.5], [0.4, 0.6]])
    for positive in (0, 1):
        decision = Decision(Task.BINARY, ("0", "1"), positive, first=True)
        assert normalise(Form.PROBABILITIES, decision, tie).predicted.tolist() == [0, 1]
    assert normalise(Form.PROBABILITIES, BINARY, tie).predicted.tolist() == [1, 1]


def test_margins_are_cut_where_the_model_cuts():
    """A margin at the cut is of the second class where the model has it so; an unknown cut decides nothing."""
    margins = np.array([0.0, 1.0, 2.0, np.nan])
    for inclusive, expected in ((False, [0, 0, 1, -1]), (True, [0, 1, 1, -1])):
        decision = Decision(Task.BINARY, ("0", "1"), 1, margin=1.0, inclusive=inclusive)
        assert normalise(Form.MARGINS, decision, margins).predicted.tolist() == expected
    unknown = Decision(Task.BINARY, ("0", "1"), 1, threshold=UNKNOWN, margin=UNKNOWN)
    assert normalise(Form.MARGINS, unknown, margins).predicted is None
    scored = normalise(Form.PROBABILITIES, unknown, np.array([[0.2, 0.8]]))
    assert (scored.predicted, scored.scores.tolist()) == (None, [0.8])
