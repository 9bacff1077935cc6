"""What numbers are, judged by their range and by the labels beside them."""

from __future__ import annotations

import numpy as np
import pytest

from otelml.evidence import alone, judge
from otelml.prediction import Form

GENERATOR = np.random.default_rng(3)
LETTERS = np.array(["early", "late", "never"])


def softmax(margins):
    """Give one probability a class."""
    powers = np.exp(margins)
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_probabilities_add_up(kind):
    """Rows in [0, 1] that add up to one are probabilities in any precision, with or without a label."""
    scores = softmax(GENERATOR.normal(size=(50, 3))).astype(kind)
    assert judge(scores, None)[:2] == (Form.PROBABILITIES, (0, 1, 2))
    labels = LETTERS[scores.argmax(axis=1)]
    assert judge(scores, labels) == (Form.PROBABILITIES, tuple(LETTERS), (0, 1, 2))


def test_classes_are_those_of_the_label():
    """A label that was seen names its column; the others keep their position until they are seen."""
    assert judge(np.array([[0.1, 0.9]]), np.array(["late"])) == (Form.PROBABILITIES, (0, "late"), (1,))
    assert judge(np.array([[0.1, 0.9]]), np.array([2])) == (Form.PROBABILITIES, (0, 2), (1,))
    assert judge(np.array([[0.1, 0.9]]), np.array([1])) == (Form.PROBABILITIES, (0, 1), (0, 1))


def test_labels_of_another_rule_name_nothing():
    """Where a threshold decided the label, and not the largest probability, columns are positions."""
    scores = softmax(GENERATOR.normal(size=(50, 2)))
    labels = (scores[:, 1] > 0.2).astype(int)
    assert judge(scores, labels)[:2] == (Form.PROBABILITIES, (0, 1))


def test_margins_are_where_the_label_is():
    """Margins are largest where the label is: then the label counts, under its own classes."""
    margins = GENERATOR.normal(size=(50, 3))
    assert judge(margins, LETTERS[margins.argmax(axis=1)])[:2] == (Form.LABELS, tuple(LETTERS))
    assert judge(margins, margins.argmax(axis=1))[:2] == (Form.LABELS, (0, 1, 2))
    assert judge(margins, margins.argmax(axis=1) + 1)[:2] == (Form.LABELS, (1, 2, 3))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ([0], ((0, 1), (0,))),
        ([-1], ((-1, 1), (0,))),
        ([-1, 1], ((-1, 1), (0, 1))),
        ([3, 0], ((0, 1, 2, 3), (0, 3))),
        ([True], ((False, True), (1,))),
        (["b", "a"], (("a", "b"), (0, 1))),
        (range(21), None),
    ],
)
def test_labels_alone(labels, expected):
    """Labels without numbers are classes in their order, as far as they show them."""
    assert alone(list(labels)) == expected


def test_equal_margins_decide_nothing():
    """Rows with two largest numbers are labelled either way, and contradict nothing."""
    margins = np.array([[1.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 0.0, 4.0]])
    assert judge(margins, np.array([1, 0, 1, 2]))[:2] == (Form.LABELS, (0, 1, 2))


@pytest.mark.parametrize("rows", [1, 2, 50])
def test_distances_are_values(rows):
    """Distances are smallest where the label is, and are values: also one row at a time."""
    distances = np.abs(GENERATOR.normal(size=(rows, 3))) + 0.1
    assert judge(distances, distances.argmin(axis=1)) == (Form.VALUES, (), ())


def test_one_row_that_does_not_tell():
    """A whole number that might be a position of any column does not tell, and is asked again."""
    assert judge(np.array([[3.0, -1.0, 0.5]]), np.array([2])) is None
    assert judge(np.array([[0.7]]), np.array([1])) is None
    assert judge(np.empty((0, 2)), None) is None
    assert judge(np.array([[np.nan, 1.0]]), np.array([1])) is None


@pytest.mark.parametrize(
    ("numbers", "labels", "expected"),
    [
        ([-1.5, 0.2], [0, 1], (Form.MARGINS, (0, 1))),
        ([-1.5, 0.2], ["no", "yes"], (Form.MARGINS, ("no", "yes"))),
        ([-0.1], [-1], (Form.MARGINS, (-1, 1))),
        ([0.2], [1], (Form.MARGINS, (0, 1))),
        ([0.2], [0], (Form.PROBABILITIES, (0, 1))),
        ([0.2, 0.8], ["no", "yes"], (Form.PROBABILITIES, ("no", "yes"))),
        ([2.5, 2.6, -1.0], [7, 8, 9], (Form.VALUES, ())),
        ([0.2, 0.3, 0.4], [0, 1, 2], (Form.VALUES, ())),
    ],
)
def test_one_column(numbers, labels, expected):
    """One number a row is a margin where its sign is the label, and a probability where one half parts the labels."""
    assert judge(np.array(numbers)[:, None], np.array(labels))[:2] == expected
