"""Standard streams that are closed, full, narrow or of another encoding: no traceback, and the right exit status."""

# ruff: noqa: S603, S607 -- programs of our own

from __future__ import annotations

import os
import signal
import subprocess
import sys

import joblib
import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from otelml.cli import COMMANDS, main
from otelml.cli.demo import processes

BASELINE = "baseline --model m.joblib --data d.csv --label y --output new.baseline.json --plain --force"
EACH = ("", "--version", "--help", "rules --help", "rules", "doctor --offline", BASELINE, "demo --months 4 --plain")

each = pytest.mark.parametrize("arguments", EACH, ids=[one.partition(" ")[0] or "none" for one in EACH])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make a folder with a model and its rows."""
    folder = tmp_path_factory.mktemp("streams")
    rows = np.random.default_rng(0).normal(size=(400, 2))
    late = (rows[:, 0] > 0).astype(int)
    joblib.dump(LogisticRegression().fit(rows, late), folder / "m.joblib")
    np.savetxt(folder / "d.csv", np.column_stack([rows, late]), "%g", ",", header="a,b,y", comments="")
    return folder


@pytest.fixture
def shell(folder):
    """Offer a line of bash in that folder, in which `otelml` is this one: exit status and error output."""

    def run(line, **variables):
        function = f'otelml() {{ "{sys.executable}" -m otelml "$@"; }}; set -o pipefail; {line}'
        environ = {**os.environ, "PYTHONWARNINGS": "ignore", **variables}
        done = subprocess.run(
            ["bash", "-c", function], cwd=folder, env=environ, capture_output=True, timeout=120, check=False
        )
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    return run


def last(err):
    """Take the last line of the error output, after notes and warnings."""
    assert "Traceback" not in err
    assert "Exception ignored" not in err
    return err.splitlines()[-1] if err else ""


@each
def test_a_full_output_is_one_line(arguments, shell):
    """What cannot be written ends every command with status 2 and one line."""
    status, _, err = shell(f"otelml {arguments} > /dev/full")
    assert (status, last(err)) == (2, "otelml: standard output cannot be written to: No space left on device")


@each
def test_a_closed_output_is_one_line(arguments, shell):
    """Without a standard output every command that needs one ends with status 2 and one line."""
    status, _, err = shell(f"otelml {arguments} >&-")
    assert (status, last(err)) == (2, "otelml: standard output cannot be written to: it is closed")


@each
def test_a_reader_that_has_gone_ends_it_silently(arguments, shell):
    """Into a pipe that nobody reads every command ends without a word, as if by SIGPIPE."""
    status, out, err = shell(f"(otelml {arguments} 2> err; echo $? > status) | :; cat status; cat err >&2")
    assert (status, out) == (0, b"141\n")
    assert "otelml:" not in last(err)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_the_first_line_of_many(unbuffered, shell):
    """`otelml rules | head -1` prints the line and nothing else."""
    status, out, err = shell("otelml rules | head -1", PYTHONUNBUFFERED=unbuffered)
    assert (status in (0, 141), out, err) == (True, b"# Generated: otelml rules\n", "")


def test_files_need_no_streams(shell, folder):
    """With all three streams closed, or the error output full, files are written, and none holds a message."""
    for number, streams in enumerate(("<&- >&- 2>&-", ">&-", "2> /dev/full", "2>&-")):
        assert shell(f"otelml rules --out out{number} {streams}")[0] == 0
        assert shell(f"otelml dashboards --out out{number} {streams}")[0] == 0
        texts = [path.read_text() for path in (folder / f"out{number}").iterdir()]
        assert len(texts) == 11
        assert all(text.startswith(("{\n", "# Generated: otelml rules\n")) for text in texts)
        assert shell(f"otelml rules --out m.joblib {streams}")[0] == 2
        assert shell(f"otelml nothing {streams}")[0] == 2


def test_a_slow_reader_gets_all(folder):
    """A pipe that some program has set not to wait is waited for."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    with subprocess.Popen((sys.executable, "-m", "otelml", "rules"), cwd=folder, stdout=theirs) as process:
        os.close(theirs)
        with os.fdopen(ours, "rb") as reader:
            assert len(yaml.safe_load(reader.read())["groups"]) == 8
        assert process.wait(60) == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16", "cp1252"])
def test_rules_are_utf_8_whatever_the_terminal(encoding, shell):
    """Printed rules are the text of a file: the same bytes under any locale."""
    line = "otelml rules --name $'z\\xc3\\xbcrich \\xe2\\x82\\xac'"
    status, out, err = shell(line, PYTHONIOENCODING=encoding, PYTHONUTF8="1")
    assert (status, err) == (0, "")
    assert out.decode().startswith("# Generated: otelml rules --name 'zürich €'\n")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_any_terminal(name, shell):
    """Help is printed into one column of ASCII, without colours, and without a home."""
    variables = {"COLUMNS": "1", "PYTHONIOENCODING": "ascii", "NO_COLOR": "1", "HOME": "/proc/nowhere", "TERM": "dumb"}
    status, out, err = shell(f"otelml {name} --help <&-", **variables)
    assert (status, err) == (0, "")
    assert b"\x1b" not in out
    assert b"--help" in out


@pytest.mark.parametrize("arguments", ["doctor --offline", BASELINE])
def test_a_command_works_in_any_terminal(arguments, shell):
    """So do the commands that draw."""
    variables = {"COLUMNS": "1", "PYTHONIOENCODING": "ascii", "NO_COLOR": "1", "HOME": "/proc/nowhere", "TERM": "dumb"}
    status, out, err = shell(f"otelml {arguments} <&-", **variables)
    assert (status in (0, 1), last(err).startswith("otelml")) == (True, False)
    assert out.isascii()
    assert b"\x1b" not in out


def test_streams_of_the_caller_stay(capsys, monkeypatch):
    """In a program that calls `main`, streams that it has put in the place of its own are used, and left there."""
    streams = sys.stdin, sys.stdout, sys.stderr
    assert main(["rules"]) == 0
    assert (sys.stdin, sys.stdout, sys.stderr) == streams
    assert capsys.readouterr().out.startswith("# Generated: otelml rules\n")
    monkeypatch.setattr(sys, "stdin", None)
    assert main([]) == 0
    assert sys.stdin is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_ends_what_it_started(number, folder):
    """Ctrl-C while the training runs: status 130, one word, no traceback, and no process is left."""
    command = (sys.executable, "-m", "otelml", "demo", "--months", "4", "--plain", "--keep", str(folder / "kept"))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading the flights of 2013\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out.splitlines()[-1], err) == (130, "stopped", "")
    assert subprocess.run(["pgrep", "-f", f"{processes.programs()}.*{folder}"], check=False).returncode == 1
