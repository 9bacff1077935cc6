"""Programs that are interrupted at random, and hosts that gevent patches: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"


def run(program, *arguments):
    """What a program printed; it ends by itself."""
    ended = subprocess.run(  # noqa: S603 -- a program of ours
        [sys.executable, PROGRAMS / f"{program}.py", *arguments],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_random_interrupts_leave_nothing():
    """Time limits, Ctrl-C, and handlers that predict, record and flush: none is swallowed, and later rows are exact."""
    assert "swallowed 0" in run("interrupted", "200", "1")


@pytest.mark.parametrize("order", ["after", "before"])
def test_greenlets_are_counted_to_the_row(order):
    """Where gevent patches before or after us, nothing hangs and every row and outcome is counted."""
    counted, predicted = run("gevented", order).splitlines()[-2:]
    assert counted.split(" ", 1)[1] == predicted.split(" ", 1)[1]
