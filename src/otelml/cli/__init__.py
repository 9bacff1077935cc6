"""`otelml …`: one subcommand a module; what a command needs is imported when it runs."""

from __future__ import annotations

from argparse import ArgumentParser, RawDescriptionHelpFormatter
from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.streams import READER_GONE, OutputError, complain, standard

if TYPE_CHECKING:
    from collections.abc import Sequence


class Command(NamedTuple):
    """A subcommand: its module offers `add_arguments(parser)` and `run(arguments) -> int`."""

    module: str
    summary: str
    description: str


COMMANDS = {
    "baseline": Command(
        "otelml.cli.baseline",
        "make the baseline of a saved model on labelled rows, and show what it learned",
        "Reads a fitted model and a file of labelled rows that it was not trained on, and saves its baseline\n"
        "beside it: what its columns, its answers and its performance are like, to compare a service with.\n"
        "Needs: pip install 'otelml[baseline]', and whatever the model was trained with.\n\n"
        "  otelml baseline --model flights.joblib --data march.parquet --label late --time hour_start",
    ),
    "dashboards": Command(
        "otelml.cli.dashboards",
        "write dashboards for Grafana",
        "Writes three dashboards over what the rules record: every model, one model as software, and one model\n"
        "as a model. Some panels draw a threshold as a line: give the values that `otelml rules` was given.\n\n"
        "  otelml dashboards --out dashboards --availability 99.5 --latency 0.2",
    ),
    "demo": Command(
        "otelml.cli.demo",
        "watch a real model on real flights, over OTLP, in a few minutes",
        "Trains a model on the flights of January and February 2013, saves its baseline on March, serves\n"
        "April to December from a process started by opentelemetry-instrument, and shows what arrives\n"
        "over OTLP.\n"
        "Needs: pip install 'otelml[demo]'.",
    ),
    "doctor": Command(
        "otelml.cli.doctor",
        "say what is watched, where it goes, what is wrong, and the fix",
        "Looks at this environment as a service started from it would: the same Python, the same\n"
        "variables. Run it as `opentelemetry-instrument FLAGS otelml doctor` to have the launcher's\n"
        "flags looked at too.\n"
        "Exit status: 0 when nothing is wrong, 1 when something is, 2 when it could not be written.",
    ),
    "rules": Command(
        "otelml.cli.rules",
        "write recording rules and alerts for Prometheus",
        "Writes the rules that turn what otelml ships into availability, latency, drift, precision, recall,\n"
        "F1 and AUC over a whole fleet, and the alerts on them, with your thresholds.\n\n"
        "  otelml rules --out rules --availability 99.5 --latency 0.2\n"
        "  otelml rules --out rules --baseline flights.baseline.json --name flights",
    ),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status.

    Output that nobody reads any more ends it silently with status 141, output that cannot be written with status 2,
    Ctrl-C with status 130.
    """
    try:
        with standard():
            return _run(argv)
    except OutputError as error:
        if error.status != READER_GONE:
            complain(f"otelml: {error}\n")
        return error.status
    except KeyboardInterrupt:
        complain("\notelml: interrupted\n")
        return 130


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    if arguments.command is None:
        parser.print_help()
        return 0
    return import_module(COMMANDS[arguments.command].module).run(arguments)


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="otelml",
        description="OpenTelemetry for predictive machine learning.\n\n"
        "A service needs no command of these: `opentelemetry-instrument python serve.py` watches its models.",
        epilog="`otelml COMMAND --help` says what a command takes.",
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"otelml {version('otelml')}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, command in COMMANDS.items():
        own = commands.add_parser(
            name,
            help=command.summary,
            description=command.description,
            formatter_class=RawDescriptionHelpFormatter,
        )
        import_module(command.module).add_arguments(own)
    return parser
