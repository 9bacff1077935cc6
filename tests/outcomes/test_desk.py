"""The desk between predict path and store: written behind, tried again, counted once, by a clock that tests move."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fresh import forget_models
from sklearn.linear_model import LogisticRegression

import otelml
from otelml import process
from otelml.outcomes import early
from otelml.outcomes.sqlite import SqliteStore
from otelml.testing import capture, select, simulated_clock, total
from outcomes.conftest import AGES

HOUR = 3_600.0
START = 1_000 * 24 * HOUR
_names = map("desk{}".format, itertools.count())


@pytest.fixture(scope="module")
def model():
    """Fit a model that says 1 where its number is positive."""
    rows = np.linspace(-1, 1, 40).reshape(-1, 1)
    return LogisticRegression().fit(rows, (rows[:, 0] > 0).astype(int))


@pytest.fixture(params=["memory", "sqlite"])
def service(request, tmp_path):
    """Watch with each store, an hour's horizon and a day's time to live, at a simulated time."""
    store = "memory" if request.param == "memory" else f"sqlite:///{tmp_path}/outcomes.sqlite"
    with simulated_clock(START) as clock, capture("delta") as captured:
        otelml.instrument(
            captured.tracer_provider,
            captured.meter_provider,
            outcome_store=store,
            outcome_horizon="1h",
            outcome_ttl="1d",
        )
        try:
            yield Service(clock, captured)
        finally:
            otelml.uninstrument()
            forget_models()


class Service:
    """A service at a simulated time, and what it has told so far."""

    def __init__(self, clock, captured):
        self.clock, self._captured, self._points = clock, captured, []
        self.name = next(_names)

    def predict(self, model, ids, numbers):
        """Predict numbers under ids."""
        otelml.identify(model, name=self.name)
        with otelml.predictions(ids=ids):
            return model.predict(np.array(numbers, dtype=float).reshape(-1, 1))

    def count(self, metric, **attributes):
        """Add up a metric of this model over all collections."""
        self._points += self._captured.points()
        wanted = {f"ml.{key}": value for key, value in attributes.items()}
        return total(self._points, metric, {"ml.model.name": self.name, **wanted}).last

    def delays(self):
        """Add up the delays told."""
        self._points += self._captured.points()
        return sum(p.sum for p in select(self._points, "ml.outcome.delay", {"ml.model.name": self.name}))


def test_outcomes_are_joined_and_counted(service, model):
    """Predictions are awaited by class, outcomes counted by cell, with the time that they took."""
    service.predict(model, ["a", "b", "c"], [1, 1, -1])
    service.clock.advance(60)
    otelml.record_outcomes(["a", "b", "c"], [1, 0, 0])
    assert service.count("ml.outcome.awaited", predicted="1") == 2
    assert service.count("ml.outcomes", predicted="1", actual="1", correct=True) == 1
    assert service.count("ml.outcomes", predicted="1", actual="0", correct=False) == 1
    assert service.count("ml.outcomes", predicted="0", actual="0", correct=True) == 1
    assert service.count("ml.outcome.delay") == 3
    assert service.delays() == pytest.approx(180)


def test_the_cohort_is_counted_at_the_horizon(service, model):
    """Not before; with the label that came in time, and `none` for the others."""
    service.predict(model, ["a", "b"], [1, -1])
    otelml.record_outcome("a", 1)
    service.clock.advance(HOUR - 1)
    assert service.count("ml.outcome.cohort") == 0
    service.clock.advance(1)
    assert service.count("ml.outcome.cohort", predicted="1", actual="1", correct=True) == 1
    assert service.count("ml.outcome.cohort", predicted="0", actual="none") == 1
    otelml.record_outcome("b", 0)
    service.clock.advance(HOUR)
    assert service.count("ml.outcome.cohort") == 2
    assert service.count("ml.outcomes") == 2


def test_corrections_are_told_apart(service, model):
    """A changed label is a correction from and to; what was counted stays, and the cohort has the last in time."""
    service.predict(model, ["a"], [1])
    otelml.record_outcome("a", 1)
    otelml.record_outcome("a", 0)
    service.clock.advance(HOUR)
    otelml.record_outcome("a", 1)
    assert service.count("ml.outcomes") == 1
    assert service.count("ml.outcome.corrections", **{"from": "1", "to": "0"}) == 1
    assert service.count("ml.outcome.corrections", **{"from": "0", "to": "1"}) == 1
    assert service.count("ml.outcome.cohort", actual="0") == 1
    assert service.count("ml.outcome.cohort") == 1


def test_rejections_name_their_reason(service, model):
    """Duplicates and what came past the time to live are rejected under their model's name."""
    service.predict(model, ["a", "b"], [1, 1])
    otelml.record_outcomes(["a", "a"], [1, 1])
    otelml.record_outcome("b", 1, at=START + 24 * HOUR)
    assert service.count("ml.outcome.rejections", reason="duplicate") == 1
    assert service.count("ml.outcome.rejections", reason="expired") == 1
    assert service.count("ml.outcomes") == 1


def test_weights_count(service, model):
    """An outcome of weight two counts twice, in the cells and in the cohort."""
    service.predict(model, ["a", "b"], [1, 1])
    otelml.record_outcomes(["a", "b"], [1, 1], weight=[2.0, 0.5])
    service.clock.advance(HOUR)
    assert service.count("ml.outcomes") == 2.5
    assert service.count("ml.outcome.cohort", actual="1") == 2.5


def test_a_clock_that_is_behind_counts_as_no_delay(service, model):
    """An outcome that seems older than its prediction came at once: sums never fall."""
    service.predict(model, ["a"], [1])
    otelml.record_outcome("a", 1, at=START - 100)
    assert service.count("ml.outcome.delay") == 1
    assert service.delays() == 0


def test_generated_ids_find_their_rows(service, model):
    """Without ids of its own, a block gets one a row, by which outcomes are joined."""
    otelml.identify(model, name=service.name)
    with otelml.predictions() as batch:
        model.predict([[1.0], [-1.0]])
    assert len(set(batch.ids)) == 2
    otelml.record_outcomes(batch.ids, [1, 1])
    assert service.count("ml.outcomes", predicted="1", actual="1") == 1
    assert service.count("ml.outcomes", predicted="0", actual="1") == 1


def test_rows_are_registered_once(service, model):
    """A second question about the same rows awaits nothing new: the first answer is the one that is judged."""
    service.predict(model, ["a"], [1])
    service.predict(model, ["a"], [-1])
    otelml.record_outcome("a", 1)
    assert service.count("ml.outcome.awaited") == 1
    assert service.count("ml.outcomes", predicted="1") == 1


def test_parts_of_a_block_are_told_in_order(service, model):
    """A block that is predicted in parts gives each part the next ids."""
    otelml.identify(model, name=service.name)
    with otelml.predictions(ids=["a", "b", "c"]):
        model.predict([[1.0], [1.0]])
        model.predict([[-1.0]])
    otelml.record_outcomes(["a", "b", "c"], [1, 1, 1])
    assert service.count("ml.outcomes", predicted="1") == 2
    assert service.count("ml.outcomes", predicted="0") == 1


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_an_outcome_may_come_before_its_prediction(service, model):
    """With a shared store, an outcome whose prediction another worker is still writing is tried again."""
    otelml.record_outcome("a", 1)
    service.predict(model, ["a"], [1])
    process.current().desk.write()
    assert service.count("ml.outcomes", predicted="1", actual="1") == 1


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_an_early_outcome_is_given_up_in_the_end(service, monkeypatch):
    """Past the grace it is unknown, and counted as such once."""
    monkeypatch.setattr(early, "GRACE_S", 0.0)
    service.name = ""
    before = _unknown(service)
    otelml.record_outcome("a", 1)
    process.current().desk.write()
    assert _unknown(service) - before == 1


def _unknown(service):
    points = service._captured.points()
    service._points += points
    return total(service._points, "ml.outcome.rejections", {"ml.reason": "unknown"}).last


@pytest.mark.parametrize("service", ["sqlite"], indirect=True)
def test_a_model_of_another_process_is_counted_too(service, tmp_path):
    """The worker that hears of an outcome counts it, under the model's name, though it never served that model."""
    from otelml.outcomes.records import Awaited

    other = SqliteStore(AGES, str(tmp_path / "outcomes.sqlite"))
    other.register([Awaited("a", service.name, "7", "late", None, None, START)])
    other.close()
    otelml.record_outcome("a", "late")
    assert service.count("ml.outcomes", predicted="late", actual="late", correct=True, **{"model.version": "7"}) == 1


def test_outcomes_that_find_no_prediction_are_told_with_their_mend(caplog):
    """Who forgot the launcher, or gave other ids, reads what to do."""
    from otelml.ledger import ledger

    ledger._said.clear()
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store="memory")
        try:
            otelml.record_outcomes(["nobody"], [1])
        finally:
            otelml.uninstrument()
            forget_models()
    assert "otelml.predictions(...)" in caplog.text
    assert "opentelemetry-instrument" in caplog.text


def test_a_locked_store_keeps_no_caller_waiting_and_loses_nothing(model, tmp_path):
    """Outcomes that are brought while another process holds the file are joined once it lets go."""
    import sqlite3

    path = tmp_path / "outcomes.sqlite"
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=f"sqlite:///{path}")
        try:
            otelml.identify(model, name=(name := next(_names)))
            with otelml.predictions(ids=["one"]):
                model.predict_proba([[0.5]])
            captured.points()
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("begin immediate")
            otelml.record_outcomes(["one"], [1])  # returns while the file is held, or it would never be let go of
            other.execute("rollback")
            other.close()
            points = captured.points()
        finally:
            otelml.uninstrument()
            forget_models()
    assert total(points, "ml.outcomes", {"ml.model.name": name}).last == 1
    assert not select(points, "otelml.dropped", {"ml.reason": "store_unwritable"})
