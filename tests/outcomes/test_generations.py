"""An id names one prediction at a time: generations, repetitions, and whose a label is, in each store."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

import otelml
from otelml import process
from otelml.ledger import ledger
from otelml.outcomes.records import Action, Joined
from otelml.outcomes.sqlite import SqliteStore
from outcomes.conftest import AGES, HORIZON, TIME_TO_LIVE, awaited, outcome
from outcomes.test_desk import HOUR, model, service

__all__ = ["model", "service"]  # fixtures

FIRST = """
create table predictions (id text not null, model text not null, version text not null, predicted text, score real,
    value real, time real not null, actual text, actual_value real, at real, weight real,
    counted integer not null default 0, primary key (id, model, version)) without rowid;
create table actions (id text not null, model text not null, version text not null, action text not null,
    time real not null, primary key (id, model, version, action)) without rowid;
create index waiting on predictions (time) where counted = 0;
create index kept on predictions (time);
create index acted on actions (time);
insert into predictions values ('a', 'm', '', '1', 0.75, null, 0.0, null, null, null, null, 0);
insert into predictions values ('b', 'm', '', '1', 0.75, null, 0.0, '1', 1.0, 10.0, 1.0, 0);
insert into actions values ('a', 'm', '', 'click', 0.0);
"""


def test_a_prediction_after_the_outcome_is_new(store):
    """The earlier one was settled, so the next under its id stands for itself, and has an outcome of its own."""
    first, second = awaited("a"), awaited("a", 50.0, predicted="0")
    assert store.register([first]) == [first]
    store.settle([outcome("a", "1", at=10)])
    assert store.register([second]) == [second]
    assert store.settle([outcome("a", "0", at=60)]).joined == [Joined(second, outcome("a", "0", at=60), None)]
    assert store.notices == Counter()


@pytest.mark.parametrize("matured", [True, False])
def test_a_prediction_past_the_horizon_is_new(store, *, matured):
    """Whether or not somebody counted the earlier one in the meantime; each is counted once."""
    store.register([awaited("a")])
    counted = store.mature(HORIZON) if matured else []
    later = awaited("a", HORIZON)
    assert store.register([later]) == [later]
    assert [one.awaited.time for one in counted + store.mature(2 * HORIZON)] == [0.0, HORIZON]


def test_a_retry_is_the_same_prediction(store):
    """The same answer again, a moment later, or in other form, is skipped, and nothing is lost by that."""
    store.register([awaited("a")])
    assert store.register([awaited("a", 1.0), awaited("a", 2.0)._replace(score=None)]) == []
    assert store.notices == Counter()


@pytest.mark.parametrize("again", [awaited("a", 1.0)._replace(score=0.1), awaited("a", 90.0)])
def test_another_prediction_under_an_id_that_waits_is_counted(store, again):
    """It cannot be kept apart from the one that waits; it is skipped, and said so."""
    store.register([awaited("a")])
    assert store.register([again]) == []
    assert store.notices == Counter({("ids_repeated", "m"): 1})


def test_a_label_belongs_to_the_latest_prediction_by_then(store):
    """The same for the earlier one is a duplicate, another a correction of it, also where a later one waits."""
    first, second = awaited("a"), awaited("a", 50.0)
    store.register([first])
    store.settle([outcome("a", "1", at=10)])
    store.register([second])
    assert store.settle([outcome("a", "1", at=49)]).rejected == {("duplicate", "m", None): 1}
    corrected = store.settle([outcome("a", "0", at=49.5)]).joined
    assert [(one.awaited.time, one.previous) for one in corrected] == [(0.0, "1")]
    assert [one.awaited.time for one in store.settle([outcome("a", "0", at=50)]).joined] == [50.0]


def test_a_label_before_every_prediction_belongs_to_the_first(store):
    """Clocks of two machines differ."""
    store.register([awaited("a", 10.0)])
    store.settle([outcome("a", at=20)])
    store.register([awaited("a", 30.0)])
    assert store.settle([outcome("a", at=5)]).rejected == {("duplicate", "m", None): 1}


def test_models_have_generations_of_their_own(store):
    """A label settles one prediction of each model, and each model's next is new by its own past."""
    store.register([awaited("a"), awaited("a", 5.0, model="n")])
    assert len(store.settle([outcome("a", at=10)]).joined) == 2
    assert len(store.register([awaited("a", 20.0), awaited("a", 20.0, model="o")])) == 2
    assert len(store.settle([outcome("a", at=15)]).joined) == 1  # that of o, whose clock is behind


def test_actions_belong_to_the_latest_prediction_too(store):
    """The next prediction under an id may be acted on anew."""
    store.register([awaited("a")])
    store.settle([outcome("a")])
    assert [one.refused for one in store.act([Action("a", "click", 10.0)])[0]] == [None]
    store.register([awaited("a", 50.0)])
    acted = store.act([Action("a", "click", 60.0), Action("a", "click", 20.0)])[0]
    assert [(one.awaited.time, one.refused) for one in acted] == [(50.0, None), (0.0, "duplicate")]


def test_generations_are_forgotten_each_in_its_time(store):
    """The earlier one past its time to live; the later one is still there."""
    store.register([awaited("a")])
    store.settle([outcome("a")])
    store.register([awaited("a", 500.0)])
    store.mature(TIME_TO_LIVE)
    assert [one.awaited.time for one in store.settle([outcome("a", at=5)]).joined] == [500.0]


def test_predictions_that_arrive_in_another_order_agree(store):
    """One that was made earlier and comes later, from another process, is the same as the one that waits."""
    store.register([awaited("a", 20.0)])
    assert store.register([awaited("a", 10.0)]) == []
    assert store.register([awaited("a", 20.0 - HORIZON)]) == [awaited("a", 20.0 - HORIZON)]


def test_a_file_of_the_first_version_is_brought_up(tmp_path):
    """What waits, its labels and actions are there, and generations from then on."""
    path = str(tmp_path / "outcomes.sqlite")
    connection = sqlite3.connect(path)
    connection.executescript(FIRST)
    connection.close()
    store = SqliteStore(AGES, path)
    assert [one.refused for one in store.act([Action("a", "click", 5.0)])[0]] == ["duplicate"]
    assert store.settle([outcome("b")]).rejected == {("duplicate", "m", None): 1}
    assert store.register([awaited("b", 20.0)]) == [awaited("b", 20.0)]
    assert len(store.settle([outcome("a")]).joined) == 1
    store.close()
    again = SqliteStore(AGES, path)
    assert len(again.mature(2 * HORIZON)) == 3
    again.close()


def test_a_newer_file_is_left_alone(tmp_path):
    """It is refused, and not changed."""
    path = str(tmp_path / "outcomes.sqlite")
    connection = sqlite3.connect(path)
    connection.execute("pragma user_version = 99")
    connection.close()
    store = SqliteStore(AGES, path)
    with pytest.raises(Exception, match="newer"):
        store.register([awaited("a")])
    store.close()
    assert sqlite3.connect(path).execute("select count(*) from sqlite_master").fetchone() == (0,)


def test_a_customer_who_is_scored_every_day_is_counted_every_day(service, model):
    """As many predictions as there were, and the accuracy that there was, in either store."""
    right = [[1, 1], [1, -1], [-1, -1]]
    for day in range(3):
        service.predict(model, ["x", "y"], [1, 1])
        service.clock.advance(60)
        otelml.record_outcomes(["x", "y"], [1 if one > 0 else 0 for one in right[day]])
        service.count("ml.outcomes")
        service.clock.advance(2 * HOUR)
    assert (
        service.count("ml.outcome.awaited") == service.count("ml.outcomes") == service.count("ml.outcome.cohort") == 6
    )
    assert service.count("ml.outcome.cohort", correct=True) == 3
    assert service.count("ml.outcome.corrections") == 0


def test_predictions_and_labels_by_turns_are_in_order(service, model):
    """Without a collection in between: each label belongs to the prediction before it."""
    for number in (1, -1, 1):
        service.predict(model, ["x"], [number])
        service.clock.advance(1)
        otelml.record_outcome("x", 1)
        service.clock.advance(1)
    process.current().desk.write()
    assert service.count("ml.outcome.awaited") == 3
    assert service.count("ml.outcomes", predicted="1", actual="1") == 2
    assert service.count("ml.outcomes", predicted="0", actual="1") == 1


def test_what_is_skipped_is_counted_and_said_once(service, model, caplog):
    """An id of a customer who is scored again before the horizon: the log names the cause and the fix."""
    ledger._said.clear()
    for number in (1, -1, -1):
        service.predict(model, ["x"], [number])
        service.clock.advance(120)
    assert service.count("ml.outcome.awaited") == 1
    assert ledger.dropped["ids_repeated", service.name] == 2
    assert caplog.text.count("An id names one prediction: give the id of the order") == 1
