"""The predictions that a program makes, and its test makes again to know what to expect."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np

COLUMNS = 4
CALLS = 60
THREADS = 4
WORKERS = 3
PACE_S = 0.01  # spreads the calls over several collections
PARENT = -1  # the process that starts the others


class Traffic(NamedTuple):
    """One thread of one process, and so its rows."""

    worker: int
    thread: int


def of_worker(worker):
    """Return the traffic of one process."""
    return [Traffic(worker, thread) for thread in range(THREADS)]


def everything():
    """Return the traffic of all processes."""
    return [traffic for worker in range(PARENT, WORKERS) for traffic in of_worker(worker)]


def batches(traffic):
    """Return the batches of one thread: one row more often than not, some in between, at last a thousand."""
    random = np.random.default_rng([traffic.worker + 1, traffic.thread])
    sizes = [*random.choice([1, 1, 1, 2, 7, 40], CALLS - 1), 1_100]
    return [random.normal(size=(size, COLUMNS)) for size in sizes]


def predict(model, traffic):
    """Ask `model` about the rows of one thread, one batch after the other."""
    pause = threading.Event()
    for batch in batches(traffic):
        model.predict_proba(batch)
        pause.wait(PACE_S)


def serve(model, worker):
    """Ask `model` from all threads of one process."""
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda traffic: predict(model, traffic), of_worker(worker)):
            pass
