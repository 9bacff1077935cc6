"""`otelml rules`: recording rules and alerts for Prometheus, for all models or with the baseline of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.files import add_force, given_path
from otelml.cli.thresholds import add_thresholds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

EPILOG = """\
without --baseline the rules are for every model, or that of --name, and read what it was like in training from
ml.baseline.*. with it they are for that model alone, and carry its constants.

rules of one model lie beside those of the others, which leave it out:
  otelml rules --out rules --without flights
  otelml rules --out rules/flights --name flights --latency 0.2
only the first have those on processes, which know no model (resources, watching). files and groups of both are called
the same, so each set needs a folder of its own: Prometheus reads rules/*.yml and rules/flights/*.yml.
exit status: 0 when the rules were written, 2 when something given does not fit or a file must not be overwritten.
"""


def add_arguments(parser: ArgumentParser) -> None:
    """Give `parser` the options of `otelml rules`."""
    parser.epilog = EPILOG
    add = parser.add_argument
    add("--out", type=given_path, metavar="FOLDER", help="where the files are left (default: everything is printed)")
    add_force(parser)
    add("--baseline", type=given_path, metavar="FILE", help="baseline of the model that the rules are for")
    add("--name", help="of the model, as the service names it (default: the baseline's)")
    add("--version", metavar="V", help="of the model (default: the baseline's)")
    left_out = "a model to leave out, which has rules of its own"
    add("--without", action="append", default=[], metavar="NAME", help=left_out)
    add("--by", action="append", default=[], metavar="LABEL", help="a further label that keeps models apart")
    add("--runbooks", metavar="URL", help="folder of the runbooks that the alerts link to")
    add_thresholds(parser)


def run(arguments: Namespace) -> int:
    """Write the rules; returns the exit status."""
    # Only now: `otelml --help` needs none of what follows from it.
    from otelml.cli.rules.command import execute  # noqa: PLC0415 -- see above

    return execute(arguments)
