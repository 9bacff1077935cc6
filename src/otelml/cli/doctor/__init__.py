"""`otelml doctor`: what is watched, where it goes, which settings apply, what is wrong and the fix."""

from __future__ import annotations

import math
import os
import sys
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

TIMEOUT_S = 2.0


def add_arguments(parser: ArgumentParser) -> None:
    """Give `parser` the options of `otelml doctor`."""
    parser.add_argument(
        "--workers",
        type=processes,
        metavar="N",
        help="processes that the service runs, where WEB_CONCURRENCY and the like do not tell",
    )
    parser.add_argument(
        "--offline", action="store_true", help="send nothing: do not ask the OTLP endpoints for an answer"
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        default=TIMEOUT_S,
        metavar="SECONDS",
        help="how long an endpoint may take to answer (default: 2)",
    )


def processes(text: str) -> int:
    """Read a number of processes.

    Raises
    ------
    ArgumentTypeError
        When it is none.

    >>> processes("4")
    4
    """
    if not text.strip().isdecimal() or not int(text):
        raise ArgumentTypeError(f"{text!r} is no number of processes: write 1 or more")
    return int(text)


def seconds(text: str) -> float:
    """Read how long to wait.

    Raises
    ------
    ArgumentTypeError
        When it is no length of time.

    >>> seconds("0.5")
    0.5
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise ArgumentTypeError(f"{text!r} is no length of time: write seconds, more than 0")
    return number


def run(arguments: Namespace) -> int:
    """Examine this environment and print what was found; returns 1 when something is wrong."""
    # Only now: OpenTelemetry's SDK and numpy take a while, and `otelml --help` needs neither.
    from otelml.cli.doctor.examination import Situation, examine  # noqa: PLC0415 -- see above
    from otelml.cli.doctor.report import as_text  # noqa: PLC0415 -- see above

    situation = Situation.of(
        os.environ, workers=arguments.workers, timeout=arguments.timeout, offline=arguments.offline
    )
    sections = examine(situation)
    colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    sys.stdout.write(as_text(sections, colour=colour))
    return int(any(section.wrong for section in sections))
