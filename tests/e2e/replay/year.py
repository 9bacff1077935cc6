"""The flights of March to December 2013, replayed once for all tests that look at them."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from evaluation import HALF, HOUR, Grid, evaluate
from prometheus import WHOLE_YEAR, running_prometheus
from stretch import environment, gateway, serve, settled, train
from truth import Truth

from otelml import Baseline
from otelml.rules.catalogue import defaults, for_model
from otelml.rules.constants import written
from otelml.rules.render import as_yaml

if TYPE_CHECKING:
    from pathlib import Path

MARCH, DAYS_OF_MARCH = "2013-03-01T08:00", 31
END = "2014-01-02T08:00"
# A deploy in August: two processes, of which the first takes labels for a day more.  They need not wait for each other.
HALVES = (("2013-03-01T08:00", "2013-08-01T08:00"), ("2013-08-01T08:00", "2014-01-01T08:00"))
DRAIN = 24
# Half of what a process ships are constants of its baseline: here they are in the rules.
VARIABLES = {"OTEL_PYTHON_ML_GAUGES": "off", "OTEL_PYTHON_ML_BASELINE_METRICS": "false"}
STEPS = {"columns": 3 * HOUR}


@dataclass
class Year:
    """A replayed year: where its samples and its rules' values are, what fired, and the truth."""

    prometheus: Any
    fired: list
    truth: Truth
    baseline: Path
    grid: Grid


def moment(text):
    """Seconds since the epoch of a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@contextmanager
def replayed(collector, binary, directory):
    """Replay the year into a folder; what lies there is gone on with, and evaluated anew where the rules are others."""
    served = directory / "served"
    if not served.exists():
        being = directory / "being-served"
        shutil.rmtree(being, ignore_errors=True)
        being.mkdir()
        with running_prometheus(binary, being, late="500d", flags=WHOLE_YEAR) as prometheus:
            serve_year(collector, directory, prometheus)
        being.rename(served)
    files = rules(directory)
    digest = hashlib.sha256("".join(as_yaml(file, "") for file in files).encode()).hexdigest()[:12]
    evaluated = directory / f"evaluated-{digest}"
    grid, done = Grid(moment(MARCH) + HALF, moment(END) + HALF), evaluated / "fired.pickle"
    if not done.exists():
        shutil.rmtree(evaluated, ignore_errors=True)
        shutil.copytree(served, evaluated)
    with running_prometheus(binary, evaluated, late="500d", flags=WHOLE_YEAR) as prometheus:
        if not done.exists():
            done.write_bytes(pickle.dumps(evaluate(prometheus, files, grid, STEPS)))
        fired = pickle.loads(done.read_bytes())  # noqa: S301 -- written above
        truth = Truth(directory, moment(MARCH), moment(END), HOUR)
        yield Year(prometheus, fired, truth, directory / "flights.baseline.json", grid)


def serve_year(collector, directory, prometheus):
    """Train, and serve both halves of the year beside each other."""
    train(directory)
    with gateway(collector, directory, prometheus) as endpoint:
        env = environment(endpoint, **VARIABLES)
        serve(
            (directory / f"from-{begin[:10]}.log", env, (directory, begin, end, 60, 0, 1, DRAIN))
            for begin, end in HALVES
        )
        settled(prometheus, moment(END) + 60)


def rules(directory):
    """The rules as `otelml rules --baseline` writes them: for this model, its baseline as constants."""
    files = defaults()
    baseline = Baseline.load(directory / "flights.baseline.json")
    return for_model((written(files[0], baseline, "flights", "1"), *files[1:]), "flights")
