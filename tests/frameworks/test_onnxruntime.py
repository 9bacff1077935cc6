"""ONNX Runtime: what the outputs of a session are, and which of them is counted."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

from frameworks.cases import ROWS, X, lettered, linear, logistic, means, session
from frameworks.counts import assert_scores, assert_values, classes, counted, names
from otelml.testing import select, total

FEED = {"X": X}


def probabilities(rows):
    """Give the scores of a list of dicts as an array."""
    return np.array([list(row.values()) for row in rows])


def test_zipmap_tells_its_classes(captured):
    """Probabilities in dicts are counted under the labels that they come with, from the first answer on."""
    model = session(lettered)()
    for _ in range(2):
        labels, scores = model.run(None, FEED)
        points = captured.points()
        assert classes(points) == counted(labels)
        assert_scores(points, probabilities(scores))
    assert captured.spans()[-1].attributes["ml.task"] == "multiclass"


def test_tensor_of_probabilities(captured):
    """Probabilities in a tensor are counted by position."""
    labels, scores = session(logistic, zipmap=False)().run(None, FEED)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_scores(points, scores[:, 1])


@pytest.mark.parametrize("form", [{}, {"zipmap": False}])
def test_most_informative_output_is_counted(captured, form):
    """Of the outputs that were asked for, in whichever order, the most informative is counted."""
    model = session(logistic, **form)()
    label, probability = [output.name for output in model.get_outputs()]
    [scores] = model.run([probability], FEED)
    scores = np.asarray(scores) if form else probabilities(scores)
    assert_scores(captured.points(), scores[:, 1])
    model.run([probability, label], FEED)
    assert_scores(captured.points(), scores[:, 1])
    model.run(output_names=[label, probability], input_feed=FEED)
    assert_scores(captured.points(), scores[:, 1])
    [labels] = model.run([label], FEED)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_scores(points, [])
    assert total(points, "ml.inference.rows").last == ROWS


def test_labels_of_unknown_classes_are_rows(captured):
    """A label alone, of a session whose classes nobody told, is a row that was answered and no number."""
    model = session(lettered)()
    model.run([model.get_outputs()[0].name], FEED)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == {}
    assert not select(points, "otelml.dropped")


def test_numbers_are_values(captured):
    """A column of numbers is values."""
    [values] = session(linear)().run(None, FEED)
    assert values.shape == (ROWS, 1)
    assert_values(captured.points(), values)


def test_scores_that_are_no_probabilities(captured):
    """Distances of a clusterer are values."""
    _, scores = session(means)().run(None, FEED)
    points = captured.points()
    assert_values(points, scores)
    assert_scores(points, [])


def images():
    """A session whose answers have three dimensions."""
    node = helper.make_node("Reshape", ["X", "shape"], ["picture"])
    shape = helper.make_tensor("shape", TensorProto.INT64, [3], [-1, 3, 1])
    graph = helper.make_graph(
        [node],
        "picture",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 3])],
        [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [None, 3, 1])],
        [shape],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return model.SerializeToString()


def test_pictures_are_rows(captured):
    """What has more dimensions than a table is counted by its rows."""
    onnxruntime.InferenceSession(images(), providers=["CPUExecutionProvider"]).run(None, FEED)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert_values(points, [])


def test_session_is_named_after_its_file(captured, tmp_path):
    """A session that was read from a file bears the file's name, another its class's."""
    path = tmp_path / "late-flights.onnx"
    path.write_bytes(images())
    for source in (path, str(path), images()):
        onnxruntime.InferenceSession(source, providers=["CPUExecutionProvider"]).run(None, FEED)
    assert names(captured) == ["run late-flights", "run late-flights", "run InferenceSession"]


def test_unknown_output_is_the_hosts_error(captured):
    """An output that does not exist raises the runtime's own error."""
    model = session(linear)()
    with pytest.raises(Exception, match=r"(?i)invalid output name"):
        model.run(["nothing"], FEED)
    assert [span.status for span in captured.spans()] == ["ERROR"]


def test_several_inputs_are_columns_by_name(captured):
    """A session that takes its columns one by one is counted as if they were one table."""
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in ("age", "amount")]
    output = helper.make_tensor_value_info("sum", TensorProto.FLOAT, [None, 1])
    graph = helper.make_graph([helper.make_node("Add", ["age", "amount"], ["sum"])], "added", inputs, [output])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    model = onnxruntime.InferenceSession(made.SerializeToString())
    model.run(None, {"age": X[:, :1], "amount": X[:, 1:2]})
    points = captured.points()
    for at, name in enumerate(("age", "amount")):
        own = {"ml.column.name": name}
        assert total(points, "ml.column.values", own).last == ROWS
        squares = total(points, "ml.column.moment", {**own, "ml.moment": "squared"}).last
        assert squares == pytest.approx(float((X[:, at].astype(float) ** 2).sum()), rel=1e-6)
