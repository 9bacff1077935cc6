"""Options for the thresholds of the rules, which the dashboards draw as lines."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from otelml.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace


def add_thresholds(parser: ArgumentParser) -> None:
    """Give `parser` an option for each threshold."""
    thresholds = parser.add_argument_group("thresholds")
    for one in fields(Thresholds):
        unit = one.metadata["unit"]
        default = f"default {one.default:g} {unit}".rstrip()
        option = f"--{one.name.replace('_', '-')}"
        doc = one.metadata["doc"].replace("%", "%%")
        thresholds.add_argument(option, type=float, metavar="X", help=f"{doc} ({default.replace('%', '%%')})")


def given(arguments: Namespace) -> Thresholds:
    """The thresholds that were asked for.

    Raises
    ------
    ValueError
        When one is no threshold.
    """
    told = {one.name: getattr(arguments, one.name) for one in fields(Thresholds)}
    told = {name: value for name, value in told.items() if value is not None}
    for name, value in told.items():
        if not 0 <= value < float("inf"):
            raise ValueError(f"--{name.replace('_', '-')} is {value:g}: give a number that is not negative")
    return Thresholds(**told)
