"""What `otelml rules` does: put thresholds and a baseline into the rules, and write them."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields
from typing import TYPE_CHECKING

from otelml.baseline import Baseline
from otelml.baseline.document import BaselineError
from otelml.cli.files import sealed, write_folder
from otelml.cli.streams import complain, one_line, write_document
from otelml.cli.thresholds import given, option
from otelml.rules.catalogue import defaults, for_model, without
from otelml.rules.constants import written
from otelml.rules.render import RUNBOOKS, as_yaml, escaped
from otelml.rules.rule import File
from otelml.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from argparse import Namespace
    from pathlib import Path

UNFIT = 2
OF_PROCESSES = ("overhead", "cores", "memory")
"""Thresholds that the files on processes alone compare with."""


def execute(arguments: Namespace) -> int:
    """Write the rules; returns the exit status."""
    try:
        files = rules_for(arguments)
        if arguments.out is None:
            write_document(sealed(rendered(together(files), arguments)))
        else:
            texts = {f"{file.name}.rules.yml": rendered(file, arguments) for file in files}
            leave(arguments.out, texts, force=arguments.force)
    except (ValueError, OSError) as error:
        complain(f"otelml rules: {one_line(error)}\n")
        return UNFIT
    return 0


def rules_for(arguments: Namespace) -> tuple[File, ...]:
    """The rules that were asked for.

    Raises
    ------
    ValueError
        When a threshold or a label is none, or nobody says what the model is called.
    """
    thresholds = given(arguments)
    fitting(arguments)
    files = defaults(thresholds, arguments.by)
    if arguments.without:
        return without(files, arguments.without)
    if arguments.baseline is None:
        return for_model(files, arguments.name) if arguments.name else files
    baseline = loaded(arguments.baseline)
    name = arguments.name or baseline.name
    if not name:
        raise ValueError(
            f"{arguments.baseline} does not say what its model is called: give --name, as the service does"
        )
    constants = written(files[0], baseline, name, arguments.version or baseline.version)
    return for_model((constants, *files[1:]), name)


def fitting(arguments: Namespace) -> None:
    """Refuse options that do not go together, with the fix.

    Raises
    ------
    ValueError
        When a label is none, or when what was given would be left unused or be wrong.
    """
    for name, given_names in (("name", [arguments.name]), ("without", arguments.without)):
        if "" in given_names:
            raise ValueError(f"--{name} is empty: give the name of a model, as the service does, or leave it out")
    for text in arguments.by:
        if not re.fullmatch("[a-zA-Z_][a-zA-Z0-9_]*", text):
            label = re.sub("[^a-zA-Z0-9_]", "_", text)
            raise ValueError(f"--by {text} is no label of Prometheus: {label} may be meant")
    if arguments.by and arguments.baseline:
        raise ValueError(
            "--baseline writes constants, which have no label of --by to be told apart by: leave --by out, or have the "
            "processes ship the baseline (OTEL_PYTHON_ML_BASELINE_METRICS) and leave --baseline out"
        )
    if arguments.name or arguments.baseline:
        of_one_model(arguments)


def of_one_model(arguments: Namespace) -> None:
    """Refuse what rules for one model have no use for.

    Raises
    ------
    ValueError
        When it was given.
    """
    if arguments.without:
        raise ValueError(
            "--without leaves models out of the rules for all the others, --name and --baseline write those of one: "
            "write the two one after the other, into folders of their own"
        )
    for name in OF_PROCESSES:
        if getattr(arguments, name) is not None:
            raise ValueError(
                f"{option(name)} is for processes, which know no model: give it to the rules for all models, which are "
                "loaded beside these"
            )


def loaded(path: Path) -> Baseline:
    """Read a baseline.

    Raises
    ------
    ValueError
        When there is none, with the fix.
    """
    try:
        return Baseline.load(path)
    except (BaselineError, OSError) as error:
        raise ValueError(f"{path} cannot be read as a baseline: {error}") from None


def together(files: tuple[File, ...]) -> File:
    """All files as one."""
    return File("rules", "\n".join(file.doc for file in files), tuple(group for file in files for group in file.groups))


def rendered(file: File, arguments: Namespace) -> str:
    """Write one file as text."""
    told = [("--baseline", arguments.baseline and arguments.baseline.name)]
    told += [(f"--{name}", getattr(arguments, name)) for name in ("name", "version")]
    told += [("--without", name) for name in arguments.without]
    told += [("--by", label) for label in arguments.by]
    told += [(option(one.name), getattr(arguments, one.name)) for one in fields(Thresholds)]
    options = "".join(f" {name} {quoted(f'{value}')}" for name, value in told if value is not None)
    return as_yaml(file, f"otelml rules{options}", arguments.runbooks or RUNBOOKS)


def quoted(text: str) -> str:
    """Write a word for the shell on one line, whatever is in it."""
    if text.isprintable():
        return shlex.quote(text)
    text = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"$'{escaped(text)}'"


def leave(folder: Path, texts: dict[str, str], *, force: bool) -> None:
    """Write the files, and say where they are."""
    write_folder(folder, texts, force=force)
    check = f"promtool check rules {shlex.quote(str(folder))}/*.rules.yml"
    complain(f"{one_line(f'{len(texts)} files in {folder}; `{check}` looks at them')}\n")
