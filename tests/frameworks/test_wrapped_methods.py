"""What a program asks of a method that is monitored: whatever it is, it is answered as without us."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import logging
import os
import pickle
import subprocess
import sys
import warnings
from types import FunctionType, MethodType
from unittest import mock

import cloudpickle
import dill
import joblib
import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

import otelml
from frameworks.cases import X
from otelml.testing import total

Y = X[:, 0] > 0


class Counting:
    """A decorator that is a class, with an attribute of its own, and binds through a partial."""

    def __init__(self, function):
        functools.update_wrapper(self, function)
        self.function, self.calls = function, 0

    def __get__(self, instance, owner=None):
        return self if instance is None else functools.partial(self, instance)

    def __call__(self, *args):
        """Call, and count."""
        self.calls += 1
        return self.function(*args)


def shapes():
    """Make classes anew, so that one is made without us and one with us."""

    class Model(LogisticRegression):
        """A model of the host's."""

        def predict(self, X, *, flag: bool = False):
            """Predict."""
            return flag or super().predict(X)

        async def predict_proba(self, X):
            """Predict later."""
            return X

        async def decision_function(self, X):
            """Predict one after the other."""
            yield X

        def score_samples(self, X):
            """Predict bit by bit."""
            yield X

        @functools.lru_cache(maxsize=8)  # noqa: B019 -- what hosts do
        def predict_log_proba(self, X):
            """Predict once."""
            return [X]

    class Timed(BaseEstimator):
        @Counting
        def predict(self, X):
            """Predict, and count."""
            return X

    return Model, Timed


def attributes(function):
    """Ask a function all that is asked by attribute or by `isinstance`."""
    code = getattr(function, "__code__", None)
    return {
        **{name: getattr(function, name, None) for name in ("__name__", "__qualname__", "__module__", "__doc__")},
        **{name: getattr(function, name, None) for name in ("__defaults__", "__kwdefaults__", "__annotations__")},
        "code": code and (code.co_filename, code.co_firstlineno, code.co_name, code.co_varnames, code.co_flags),
        "globals": getattr(function, "__globals__", {}).get("__name__"),
        "closure": [str(type(cell.cell_contents)) for cell in getattr(function, "__closure__", None) or ()],
        "wrapped": hasattr(function, "__wrapped__"),
        "vars": sorted(vars(function)),
        "dir": sorted(dir(function)),
        "flags": [
            ask(function)
            for ask in (
                inspect.isfunction, inspect.ismethod, inspect.isroutine, inspect.iscoroutinefunction,
                inspect.isgeneratorfunction, inspect.isasyncgenfunction, asyncio.iscoroutinefunction,
            )
        ],
        "signature": str(inspect.signature(function)),
        "source": inspect.getsource(function),
        "type": isinstance(function, FunctionType),
    }  # fmt: skip


NAMES = ("predict", "predict_proba", "decision_function", "score_samples", "predict_log_proba", "fit")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bound", [False, True], ids=["function", "method"])
def test_attributes_are_the_originals(name, bound, request):
    """Flags, code, globals, closure, signature, source and attributes of a decorator are as without us."""

    def ask():
        model, _ = shapes()
        return attributes(getattr(model() if bound else model, name))

    alone = ask()
    request.getfixturevalue("captured")
    assert ask() == alone


@pytest.mark.usefixtures("captured")
def test_attributes_of_a_decorator_are_there():
    """Caches are cleared, calls are counted, and what is set is set, on the host's own object."""
    model, timed = shapes()
    one = model()
    assert one.predict_log_proba((1,)) is one.predict_log_proba((1,))
    assert one.predict_log_proba.cache_info().hits == model.predict_log_proba.cache_info().hits == 1
    one.predict_log_proba.cache_clear()
    assert model.predict_log_proba.cache_info().currsize == 0
    assert type(one.predict_log_proba) is MethodType
    two = timed()
    two.predict(X)
    assert type(two.predict) is functools.partial
    assert two.predict.func.calls == timed.predict.calls == 1
    model.predict.note = "host's"
    assert one.predict.note == "host's"
    del model.predict.note
    assert not hasattr(one.predict, "note")
    assert not hasattr(SVC(), "predict_proba")  # which is there with `probability=True` alone


@pytest.mark.usefixtures("captured")
def test_identity_and_copies():
    """A method is itself, when it is asked for again, compared, copied, or looked up in its class."""
    model, _ = shapes()
    one = model()
    assert one.predict == one.predict
    assert one.predict.__func__ is model.predict is vars(model)["predict"]
    assert copy.copy(model.predict) is copy.deepcopy(model.predict) is model.predict
    assert type(one.predict) is MethodType
    assert repr(model.predict).startswith("<function ")
    assert {"predict", "fit"} <= {name for name, _ in inspect.getmembers(model, inspect.isfunction)}
    with mock.patch.object(model, "predict", autospec=True, return_value=1) as spec:
        assert one.predict(X) == 1
        assert spec.call_args[0][0] is one


def test_functions_are_edited_in_place(captured):
    """A tool that puts a new function's code into the old one, as `%autoreload` does, changes what runs."""

    class Old(LogisticRegression):
        def predict(self, X):  # noqa: ARG002
            return "old"

    class New(LogisticRegression):
        def predict(self, X, answer="new"):  # noqa: ARG002
            return answer

    model = Old()
    for name in ("__code__", "__defaults__", "__doc__", "__dict__"):
        setattr(Old.predict, name, getattr(New.predict, name))
    assert model.predict(X) == "new"
    Old.predict.__defaults__ = ("newer",)
    assert model.predict(X) == "newer"
    assert len(captured.spans()) == 2
    otelml.uninstrument()
    assert model.predict(X) == "newer"


def test_warnings_name_the_caller(captured):
    """A warning with a `stacklevel`, and a log record with one, name the line that called the method."""

    class Old(BaseEstimator):
        @functools.cache  # noqa: B019 -- a decorator without frames
        def predict(self, X):
            warnings.warn("of old", DeprecationWarning, stacklevel=2)
            return X

        def predict_proba(self, X):
            warnings.warn("of old", DeprecationWarning, stacklevel=2)
            return X

        async def decision_function(self, X):
            warnings.warn("of old", DeprecationWarning, stacklevel=2)
            return X

        def fit(self, X, y):  # noqa: ARG002
            warnings.warn("of old", DeprecationWarning, stacklevel=2)
            return self

    async def main():
        await Old().decision_function(X)

    callers = [
        lambda: Old().predict((1,)),
        lambda: Old().predict_proba(X),
        lambda: Old().fit(X, Y),
    ]
    for caller in callers:
        with pytest.warns(DeprecationWarning, match="of old") as caught:
            caller()
        assert (caught[0].filename, caught[0].lineno) == (__file__, caller.__code__.co_firstlineno)
    with pytest.warns(DeprecationWarning, match="of old") as caught:
        asyncio.run(main())
    assert (caught[0].filename, caught[0].lineno) == (__file__, main.__code__.co_firstlineno + 1)
    assert len(captured.spans()) == 3


@pytest.mark.skipif(sys.version_info < (3, 11), reason="logging counted every frame before")
@pytest.mark.usefixtures("captured")
def test_log_records_name_the_caller(caplog):
    """A log record with a `stacklevel` names the function that called the method."""

    class Chatty(BaseEstimator):
        def predict(self, X):
            logging.getLogger("host").warning("called", stacklevel=2)
            return X

    Chatty().predict(X)
    assert [one.funcName for one in caplog.records if one.name == "host"] == ["test_log_records_name_the_caller"]


PICKLES = """
import sys, pickle, cloudpickle, joblib, otelml
import dill  # after joblib, whose hasher would take over what dill changes in pickle
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
if "on" in sys.argv:
    otelml.instrument()
class Rule(BaseEstimator):
    def predict(self, X):
        return [int(row[0] > 0) for row in X]
    @staticmethod
    def decision_function(X):
        return X
model = Rule()
for what in (model, Rule, Rule.predict, model.predict, LogisticRegression.predict, LogisticRegression().fit):
    for dump in (
        pickle.dumps, cloudpickle.dumps, dill.dumps, lambda one: dill.dumps(one, recurse=True), joblib.hash,
    ):
        data = dump(what)
        print(len(data), b"otelml" in data if isinstance(data, bytes) else data)
print(vars(dill.loads(dill.dumps(Rule)))["predict"].__class__, dill.loads(dill.dumps(model)).predict([[1.0]]))
print(vars(cloudpickle.loads(cloudpickle.dumps(Rule)))["decision_function"].__class__)
"""


def test_pickles_are_as_without(tmp_path):
    """Each pickle library writes of models, classes and methods of `__main__` what it writes without us."""
    program = tmp_path / "program.py"
    program.write_text(PICKLES)
    outputs = [
        subprocess.run(  # noqa: S603 -- our own program
            [sys.executable, program, on], capture_output=True, text=True, check=True, timeout=120,
            env={**os.environ, "PYTHONHASHSEED": "0"},
        ).stdout
        for on in ("off", "on")
    ]  # fmt: skip
    assert outputs[0] == outputs[1]
    assert "True" not in outputs[1]


MEMORY = """
import sys, joblib, otelml
if "on" in sys.argv:
    otelml.instrument()
from mymodel import Rule
print(joblib.Memory("cache_" + sys.argv[1], verbose=0).cache(Rule().predict)([[1.0]]))
"""
MODEL = """
from sklearn.base import BaseEstimator
class Rule(BaseEstimator):
    def predict(self, X):
        return [{} for _ in X]
"""


@pytest.mark.parametrize("way", ["off", "on"])
def test_a_cache_sees_that_code_changed(tmp_path, way):
    """The `Memory` of joblib keeps the source of a method: what was computed by other code is computed anew."""
    (tmp_path / "run.py").write_text(MEMORY)
    answers = []
    for answer in (2.0, 2.0, 3.5):
        (tmp_path / "mymodel.py").write_text(MODEL.format(answer))
        answers.append(
            subprocess.run(  # noqa: S603 -- our own program
                [sys.executable, "-B", "run.py", way], capture_output=True, text=True, check=True, timeout=120,
                cwd=tmp_path,
            ).stdout.strip()
        )  # fmt: skip
    assert answers == ["[2.0]", "[2.0]", "[3.5]"]


def test_functions_of_modules_are_pickled_by_name(captured):
    """What stands in a module in place of a function is pickled as a function is, by each library."""
    validation = sys.modules["sklearn.model_selection._validation"]
    function = validation._fit_and_score
    for library in (pickle, cloudpickle, dill):
        assert library.loads(library.dumps(function)) is function
    assert joblib.hash(function)
    assert captured.spans() == []


def test_rows_are_counted_all_the_same(captured):
    """A class whose methods were asked everything is monitored as ever."""
    _, timed = shapes()

    class Model(LogisticRegression):
        def predict(self, X):
            return super().predict(X)

    one = Model().fit(X, Y)
    attributes(one.predict)
    assert len(one.predict(X)) == len(X)
    assert np.array_equal(timed().predict(X), X)
    assert total(captured.points(), "ml.inference.rows").last == 2 * len(X)
