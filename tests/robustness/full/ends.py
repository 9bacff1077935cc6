"""Every server and pool, and forks, in full size: `python tests/robustness/full/ends.py [REQUESTS] [FORKS]`.

Prints a table: rows predicted, rows and spans that arrived, and the seconds from SIGTERM to the end, with a receiver
that takes everything and with one that never answers.  Celery runs with Redis, too, where that and its client are
installed.  Takes several minutes; CI runs a part of it (`test_servers.py`).
"""

from __future__ import annotations

import contextlib
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[2]
sys.path.insert(0, str(TESTS / "e2e"))

from servers import POOLS, SERVERS, pooled, redis, served, served_alone, served_to_nobody  # noqa: E402 -- found by the line above

FORKING = TESTS / "telemetry" / "programs" / "forking.py"


def row(server, requests, note=""):
    """Print what became of a server: with a receiver, with one that never answers, and without otelml."""
    with contextlib.ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in range(3)]
        seen = served(server, folders[0], requests)
        frozen = served_to_nobody(server, folders[1], 12)
        alone = served_alone(server, folders[2], 12)
    seconds = " ".join(f"{one.seconds:7.1f}s" for one in (seen, frozen, alone))
    print(f"{server + note:24} {seen.predicted:9} {seen.arrived:9} {seen.spans:6} {seconds}", flush=True)


def main(requests=60, forks=200):
    """Print the table."""
    print(f"{'':24} {'predicted':>9} {'arrived':>9} {'spans':>6} {'ends in':>8} {'frozen':>8} {'alone':>8}")
    for server in SERVERS:
        row(server, requests)
    if shutil.which("redis-server") and importlib.util.find_spec("redis"):
        with redis():
            for server in SERVERS:
                if server.startswith("celery"):
                    row(server, requests, " (Redis)")
    for pool in POOLS:
        with tempfile.TemporaryDirectory() as folder:
            seen = pooled(pool, Path(folder), requests)
        print(f"{pool:24} {seen.predicted:9} {seen.arrived:9} {seen.spans:6}", flush=True)
    command = (sys.executable, str(FORKING), str(forks))
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=1_200)  # noqa: S603 -- ours
    print(f"{forks} forks during collections: {done.stdout.strip()}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
