"""The example service with and without otelml, at the same rate, in turn: latency of its requests.

Asked: where traces are off, p99 at most 1.05 times that without.  One client sends at a fixed rate whatever the answers
do, in short slots from server to server, so that a noisy machine is noisy for all.  `without` is the same program with
three empty functions in the place of otelml's and no launcher; it runs twice, and what the second is a multiple of the
first is what this machine cannot tell apart.  Run with `uv run python tests/benchmarks/service_latency.py`.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.testing import Receiver, total

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "fastapi_service"
BIN = Path(sys.executable).parent
WITHOUT, AGAIN, METRICS, TRACES = "without", "without again", "with, metrics", "with, metrics and traces"
PATHS = ("/predict", "/feedback")
STARTS_WITHIN_S, ENDS_WITHIN_S, ANSWERS_WITHIN_S = 60.0, 20.0, 10.0
HEADERS = "host: x\r\ncontent-type: application/json\r\n"
SERVE = ("service:app", "--no-access-log", "--timeout-keep-alive", "120")
RESAMPLES = 2_000
STUB = '''\
"""What the example calls of otelml, and nothing of what it does."""

import contextlib
import types
import uuid


def identify(model, **_given):
    return model


@contextlib.contextmanager
def predictions(**_given):
    yield types.SimpleNamespace(ids=[uuid.uuid4().hex])


def record_outcomes(ids, actuals):
    pass
'''


class Server:
    """One process that serves the example, and what a client measured of it.

    Attributes
    ----------
    seconds : of each request, by path and by slot.
    used : seconds on a processor under load, exports included.
    """

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.process, self.port, self.log = process, port, log
        self.seconds: dict[str, list[list[float]]] = {path: [] for path in PATHS}
        self.used = 0.0
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    def processor_seconds(self) -> float:
        """Read what the process has used, all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    async def predict(self, number: int) -> None:
        """Ask for one forecast, and bring its outcome afterwards."""
        parcel = {"distance_km": 10.0 * (number % 90), "weight_kg": 2.0 + number % 7, "hour": 6 + number % 16}
        forecast = json.loads(await self._timed("/predict", parcel))
        await self._timed("/feedback", {"id": forecast["id"], "actual": number % 3 == 0})

    async def _timed(self, path: str, content: Any) -> bytes:
        body = json.dumps(content).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        started = time.perf_counter()
        connection = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = connection
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
        length = next((int(line.partition(":")[2]) for line in lines if line.startswith("content-length:")), 0)
        answer = await reader.readexactly(length)
        self.seconds[path][-1].append(time.perf_counter() - started)
        self._free.append(connection)
        if not lines[0].startswith("http/1.1 20"):
            raise SystemExit(f"{path} answered {lines[0]}:\n{self.log.read_text()[-2_000:]}")
        return answer

    async def disconnect(self) -> None:
        """Close the connections, or the server waits for them when it is to end."""
        for _, writer in self._free:
            writer.close()
            await writer.wait_closed()


async def slot(server: Server, rate: float, seconds: float) -> None:
    """Send at a rate, whatever the answers do; returns when the last has come."""
    for path in PATHS:
        server.seconds[path].append([])
    loop, sent = asyncio.get_running_loop(), []
    begin = loop.time()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(begin + number / rate - loop.time())
        sent.append(asyncio.create_task(server.predict(number)))
    await asyncio.wait_for(asyncio.gather(*sent), ANSWERS_WITHIN_S)


async def drive(servers: list[Server], arguments: Any) -> None:
    """Warm each server up, then give each its slots, in an order that turns."""
    for server in servers:
        await slot(server, arguments.rate, 3 * arguments.slot)
        server.seconds = {path: [] for path in PATHS}
        server.used = -server.processor_seconds()
    gc.collect()
    gc.freeze()
    for turn in range(round(arguments.seconds / arguments.slot)):
        for place in range(len(servers)):
            await slot(servers[(turn + place) % len(servers)], arguments.rate, arguments.slot)
    for server in servers:
        server.used += server.processor_seconds()
        await server.disconnect()


@contextmanager
def serving(folder: Path, name: str, endpoint: str, interval: str) -> Iterator[Server]:
    """Run a server until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    launched = [] if name in (WITHOUT, AGAIN) else [BIN / "opentelemetry-instrument"]
    command = [str(part) for part in (*launched, BIN / "uvicorn", "--app-dir", EXAMPLE, *SERVE, "--port", port)]
    variables, log = environment(folder, name, endpoint, interval), folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 -- our own example
            command, cwd=folder, env=variables, stdout=output, stderr=output
        )
    try:
        wait_for(port, process, log)
        yield Server(process, port, log)
    finally:
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def environment(folder: Path, name: str, endpoint: str, interval: str) -> dict[str, str]:
    """The variables of a server: none of the caller's OpenTelemetry."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")} | {"OMP_NUM_THREADS": "1"}
    if name in (WITHOUT, AGAIN):
        return own | {"PYTHONPATH": str(folder / "stub")}
    return own | {
        "OTEL_SERVICE_NAME": "parcels",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_METRIC_EXPORT_INTERVAL": interval,
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_TRACES_EXPORTER": "otlp" if name == TRACES else "none",
        "OTEL_PYTHON_ML_TRACES": "true" if name == TRACES else "false",
        "OTEL_PYTHON_SYSTEM_METRICS_EXCLUDED_METRICS": "system.*,process.runtime.*",
    }


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until a server accepts connections."""
    until = time.monotonic() + STARTS_WITHIN_S
    while not listening(port):
        if time.monotonic() > until or process.poll() is not None:
            raise SystemExit(f"the service did not start:\n{log.read_text()[-2_000:]}")
        time.sleep(0.1)


def listening(port: int) -> bool:
    """Whether somebody accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def compared(one: list[list[float]], other: list[list[float]], share: float) -> tuple[float, float, float]:
    """Ratio of a quantile, and within what it stays in 95 of 100 draws of the slots."""
    random = np.random.default_rng(0)
    ones, others = [np.asarray(each) for each in one], [np.asarray(each) for each in other]
    ratios = []
    for _ in range(RESAMPLES):
        drawn = random.integers(len(ones), size=len(ones))  # the same for both: they are beside each other in time
        above, below = (np.concatenate([each[index] for index in drawn]) for each in (ones, others))
        ratios.append(np.quantile(above, share) / np.quantile(below, share))
    measured = np.quantile(np.concatenate(ones), share) / np.quantile(np.concatenate(others), share)
    return float(measured), *(float(bound) for bound in np.quantile(ratios, (0.025, 0.975)))


def show(path: str, servers: dict[str, Server]) -> None:
    """Print the rows of a path."""
    print(f"\nPOST {path}\n  {'':<26} {'requests':>8} {'p50 ms':>8} {'p99 ms':>8}   {'p50 ratio':<22} p99 ratio (95 %)")
    for name, server in servers.items():
        seconds = server.seconds[path]
        every = np.concatenate([np.asarray(each) for each in seconds])
        p50, p99 = np.quantile(every, (0.5, 0.99)) * 1_000
        ratios = [compared(seconds, servers[WITHOUT].seconds[path], share) for share in (0.5, 0.99)]
        told = [f"{ratio:.3f} ({low:.3f} to {high:.3f})" for ratio, low, high in ratios]
        print(f"  {name:<26} {len(every):>8} {p50:>8.2f} {p99:>8.2f}   {told[0]:<22} {told[1]}")


def main() -> None:
    """Print the tables."""
    parser = ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=60, help="forecasts a second (default: 60), each with feedback")
    parser.add_argument("--seconds", type=float, default=30, help="of load for each server (default: 30)")
    parser.add_argument("--slot", type=float, default=0.5, help="seconds of load at a time (default: 0.5)")
    parser.add_argument("--interval", type=int, default=60_000, help="ms between exports (default: 60000, the SDK's)")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="otelml-benchmark-")))
        (folder / "stub").mkdir()
        (folder / "stub" / "otelml.py").write_text(STUB)
        subprocess.run((sys.executable, EXAMPLE / "train.py"), cwd=folder, check=True, timeout=120)  # noqa: S603
        receiver = stack.enter_context(Receiver())
        names = (WITHOUT, METRICS, AGAIN, TRACES)
        where = receiver.endpoint, str(arguments.interval)
        servers = {name: stack.enter_context(serving(folder, name, *where)) for name in names}
        asyncio.run(drive([*servers.values()], arguments))
    rows = total(receiver.points, "ml.inference.rows").last
    print(f"{arguments.rate:g} forecasts a second, a worker each; ratios are to the first server without otelml")
    print(f"the two with otelml exported {rows:,.0f} rows")
    for path in PATHS:
        show(path, servers)
    print("\nProcessor time for a forecast and its feedback, exports included")
    for name, server in servers.items():
        used = server.used / sum(len(each) for each in server.seconds["/predict"])
        print(f"  {name:<26} {used * 1_000:8.2f} ms")


if __name__ == "__main__":
    main()
