"""Files that commands write into a folder: all of them or none, and no edited one by accident.

A file carries the hash of its own content in its second line.  One whose hash is right was written by otelml and not
edited since; any other needs `--force`.  Line endings do not count: git converts them on some machines.
"""

from __future__ import annotations

import hashlib
import os
import stat
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.replacing import FileError, Version, alone, replace_all

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Mapping

MOST_READ = 1 << 24
"""Bytes; no file of ours is nearly that long."""
SEAL = "Content: sha256:"
COMMENT = f"# {SEAL}%s; `--force` overwrites an edited file"
MEMBER = f'  "__otelml": "{SEAL}%s; `--force` overwrites an edited file",'
"""The second line: in YAML a comment, in JSON a member that Grafana keeps and does not read."""


def add_force(parser: ArgumentParser) -> None:
    """Give `parser` the option that overwrites."""
    parser.add_argument("--force", action="store_true", help="overwrite files that were edited or are not otelml's")


def given_path(text: str) -> Path:
    """Read a path of the command line; `~` is the home folder also where the shell leaves it, as in `--out=~/rules`.

    Raises
    ------
    ArgumentTypeError
        When the text is empty, as that of a variable that is not set, or there is no such home.
    """
    if not text:
        raise ArgumentTypeError("the path is empty (is a variable not set?)")
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise ArgumentTypeError(f"{text}: there is no such home folder") from None


def sealed(text: str) -> str:
    r"""Put the hash of a text into its second line.

    >>> print(sealed("{\n}\n").split(";")[0])
    {
      "__otelml": "Content: sha256:d914176fd50bd7f565700006a31aa97b79d3ad17cee20c8e5ff2061d5cb74817
    """
    first, rest = text.split("\n", 1)
    line = (MEMBER if first == "{" else COMMENT) % hashlib.sha256(text.encode()).hexdigest()
    return f"{first}\n{line}\n{rest}"


def write_folder(folder: Path, texts: Mapping[str, str], *, force: bool) -> None:
    """Write sealed texts by the names of their files into a folder, which is made where it is missing; all or none.

    Parameters
    ----------
    force : overwrite what was edited, what otelml did not write, and what is read-only; links never.

    Raises
    ------
    FileError
        When one is refused, or cannot be written.
    """
    contents = {folder / name: _encoded(text) for name, text in texts.items()}
    _make(folder)
    with alone(folder):
        found = {folder / name: _look(folder / name) for name in texts}
        _refuse(folder, {path: one for path, one in found.items() if one.problem and not (force and one.yields)})
        replace_all(contents, {path: one.version for path, one in found.items()})


def _encoded(text: str) -> bytes:
    try:
        return sealed(text).encode()
    except UnicodeEncodeError as error:
        around = text[max(error.start - 20, 0) : error.end]
        raise FileError(f"an option is no UTF-8 text: {around.encode(errors='backslashreplace').decode()}") from None


def _make(folder: Path) -> None:
    if folder.is_symlink():
        raise FileError(f"{folder} is a link to {folder.readlink()}: give that folder itself")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise FileError(f"{folder} is there and is no folder: give another") from None
    except OSError as error:
        raise FileError(f"{folder} cannot be made a folder: {error.strerror}") from error


def _refuse(folder: Path, refused: Mapping[Path, _Found]) -> None:
    names: dict[str, list[str]] = {}
    for path, one in refused.items():
        names.setdefault(one.problem, []).append(path.name)
    if refused:
        problems = "; ".join(f"{', '.join(each)}: {problem}" for problem, each in names.items())
        yields = all(one.yields for one in refused.values())
        remedy = "compare, then give --force to overwrite" if yields else "remove what is in the way"
        raise FileError(f"nothing was written to {folder} ({problems}): {remedy}, or give another folder")


class _Found(NamedTuple):
    """What lies where a file is to be written, and why it is not overwritten, or only by `--force`."""

    version: Version | None = None
    problem: str = ""
    yields: bool = False


def _look(path: Path) -> _Found:
    try:
        status = path.lstat()
    except FileNotFoundError:
        return _Found()
    except OSError as error:
        raise FileError(f"{path} cannot be looked at: {error.strerror}") from error
    version = Version.of(status)
    if stat.S_ISLNK(status.st_mode):
        return _Found(version, "a link")
    if not stat.S_ISREG(status.st_mode):
        return _Found(version, "no regular file")
    if not status.st_mode & 0o222:
        return _Found(version, "read-only", yields=True)
    return _Found(version, _judged(path, status.st_size), yields=True)


def _judged(path: Path, size: int) -> str:
    """Tell an edited file, and one that otelml did not write; nothing of one that may be overwritten."""
    foreign = "not written by otelml"
    if size > MOST_READ:
        return foreign
    try:
        # Whatever has come into the place of the regular file since, this neither follows it nor waits for it.
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 -- see above
            text = file.read(MOST_READ).replace(b"\r\n", b"\n").decode()
    except UnicodeDecodeError:
        return foreign
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    lines = text.split("\n", 2)
    if len(lines) <= 2 or SEAL not in lines[1]:
        return foreign
    return "" if sealed(f"{lines[0]}\n{lines[2]}") == text else "edited"
