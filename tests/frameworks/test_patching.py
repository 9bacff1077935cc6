"""What a host does to classes that are watched: wraps them, calls them oddly, makes and drops them."""

from __future__ import annotations

import functools
import gc
import weakref

import numpy as np
import pytest
import wrapt
from sklearn.linear_model import LogisticRegression

import otelml
from frameworks.cases import X
from otelml.patching import wrappers

Y = X[:, 0] > 0
CLASSIFIER = LogisticRegression().fit(X, Y)


@pytest.mark.parametrize(("operation", "arguments"), [
    ("predict", {}), ("predict", {"self": CLASSIFIER, "X": X}),
    ("fit", {}), ("fit", {"self": CLASSIFIER, "X": X, "y": Y}),
])  # fmt: skip
def test_calls_without_a_model_are_as_before(operation, arguments, request):
    """A method of a class that is called without a model, or with one by name, does and raises what it did."""

    def fate():
        try:
            return str(getattr(LogisticRegression, operation)(**arguments))
        except TypeError as error:
            return str(error)

    alone = fate()
    request.getfixturevalue("captured")
    assert fate() == alone


def test_wrappers_of_the_host_are_no_wrappers_of_ours(captured, monkeypatch):
    """What a host wraps around our stand-in with `functools.wraps` is its own: watched, left alone, watched again."""
    owner = next(cls for cls in LogisticRegression.__mro__ if "predict" in vars(cls))
    ours = vars(owner)["predict"]

    @functools.wraps(ours)
    def hosts(self, X):
        return ours(self, X)

    class Constant(LogisticRegression):
        @functools.wraps(LogisticRegression.predict)
        def predict(self, X):
            return np.zeros(len(X))

    Constant().fit(X, Y).predict(X)
    assert [span.name for span in captured.spans()] == ["predict Constant"]
    monkeypatch.setattr(owner, "predict", hosts)
    otelml.uninstrument()
    assert vars(owner)["predict"] is hosts
    otelml.instrument(captured.tracer_provider, captured.meter_provider)
    otelml.identify(CLASSIFIER, name="wrapped").predict(X)
    assert [span.name for span in captured.spans()][1:] == ["predict wrapped"]
    otelml.uninstrument()
    assert vars(owner)["predict"] is hosts


@pytest.mark.usefixtures("captured")
def test_classes_that_a_host_drops_are_let_go():
    """A class that was watched is not kept alive by that; the others are restored as always."""

    def make():
        return type("Passing", (LogisticRegression,), {"predict": lambda _self, X: np.zeros(len(X))})

    kept, dropped = make(), weakref.ref(make())
    gc.collect()
    assert dropped() is None
    assert wrappers.is_ours(vars(kept)["predict"])
    otelml.uninstrument()
    assert not wrappers.is_ours(vars(kept)["predict"])


def test_instrumenting_again_and_again_hooks_once(captured):
    """Import hooks cannot be deregistered, so that those of modules which are never imported are set once."""
    hooks = wrapt.importer._post_import_hooks  # wrapt tells no other way
    for _ in range(3):
        otelml.uninstrument()
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
    assert {module for module, held in hooks.items() if len(held) > 1} == set()
