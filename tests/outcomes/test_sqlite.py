"""What only the SQLite store promises: restarts, several processes, forks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading

import pytest

from otelml.outcomes.sqlite import SqliteStore
from outcomes.conftest import AGES, HORIZON, awaited, outcome

MATURING = """
import json, sys
from otelml.outcomes.records import Ages
from otelml.outcomes.sqlite import SqliteStore
store = SqliteStore(Ages(100.0, 1000.0), sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([one.awaited.id for now in range(100, 160) for one in store.mature(now)]))
"""


@pytest.fixture
def path(tmp_path):
    """Name a file that is not there yet."""
    return str(tmp_path / "outcomes.sqlite")


def test_a_restart_forgets_nothing(path):
    """Predictions, labels and what was counted are still there for the next process."""
    first = SqliteStore(AGES, path)
    first.register([awaited("a"), awaited("b"), awaited("c", 50)])
    first.settle([outcome("a")])
    assert len(first.mature(HORIZON)) == 2
    first.close()
    second = SqliteStore(AGES, path)
    assert second.settle([outcome("a"), outcome("b", "0")]).rejected == {("duplicate", "m", None): 1}
    assert [one.awaited.id for one in second.mature(HORIZON + 50)] == ["c"]
    second.close()


def test_two_processes_count_each_prediction_once(path):
    """Processes that mature the same file at the same time share the predictions out, none twice."""
    store = SqliteStore(AGES, path)
    store.register([awaited(str(number), number % 50) for number in range(3_000)])
    store.close()
    processes = [
        subprocess.Popen(  # noqa: S603 -- our own program
            [sys.executable, "-c", MATURING, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    counted = [json.loads(process.communicate("go\n", timeout=60)[0]) for process in processes]
    together = counted[0] + counted[1]
    assert sorted(map(int, together)) == list(range(3_000))


def test_two_connections_register_each_id_once(path):
    """Two workers that are asked about one id register it once between them."""
    stores = [SqliteStore(AGES, path), SqliteStore(AGES, path)]
    fresh = [[], []]
    begin = threading.Barrier(2)

    def register(which):
        begin.wait()
        for number in range(200):
            fresh[which] += stores[which].register([awaited(str(number))])

    threads = [threading.Thread(target=register, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(int(one.id) for one in fresh[0] + fresh[1]) == list(range(200))
    for store in stores:
        store.close()


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_opens_its_own_connection(path):
    """A child uses the file and not the parent's connection; the parent goes on."""
    store = SqliteStore(AGES, path)
    store.register([awaited("a")])
    child = os.fork()
    if child == 0:
        joined = store.settle([outcome("a")]).joined
        store.close()
        os._exit(0 if len(joined) == 1 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert store.settle([outcome("a")]).rejected == {("duplicate", "m", None): 1}
    store.close()


def test_a_failed_transaction_leaves_nothing_half_done(path):
    """A batch that cannot be written whole is not written at all, and the store works afterwards."""
    store = SqliteStore(AGES, path)
    with pytest.raises(UnicodeEncodeError):
        store.register([awaited("a"), awaited("\ud800")])
    assert store.settle([outcome("a")]).unknown
    assert store.register([awaited("a")]) == [awaited("a")]
    store.close()


def test_large_batches_settle(path):
    """More outcomes than one statement takes are settled in pieces."""
    store = SqliteStore(AGES, path)
    ids = [str(number) for number in range(2_345)]
    store.register([awaited(one) for one in ids])
    assert [one.awaited.id for one in store.settle([outcome(one) for one in ids]).joined] == ids
    store.close()
