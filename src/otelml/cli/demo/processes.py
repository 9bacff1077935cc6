"""The processes of the demo: where their programs are, how they are started and how they end."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import otelml
from otelml.telemetry.process_metrics import BESIDE, EXCLUDE

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

LAUNCHER = "opentelemetry-instrument"
GRACE_S = 10.0
LOG_TAIL = 15


def programs() -> Path:
    """Find `train.py` and `serve.py`: inside an installed package, or in `examples/flights` of a checkout."""
    package = Path(otelml.__file__).parent
    installed = package / "_examples" / "flights"
    return installed if installed.is_dir() else package.parents[1] / "examples" / "flights"


def launcher() -> str | None:
    """Path of `opentelemetry-instrument`, that of this very environment first."""
    return shutil.which(LAUNCHER, path=str(Path(sys.executable).parent)) or shutil.which(LAUNCHER)


def environment(endpoint: str) -> dict[str, str]:
    """Variables of the serving process: none of the caller's OpenTelemetry, all of it to `endpoint`."""
    return {
        **quiet_environment(),
        "OTEL_SERVICE_NAME": "flights",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "none",
        # The replay collects by its own clock.
        "OTEL_METRIC_EXPORT_INTERVAL": "3600000",
        "OTEL_PYTHON_ML_OUTCOME_HORIZON": "24h",
        EXCLUDE: BESIDE,
        # Every row is counted, so that a month is exact; the default would sample calls as short as these.
        "OTEL_PYTHON_ML_BUDGET": "100%",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def quiet_environment() -> dict[str, str]:
    """Variables of the caller but for OpenTelemetry's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    # A call has some fifty rows: waking threads for them costs more than they bring.
    return {**kept, "OMP_NUM_THREADS": "1"}


@contextmanager
def running(
    command: Sequence[str], log: Path, variables: Mapping[str, str], *, read: bool = False
) -> Generator[subprocess.Popen[bytes]]:
    """Run a command beside its log; whatever happens, it has ended afterwards.

    It gets a session of its own: Ctrl-C reaches this process alone, which then ends the other in order.

    Parameters
    ----------
    log
        Takes the error output, and the output; the command runs in its folder.
    read
        Whether the output is to be read from the process instead.
    """
    with log.open("wb") as errors:
        process = subprocess.Popen(  # noqa: S603 -- programs of ours
            command,
            cwd=log.parent,
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if read else errors,
            stderr=errors,
            start_new_session=True,
        )
    with process:
        try:
            yield process
        finally:
            stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process: as Ctrl-C would, then with more force."""
    gentle = signal.SIGTERM if sys.platform == "win32" else signal.SIGINT
    for number in (gentle, signal.SIGTERM):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            continue
    if process.poll() is None:
        process.kill()


@contextmanager
def interruptible() -> Generator[None]:
    """Let SIGTERM do what Ctrl-C does, so that the other process is ended either way."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def tail(log: Path) -> str:
    """Return the last lines that a process wrote."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(lines[-LOG_TAIL:])
