"""A host of several processes that never heard of otelml: `workers.py fork|spawn|os_fork MODEL`.

The parent has predicted before it starts its workers, and goes on while they are being started.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading

import joblib
from traffic import PARENT, WORKERS, serve


def work(path, worker):
    """Do what one worker of `multiprocessing` does."""
    serve(joblib.load(path), worker)


def with_multiprocessing(method, path):
    """Start workers of `multiprocessing`, and wait for their end."""
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=work, args=(path, worker)) for worker in range(WORKERS)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return [worker.exitcode for worker in workers]


def with_os_fork(model):
    """Fork children that end in `sys.exit`, and wait for their end."""
    children = []
    for worker in range(WORKERS):
        child = os.fork()
        if child == 0:
            serve(model, worker)
            sys.exit()
        children.append(child)
    return [os.waitpid(child, 0)[1] for child in children]


def main(method, path):
    """Serve in the parent, and meanwhile in the workers."""
    model = joblib.load(path)
    model.predict_proba([[0.0] * 4])
    parent = threading.Thread(target=serve, args=(model, PARENT))
    parent.start()
    codes = with_os_fork(model) if method == "os_fork" else with_multiprocessing(method, path)
    parent.join()
    assert set(codes) == {0}, codes


if __name__ == "__main__":
    main(*sys.argv[1:])
