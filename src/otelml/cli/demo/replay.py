"""The demo itself: train, serve in another process, show what arrives, tell the year."""

from __future__ import annotations

import queue
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rich.console import Console

from otelml.cli.demo import board, processes, story
from otelml.cli.demo.keep import keeper
from otelml.cli.demo.months import HORIZON, moment
from otelml.cli.demo.watch import Watch
from otelml.testing import Point, Receiver

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterator

INTERRUPTED = 130
POLL_S = 0.2
UNBOUNDED = 1_000
SERVICE_LOG = "serve.log"


class DemoError(Exception):
    """The demo cannot go on; the text says why, and the fix."""


class Export(NamedTuple):
    """One metrics request, and when it was received, in seconds of :func:`time.monotonic`."""

    points: list[Point]
    arrived: float


def replay(served: tuple[int, int], *, keep: Path | None, plain: bool) -> int:
    """Run the demo for the months `served` (first and last); returns the exit status."""
    console = new_console()
    watch = Watch(moment(served[0]), moment(served[1] + 1) + HORIZON)
    opened = board.plain if plain or not console.is_terminal else board.live
    try:
        with processes.interruptible(), _folder(keep) as folder:
            train(folder, console)
            console.print("serving in another process, under opentelemetry-instrument")
            with keeper(keep) as write, opened(watch, console) as update:
                for export in serve(folder, served):
                    write(export.points)
                    if watch.add(export.points, export.arrived):
                        update()
            if not watch.arrivals.collections:
                raise nothing_arrived(folder)
    except KeyboardInterrupt:
        console.print("stopped")
        return INTERRUPTED
    except (DemoError, OSError) as error:
        Console(stderr=True, highlight=False).print(f"otelml demo: {error}", markup=False, soft_wrap=True)
        return 1
    tell(watch, console)
    if keep:
        console.print(f"\nModel, baseline, telemetry and logs are in {keep}.")
    return 0


def new_console() -> Console:
    """Make a console; without a terminal, one that wraps nothing."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=UNBOUNDED)


def train(folder: Path, console: Console) -> None:
    """Train the model and save its baseline into `folder`, showing each step.

    Raises
    ------
    DemoError
        When the training fails.
    """
    log = folder / "train.log"
    command = [sys.executable, str(processes.programs() / "train.py"), str(folder)]
    with processes.running(command, log, processes.quiet_environment(), read=True) as process:
        for line in process.stdout or ():
            console.print(line.decode(errors="replace").rstrip(), markup=False)
        process.wait()
    _check(process, "the training", log)


def serve(folder: Path, served: tuple[int, int]) -> Iterator[Export]:
    """Start the service under `opentelemetry-instrument`; yields what it exports until it ends.

    Raises
    ------
    DemoError
        When the service fails.
    """
    exports: queue.SimpleQueue[Export] = queue.SimpleQueue()
    log, program = folder / SERVICE_LOG, processes.programs() / "serve.py"
    command = [processes.launcher() or processes.LAUNCHER, sys.executable, str(program), str(folder)]
    command += [str(month) for month in served]
    with Receiver(on_points=lambda points: exports.put(Export(points, time.monotonic())), keep=False) as receiver:
        with processes.running(command, log, processes.environment(receiver.endpoint)) as process:
            yield from _arriving(exports, process)
        _check(process, "the service", log)


def nothing_arrived(folder: Path) -> DemoError:
    """Say that the service ended well, but exported nothing."""
    wrote = processes.tail(folder / SERVICE_LOG) or "nothing"
    return DemoError(
        f"the service ended, but nothing that it measured arrived (try `otelml doctor`); it wrote:\n{wrote}"
    )


def tell(watch: Watch, console: Console) -> None:
    """Write the year month by month, and what a person would have been told."""
    for table in (board.month_table(watch), board.column_table(watch)):
        console.print(table)
        console.print()
    for sentence in story.sentences(watch):
        console.print(sentence)


def _arriving(exports: queue.SimpleQueue[Export], process: subprocess.Popen[bytes]) -> Iterator[Export]:
    while True:
        ended = process.poll() is not None
        try:
            yield exports.get(timeout=0 if ended else POLL_S)
        except queue.Empty:
            if ended:
                return


def _check(process: subprocess.Popen[bytes], what: str, log: Path) -> None:
    if process.returncode:
        raise DemoError(f"{what} failed with status {process.returncode}; it wrote:\n{processes.tail(log)}")


@contextmanager
def _folder(keep: Path | None) -> Generator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="otelml-demo-") as folder:
            yield Path(folder)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"{keep} cannot be made a folder ({error}): give --keep another") from error
    yield keep.resolve()
