"""Calls, models, readers and settings that come and go: nothing is lost, nothing piles up, nothing is locked."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref

import numpy as np
import polars as pl
import pytest
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LogisticRegression

import otelml
from otelml import process
from otelml.models import MOST_MONITORS
from otelml.monitor import FOLD_AT
from otelml.telemetry import streams
from robustness.conftest import Classifier

ROWS = np.zeros((5, 2))
IDS = [f"row-{row}" for row in range(5)]


class Slow(Classifier):
    """Answers when it is told to."""

    def __init__(self):
        super().__init__(np.ones(5))
        self.asked, self.told = threading.Event(), threading.Event()

    def _say(self):
        self.asked.set()
        assert self.told.wait(10)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def meanwhile(model, act):
    """Ask a slow model, and act before it answers."""

    def ask():
        try:
            with otelml.predictions(ids=IDS):
                model.predict(ROWS)
        except ValueError:
            pass

    thread = threading.Thread(target=ask)
    thread.start()
    assert model.asked.wait(10)
    act()
    model.told.set()
    thread.join()


@pytest.mark.parametrize("answer", [np.ones(5), ValueError()], ids=["answers", "fails"])
def test_a_call_under_way_outlives_other_settings(watch, name, answer):
    """Calls that began before instrument() was called again are counted once, wait for outcomes, and end."""
    watched, model = watch(), Slow()
    model.answer = answer
    otelml.identify(model, name=name)

    def again():
        assert watched.count("ml.inference.active", model=name) == 1
        otelml.instrument(watched.captured.tracer_provider, watched.captured.meter_provider, outcome_horizon="1h")

    meanwhile(model, again)
    rows = 5 if isinstance(answer, np.ndarray) else 0
    otelml.record_outcomes(IDS, [1] * 5)
    assert watched.count("ml.inference.duration", model=name) == 1
    assert watched.count("ml.inference.rows", model=name) == rows
    assert watched.count("ml.outcomes", model=name) == rows
    assert watched.count("ml.inference.active", model=name) == 0


def test_a_call_under_way_outlives_the_watch(watch, name):
    """A call that ends after uninstrument() is counted, and told when somebody watches again."""
    watched, model = watch(), Slow()
    otelml.identify(model, name=name)
    meanwhile(model, otelml.uninstrument)
    otelml.instrument(watched.captured.tracer_provider, watched.captured.meter_provider)
    assert watched.count("ml.inference.rows", model=name) == 5
    assert watched.count("ml.inference.active", model=name) == 0


def test_what_waits_outlives_other_settings(watch, name, logistic):
    """Predictions that wait in memory go on to wait when instrument() is called again, under the new horizon."""
    watched = watch()
    otelml.identify(logistic, name=name)
    with otelml.predictions(ids=IDS):
        logistic.predict(ROWS)
    otelml.instrument(watched.captured.tracer_provider, watched.captured.meter_provider, outcome_horizon=0.001)
    otelml.record_outcomes(IDS[:2], [0, 1], at=0)
    assert watched.count("ml.outcomes", model=name) == 2
    assert watched.count("ml.outcome.cohort", model=name) == 5


def test_failures_are_folded_without_a_collection(watch):
    """Calls that only ever fail do not pile up where nobody collects."""
    watch(traces=False)
    model = Classifier(ValueError("no"))
    for _ in range(8 * FOLD_AT):
        with pytest.raises(ValueError, match="no"):
            model.predict(ROWS)
    (monitor,) = process.current().models._monitors.values()
    assert len(monitor.failures) < 4 * FOLD_AT  # one that finds another thread at it leaves it to the next
    assert not monitor.requests.under_way


def test_models_of_ever_new_classes_do_not_pile_up(watch, name):
    """A model that comes in ever new shapes under one name is counted to the row, and held in bounds."""
    watched = watch(traces=False)
    kept = otelml.identify(Classifier(np.ones(5)), name=name)
    for generation in range(MOST_MONITORS + 20):
        model = otelml.identify(Classifier(np.ones(5)), name=name)
        model.classes_ = np.array([generation, -1 - generation])
        model.predict(ROWS)
    kept.predict(ROWS)
    assert len(process.current().models._monitors) <= MOST_MONITORS
    assert watched.count("ml.inference.rows", model=name) == 5 * (MOST_MONITORS + 21)


def test_unnamed_models_are_told_of_once(watch, caplog):
    """However many models of one class without a name there are, the log asks for names once."""
    watch(traces=False)
    for columns in range(1, 9):
        rows = np.random.default_rng(0).normal(size=(20, columns))
        LogisticRegression().fit(rows, rows[:, 0] > 0).predict(rows)
    assert caplog.text.count("several models without a name are called LogisticRegression") == 1


def test_the_garbage_collector_takes_no_lock(watch, name, logistic):
    """A reader that is collected while a series is being added to, by this very thread, is forgotten afterwards."""
    watched = watch()
    otelml.identify(logistic, name=name).predict(ROWS)
    meters = MeterProvider([reader := InMemoryMetricReader()], shutdown_on_exit=False)
    meters.shutdown()
    left, done = weakref.ref(reader), threading.Event()

    def collect():
        streams._lock.do(gc.collect)
        done.set()

    del meters, reader
    threading.Thread(target=collect, daemon=True).start()
    assert done.wait(10)
    assert left() is None
    assert watched.count("ml.inference.rows", model=name) == 5


class InSteps(BaseEstimator):
    """Answers when it is awaited, or iterated over."""

    async def predict(self, rows):
        """Answer as a coroutine."""
        return np.zeros(len(rows))

    def predict_proba(self, rows):
        """Answer as a generator."""
        yield from np.zeros((len(rows), 2))


@pytest.mark.parametrize("ask", [lambda one: asyncio.run(one.predict(ROWS)), lambda one: list(one.predict_proba(ROWS))])
def test_a_model_that_answers_in_steps_is_let_go_at_once(watch, ask):
    """Nothing of ours that was made for a call waits for the collector of garbage, with the model in it."""
    watch()
    model = InSteps()
    ask(model)
    gone = weakref.ref(model)
    gc.disable()
    try:
        ask(model)
        del model
        assert gone() is None
    finally:
        gc.enable()


def test_a_span_processor_that_raises_costs_no_row(watch):
    """At the start or at the end of a span: rows and durations are counted, and nothing stays current."""
    watched, model, processor = watch(), Classifier(np.ones(5)), Raising()
    watched.captured.tracer_provider.add_span_processor(processor)
    for processor.start, processor.end in ((True, False), (False, True), (True, True)):
        for _ in range(3):
            assert model.predict(ROWS) is model.answer
            assert not trace.get_current_span().get_span_context().is_valid
    assert watched.count("ml.inference.rows") == 45
    assert watched.count("ml.inference.duration") == 9


class Raising(SpanProcessor):
    """Raises as it is told to."""

    start = end = False

    def on_start(self, *_, **__):
        """Raise at the start."""
        if self.start:
            raise RuntimeError("start")

    def on_end(self, *_):
        """Raise at the end."""
        if self.end:
            raise RuntimeError("end")


def test_predictions_of_a_span_processor_are_none(watch):
    """A processor that asks a model itself does not ask for ever."""
    watched, model = watch(), Classifier(np.ones(5))
    watched.captured.tracer_provider.add_span_processor(Asking(model))
    model.predict(ROWS)
    assert watched.count("ml.inference.duration") == 1


class Asking(SpanProcessor):
    """Asks a model at the start and the end of each span."""

    def __init__(self, model):
        self._model = model

    def on_start(self, *_, **__):
        """Ask it."""
        self._model.predict(ROWS)

    def on_end(self, *_):
        """Ask it."""
        self._model.predict(ROWS)


def test_an_id_column_that_cannot_be_read_costs_the_ids_alone(watch):
    """Whatever the host's own container raises, its rows are counted."""
    watched, model = watch(id_column="id"), Classifier(np.ones(5))
    for rows in (pl.LazyFrame({"id": range(5)}), [{"id": 1}, 2, 3, 4, 5]):
        model.predict(rows)
    assert watched.count("ml.inference.rows") == 10


def test_numbers_of_three_dimensions_are_counted(watch):
    """An answer of a table a row is as many numbers a row, and no error."""
    watched, model = watch(), Tables()
    for _ in range(2):
        model.predict(ROWS)
    assert watched.count("ml.inference.rows") == 10
    assert watched.new_errors() == {}


class Tables(RegressorMixin, BaseEstimator):
    """A regression that answers with a table a row."""

    def predict(self, rows):
        """Answer."""
        return np.ones((len(rows), 2, 3))
