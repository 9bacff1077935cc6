"""What was asked for, as far as it can be judged before anything is read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from otelml.baseline.discovery import SUFFIX

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType

COMPRESSED = (".gz", ".z", ".bz2", ".xz", ".lzma")
NEAR = 0.7  # of 1; short names of a few common letters are not meant
EXTRA = "pip install 'otelml[baseline]'"


class RequestError(ValueError):
    """Something given does not fit; the text says what was wrong, where, and the fix."""


@dataclass(frozen=True)
class Request:
    """One baseline to be made; the attributes are the options of the command."""

    model: Path
    data: Path
    output: Path
    label: str | None = None
    time: str | None = None
    threshold: float | str | None = None
    positive_class: str | None = None
    name: str | None = None
    version: str | None = None
    ignore: tuple[str, ...] = ()
    columns_only: bool = False
    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None

    @classmethod
    def of(cls, arguments: Namespace) -> Request:
        """Check what can be checked at once, so that nobody waits for a refusal.

        Raises
        ------
        RequestError
            When a file is missing or in the way, or options contradict each other.
        """
        request = cls(
            model=arguments.model,
            data=arguments.data,
            output=arguments.output or beside(arguments.model),
            label=arguments.label,
            time=arguments.time,
            threshold=arguments.threshold,
            positive_class=arguments.positive_class,
            name=arguments.name,
            version=arguments.version,
            ignore=tuple(arguments.ignore),
            columns_only=arguments.columns_only,
            sep=arguments.sep,
            decimal=arguments.decimal,
            encoding=arguments.encoding,
        )
        _check_files(request, force=arguments.force)
        _check_label(request)
        return request


def beside(model: Path) -> Path:
    """Where a baseline lies by default.

    >>> from pathlib import Path
    >>> beside(Path("models/flights.pkl.gz")).as_posix()
    'models/flights.baseline.json'
    """
    bare = model.with_suffix("") if model.suffix in COMPRESSED else model
    return bare.with_name(bare.stem + SUFFIX)


def _check_files(request: Request, *, force: bool) -> None:
    if not request.model.is_file():
        raise RequestError(f"no model at {request.model} (--model): fix the path, it is one joblib or pickle file")
    if not request.data.exists():
        raise RequestError(f"no data at {request.data} (--data): fix the path")
    output = request.output
    if not output.parent.is_dir():
        raise RequestError(f"{output.parent} is no folder to put {output.name} in (--output): make it, or name another")
    if output.is_dir():
        raise RequestError(
            f"{output} is a folder (--output): name a file in it, such as {output / beside(output).name}"
        )
    if output.exists() and not force:
        raise RequestError(f"{output} is there already: give --force to write over it, or another --output")


def _check_label(request: Request) -> None:
    if not request.columns_only:
        if request.label is None:
            raise RequestError(
                "the column of the actual outcomes is missing: give --label COLUMN, or --columns-only without one"
            )
    elif request.threshold is not None or request.positive_class is not None:
        raise RequestError(
            "--columns-only asks the model nothing, so there is nothing for --threshold or --positive-class: "
            "leave them out, or give --label in the place of --columns-only"
        )


def needed(package: str) -> ModuleType:
    """Import what only this command needs.

    Raises
    ------
    RequestError
        When it is not installed, or cannot be imported.
    """
    try:
        return import_module(package)
    except ImportError as error:
        raise RequestError(f"{package} cannot be imported ({error}): {EXTRA}") from error


def near(name: str, known: Sequence[str]) -> list[str]:
    """Names among `known` that may have been meant, whatever their case.

    >>> near("Hour_strat", ["hour_start", "late"])
    ['hour_start']
    """
    lowered = {other.lower(): other for other in reversed(known)}
    return [lowered[found] for found in difflib.get_close_matches(name.lower(), lowered, cutoff=NEAR)]
