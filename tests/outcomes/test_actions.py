"""What somebody did about predictions: counted once, for the right model, in whichever process it is told."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import otelml
from otelml import process
from otelml.outcomes import early
from otelml.outcomes.records import Acted, Action, Awaited
from otelml.outcomes.sqlite import SqliteStore
from otelml.patching.guard import loud
from otelml.testing import capture, select, total
from outcomes.conftest import AGES, HORIZON, TIME_TO_LIVE, awaited, outcome
from outcomes.test_desk import START, model, service
from outcomes.test_other_process import PREDICTS

__all__ = ["model", "service"]  # fixtures

SQLITE = pytest.mark.parametrize("service", ["sqlite"], indirect=True)


def click(one, at=10.0, name="click"):
    """Make an action."""
    return Action(one, name, at)


def test_an_action_counts_once_a_prediction_and_name(store):
    """Again is a duplicate, in one batch and in another; another name, another id and another model are not."""
    mine, other = awaited("a"), awaited("a", model="other")
    store.register([mine, other, awaited("b")])
    acted, unknown = store.act([click("a"), click("a", 11), click("b")])
    assert [(one.awaited.id, one.awaited.model, one.refused) for one in acted if one.awaited.model == "m"] == [
        ("a", "m", None),
        ("a", "m", "duplicate"),
        ("b", "m", None),
    ]
    assert [one.refused for one in acted if one.awaited == other] == [None, "duplicate"]
    assert unknown == []
    acted, _ = store.act([click("a"), click("a", name="book")])
    assert [one.refused for one in acted if one.awaited == mine] == ["duplicate", None]


def test_actions_need_no_outcome_and_stay_beside_one(store):
    """Labels, cohorts and actions of one prediction do not touch each other."""
    store.register([awaited("a")])
    assert store.act([click("a")])[0] == [Acted(awaited("a"), click("a"), None)]
    assert len(store.settle([outcome("a")]).joined) == 1
    assert len(store.mature(HORIZON)) == 1
    assert store.act([click("a", HORIZON)])[0][0].refused == "duplicate"
    assert store.settle([outcome("a")]).rejected == {("duplicate", "m", None): 1}


def test_ids_that_nobody_knows_come_back(store):
    """So do those whose prediction was forgotten; one past its time to live has expired."""
    store.register([awaited("a")])
    acted, unknown = store.act([click("nobody"), click("a", TIME_TO_LIVE)])
    assert ([one.refused for one in acted], unknown) == (["expired"], [click("nobody")])
    store.act([click("a")])
    store.mature(TIME_TO_LIVE)
    assert store.act([click("a")]) == ([], [click("a")])
    assert store.act([]) == ([], [])


def test_a_prediction_that_is_made_anew_may_be_acted_on_anew(store):
    """Once forgotten, a prediction takes what is remembered of its actions along."""
    store.register([awaited("a")])
    store.act([click("a")])
    store.mature(TIME_TO_LIVE)
    store.register([awaited("a", TIME_TO_LIVE)])
    assert [one.refused for one in store.act([click("a", TIME_TO_LIVE)])[0]] == [None]


def test_many_actions_fit(store):
    """More than one statement takes are joined, in order."""
    ids = [str(number) for number in range(900)]
    store.register([awaited(one) for one in ids])
    acted, unknown = store.act([click(one) for one in [*ids, *ids]])
    assert [one.awaited.id for one in acted] == [*ids, *ids]
    assert [one.refused for one in acted] == [None] * 900 + ["duplicate"] * 900
    assert unknown == []


def test_a_file_of_an_older_version_is_taken_over(tmp_path):
    """What waits in a file without a table of actions is found, and so are actions from then on."""
    path = str(tmp_path / "outcomes.sqlite")
    older = SqliteStore(AGES, path)
    older.register([awaited("a")])
    older.close()
    connection = sqlite3.connect(path)
    connection.execute("drop table actions")
    connection.close()
    newer = SqliteStore(AGES, path)
    assert [one.refused for one in newer.act([click("a"), click("a")])[0]] == [None, "duplicate"]
    newer.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_and_its_parent_count_an_action_once(tmp_path):
    """Of a file that both use; from a map of the parent's own, the child knows nothing."""
    store = SqliteStore(AGES, str(tmp_path / "outcomes.sqlite"))
    store.register([awaited("a")])
    child = os.fork()
    if child == 0:
        counted = [one.refused for one in store.act([click("a")])[0]]
        store.close()
        os._exit(0 if counted == [None] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [one.refused for one in store.act([click("a")])[0]] == ["duplicate"]
    store.close()


def test_click_through_never_exceeds_one(service, model):
    """However often an action is told, it is counted once an exposure, beside what the model awaits."""
    service.predict(model, ["a", "b", "c"], [1, 1, -1])
    for _ in range(3):
        otelml.record_actions(["a", "c", "a"], "click")
    otelml.record_actions("a", "book")
    assert service.count("ml.actions", action="click") == 2
    assert service.count("ml.actions", action="book") == 1
    assert service.count("ml.outcome.awaited") == 3
    assert service.count("ml.outcome.rejections", reason="duplicate", action="click") == 7


@pytest.mark.parametrize("hold", [list, tuple, np.array, pd.Series, pd.Index, pl.Series, pa.array])
def test_ids_of_actions_come_in_any_container(service, model, hold):
    """A column of a frame, an array and a list are the same ids."""
    service.predict(model, ["a", "b", "c"], [1, 1, -1])
    otelml.record_actions(hold(["a", "c"]), "click")
    otelml.record_outcomes(hold(["a", "c"]), hold([1, 0]))
    assert service.count("ml.actions", action="click") == 2
    assert service.count("ml.outcomes") == 2
    assert service.count("ml.outcome.rejections") == 0


def test_refused_actions_name_their_reason(service, model):
    """Late ones and those without a time are told, by action; the ids of the others are still counted."""
    service.predict(model, ["a", "b", "c"], [1, 1, 1])
    otelml.record_actions(["a", "b", "c"], "click", at=[START, START + 24 * 3_600, float("nan")])
    assert service.count("ml.actions") == 1
    assert service.count("ml.outcome.rejections", reason="expired", action="click") == 1
    service.name = ""
    invalid = total(service._points, "ml.outcome.rejections", {"ml.reason": "invalid", "ml.action": "click"}).last
    assert invalid >= 1


def test_an_id_that_nobody_knows_is_told_with_its_mend(service, monkeypatch, caplog):
    """It is counted as unknown under the action's name, and the log says what to do."""
    from otelml.ledger import ledger

    ledger._said.clear()
    monkeypatch.setattr(early, "GRACE_S", 0.0)
    otelml.record_actions(["nobody"], "wave")
    process.current().desk.write()
    points = service._captured.points()
    assert total(points, "ml.outcome.rejections", {"ml.reason": "unknown", "ml.action": "wave"}).last == 1
    assert "actions came for ids that no prediction waits for" in caplog.text


@SQLITE
def test_an_action_may_come_before_its_prediction(service, model):
    """With a shared store, an action whose prediction another worker is still writing is tried again."""
    otelml.record_actions(["a"], "click")
    service.predict(model, ["a"], [1])
    process.current().desk.write()
    assert service.count("ml.actions", action="click") == 1


@SQLITE
def test_it_is_counted_under_the_model_that_predicted(service, tmp_path):
    """The worker that hears of an action counts it under name and version of a model that it never served."""
    other = SqliteStore(AGES, str(tmp_path / "outcomes.sqlite"))
    other.register([Awaited("a", service.name, "7", "late", None, None, START)])
    other.close()
    otelml.record_actions(["a"], "click")
    assert service.count("ml.actions", action="click", **{"model.version": "7"}) == 1


def test_actions_are_counted_where_they_come(tmp_path):
    """A process that only takes clicks counts them for the model of another; at zero first, as every counter."""
    path = str(tmp_path / "outcomes.sqlite")
    subprocess.run([sys.executable, "-c", PREDICTS, "binary", path], check=True)  # noqa: S603 -- ours
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, outcome_store=f"sqlite:///{path}")
        try:
            otelml.record_actions(range(40), "click")
            captured.points()
            points = captured.points() + captured.points()
        finally:
            otelml.uninstrument()
    clicks = total(points, "ml.actions", {"ml.model.name": "far-binary", "ml.action": "click"})
    assert clicks.last == 40


def test_a_locked_store_keeps_no_caller_waiting(service, model, tmp_path):
    """Actions that are told while another process holds the file are counted once it lets go."""
    service.predict(model, ["a"], [1])
    service.count("ml.actions")
    holder = sqlite3.connect(tmp_path / "outcomes.sqlite", isolation_level=None)
    holder.execute("begin immediate")
    otelml.record_actions(["a"], "click")  # returns while the file is held, or it would never be let go of
    holder.execute("rollback")
    holder.close()
    assert service.count("ml.actions", action="click") == 1


def test_declared_actions_are_at_zero_from_the_start(model):
    """With the names in a setting, a model tells each at zero once it is served; an undeclared one is `other`."""
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, actions="click,book")
        try:
            otelml.identify(model, name="declared")
            with otelml.predictions(ids=["a"]):
                model.predict([[1.0]])
            before = select(captured.points(), "ml.actions", {"ml.model.name": "declared"})
            otelml.record_actions(["a"], "jane.doe@example.org")
            captured.points()
            points = captured.points()
        finally:
            otelml.uninstrument()
    assert {point.attributes["ml.action"]: point.value for point in before} == {"click": 0, "book": 0}
    assert total(points, "ml.actions", {"ml.model.name": "declared", "ml.action": "other"}).last == 1
    assert total(points, "otelml.dropped", {"ml.reason": "cardinality"}).last >= 1


def test_the_first_twenty_names_are_told(service, model):
    """Beyond them actions are `other`, of which a prediction has one."""
    service.predict(model, ["a"], [1])
    for number in range(25):
        otelml.record_actions(["a"], f"act{number:02d}")
    told = {p.attributes["ml.action"] for p in select(_all(service), "ml.actions", {"ml.model.name": service.name})}
    assert told == {f"act{number:02d}" for number in range(20)} | {"other"}
    assert service.count("ml.actions", action="other") == 1


def _all(service):
    service.count("ml.actions")
    return service._points


def test_nothing_is_raised_into_the_host(service, model, caplog):
    """What cannot be read is logged once by its kind, without a value, and counted; what follows works."""
    service.predict(model, ["a"], [1])
    with loud(on=False), caplog.at_level(logging.WARNING):
        otelml.record_actions(None, "click")
        otelml.record_actions(["a"], "click", at=[1.0, 2.0])
        otelml.record_actions(["a"], "click", at="jane.doe@example.org")
    assert "jane.doe" not in caplog.text
    assert service.count("ml.actions") == 0
    assert total(service._points, "otelml.errors", {"ml.component": "outcomes"}).last == 3
    otelml.record_actions(["a"], "click")
    assert service.count("ml.actions", action="click") == 1
