"""Ways to do one thing, timed in turn, so that a noisy machine is noisy for all of them.

Each way lives in a process of its own: patching a class and taking the patch out again would leave the interpreter's
caches in a state that neither a watched nor an unwatched service ever sees.
"""

from __future__ import annotations

import gc
import multiprocessing
import time
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

WARM_UP = 2_000


def _serve(make: Callable[[], Callable[[], object]], pipe: Connection, warm_up: int) -> None:
    call = make()
    for _ in range(warm_up):
        call()
    gc.collect()
    gc.freeze()
    pipe.send("ready")
    while calls := pipe.recv():
        started = time.perf_counter()
        for _ in range(calls):
            call()
        pipe.send((time.perf_counter() - started) / calls)


def medians(
    ways: dict[str, Callable[[], Callable[[], object]]], rounds: int, calls: int, warm_up: int = WARM_UP
) -> dict[str, float]:
    """Median over `rounds` rounds of the seconds of one call; in a round each way is called `calls` times.

    A way is a function that makes, in its own process, what is to be called.
    """
    context = multiprocessing.get_context("spawn")
    pipes: dict[str, Connection] = {}
    workers = []
    for name, make in ways.items():
        pipes[name], theirs = context.Pipe()
        worker = context.Process(target=_serve, args=(make, theirs, warm_up), daemon=True)
        worker.start()
        workers.append(worker)
        pipes[name].recv()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, pipe in pipes.items():
            pipe.send(calls)
            seconds[name].append(pipe.recv())
    for pipe in pipes.values():
        pipe.send(0)
    for worker in workers:
        worker.join()
    return {name: median(times) for name, times in seconds.items()}


def show(title: str, times: dict[str, float], against: str) -> None:
    """Print a table of ratios."""
    print(f"\n{title}\n  median of each way, as a multiple of {against!r} in the same run")
    for name, seconds in times.items():
        print(f"  {name:<56} {seconds / times[against]:7.3f} x")
