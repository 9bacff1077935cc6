"""A block's ids reach the threads that its code hands work to."""

from __future__ import annotations

import asyncio
import functools
import inspect
import multiprocessing.pool
import threading
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pytest
from fresh import forget_models
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.batches import BATCH, CARRIER
from otelml.ledger import ledger
from otelml.testing import capture, total

ROWS = np.linspace(-1, 1, 20).reshape(-1, 1)


@pytest.fixture(scope="module")
def model():
    """Fit a model that says 1 where its number is positive."""
    return LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)


async def _executor(ask, rows):
    return await asyncio.get_running_loop().run_in_executor(None, ask, rows)


async def _pool(ask, rows):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask, X=rows).result()


async def _map(ask, rows):
    with ThreadPoolExecutor(1) as pool:
        return next(iter(pool.map(ask, [rows])))


async def _partial(ask, rows):
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(ask, X=rows))


WAYS = {"thread": asyncio.to_thread, "executor": _executor, "submit": _pool, "map": _map, "partial": _partial}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_ids_go_along(model, way):
    """By every way into a pool of threads, each prediction has the id of its own block."""

    async def serve(row):
        with otelml.predictions(ids=[f"row{row}"]):
            await way(model.predict_proba, ROWS[row : row + 1])

    async def main():
        await asyncio.gather(*(serve(row) for row in range(20)))

    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            asyncio.run(main())
            otelml.record_outcomes([f"row{row}" for row in range(20)], ROWS[:, 0] > 0)
            points = captured.points() + captured.points()
        finally:
            otelml.uninstrument()
            forget_models()
    assert total(points, "ml.outcomes", {"ml.correct": True}).last == 20


def test_outside_a_block_nothing_goes_along():
    """Nor after it, in a thread that was in one before."""
    with ThreadPoolExecutor(1) as pool:
        with otelml.predictions(ids=["a"]) as batch:
            assert pool.submit(BATCH.get).result() is batch
        assert pool.submit(BATCH.get).result() is None


def test_errors_pass_and_the_original_comes_back():
    """The exception is the function's own; the method answers as the original, and is it after `uninstrument`."""
    CARRIER.stop()
    original = ThreadPoolExecutor.submit
    error = KeyError("mine")

    def fail():
        raise error

    with otelml.predictions(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fail).exception() is error
        assert inspect.signature(ThreadPoolExecutor.submit) == inspect.signature(original)
        assert inspect.getsource(ThreadPoolExecutor.submit) == inspect.getsource(original)
        with pytest.raises(TypeError):
            pool.submit()
    otelml.uninstrument()
    assert ThreadPoolExecutor.submit is original


def test_whoever_patched_before_us_is_called():
    """And is left alone where somebody patched after us."""
    CARRIER.stop()
    calls, original = [], ThreadPoolExecutor.submit

    def theirs(self, fn, /, *args, **kwargs):
        calls.append(fn)
        return original(self, fn, *args, **kwargs)

    ThreadPoolExecutor.submit = theirs
    try:
        with otelml.predictions() as batch, ThreadPoolExecutor(1) as pool:
            assert pool.submit(BATCH.get).result() is batch
            assert len(calls) == 1
        CARRIER.stop()
        assert ThreadPoolExecutor.submit is theirs
    finally:
        ThreadPoolExecutor.submit = original


async def _multiprocessing(ask, rows):
    with multiprocessing.pool.ThreadPool(1) as pool:
        return pool.map(ask, [rows])


async def _joblib(ask, rows):
    return joblib.Parallel(2, backend="threading")(joblib.delayed(ask)(rows) for _ in range(1))


async def _nothing(_ask, _rows):
    """Predict after the block."""


UNREACHED = {"multiprocessing": _multiprocessing, "joblib": _joblib, "later": _nothing}


def _said(model, way, caplog, **settings):
    ledger._said.clear()
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, **settings)
        try:
            for _ in range(2):
                with otelml.predictions(ids=range(20)):
                    asyncio.run(way(model.predict, ROWS))
                model.predict(ROWS)
        finally:
            otelml.uninstrument()
            forget_models()
    return caplog.text.count("were used by no call")


@pytest.mark.parametrize("way", UNREACHED.values(), ids=UNREACHED)
def test_ids_that_reached_no_call_are_named_once(model, way, caplog):
    """At the end of their block, with the fix."""
    assert _said(model, way, caplog) == 1
    assert "within the function that predicts" in caplog.text


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_ids_that_were_used_are_not_named(model, way, caplog):
    """By whichever way they went along."""
    assert _said(model, way, caplog) == 0


def test_ids_are_not_named_where_nothing_is_to_be_said(model, caplog):
    """Nobody watches; the host raised; ids are generated; work that was handed on goes on yet."""
    assert _said(model, _nothing, caplog, enabled=False) == 0
    with otelml.predictions(ids=["a"]):
        pass
    begin = threading.Event()
    with capture("delta") as captured, ThreadPoolExecutor(1) as pool:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            with pytest.raises(KeyError), otelml.predictions(ids=["a"]):
                raise KeyError
            with otelml.predictions(n_rows=1), otelml.predictions(ids=[]):
                pass
            with otelml.predictions(ids=["a"]):
                pool.submit(lambda: (begin.wait(10), model.predict(ROWS[:1])))
            begin.set()
        finally:
            begin.set()
            otelml.uninstrument()
            forget_models()
    assert "were used by no call" not in caplog.text
