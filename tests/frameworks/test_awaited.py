"""Methods that are awaited or iterated over: monitored as they run, and left as they are."""

from __future__ import annotations

import asyncio
import gc
import inspect
import traceback

import pytest
from opentelemetry import trace
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression

from frameworks.cases import X
from otelml.patching.nesting import INSIDE
from otelml.testing import total

INNER = LogisticRegression().fit(X, X[:, 0] > 0)


class Remote(BaseEstimator):
    """Asks another model, later."""

    def __init__(self, gate=None):
        self.gate = gate

    async def predict(self, X, error=None):
        """Predict once the gate is open."""
        self.current = trace.get_current_span()
        if self.gate is not None:
            await self.gate.wait()
        assert INSIDE.get()
        assert trace.get_current_span() is self.current
        if error is not None:
            raise error
        return INNER.predict(X)

    async def predict_proba(self, X):
        """Predict half by half."""
        for half in (X[::2], X[1::2]):
            await asyncio.sleep(0)
            yield INNER.predict_proba(half)

    def decision_function(self, X):
        """Predict half by half."""
        for half in (X[::2], X[1::2]):
            yield INNER.decision_function(half)


def fates(kept):
    """Names and statuses of the spans, oldest first."""
    return [(span.name, span.status, span.attributes.get("error.type")) for span in kept.spans()]


def counts(kept):
    """Requests that ended, and requests under way."""
    points = kept.points()
    return total(points, "ml.inference.duration").last, total(points, "ml.inference.active").last


def nothing_is_left():
    """Whether neither span nor nesting is left behind."""
    return not INSIDE.get() and trace.get_current_span() is trace.INVALID_SPAN


def test_the_span_covers_what_is_awaited(captured):
    """The span begins with the first step, is current in each, and ends with the last; so does the duration."""

    async def main():
        gate = asyncio.Event()
        model = Remote(gate)
        task = asyncio.create_task(model.predict(X))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert model.current.is_recording()
        assert nothing_is_left()
        assert captured.spans() == []
        gate.set()
        assert len(await task) == len(X)
        assert nothing_is_left()

    asyncio.run(main())
    assert fates(captured) == [("predict Remote", "UNSET", None)]
    points = captured.points()
    assert total(points, "ml.inference.rows").last == len(X)
    assert total(points, "ml.inference.active").last == 0


def test_tasks_at_once_are_predictions_of_their_own(captured):
    """Calls that are awaited side by side in one program are each a prediction, and nothing within them is."""

    async def main():
        await asyncio.gather(*(Remote().predict(X) for _ in range(5)))
        assert nothing_is_left()
        INNER.predict(X)

    asyncio.run(main())
    assert [name for name, *_ in fates(captured)] == ["predict Remote"] * 5 + ["predict LogisticRegression"]


def test_what_is_never_awaited_leaves_nothing(captured):
    """A coroutine that nobody awaits is reported by Python, once and under its own name, and is no prediction."""
    coroutine = Remote().predict(X)
    with pytest.warns(RuntimeWarning, match=r"coroutine 'Remote.predict' was never awaited") as caught:  # noqa: PT031
        del coroutine
        gc.collect()
    assert len(caught) == 1
    assert captured.spans() == []
    assert counts(captured) == (0, 0)


def test_cancellation_is_no_error(captured):
    """A call that is cancelled, or that runs into a time limit, ends without one; an exception is the host's own."""
    error = ValueError("jane.doe@example.com")

    async def main():
        task = asyncio.create_task(Remote(asyncio.Event()).predict(X))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(Remote(asyncio.Event()).predict(X), 0.001)
        with pytest.raises(ValueError, match="jane") as caught:
            await Remote().predict(X, error)
        assert caught.value is error
        assert traceback.extract_tb(error.__traceback__)[-1].name == "predict"
        assert nothing_is_left()

    asyncio.run(main())
    assert [fate[1:] for fate in fates(captured)] == [("UNSET", None), ("UNSET", None), ("ERROR", "ValueError")]
    assert counts(captured) == (3, 0)


def test_coroutines_pass_for_coroutines(captured):
    """What a call returns is taken for a coroutine, and wrong arguments are refused at the call."""
    coroutine = Remote().predict(X)
    assert inspect.iscoroutine(coroutine)
    assert asyncio.iscoroutine(coroutine)
    assert inspect.isawaitable(coroutine)
    assert inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED
    assert (coroutine.__qualname__, coroutine.cr_code.co_name) == ("Remote.predict", "predict")
    coroutine.close()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'X'"):
        Remote().predict()
    assert captured.spans() == []


def test_asynchronous_generators_are_one_prediction(captured):
    """From the first item to the last, wherever it ends; between two of them its caller is free."""

    async def main():
        model = Remote()
        assert inspect.isasyncgen(model.predict_proba(X))
        assert sum([len(half) async for half in model.predict_proba(X)]) == len(X)
        halves = model.predict_proba(X)
        await halves.__anext__()
        assert nothing_is_left()
        INNER.predict(X)
        await halves.aclose()
        half = model.predict_proba(X)
        await half.__anext__()
        del half
        gc.collect()
        assert nothing_is_left()

    asyncio.run(main())
    named = [name for name, *_ in fates(captured)]
    assert named == ["predict_proba Remote", "predict LogisticRegression", *["predict_proba Remote"] * 2]
    assert counts(captured)[1] == 0


def test_generators_are_one_prediction(captured):
    """A generator is taken for one, gives what it gave, and can be delegated to, sent to and closed."""

    def delegating():
        yield from Remote().decision_function(X)

    model = Remote()
    halves = model.decision_function(X)
    assert inspect.isgenerator(halves)
    assert len(next(halves)) == len(X[::2])
    assert nothing_is_left()
    INNER.predict(X)
    assert len(halves.send(None)) == len(X[1::2])
    assert list(halves) == []
    assert sum(len(half) for half in delegating()) == len(X)
    halves = model.decision_function(X)
    next(halves)
    halves.close()
    names = [name for name, *_ in fates(captured)]
    assert sorted(names) == ["decision_function Remote"] * 3 + ["predict LogisticRegression"]
    assert counts(captured)[1] == 0


def test_fit_that_is_awaited_is_silent(captured):
    """Nothing that an asynchronous `fit` asks of a model is a prediction."""

    class Trained(Remote):
        async def fit(self, X):
            await asyncio.sleep(0)
            INNER.predict(X)
            return self

    async def main():
        await Trained().fit(X)
        assert nothing_is_left()

    assert inspect.iscoroutinefunction(Trained.fit)
    asyncio.run(main())
    assert captured.spans() == []
