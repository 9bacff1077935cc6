"""What `otelml dashboards` does: put thresholds into the dashboards, and write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.files import write_folder
from otelml.cli.streams import complain, one_line
from otelml.cli.thresholds import given
from otelml.dashboards import boards
from otelml.dashboards.render import as_json, file_name
from otelml.rules.render import RUNBOOKS

if TYPE_CHECKING:
    from argparse import Namespace

UNFIT = 2


def execute(arguments: Namespace) -> int:
    """Write the dashboards; returns the exit status."""
    runbooks = (arguments.runbooks or RUNBOOKS).rstrip("/")
    folder = arguments.out
    try:
        told = boards(given(arguments), runbooks)
        write_folder(folder, {file_name(one): as_json(one, runbooks) for one in told}, force=arguments.force)
    except (ValueError, OSError) as error:
        complain(f"otelml dashboards: {one_line(error)}\n")
        return UNFIT
    complain(f"{one_line(f'{len(told)} dashboards in {folder}')}\n")
    return 0
