"""Real servers and pools under the launcher: requests in, rows out, and how long it takes to end them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from otelml.testing import Receiver, total

PROGRAMS = Path(__file__).parent / "programs" / "servers"
BIN = Path(sys.executable).parent
ROWS, LIMIT_S, START_S = 3, 60, 60
GUNICORN = ("gunicorn", "-w", "2", "--bind", "127.0.0.1:{port}", "--log-level", "error")
CELERY = (
    *("celery", "-A", "served:queue", "worker", "-c", "2", "-l", "WARNING"),
    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
)
SERVERS = {
    "gunicorn": (*GUNICORN, "served:wsgi"),
    "gunicorn preload": (*GUNICORN, "--preload", "served:wsgi"),
    "gunicorn max-requests": (*GUNICORN, "--preload", "--max-requests", "5", "served:wsgi"),
    "gunicorn gthread": (*GUNICORN, "--preload", "-k", "gthread", "--threads", "4", "served:wsgi"),
    "uvicorn": ("uvicorn", "--port", "{port}", "--log-level", "error", "served:asgi"),
    "uvicorn 4 workers": ("uvicorn", "--port", "{port}", "--workers", "4", "--log-level", "error", "served:asgi"),
    "celery": CELERY,
    "celery recycled": (*CELERY, "--max-tasks-per-child", "2"),
}
POOLS = ("pathos", "loky", "multiprocessing")


class Seen(NamedTuple):
    """What a run led to: rows that were predicted, rows and spans that arrived, seconds that the end took."""

    predicted: int
    arrived: int
    spans: int
    seconds: float
    log: str


@contextmanager
def redis():
    """Run a Redis server, and have Celery use it: with a broker of files its own loop takes up to 4 s to end."""
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "")
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)  # noqa: S603 -- ours
        os.environ["SERVED_BROKER"] = f"redis://127.0.0.1:{port}/0"
        try:
            yield
        finally:
            del os.environ["SERVED_BROKER"]
            process.terminate()
            process.wait()


@contextmanager
def frozen():
    """Give the endpoint of a receiver that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def environment(endpoint, **variables):
    """Return an environment that exports to this endpoint, at the end alone."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
    settings = {
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "celery,urllib,urllib3,requests,asgi,wsgi,fastapi",
        "OTEL_BSP_SCHEDULE_DELAY": "60000",
        "PYTHONPATH": str(PROGRAMS),
    }
    return own | settings | variables


def _free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def _ask(port):
    """Send a request; returns whether it was answered."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            return answer.status == 200
    except OSError:
        return False


def _requests(_folder, count, port):
    """Send requests until so many were answered."""
    answered, deadline = 0, time.monotonic() + START_S
    while answered < count and time.monotonic() < deadline:
        if _ask(port):
            answered += 1
        else:
            time.sleep(0.1)


def _tasks(folder, count, _port):
    """Have Celery do so many tasks."""
    code = f"import served\n[one.get(timeout={START_S}) for one in [served.task.delay() for _ in range({count})]]"
    own = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")} | {
        "PYTHONPATH": str(PROGRAMS)
    }
    command = (sys.executable, "-c", code)
    subprocess.run(command, cwd=folder, env=own, capture_output=True, timeout=2 * START_S, check=True)  # noqa: S603 -- ours


def serve(server, endpoint, folder, count, arrived=lambda: (0, 0), launcher=(BIN / "opentelemetry-instrument",)):
    """Run a server until it has answered so many requests, and end it by SIGTERM."""
    port = _free_port()
    for name in ("q", "results", "control"):
        (folder / name).mkdir(exist_ok=True)
    command = [part.format(port=port) for part in SERVERS[server]]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 -- ours
            [*launcher, BIN / command[0], *command[1:]],
            env=environment(endpoint), cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            (_tasks if server.startswith("celery") else _requests)(folder, count, port)
            time.sleep(1)
            started = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.wait(LIMIT_S)
            seconds = time.monotonic() - started
        finally:
            process.kill()
            process.wait()
    time.sleep(0.2)
    return Seen(_predicted(folder), *arrived(), seconds, (folder / "log").read_text())


def served(server, folder, count):
    """Run a server with a receiver that takes everything."""
    with Receiver() as receiver:
        return serve(server, receiver.endpoint, folder, count, lambda: _arrived(receiver))


def served_to_nobody(server, folder, count):
    """Run a server with a receiver that never answers."""
    with frozen() as endpoint:
        return serve(server, endpoint, folder, count)


def served_alone(server, folder, count):
    """Run a server without the launcher: how long it takes to end on this machine, as busy as it is."""
    return serve(server, "", folder, count, launcher=())


def pooled(kind, folder, count, **variables):
    """Run a program that predicts in a pool of processes."""
    with Receiver() as receiver:
        started = time.monotonic()
        done = subprocess.run(  # noqa: S603 -- ours
            [BIN / "opentelemetry-instrument", sys.executable, PROGRAMS / "served.py", kind, str(count)],
            env=environment(receiver.endpoint, **variables), cwd=folder, capture_output=True, text=True,
            timeout=2 * LIMIT_S, check=True,
        )  # fmt: skip
        return Seen(_predicted(folder), *_arrived(receiver), time.monotonic() - started, done.stderr)


def _predicted(folder):
    """Rows that the processes themselves noted."""
    return len((folder / "predicted").read_bytes())


def _arrived(receiver):
    rows = total(receiver.points, "ml.inference.rows", {"ml.operation.name": "predict_proba"}).last
    return rows, sum(span.name.startswith("predict_proba") for span in receiver.spans)
