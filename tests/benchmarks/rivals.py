"""One batch of 100,000 rows profiled by whylogs, by Evidently's drift preset and by otelml, in one run.

Not part of CI: it installs the rivals, each into an environment of its own under `build/rivals`, and takes minutes.
Run with `uv run python tests/benchmarks/rivals.py`, or with some of the names `otelml whylogs evidently` behind it.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import platform
import shutil
import subprocess
import sys
import time
import zlib
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ROWS, COLUMNS, MISSING = 100_000, 30, 0.01
ROUNDS = 7
PYTHON = "3.11"  # whylogs' sketches have no wheel for 3.13 and later
HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / "build" / "rivals"
# A report of usage, sent while the clock runs, is no part of profiling.
QUIET = {"WHYLOGS_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}
NOTE = """
They do not do the same; each leaves out what another does.
  whylogs    needs no baseline, so no edges are fixed in advance: sketches that merge, of quantiles (KLL) and distinct
             values (HyperLogLog); frequent items too, though not of float columns; counts of types, nulls, NaN, inf.
  Evidently  reads the reference again each time and gives a verdict for each column, by a test chosen by the data:
             p-values (Kolmogorov-Smirnov, chi-square, Z) up to 1,000 rows of reference; above, as here, distances
             (Wasserstein; Jensen-Shannon for few values). The figures of its HTML report are made in the same call.
  otelml     only counts in bins that the baseline fixed, moments and missing values: no sketch of quantiles or of
             distinct values, no test, no figures, and nothing without a baseline. Learning that is not timed."""


class Frames(NamedTuple):
    """The rows that are profiled, and those that came before them."""

    reference: pd.DataFrame
    current: pd.DataFrame


def frames() -> Frames:
    """Make the same two frames in every process: one distribution, so no column has drifted."""
    generator = np.random.default_rng(0)
    made = []
    for _ in range(2):
        values = generator.normal(size=(ROWS, COLUMNS)).astype(np.float32)
        values[generator.random(values.shape) < MISSING] = np.nan
        # By columns, since the versions of pandas lay out a matrix differently.
        made.append(pd.DataFrame({f"x{column}": values[:, column] for column in range(COLUMNS)}))
    return Frames(*made)


def otelml_profile(given: Frames) -> Callable[[], object]:
    """Count the rows into empty sketches, in bins that were learned from the reference before."""
    from otelml.baseline.learning import learn
    from otelml.recorders.tally import Tallier
    from otelml.tables import table_of

    learned = learn(table_of(given.reference))
    tallier = Tallier(learned.columns, learned.embeddings)
    return lambda: tallier.of(table_of(given.current))


def whylogs_profile(given: Frames) -> Callable[[], object]:
    """Make the default profile of each column."""
    import whylogs

    return lambda: whylogs.log(given.current)


def evidently_report(given: Frames) -> Callable[[], object]:
    """Run the preset for data drift against the reference; the HTML is not written."""
    from evidently import Report
    from evidently.presets import DataDriftPreset

    return lambda: Report([DataDriftPreset()]).run(given.current, given.reference)


@dataclass(frozen=True)
class Way:
    """What makes the call that is timed, and what its environment needs; nothing, where it is the one we run in."""

    make: Callable[[Frames], Callable[[], object]]
    requirements: tuple[str, ...] = ()


# Evidently 0.7 imports what pandas 3 took away; whylogs gets the same pandas.
WAYS = {
    "otelml": Way(otelml_profile),
    "whylogs": Way(whylogs_profile, ("whylogs==1.6.4", "pandas>=2,<3")),
    "evidently": Way(evidently_report, ("evidently==0.7.23", "pandas>=2,<3")),
}


def serve(name: str) -> None:
    """Say what is measured, then answer each line with seconds, on the clock and of CPU; in a process of its own."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what a library prints is no answer
    given = frames()
    profile = WAYS[name].make(given)
    profile()
    gc.collect()
    gc.freeze()
    versions = {"python": platform.python_version(), **{each: version(each) for each in (name, "numpy", "pandas")}}
    rows = zlib.crc32(given.current.to_numpy().tobytes())
    print(json.dumps({"versions": versions, "rows": rows}), file=answers, flush=True)
    for _ in sys.stdin:
        started, spent = time.perf_counter(), time.process_time()
        profile()
        seconds = time.perf_counter() - started, time.process_time() - spent
        print(json.dumps(seconds), file=answers, flush=True)


def interpreter(name: str) -> Path:
    """Find the way's own Python, installing what it needs; what is there already stays."""
    if not WAYS[name].requirements:
        return Path(sys.executable)
    uv = shutil.which("uv")
    if uv is None:
        raise FileNotFoundError("uv is needed to install the rivals: pip install uv")
    folder = ENVIRONMENTS / name
    python = folder / "bin" / "python"
    for command in (
        ("venv", "--quiet", "--no-project", "--allow-existing", "--python", PYTHON, str(folder)),
        ("pip", "install", "--quiet", "--python", str(python), *WAYS[name].requirements),
    ):
        subprocess.run((uv, *command), check=True)  # noqa: S603 -- the table's own requirements
    return python


class Child:
    """A way in its own process, which rests unless it is asked."""

    def __init__(self, name: str) -> None:
        command = (str(interpreter(name)), "-W", "ignore", "-c", f"import rivals; rivals.serve({name!r})")
        self.name = name
        self.process = subprocess.Popen(  # noqa: S603 -- ourselves
            command, cwd=HERE, env={**os.environ, **QUIET}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def hear(self):
        """Wait for its next answer."""
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} has ended without an answer; its own error is above")
        return json.loads(line)

    def ask(self):
        """Have it profile once: seconds on the clock, and of CPU."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.hear()


def measure(names: Iterable[str]) -> dict[str, list[tuple[float, float]]]:
    """Start each way, then time them in turn: one works at a time, and a noisy minute is noisy for all."""
    with contextlib.ExitStack() as stack:
        children, rows = [], set()
        for name in names:
            print(f"{name}: installing, starting, warming up", flush=True)
            child = Child(name)
            stack.enter_context(child.process)
            about = child.hear()
            print(f"  {', '.join(f'{what} {which}' for what, which in about['versions'].items())}", flush=True)
            children.append(child)
            rows.add(about["rows"])
        assert len(rows) == 1, "not all were given the same rows"
        times = {child.name: [] for child in children}
        for number in range(ROUNDS):
            for child in children:
                seconds, spent = child.ask()
                times[child.name].append((seconds, spent))
                print(f"round {number + 1} of {ROUNDS}, {child.name}: {seconds:.3f} s", flush=True)
    return times


def main() -> None:
    """Print the table."""
    times = measure(sys.argv[1:] or WAYS)
    medians = {name: [median(column) for column in zip(*pairs, strict=True)] for name, pairs in times.items()}
    print(f"\n{ROWS:,} rows of {COLUMNS} float32 columns, {MISSING:.0%} missing; median of {ROUNDS}, one run, in turn")
    print(f"  {'':<12} {'seconds':>10} {'of CPU':>10} {'times otelml':>14}")
    for name, (seconds, spent) in medians.items():
        ratio = f"{seconds / medians['otelml'][0]:,.1f} x" if "otelml" in medians else ""
        print(f"  {name:<12} {seconds:>10.4f} {spent:>10.4f} {ratio:>14}")
    print(NOTE)


if __name__ == "__main__":
    main()
