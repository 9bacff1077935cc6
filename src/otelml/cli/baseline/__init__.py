"""`otelml baseline`: from a saved model and a file of rows to its baseline, without a line of code."""

from __future__ import annotations

import codecs
import math
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """\
the model: read by joblib where that is installed, else as a pickle. A pickle runs code when it is read:
  load only models of your own. It needs what it was trained with: the same packages, the same versions.
the rows: ones that the model was NOT trained on. Parquet keeps the types of columns, CSV has to guess them:
  what is empty is missing, and NA, None, null and the like are so in columns of numbers alone.
  Rows without a label, or without a time, are left out, and it is said how many.
what the model is asked about: where it knows the names of its columns (`feature_names_in_`), exactly those, in
  that order. Else every column but the label, the time and those of --ignore, in the order of the file.
exit status: 0 when the baseline was saved, 2 when something given does not fit.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Give `parser` the options of `otelml baseline`."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("--model", type=Path, required=True, metavar="FILE", help="the fitted model: joblib or pickle")
    add(
        "--data",
        type=Path,
        required=True,
        metavar="PATH",
        help=".parquet, a folder of those, .csv, .tsv, .csv.gz, .csv.zip",
    )
    add("--sep", type=separator, metavar="CHAR", help="between the columns of a CSV (default: found by its first line)")
    add("--decimal", choices=(".", ","), help="of the numbers of a CSV (default: found by the numbers)")
    add("--encoding", type=encoding, metavar="NAME", help="of a CSV (default: UTF-8, or what its first bytes tell)")
    add("--label", metavar="COLUMN", help="column of the actual outcome: a class, or a number")
    add("--time", metavar="COLUMN", help="column of when each row was predicted (UTC without a zone): days, weeks")
    add("--threshold", type=threshold, metavar="f1|0.4", help="of the service (default 0.5); f1 tunes it on these rows")
    add("--positive-class", metavar="CLASS", help="of two classes, the one to find (default: the second)")
    add("--name", help="of the model, as the service names it")
    add("--version", metavar="V", help="of the model")
    add("--ignore", type=columns, action="extend", default=[], metavar="COL,COL", help="columns that are no input")
    add("--columns-only", action="store_true", help="no label, no performance: rows of the training will do")
    add("--output", type=Path, metavar="PATH", help="default: <model file stem>.baseline.json beside the model")
    add("--force", action="store_true", help="write over a file that is there")
    add("--plain", action="store_true", help="lines of text, without colours and without a progress bar")


def run(arguments: Namespace) -> int:
    """Make the baseline, save it and print what it learned; returns the exit status."""
    # Only now: `otelml --help` needs neither numpy nor what follows from it.
    from otelml.cli.baseline.command import execute  # noqa: PLC0415 -- see above

    return execute(arguments)


def threshold(text: str) -> float | str:
    """Read `f1` or a number.

    Raises
    ------
    ArgumentTypeError
        When it is neither.

    >>> threshold("f1"), threshold("0.4")
    ('f1', 0.4)
    """
    if text == "f1":
        return text
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ArgumentTypeError(f"{text!r} is neither f1 nor a number: write f1, or 0.4")
    return number


def separator(text: str) -> str:
    """Read one character; a tab may be written as `tab` or backslash and t.

    >>> separator("tab") == separator(chr(92) + "t") == chr(9)
    True
    """
    known = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(known) != 1 or known in '"\r\n':
        raise ArgumentTypeError(f"{text!r} is not one character: write ',', ';', '|' or tab")
    return known


def encoding(text: str) -> str:
    """Read the name of an encoding that Python knows.

    >>> encoding("Latin-1")
    'iso8859-1'
    """
    try:
        return codecs.lookup(text).name
    except (LookupError, ValueError):
        raise ArgumentTypeError(f"{text!r} is no encoding: write utf-8, cp1252, utf-16 or latin-1") from None


def columns(text: str) -> list[str]:
    """Read names with commas between them.

    >>> columns("id, landed")
    ['id', 'landed']
    """
    return [name.strip() for name in text.split(",") if name.strip()]
