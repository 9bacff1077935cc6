"""A model behind each kind of server and pool; three rows a request, one more for the warm-up of whoever imports it."""

from __future__ import annotations

import os
import sys

import numpy as np
from celery import Celery
from sklearn.linear_model import LogisticRegression

ROWS = 3
X = np.random.default_rng(0).normal(size=(50, ROWS))
model = LogisticRegression().fit(X, X[:, 0] > 0)
model.predict(X[:1])  # a warm-up before the server forks

broker = os.environ.get("SERVED_BROKER", "filesystem://")
queue = Celery("served", broker=broker, backend="file://" + os.path.abspath("results"))  # noqa: PTH100 -- a URL
if broker.startswith("filesystem"):
    queue.conf.broker_transport_options = {"data_folder_in": "q", "data_folder_out": "q", "control_folder": "control"}


def predict(_=None):
    """Predict three rows, and note it where all processes do: a client may have given up on a request."""
    rows = len(model.predict_proba(X[:ROWS]))
    file = os.open("predicted", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, b"." * rows)
    os.close(file)
    return rows


def wsgi(_environ, start_response):
    """Answer a request to gunicorn."""
    predict()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]


async def asgi(scope, receive, send):
    """Answer a request to uvicorn."""
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    predict()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@queue.task(name="served.task")
def task():
    """Do a task of Celery's."""
    return predict()


def main(kind, count):
    """Use a pool of processes: pathos, or joblib by processes."""
    if kind == "pathos":
        from pathos.multiprocessing import ProcessPool

        pool = ProcessPool(nodes=2)
        pool.map(predict, range(count))
        pool.close()
        pool.join()
    else:
        from joblib import Parallel, delayed

        Parallel(n_jobs=2, backend=kind)(delayed(predict)() for _ in range(count))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
