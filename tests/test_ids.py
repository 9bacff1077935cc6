"""Ids of a block: there whatever otelml does, one a row, a list that a service can return."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import numpy as np
import pandas as pd
import pytest
from fresh import forget_models
from pydantic import BaseModel, TypeAdapter
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.batches import BATCH, Batch
from otelml.labels import MOST_TEXT
from otelml.ledger import ledger
from otelml.patching.guard import loud
from otelml.testing import capture, total

ROWS = np.linspace(-1, 1, 40).reshape(-1, 1)


@pytest.fixture(scope="module")
def model():
    """Fit a model that says 1 where its number is positive."""
    return LogisticRegression().fit(ROWS, ROWS[:, 0] > 0)


@pytest.fixture(params=["off", "absent", "broken", "on"])
def state(request, monkeypatch):
    """Switch otelml off, never instrument, let it fail inside, or have it watch."""
    if request.param == "absent":
        yield request.param
        return
    with capture() as captured, loud(request.param == "on"):
        enabled = {"enabled": False} if request.param == "off" else {}
        otelml.instrument(captured.tracer_provider, captured.meter_provider, **enabled)
        if request.param == "broken":
            monkeypatch.setattr("otelml.process.Process.settings", property(lambda _: 1 / 0), raising=False)
            monkeypatch.setattr("otelml.models.Models.monitor", lambda *_: 1 / 0)
        try:
            yield request.param
        finally:
            monkeypatch.undo()
            otelml.uninstrument()
            forget_models()


def test_a_service_works_whatever_otelml_does(state, model):
    """Ids can be indexed, paired with scores and recorded, and nothing is raised."""
    for n_rows in (None, 3):
        with otelml.predictions(n_rows=n_rows) as batch:
            scores = model.predict_proba(ROWS[:3])[:, 1]
        pairs = list(zip(batch.ids, scores, strict=False))
        assert [score for _, score in pairs] == scores.tolist()
        assert [batch.ids[row] for row in range(3)] == [one for one, _ in pairs]
        assert len(batch.ids) == (3 if n_rows or state == "on" else 0)
        otelml.record_outcomes(batch.ids, [0, 1, 1])
        otelml.record_outcome(batch.ids[0], 1)
        otelml.record_actions(batch.ids, "click")


@pytest.mark.usefixtures("state")
def test_given_ids_are_the_hosts_own(model):
    """As text, in order, however long, whatever otelml does."""
    given = [7, "x" * 1_000, None, np.int64(3)]
    with otelml.predictions(ids=given, n_rows=99) as batch:
        model.predict(ROWS[:4])
    assert batch.ids == ["7", "x" * 1_000, "", "3"]
    otelml.record_outcomes(given, [0, 1, 1, 0])


def test_ids_are_a_list():
    """They compare, slice, copy, pickle and serialise as a list does, with as many as `len` says."""
    ids = Batch(None, 3).ids
    assert len(set(ids)) == 3
    assert ids[-1] == list(ids)[2] == ids[2:][0] == tuple(ids)[2]
    assert json.loads(json.dumps(ids)) == ids == list(ids) == copy.deepcopy(ids) == pickle.loads(pickle.dumps(ids))  # noqa: S301 -- ours
    assert np.asarray(ids).tolist() == ids == pd.Series(ids).tolist()
    assert TypeAdapter(list[str]).validate_python(ids) == ids
    assert [*reversed(ids)] == ids[::-1]


def test_ids_on_demand_end():
    """Where nobody knows how many rows there are, a copy is empty, and what is asked for is there."""
    batch = Batch(None)
    ids = batch.ids

    class Answer(BaseModel):
        ids: list[str]

    assert [list(ids), tuple(ids), [*ids], sorted(ids), json.dumps(ids)] == [[], (), [], [], "[]"]
    assert Answer(ids=ids).ids == copy.copy(ids) == pickle.loads(pickle.dumps(ids)) == []  # noqa: S301 -- ours
    assert ids[:2] == [ids[0], ids[1]]
    assert next(iter(ids)) == ids[-1] == ids[0]
    assert sum(1 for _ in ids) == 1_000_000
    assert batch.take(object(), "predict", 2) == [*ids] == [one for one, _ in zip(ids, "ab", strict=True)]


def test_ids_cannot_be_guessed_from_another():
    """Rows of one block share no beginning, and blocks no ids."""
    several = [Batch(None, 100).ids for _ in range(100)]
    every = [one for ids in several for one in ids]
    assert len(set(every)) == 10_000
    assert len({one[:8] for one in every}) > 9_900


@pytest.mark.parametrize("n_rows", [-1, 2.5, "three", float("nan"), [3], 10**12])
def test_an_odd_number_of_rows_is_left_out(n_rows):
    """And nothing is raised."""
    assert len(Batch(None, n_rows).ids) == 0


def test_generated_ids_of_parts_in_threads_are_one_a_row():
    """Threads that predict parts of one block at one time share its generated ids out."""
    batch, shared, begin = Batch(None, 4_000), object(), threading.Barrier(8)

    def part(_):
        begin.wait()
        return [one for _ in range(100) for one in batch.take(shared, "predict", 5)]

    with ThreadPoolExecutor(8) as pool:
        taken = [one for part in pool.map(part, range(8)) for one in part]
    assert sorted(taken) == sorted(batch.ids)


def _threads(ask, parts):
    """Start them all in threads that carry the block, and let the last one ask first."""
    turns = [threading.Event() for _ in range(len(parts) + 1)]
    turns[-1].set()

    def work(turn):
        turns[turn + 1].wait(10)
        ask(parts[turn])
        turns[turn].set()

    threads = [threading.Thread(target=copy_context().run, args=(work, turn)) for turn in range(len(parts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def _pool(ask, parts):
    with ThreadPoolExecutor(4) as pool:
        begin = threading.Barrier(min(4, len(parts)))
        list(pool.map(lambda part: (begin.wait(10), ask(part)), parts))


def _tasks(ask, parts):
    async def one(turn):
        for _ in range(len(parts) - turn):  # the last one first
            await asyncio.sleep(0)
        ask(parts[turn])

    async def main():
        await asyncio.gather(*map(one, range(len(parts))))

    asyncio.run(main())


def _threads_of_tasks(ask, parts):
    async def main():
        await asyncio.gather(*(asyncio.to_thread(ask, part) for part in parts))

    asyncio.run(main())


def _in_turn(ask, parts):
    for part in parts:
        ask(part)


def _one_worker(ask, parts):
    with ThreadPoolExecutor(1) as pool:
        list(pool.map(ask, parts))


def _awaited(ask, parts):
    async def main():
        for part in parts:
            await asyncio.to_thread(ask, part)

    asyncio.run(main())


def _one_thread(ask, parts):
    _threads(lambda several: _in_turn(ask, several), [parts])


ORDERED = {"loop": _in_turn, "one worker": _one_worker, "awaited one by one": _awaited, "a thread": _one_thread}
OVERLAPPING = {"threads": _threads, "pool": _pool, "tasks": _tasks, "threads of tasks": _threads_of_tasks}


def _joined_in_parts(model, way):
    """Ask about 40 rows in parts of ten within one block; returns points."""
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            otelml.identify(model, name="parts")
            with otelml.predictions(ids=range(40)):
                way(model.predict, np.split(ROWS, 4))
            otelml.record_outcomes(range(40), ROWS[:, 0] > 0)
            return captured.points() + captured.points()
        finally:
            otelml.uninstrument()
            forget_models()


@pytest.mark.parametrize("way", ORDERED.values(), ids=ORDERED)
def test_parts_in_order_have_their_ids(model, way):
    """By one thread or task, wherever it has the work done."""
    points = _joined_in_parts(model, way)
    assert total(points, "ml.outcomes", {"ml.correct": True}).last == 40


@pytest.mark.parametrize("way", OVERLAPPING.values(), ids=OVERLAPPING)
def test_parts_of_several_threads_or_tasks_have_no_ids(model, way, caplog):
    """Nobody knows which rows are whose: none is joined to the wrong one, and all are counted."""
    ledger._said.clear()
    before = _dropped("ids_mismatch")
    points = _joined_in_parts(model, way)
    joined = total(points, "ml.outcomes").last
    assert total(points, "ml.outcomes", {"ml.correct": False}).last == 0
    assert _dropped("ids_mismatch") - before == 40 - joined
    assert joined in ((0, 10) if way is _threads_of_tasks else (0,))  # the first may be done before another is begun
    assert caplog.text.count("Open a block for each call") == 1


def test_whole_calls_of_several_threads_have_their_ids():
    """Each asks about all rows, and so does a block of one row in each thread."""
    batch, shared = Batch(range(100)), object()
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: batch.take(shared, "predict", 100), range(20)))
    assert all(one == batch.ids for one in taken)


def test_models_in_threads_have_the_same_ids():
    """Two models that are asked at one time about the rows of a block name them alike."""
    for _ in range(200):
        batch, begin = Batch(None), threading.Barrier(2)

        def ask(asked, batch=batch, begin=begin):
            begin.wait()
            return batch.take(asked, "predict", 500)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.map(ask, ("a", "b"))
        assert first == second == batch.ids
        assert len(batch.ids) == 500


def test_a_further_call_on_all_rows_begins_anew():
    """With `n_rows` as with ids of the host's own; a call on more rows than that is counted, and takes none."""
    for batch in (Batch(None, 3), Batch(["a", "b", "c"])):
        asked = object()
        assert batch.take(asked, "predict", 3) == batch.ids
        assert batch.take(asked, "predict", 3) == batch.ids
        before = ledger.dropped["ids_mismatch", ""]
        assert batch.take(asked, "predict", 4) == []
        assert ledger.dropped["ids_mismatch", ""] - before == 4


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", "nan", np.datetime64("NaT")])
def test_a_missing_id_is_no_id(model, missing):
    """Rows without one await nothing and are counted; the others are joined, and none is corrected."""
    ids = [missing if row % 4 == 0 else row for row in range(40)]
    before = _dropped("ids_missing")
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            otelml.identify(model, name="gaps")
            with otelml.predictions(ids=ids):
                model.predict_proba(ROWS)
            with otelml.predictions(ids=[missing]):
                model.predict_proba(ROWS[:1])
            otelml.record_outcomes(ids, ROWS[:, 0] > 0)
            points = captured.points() + captured.points()
        finally:
            otelml.uninstrument()
            forget_models()
    counted = {name: total(points, f"ml.outcome{name}").last for name in (".awaited", "s", ".corrections")}
    assert counted == {".awaited": 30, "s": 30, ".corrections": 0}
    assert _dropped("ids_missing") - before == 11
    assert total(points, "ml.outcome.rejections", {"ml.reason": "invalid"}).last >= 10


def _dropped(reason):
    return sum(count for (why, _), count in ledger.dropped.items() if why == reason)


def test_a_long_id_is_kept_short_inside(model):
    """What is stored and put on a span is bounded, and the outcome is found by the id as it was given."""
    given = "x" * 1_000_000
    with capture("delta") as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, span_ids=True)
        try:
            with otelml.predictions(ids=[given]):
                model.predict(ROWS[:1])
            otelml.record_outcome(given, 0)
            otelml.record_actions(given, "A" * 1_000_000)
            points = captured.points() + captured.points()
            spans = captured.spans()
        finally:
            otelml.uninstrument()
            forget_models()
    assert total(points, "ml.outcomes").last == total(points, "ml.actions").last == 1
    texts = [str(value) for point in points for value in point.attributes.values()]
    texts += [str(value) for span in spans for value in span.attributes.values()]
    assert max(map(len, texts)) <= MOST_TEXT


def test_a_block_may_be_left_in_another_context():
    """As a generator of a framework may: nothing is raised."""
    block = otelml.predictions()
    block.__enter__()
    thread = threading.Thread(target=block.__exit__, args=(None, None, None))
    thread.start()
    thread.join()
    BATCH.set(None)


@pytest.mark.parametrize("given", [{"ids": list("abc")}, {"n_rows": 3}])
@pytest.mark.parametrize("change", ["append", "pop", "clear", "none"])
def test_ids_that_the_host_changed(model, given, change):
    """Rows whose ids are still there are joined; what is not is counted, and no row is lost."""
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            before = ledger.dropped.copy()
            with otelml.predictions(**given) as batch:
                ids = list(batch.ids)
                {
                    "append": lambda: batch.ids.append("z"),
                    "pop": batch.ids.pop,
                    "clear": batch.ids.clear,
                    "none": lambda: batch.ids.__setitem__(0, None),
                }[change]()
                model.predict(ROWS[:3])
            otelml.record_outcomes(ids, [0, 1, 1])
            points = [*captured.points(), *captured.points()]
            assert total(points, "ml.inference.rows").last == 3
            joined = total(points, "ml.outcomes").last
            reason = "ids_missing" if change == "none" else "ids_mismatch"
            dropped = sum(count for (why, _), count in (ledger.dropped - before).items() if why == reason)
            assert joined == {"append": 3, "none": 2}.get(change, 0)
            assert joined + dropped == 3
        finally:
            otelml.uninstrument()
            forget_models()
