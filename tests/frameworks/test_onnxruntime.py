"""ONNX Runtime: what the outputs of a session are, and which of them is counted."""

from __future__ import annotations

import threading

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper
from sklearn.linear_model import LogisticRegression

import otelml
from frameworks.cases import BINARY, ROWS, X, lettered, linear, logistic, means, session
from frameworks.counts import assert_scores, assert_values, classes, counted, names
from otelml.arrays import n_rows
from otelml.frameworks.onnxruntime import local
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


@pytest.mark.parametrize("rows", [1, 5, ROWS])
@pytest.mark.parametrize("form", [{}, {"zipmap": False}])
@pytest.mark.parametrize("build", [lettered, logistic])
def test_labels_alone(captured, build, form, rows):
    """A session that is asked for its label alone counts the classes that it shows, and outcomes are judged by them."""
    model = session(build, **form)()
    label = model.get_outputs()[0].name
    with otelml.predictions(ids=range(ROWS)):
        labels = np.concatenate([model.run([label], {"X": X[at : at + rows]})[0] for at in range(0, ROWS, rows)])
    actual = np.roll(labels, 1)
    otelml.record_outcomes(range(ROWS), actual)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == counted(labels)
    for correct in (True, False):
        assert total(points, "ml.outcomes", {"ml.correct": correct}).last == ((labels == actual) == correct).sum()
    assert not select(points, "otelml.dropped")


@pytest.mark.parametrize("form", [{}, {"zipmap": False}, {"zipmap": "columns"}])
def test_labels_first_and_scores_later(captured, form):
    """Rows whose label came alone stay counted where scores come later, in whichever order."""
    model, scored = session(lettered, **form)(), []
    label = [model.get_outputs()[0].name]
    for asked in (label, None, label, None):
        answer = model.run(asked, FEED)
        if asked is None:
            scores = np.column_stack(answer[1:]) if form.get("zipmap") == "columns" else answer[1]
            scored.append(scores if form else probabilities(scores))
    points = captured.points()
    assert classes(points) == {name: 4 * count for name, count in counted(answer[0]).items()}
    assert_scores(points, np.concatenate(scored))


def test_labels_without_end_are_no_classes(captured):
    """Whole numbers that hardly come twice, alone, are rows and no classes."""
    model = echo(2)
    model.run(["label"], {"in0": np.arange(ROWS), "in1": MARGINS})
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert classes(points) == {}


@pytest.mark.parametrize("positive", [None, 0, 1])
@pytest.mark.parametrize(("names", "rows"), [((0, 1), 1), ((0, 1), ROWS), (("late", "on time"), ROWS)])
def test_an_output_a_class(captured, names, positive, rows):
    """Probabilities in an output a class are those of their classes, whichever is the positive one."""
    texts = np.array(names)[BINARY]
    model = session(lambda: LogisticRegression().fit(X, texts), zipmap="columns")()
    otelml.identify(model, name="columns", positive_class=None if positive is None else names[positive])
    answers = [model.run(None, {"X": X[at : at + rows]}) for at in range(0, ROWS, rows)]
    labels, *scores = (np.concatenate(one) for one in zip(*answers, strict=True))
    points = captured.points()
    assert classes(points) == counted(labels)
    at = 1 if positive is None else positive
    [own] = [one for one in select(points, "ml.prediction.score") if one.attributes["ml.class"] == str(names[at])]
    assert (own.count, own.sum) == (ROWS, pytest.approx(float(scores[at].sum()), rel=1e-5))


def test_one_of_two_outputs_a_class(captured):
    """Once it is known which output is of which class, one of two tells of both, in any order."""
    model = session(logistic, zipmap="columns")()
    label, *columns = [one.name for one in model.get_outputs()]
    labels, _, second = model.run(None, FEED)
    asks = ([columns[0]], [columns[1]], columns[::-1], [columns[0], label], [columns[1], label])
    for asked in asks:
        model.run(asked, FEED)
    points = captured.points()
    assert classes(points) == {name: 6 * count for name, count in counted(labels).items()}
    assert {one.attributes["ml.class"] for one in select(points, "ml.prediction.score") if one.count} == {"1"}
    assert total(points, "ml.prediction.score").last == 6 * ROWS
    [own] = [one for one in select(points, "ml.prediction.score") if one.count]
    assert own.sum == pytest.approx(6 * float(second.sum()), rel=1e-5)


def test_one_output_a_class_of_several(captured):
    """Outputs of three classes are scores of each; of one among them the label counts, or a value."""
    model = session(lettered, zipmap="columns")()
    label, *columns = [one.name for one in model.get_outputs()]
    labels, *scores = model.run(None, FEED)
    model.run([columns[1], label], FEED)
    points = captured.points()
    assert classes(points) == {name: 2 * count for name, count in counted(labels).items()}
    assert_scores(points, np.column_stack(scores))
    [alone] = model.run(columns[1:2], FEED)
    assert_values(captured.points(), alone)


def test_one_output_beside_the_label_before_all(captured):
    """What a single output told of its own class does not turn the others round."""
    model = session(logistic, zipmap="columns")()
    label, first, second = [one.name for one in model.get_outputs()]
    for asked in ([label, first], [label, second], None, [label, first]):
        labels = model.run(asked, FEED)[0]
    assert classes(captured.points()) == {name: 4 * count for name, count in counted(labels).items()}


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


def echo(columns, label=TensorProto.INT64, names=("label", "probabilities"), order=(0, 1)):
    """A session that answers with the labels and the numbers that it is given."""
    elements, shapes = (label, TensorProto.FLOAT), ([None], [None, columns])
    inputs = [helper.make_tensor_value_info(f"in{at}", elements[at], shapes[at]) for at in (0, 1)]
    outputs = [helper.make_tensor_value_info(names[at], elements[at], shapes[at]) for at in (0, 1)]
    nodes = [helper.make_node("Identity", [f"in{at}"], [names[at]]) for at in (0, 1)]
    graph = helper.make_graph(nodes, "echo", inputs, [outputs[at] for at in order])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])


def asked(model, labels, numbers):
    """Answer with these labels and numbers."""
    numbers = np.asarray(numbers, dtype=np.float32)
    return model.run(None, {"in0": np.asarray(labels), "in1": numbers.reshape(len(numbers), -1)})


MARGINS = np.random.default_rng(5).normal(size=(ROWS, 2)).astype(np.float32)


@pytest.mark.parametrize("rows", [1, ROWS])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_margins_called_probabilities(captured, order, rows):
    """Margins are never scores, whatever their name: the label counts, in batches and row by row."""
    model, labels = echo(2, order=order), MARGINS.argmax(axis=1)
    for start in range(0, ROWS, rows):
        asked(model, labels[start : start + rows], MARGINS[start : start + rows])
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_scores(points, [])
    assert not select(points, "otelml.dropped")


@pytest.mark.parametrize("names", [("label", "probabilities"), ("variable", "out")])
def test_one_margin_a_row(captured, names):
    """One margin a row is a value, and its sign the class; at zero the session's own label decides."""
    margins = np.r_[MARGINS[:, 0], 0.0, 0.0].astype(np.float32)
    labels = np.where(margins > 0, 1, -1)
    labels[-1] = 1
    asked(echo(1, names=names), labels, margins)
    points = captured.points()
    assert classes(points) == counted(labels)
    assert_values(points, np.where((margins == 0) & (labels == 1), np.nextafter(0, 1), margins))
    assert_scores(points, [])


def test_scores_under_any_name(captured):
    """Numbers that add up to one beside a label are scores, also where nothing is called so."""
    scores = np.exp(MARGINS) / np.exp(MARGINS).sum(axis=1, keepdims=True)
    asked(echo(2, names=("a", "b")), scores.argmax(axis=1), scores)
    assert_scores(captured.points(), scores[:, 1])


def test_classes_come_with_the_labels(captured):
    """A tensor of probabilities is counted under the labels beside it, each from the row on that showed it."""
    model = echo(3, label=TensorProto.STRING)
    labels = np.array(["early", "early", "never", "late", "early"], dtype=object)
    columns = {"early": 0, "late": 1, "never": 2}
    for label in labels:
        scores = np.full(3, 0.1)
        scores[columns[label]] = 0.8
        asked(model, np.array([label], dtype=object), [scores])
    points = captured.points()
    assert classes(points) == counted(labels.astype(str))
    assert not select(points, "otelml.dropped")


def test_name_without_a_label(captured):
    """A regression that is called a probability is not one."""
    output = helper.make_tensor_value_info("probability_of_rain", TensorProto.FLOAT, [None, 1])
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 1])]
    graph = helper.make_graph([helper.make_node("Identity", ["X"], ["probability_of_rain"])], "rain", inputs, [output])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    model = onnxruntime.InferenceSession(made.SerializeToString())
    percent = (X[:, :1] + 5) * 10
    model.run(None, {"X": percent})
    points = captured.points()
    assert_values(points, percent)
    assert_scores(points, [])


def several_kinds():
    """Classifiers of several labels a row, with one output a label, one for all, and one probability a label."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.neighbors import KNeighborsClassifier

    return (
        MultiOutputClassifier(LogisticRegression()),
        KNeighborsClassifier(3),
        OneVsRestClassifier(LogisticRegression()),
    )


@pytest.mark.parametrize("model", several_kinds(), ids=lambda model: type(model).__name__)
def test_several_labels_a_row(captured, model):
    """Several labels a row are as many rows as were asked about, and no classes of one another."""
    several = np.c_[X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 0].astype(int)
    made = session(lambda: model.fit(X, several), zipmap=False)()
    for _ in range(2):
        made.run(None, FEED)
    made.run([made.get_outputs()[0].name], FEED)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == 3 * ROWS
    assert captured.spans()[-1].attributes["ml.task"] == "multilabel"
    assert classes(points) == {}
    assert_scores(points, [])
    assert not select(points, "otelml.dropped")


def bound(model):
    """Ask by a binding, with a buffer of the host's as input."""
    binding = model.io_binding()
    binding.bind_cpu_input("X", X)
    for output in reversed(model.get_outputs()):
        binding.bind_output(output.name)
    model.run_with_iobinding(binding)


def with_values(model):
    """Ask with values of the runtime's own."""
    model.run_with_ort_values(None, {"X": onnxruntime.OrtValue.ortvalue_from_numpy(X)})


def with_named_values(model):
    """The same by name, in another order."""
    value = onnxruntime.OrtValue.ortvalue_from_numpy(X)
    model.run_with_ort_values(input_dict_ort_values={"X": value}, output_names=[model.get_outputs()[1].name])


def with_vectors(model):
    """Ask with vectors that the answer is put into."""
    from onnxruntime.capi.onnxruntime_pybind11_state import OrtDevice, OrtValueVector

    feeds, fetches = OrtValueVector(), OrtValueVector()
    feeds.push_back(onnxruntime.OrtValue.ortvalue_from_numpy(X)._ortvalue)
    device = OrtDevice(OrtDevice.cpu(), OrtDevice.default_memory(), 0)
    names = [output.name for output in model.get_outputs()]
    model.run_with_ortvaluevector(onnxruntime.RunOptions(), ["X"], feeds, names, fetches, [device, device])


def later(model, feed=None, **given):
    """Ask for an answer that comes later; returns what came."""
    came, done = [], threading.Event()

    def callback(results, data, error):
        came.extend((results, data, error))
        done.set()

    model.run_async(None, feed or FEED, callback, "mine", **given)
    assert done.wait(10)
    return came


@pytest.mark.parametrize("ask", [bound, with_values, with_named_values, with_vectors, later])
def test_every_way_to_run(captured, ask):
    """Whichever way a session is run, rows, scores and columns are counted once."""
    model = session(logistic, threads=2, zipmap=False)()
    scores = model.run(None, FEED)[1]
    captured.points()
    ask(model)
    points = captured.points()
    assert total(points, "ml.inference.rows").last == ROWS
    assert total(points, "ml.inference.duration").last == 1
    assert total(points, "ml.inference.active").last == 0
    assert_scores(points, scores[:, 1])
    assert classes(points) == counted((scores[:, 1] >= 0.5).astype(int))
    own = {"ml.column.role": "input"}
    assert total(points, "ml.column.values", own).last == ROWS * X.shape[1]
    assert not select(points, "otelml.dropped")


def test_later_answer_is_the_hosts(captured):
    """The host's callback gets what the runtime gives it, and the span covers the wait for it."""
    model = session(logistic, threads=2, zipmap=False)()
    results, data, error = later(model)
    np.testing.assert_array_equal(results[0], model.run(None, FEED)[0])
    assert (data, error) == ("mine", "")
    assert captured.spans()[0].name == "run_async InferenceSession"


def test_later_answers_join(captured):
    """Answers that come later are those of the ids at the time of the call."""
    model = session(logistic, threads=2, zipmap=False)()
    labels = model.run(None, FEED)[0]
    with otelml.predictions(ids=range(ROWS)):
        later(model)
    otelml.record_outcomes(range(ROWS), labels)
    assert total(captured.points(), "ml.outcomes").last == ROWS


def test_later_errors_are_seen(captured):
    """An error that comes later is one request that failed; so is one that comes at once."""
    model = session(logistic, threads=2, zipmap=False)()
    _, _, error = later(model, {"X": X[:, :1]})
    assert error
    with pytest.raises(ValueError, match="missing"):
        model.run_async(None, {"Y": X}, lambda *_: None, None)
    assert [span.attributes["error.type"] for span in captured.spans()] == ["RuntimeError", "ValueError"]
    points = captured.points()
    assert total(points, "ml.inference.duration").last == 2
    assert total(points, "ml.inference.active").last == 0


def test_tensors_elsewhere_are_not_copied():
    """A tensor on a device is counted by its rows, and not fetched from there."""

    class OnDevice:
        def is_tensor(self):
            return True

        def device_name(self):
            return "cuda"

        def shape(self):
            return [ROWS, 2]

    assert n_rows(local(OnDevice())) == ROWS
