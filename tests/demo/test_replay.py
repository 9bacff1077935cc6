"""The demo itself: what it shows of two months is what scikit-learn says of the raw flights, to the row."""

from __future__ import annotations

import gzip
import io
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest
from rich.console import Console

from demo.truth import Truth, far_from_march, read_flights, scored, truth_by_month
from otelml.baseline import Baseline
from otelml.cli.demo import months, story
from otelml.cli.demo.arrivals import DELAY, DURATION, PREDICTIONS, ROWS, of
from otelml.cli.demo.keep import FILE
from otelml.cli.demo.replay import DemoError, replay, serve, train
from otelml.cli.demo.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

pytestmark = pytest.mark.e2e

SERVED = (4, 5)
COMMAND = """
from argparse import ArgumentParser
from otelml.cli import demo
parser = ArgumentParser()
demo.add_arguments(parser)
raise SystemExit(demo.run(parser.parse_args()))
"""


class Run(NamedTuple):
    """What arrived of a replay, and the flights behind it with the scores of the same model."""

    watch: Watch
    flights: pd.DataFrame
    baseline: Baseline


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train, serve two months in another process, and read what arrives."""
    folder = tmp_path_factory.mktemp("demo")
    train(folder, Console(file=io.StringIO()))
    watch = Watch(months.moment(SERVED[0]), months.moment(SERVED[1] + 1) + months.HORIZON)
    for export in serve(folder, SERVED):
        watch.add(export.points, export.arrived)
    flights = scored(read_flights(), folder / "flights.joblib")
    return Run(watch, flights, Baseline.load(folder / "flights.baseline.json"))


@pytest.fixture(scope="module")
def truth(run: Run) -> dict[int, Truth]:
    """Measure the served months offline."""
    return truth_by_month(run.flights[run.flights["month"].between(*SERVED)], run.baseline.threshold)


def test_cells_of_each_month_are_exact(run: Run, truth: dict[int, Truth]) -> None:
    """Confusion cells and predictions without a label are scikit-learn's, month by month, to the row."""
    shown = months.by_month(run.watch.arrivals.collections, 0.2)
    assert [month.number for month in shown] == sorted(truth)
    for number, performance in shown:
        c = performance.confusion
        assert [[c.tn, c.fp], [c.fn, c.tp]] == truth[number].cells.tolist()
        assert performance.unlabelled == truth[number].unlabelled


def test_measures_of_each_month_are_those_of_scikit_learn(run: Run, truth: dict[int, Truth]) -> None:
    """Precision, recall and F1 exactly; AUC as near as the bins of the baseline let it be."""
    for number, performance in months.by_month(run.watch.arrivals.collections, 0.2):
        expected = truth[number]
        assert performance.precision.value == pytest.approx(expected.precision)
        assert performance.recall.value == pytest.approx(expected.recall)
        assert performance.f1.value == pytest.approx(expected.f1)
        assert performance.roc_auc.value == pytest.approx(expected.roc_auc, abs=0.003)


def test_every_prediction_and_every_label_arrived(run: Run) -> None:
    """Rows, classes, calls and delays of the whole replay are those of the flights."""
    served = run.flights[run.flights["month"].between(*SERVED)]
    late = int((served["score"] >= run.baseline.threshold).sum())
    assert of(run.watch.total, ROWS) == {(): len(served)}
    assert of(run.watch.total, PREDICTIONS) == {("1",): late, ("0",): len(served) - late}
    assert sum(of(run.watch.total, DURATION).values()) == served["hour_start"].nunique()
    assert sum(of(run.watch.total, DELAY).values()) == served["landed"].notna().sum()


def test_columns_of_each_month_are_those_of_the_raw_rows(run: Run) -> None:
    """Every row is in a bin of every column; indices, and what moved, are those computed from the raw flights."""
    shown = months.columns_by_month(run.watch.arrivals.collections, run.watch.arrivals.baseline)
    assert list(shown) == list(SERVED)
    for month, columns in shown.items():
        expected = far_from_march(run.flights, run.baseline, month)
        assert {shift.rows for shift in columns} == {int((run.flights["month"] == month).sum())}
        assert {(shift.role, shift.name): shift.psi for shift in columns} == pytest.approx(
            {column: far.psi for column, far in expected.items()}
        )
        moved = {(shift.role, shift.name) for shift in columns if shift.moved}
        assert moved == {column for column, far in expected.items() if far.moved}


def test_the_first_column_that_moved_is_the_temperature(run: Run) -> None:
    """Spring is warmer than March, to the digits that are shown; the model's answers were what they had been."""
    text = "\n".join(story.sentences(run.watch))
    assert "2 of 15 inputs moved: first temp in April (3.51), then dewp in May (5.62)." in text
    assert "the score never moved" in text


def test_the_baseline_arrived_with_its_weeks(run: Run) -> None:
    """March's rows are in its cells, and its weeks give the alert its bound."""
    march = run.flights[(run.flights["month"] == 3) & run.flights["late"].notna()]
    assert run.watch.baseline.confusion.total == len(march)
    assert run.watch.baseline.confusion.prevalence == pytest.approx(march["late"].mean())
    assert run.watch.alert is not None
    assert 0.3 < run.watch.alert.lower < run.watch.baseline.f1.value


def test_collections_have_the_time_of_the_replay(run: Run) -> None:
    """Four collections a day, stamped by the simulated clock, up to a day after the last flight."""
    ends = [collection.end for collection in run.watch.arrivals.collections]
    quarters = range(round(run.watch.begin) + 6 * 3_600, round(run.watch.end) + 1, 6 * 3_600)
    assert ends == sorted(ends)
    # One more comes at the birth of the model's series, in the background.
    assert sorted(set(ends) - set(quarters)) == [end for end in ends[:1] if end < quarters[0]]
    assert set(quarters) <= set(ends)


def test_an_interrupt_ends_both_processes(tmp_path: Path) -> None:
    """Ctrl-C in the middle of the year: an orderly end with its own status, and no process is left behind."""
    options = ["--months", "4-12", "--plain", "--keep", str(tmp_path)]
    with subprocess.Popen(  # noqa: S603 -- ourselves
        [sys.executable, "-c", COMMAND, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        first = next(line for line in process.stdout if line.startswith("15 April 08:00"))
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
    assert "F1" in first
    assert (process.returncode, rest.splitlines()[-1], errors) == (130, "stopped", "")
    assert "Traceback" not in (tmp_path / "serve.log").read_text()
    ps = ["/bin/ps", "-eo", "args"]
    left = subprocess.run(ps, capture_output=True, text=True, check=True).stdout  # noqa: S603 -- a listing
    assert str(tmp_path) not in left
    with gzip.open(tmp_path / FILE, "rt") as file:
        assert "ml.outcome.cohort" in {json.loads(line)["name"] for line in file}


def test_a_service_that_fails_says_why(tmp_path: Path) -> None:
    """Without a model in its folder the service fails, and what it wrote is in the message."""
    with pytest.raises(DemoError, match=r"the service failed with status 1.*(?s:.)*flights\.joblib"):
        list(serve(tmp_path, SERVED))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--keep` with the name of a file: the message names it, and says what to do instead."""
    taken = tmp_path / "taken"
    taken.touch()
    assert replay((4, 4), keep=taken, plain=True) == 1
    said = capsys.readouterr().err
    assert str(taken) in said
    assert "give --keep another" in said


def test_without_a_terminal_there_are_no_control_codes(tmp_path: Path) -> None:
    """In a pipe the demo writes plain text: the steps, a line for two weeks, the months and the story."""
    environment = {**os.environ, "OTEL_METRICS_EXPORTER": "console"}
    done = subprocess.run(  # noqa: S603 -- ourselves
        [sys.executable, "-c", COMMAND, "--months", "9"],
        capture_output=True, text=True, check=True, env=environment, cwd=tmp_path,
    )  # fmt: skip
    assert "\x1b" not in done.stdout
    assert "serving in another process, under opentelemetry-instrument" in done.stdout
    assert "Sep  27,574" in done.stdout
    moved = "temp 16.32, dewp 10.79, wind_speed 0.66, +1 more"
    assert next(line for line in done.stdout.splitlines() if moved in line).startswith("Sep")
    assert "Raw F1 was lowest in September" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
