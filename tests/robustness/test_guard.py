"""The guard takes what our code raised; what was brought into it from outside passes."""

from __future__ import annotations

import ctypes
import functools
import signal
import sys
import threading
import time

import numpy as np
import polars as pl
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

import otelml
from otelml.ledger import ledger
from otelml.patching.guard import guarded, loud
from otelml.testing import capture, total


class TimeLimit(Exception):  # noqa: N818 -- it is no error
    """What a task queue raises when a task takes too long."""


class Limits:
    """Handlers of every shape."""

    def method(self, _signal, _frame):
        """Raise, as a bound method."""
        raise TimeLimit

    def __call__(self, *_):
        """Raise, as an object that can be called."""
        raise TimeLimit


def deep(_signal, _frame):
    """Raise further down, an error of Python's own."""
    Limits().raising() if hasattr(Limits, "raising") else int("none")


def named(kind, _signal, _frame):
    """Raise what it was made for."""
    raise kind


@guarded("observe")
def ours(seconds=0.2):
    """Lines of ours, of which some call numpy."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        np.sum(np.zeros(10))
    return "went on"


@pytest.fixture
def handled():
    """Install a handler of SIGALRM until the test ends."""
    before = signal.getsignal(signal.SIGALRM)
    yield lambda handler: signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (Limits().method, TimeLimit),
        (Limits(), TimeLimit),
        (deep, ValueError),
        (functools.partial(named, RuntimeError), RuntimeError),
        (functools.partial(named, KeyboardInterrupt), KeyboardInterrupt),
        (functools.partial(named, TimeoutError), TimeoutError),
        (lambda *_: named(OSError, *_), OSError),
    ],
    ids=["method", "object", "deep", "partial", "interrupt", "timeout", "lambda"],
)
def test_what_a_signal_handler_raises_is_the_hosts(handled, handler, kind):
    """Whatever shape the handler has, and whatever it raises."""
    handled(handler)
    for delay in (0.003, 0.011, 0.017):
        signal.setitimer(signal.ITIMER_REAL, delay)
        with loud(on=False), pytest.raises(kind):
            ours()


def test_what_another_thread_injects_is_the_hosts():
    """An exception that `PyThreadState_SetAsyncExc` brings into our lines reaches the thread that it was meant for."""
    arrived, started = [], threading.Event()

    def work():
        started.set()
        try:
            ours(5)
        except TimeLimit:
            arrived.append(True)

    with loud(on=False):
        thread = threading.Thread(target=work)
        thread.start()
        started.wait(10)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(TimeLimit))
        thread.join(10)
    assert arrived == [True]


class Odd:
    """A class of the host's that raises whatever it is asked."""

    def __getattr__(self, name):
        raise TimeLimit(name)

    def __len__(self):
        raise TimeoutError


@pytest.mark.parametrize(
    "fails",
    [
        lambda: Odd().shape,
        lambda: len(Odd()),
        lambda: np.zeros(2).reshape(3),
        lambda: int("none"),
        lambda: np.linalg.inv(np.zeros((2, 2))),
        lambda: {}["none"],
    ],
    ids=["attribute", "length", "numpy", "builtin", "numpy's own", "key"],
)
def test_what_our_lines_call_is_ours(fails):
    """An error of the host's objects, of numpy or of Python's own, met by our lines, is swallowed and counted."""
    before = ledger.errors["observe"]
    with loud(on=False):
        assert guarded("observe")(fails)() is None
    assert ledger.errors["observe"] == before + 1


class Leaves(RegressorMixin, BaseEstimator):
    """Ends the process where somebody looks at it too closely."""

    @property
    def feature_names_in_(self):
        """Refuse."""
        sys.exit("not loaded")

    def predict(self, rows):
        """Answer."""
        return np.zeros(len(rows))


BEYOND = pl.DataFrame({"a": [2**63 - 1]}).cast(pl.Datetime("ms", "UTC"))  # Rust panics when it is looked at


@pytest.mark.parametrize("rows", [np.ones((1, 1)), BEYOND], ids=["exit", "panic"])
def test_no_exit_or_panic_that_we_provoke_reaches_the_host(rows):
    """What only we ask of a model or of its input may raise anything: the answer is the host's."""
    with loud(on=False), capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            assert Leaves().predict(rows).tolist() == [0.0]
        finally:
            otelml.uninstrument()


def test_an_answer_that_stands_for_gigabytes_is_not_copied():
    """A broadcast view of eight bytes is counted by its rows."""

    class Same(RegressorMixin, BaseEstimator):
        def predict(self, _rows):
            return np.broadcast_to(1.0, (10**9,))

    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            otelml.identify(Same(), name="broadcast").predict(np.ones((1, 1)))
            points = [*captured.points(), *captured.points()]
        finally:
            otelml.uninstrument()
    assert total(points, "ml.inference.rows", {"ml.model.name": "broadcast"}).last == 10**9
