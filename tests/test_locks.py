"""A lock that its own thread never waits for."""

from __future__ import annotations

import contextlib
import sys
import threading

import pytest

from otelml import locks
from otelml.locks import Lock


def test_work_of_the_same_thread_is_left_to_the_section_it_came_in():
    """A handler that adds something while its own thread is inside does not wait, and nothing is lost."""
    lock, done = Lock(), []

    def outer():
        lock.do(done.append, "handler")  # as a signal handler would, in the middle
        done.append("outer")

    lock.do(outer)
    assert done == ["outer", "handler"]
    assert not lock.mine


def test_what_was_left_behind_by_an_exception_is_done_next():
    """Work that was left to a section which raised is done by the next one."""
    lock, done = Lock(), []

    def outer():
        lock.do(done.append, "handler")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lock.do(outer)
    assert not lock.mine
    lock.do(done.append, "next")
    assert done == ["next", "handler"]


def test_an_attempt_of_the_same_thread_is_none():
    """What can be done later is not done where this thread is inside already."""
    lock, tried = Lock(), []
    assert lock.attempt(lambda: tried.append(lock.attempt(tried.append, "never")))
    assert tried == [False]
    assert not lock.mine


def test_an_attempt_waits_for_another_thread_no_longer_than_it_is_told():
    """Another thread that stays inside is waited for as long as patience says; additions wait until it leaves."""
    lock, inside, leave, done = Lock(), threading.Event(), threading.Event(), []

    def stay():
        inside.set()
        leave.wait(10)

    thread = threading.Thread(target=lock.do, args=(stay,))
    thread.start()
    inside.wait(10)
    assert not lock.attempt(done.append, "no", patience=0)
    assert not lock.attempt(done.append, "no", patience=0.01)
    leave.set()
    lock.do(done.append, "yes")
    thread.join()
    assert done == ["yes"]


@pytest.mark.parametrize("method", ["do", "attempt"])
def test_an_exception_at_any_line_lets_go(method):
    """Whichever line of the lock an exception of a signal handler comes before, the lock is free afterwards."""

    def at(number):
        count = 0

        def local(_frame, event, _arg):
            nonlocal count
            count += event == "line"
            if event == "line" and count == number:
                sys.settrace(None)
                raise KeyboardInterrupt
            return local

        return lambda frame, _event, _arg: local if frame.f_code.co_filename == locks.__file__ else None

    for number in range(1, 30):
        lock = Lock()
        sys.settrace(at(number))
        try:
            getattr(lock, method)(lambda: None)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        assert not lock.mine, number


def test_threads_add_to_the_last_one():
    """Additions of several threads are all there."""
    lock, totals = Lock(), {"sum": 0}

    def add():
        totals["sum"] += 1

    threads = [threading.Thread(target=lambda: [lock.do(add) for _ in range(5_000)]) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert totals["sum"] == 20_000


def down(levels, call):
    """Call something so many frames further down."""
    return call() if not levels else down(levels - 1, call)


@pytest.mark.parametrize("way", ["do", "attempt", "read"])
def test_a_lock_is_let_go_at_the_recursion_limit(way):
    """Wherever the limit strikes, within our lines or those that they call, another thread finds the lock free."""
    lock, free = Lock(), []
    use = getattr(lock, way)
    for levels in range(sys.getrecursionlimit() - 250, sys.getrecursionlimit()):
        with contextlib.suppress(RecursionError):
            down(levels, lambda: use(deep))
    thread = threading.Thread(target=lambda: free.append(lock.attempt(lambda: None, patience=5)))
    thread.start()
    thread.join(10)
    assert free == [True]


def deep():
    """Work that needs some frames of its own."""
    return down(20, lambda: None)
