"""Options for the thresholds of the rules, which the dashboards draw as lines."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from otelml.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

WHOLE = 100
BEYOND = ("season", "overhead")
"""Per cent of a mean, of the models' time: these may be more than the whole."""
SHARES = ("availability", "coverage")
"""Nobody wants less than one in a hundred of these: whoever says so means a share of one."""


def option(name: str) -> str:
    """Name the option of a threshold.

    >>> option("plain_psi")
    '--plain-psi'
    """
    return f"--{name.replace('_', '-')}"


def add_thresholds(parser: ArgumentParser, *, drawn: bool = False) -> None:
    """Give `parser` an option for each threshold, or for each one that the dashboards draw."""
    thresholds = parser.add_argument_group("thresholds")
    for one in fields(Thresholds):
        if drawn and not one.metadata["drawn"]:
            continue
        unit = one.metadata["unit"]
        default = f"default {one.default:g} {unit}".rstrip()
        doc = one.metadata["doc"].replace("%", "%%")
        thresholds.add_argument(option(one.name), type=float, metavar="X", help=f"{doc} ({default.replace('%', '%%')})")


def given(arguments: Namespace) -> Thresholds:
    """The thresholds that were given.

    Raises
    ------
    ValueError
        When one is no threshold.
    """
    values = {one.name: getattr(arguments, one.name, None) for one in fields(Thresholds)}
    values = {name: value for name, value in values.items() if value is not None}
    for name, value in values.items():
        if not 0 <= value < float("inf"):
            raise ValueError(f"{option(name)} is {value:g}: give a number that is not negative")
    for one in fields(Thresholds):
        if one.name in values and one.metadata["unit"].startswith("%"):
            in_per_cent(one.name, values[one.name])
    return Thresholds(**values)


def in_per_cent(name: str, value: float) -> None:
    """Refuse what is no per cent.

    Raises
    ------
    ValueError
        When it is more than the whole, or a share of one.
    """
    problem = f"{option(name)} is {value:g}: it is in per cent"
    if value > WHOLE and name not in BEYOND:
        raise ValueError(f"{problem}, give {WHOLE} at most")
    if value < 1 and name in SHARES:
        default = getattr(Thresholds(), name)
        raise ValueError(f"{problem}, give 1 to {WHOLE} ({default:g}, not {default / WHOLE:g})")
