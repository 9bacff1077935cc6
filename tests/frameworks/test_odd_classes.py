"""Classes that refuse, methods of unusual shape, and wrappers that others put around ours or put back."""

from __future__ import annotations

import functools
import logging
from unittest import mock

import numpy as np
import pytest
import wrapt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

import otelml
from frameworks.cases import X
from otelml.ledger import ledger
from otelml.patching import wrappers
from otelml.testing import total

Y = X[:, 0] > 0


def zeros(X):
    """Answer as a model does."""
    return np.zeros(len(X), int)


class Frozen(type):
    """Refuses to be changed."""

    def __setattr__(cls, name, value):
        raise AttributeError("this class is final")


class Unhashable(type):
    """Is in no set."""

    __hash__ = None


class Unequal(type):
    """Is compared with nothing."""

    __hash__ = type.__hash__

    def __eq__(cls, other):
        raise RuntimeError("no")


class Secretive(type):
    """Tells neither its bases nor its children, nor what it holds."""

    def __getattribute__(cls, name):
        if name in {"__mro__", "__subclasses__", "__dict__", "__module__", "__qualname__"}:
            raise RuntimeError("no")
        return super().__getattribute__(name)


class Lazy:
    """A descriptor whose target is not there."""

    def __getattr__(self, name):
        raise ImportError("optional dependency is missing")

    def __get__(self, instance, owner=None):
        return self


REFUSED = {Frozen: [("predict", "AttributeError")], Lazy: [("predict_proba", "ImportError")]}


@pytest.fixture(params=["before", "after"])
def odd(request):
    """Make an odd class, before or after we look at the classes that there are."""

    def make(kind):
        held = {"predict": lambda _self, X: zeros(X)}
        if kind is Lazy:
            held["predict_proba"] = Lazy()
        metaclass = type if kind is Lazy else kind
        return metaclass(f"Odd{kind.__name__}", (BaseEstimator,), held)

    return request.param, make


@pytest.mark.parametrize("kind", [Frozen, Unhashable, Unequal, Secretive, Lazy])
def test_one_odd_class_spoils_no_other(kind, odd, request, caplog):
    """Whatever a class refuses, it works as before, is named once in the log, and every other is monitored."""
    when, make = odd
    ledger._said.clear()
    cls = make(kind) if when == "before" else None
    kept = request.getfixturevalue("captured")
    cls = cls or make(kind)

    class Later(LogisticRegression):
        def predict(self, X):
            return super().predict(X)

    assert len(cls().predict(X)) == len(X)
    LogisticRegression().fit(X, Y).predict(X)
    Later().fit(X, Y).predict(X)
    names = [span.name for span in kept.spans()]
    assert names[-2:] == ["predict LogisticRegression", "predict Later"]
    odd_name = f"Odd{kind.__name__}"
    texts = [record.getMessage() for record in caplog.records]
    named = [text for text in texts if text.startswith(f"otelml: {odd_name}.")]
    assert named == [f"otelml: {odd_name}.{what} is not monitored: {why}" for what, why in REFUSED.get(kind, ())]
    assert (f"predict {odd_name}" in names) == (kind is not Frozen)


class Base(ClassifierMixin, BaseEstimator):
    """What each shape inherits."""

    def fit(self, X, y):  # noqa: ARG002 -- the signature of scikit-learn
        """Learn nothing."""
        self.classes_ = np.unique(y)
        return self


def shapes():  # noqa: C901 -- one after the other
    """Classes whose `predict` is anything but a function."""

    class OnInstance(Base):
        def __init__(self):
            self.predict = zeros

    class ByProperty(Base):
        @property
        def predict(self):
            return zeros

    class ByCachedProperty(Base):
        @functools.cached_property
        def predict(self):
            return zeros

    class ByGetattr(Base):
        def __getattr__(self, name):
            if name == "predict":
                return zeros
            raise AttributeError(name)

    class ByPartial(Base):
        def _predict(self, X, kind):
            return zeros(X) + kind

        predict = functools.partialmethod(_predict, kind=0)

    class ByStatic(Base):
        predict = staticmethod(zeros)

    class ByClass(Base):
        @classmethod
        def predict(cls, X):
            return zeros(X)

    class ByObject(Base):
        predict = type("Callable", (), {"__call__": lambda _self, X: zeros(X)})()

    class ByDispatch(Base):
        @functools.singledispatchmethod
        def predict(self, X):
            return zeros(X)

    class ByWrapt(Base):
        @wrapt.decorator
        def passing(wrapped, _instance, args, kwargs):  # noqa: N805
            return wrapped(*args, **kwargs)

        @passing
        def predict(self, X):
            return zeros(X)

    class SetLater(Base):
        pass

    SetLater.predict = lambda _self, X: zeros(X)
    return [value for value in locals().values() if isinstance(value, type)]


NAMED = {"OnInstance": "it is set on the instance", "ByCachedProperty": "it is a cached_property"}


@pytest.mark.parametrize("at", range(11))
def test_each_shape_is_seen_or_named(at, captured, caplog):
    """A `predict` of whatever shape is monitored, or named once in the log."""
    ledger._said.clear()
    cls = shapes()[at]
    caplog.clear()
    name = cls.__name__
    for _ in range(2):
        model = cls().fit(X, Y)
        np.testing.assert_array_equal(model.predict(X), zeros(X))
    texts = [record.getMessage() for record in caplog.records if f"{name}.predict" in record.getMessage()]
    if name in NAMED:
        assert all(text.endswith(f"{name}.predict is not monitored: {NAMED[name]}") for text in texts)
        assert len(texts) <= 1
        assert captured.spans() == []
    else:
        assert texts == []
        assert [span.name for span in captured.spans()] == [f"predict {name}"] * 2
        assert total(captured.points(), "ml.inference.rows").last == 2 * len(X)
    otelml.uninstrument()
    assert not any(wrappers.is_ours(held) for held in vars(cls).values())


@pytest.mark.usefixtures("captured")
def test_shapes_that_are_not_monitored_are_named(caplog):
    """The log names each class once, and says why."""
    ledger._said.clear()
    caplog.set_level(logging.WARNING)
    for cls in shapes():
        cls().fit(X, Y)
    texts = [record.getMessage() for record in caplog.records]
    for name, why in NAMED.items():
        assert sum(text.endswith(f".{name}.predict is not monitored: {why}") for text in texts) == 1


def wrap_by_function(cls):
    """Wrap `fit` as MLflow's autologging does, and return what takes the wrapper away."""
    original = cls.fit

    @functools.wraps(original)
    def fit(self, *args, **kwargs):
        result = original(self, *args, **kwargs)
        self.predict(args[0])
        self.predict_proba(args[0])
        return result

    cls.fit = fit
    return lambda: setattr(cls, "fit", original)


def wrap_by_wrapt(cls):
    """Wrap `fit` as instrumentations do."""
    original = vars(cls)["fit"]

    def fit(wrapped, instance, args, kwargs):
        result = wrapped(*args, **kwargs)
        instance.predict(args[0])
        return result

    wrapt.wrap_function_wrapper(cls, "fit", fit)
    return lambda: setattr(cls, "fit", original)


def wrap_by_nesting(cls):
    """Wrap `fit` twice."""
    outer, inner = wrap_by_function(cls), wrap_by_function(cls)
    return lambda: (inner(), outer())


@pytest.mark.parametrize("wrap", [wrap_by_function, wrap_by_wrapt, wrap_by_nesting])
@pytest.mark.parametrize("model", [LogisticRegression(), GridSearchCV(LogisticRegression(), {"C": [1.0]}, cv=2)])
def test_a_fit_that_is_wrapped_later_is_no_prediction(wrap, model, captured):
    """Whatever a wrapper asks of the model after `fit` is no prediction, the first time too; what follows is one."""
    unwrap = wrap(type(model))
    try:
        for _ in range(2):
            model.fit(X, Y)
            assert captured.spans() == []
            model.predict(X)
            assert len(captured.spans()) == 1
            captured.exporter.clear()
        with mock.patch.object(type(model), "predict", side_effect=KeyError), pytest.raises(KeyError):
            model.fit(X, Y)
        model.predict(X)
        assert len(captured.spans()) == 1
    finally:
        unwrap()


def test_what_a_mock_puts_back_is_taken_out(captured):
    """A wrapper of ours that a mock's `stop` puts back after we had let go is gone with the next `uninstrument`."""
    owner = next(cls for cls in LogisticRegression.__mro__ if "predict" in vars(cls))
    patch = mock.patch.object(owner, "predict", lambda _self, X: zeros(X))
    original = wrappers.original_of(vars(owner)["predict"])
    patch.start()
    otelml.uninstrument()
    patch.stop()
    model = LogisticRegression().fit(X, Y)
    model.predict(X)  # the wrapper is there, and does nothing
    assert captured.spans() == []
    otelml.instrument(captured.tracer_provider, captured.meter_provider)
    model.predict(X)
    assert len(captured.spans()) == 1
    otelml.uninstrument()
    assert vars(owner)["predict"] is original
