"""`otelml dashboards`: dashboards for Grafana over what the rules record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.files import add_force, given_path
from otelml.cli.thresholds import add_thresholds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """\
they show what the rules of `otelml rules` record: load those into Prometheus first.
exit status: 0 when the dashboards were written, 2 when something given does not fit or a file must not be overwritten.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Give `parser` the options of `otelml dashboards`."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("--out", type=given_path, metavar="FOLDER", required=True, help="where the files are left")
    add_force(parser)
    add("--runbooks", metavar="URL", help="folder of the runbooks that the panels link to")
    add_thresholds(parser, drawn=True)


def run(arguments: Namespace) -> int:
    """Write the dashboards; returns the exit status."""
    # Only now: `otelml --help` needs none of what follows from it.
    from otelml.cli.dashboards.command import execute  # noqa: PLC0415 -- see above

    return execute(arguments)
