"""The baseline's file: readable JSON with a hash, written in one piece and read with suspicion."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import uuid
from pathlib import Path
from typing import Any, cast

FORMAT = "otelml.baseline"
FORMAT_VERSION = 4
OLDEST_VERSION = 3
PREFIX = "sha256:"
MOST_BYTES = 16 * 2**20
DEEPEST = 64  # levels of lists and objects; a baseline has about ten
WHOLE = 2**53  # above, floating-point numbers are whole, and not all whole numbers are there

MOST_NUMBER = int(sys.float_info.max)

Payload = dict[str, Any]


class BaselineError(ValueError):
    """A baseline cannot be made, written or read; the text says what was wrong, where, and the fix."""


def digest(payload: Payload) -> str:
    """SHA-256, in hex, of the payload in canonical form: sorted keys, canonical numbers, no white space, no hash.

    A number is the same however it is written: a file that another program wrote again, with 1 for 1.0, keeps its hash.

    >>> digest({"format_version": 4, "rows": 1.0}) == digest({"rows": 1, "format_version": 4.0, "hash": "sha256:00"})
    True
    """
    bare: Any = {key: value for key, value in payload.items() if key != "hash"}
    if version_of(payload) != OLDEST_VERSION:  # which took numbers as they were written
        bare = _canonical(bare)
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in cast("Payload", value).items()}
    if isinstance(value, list):
        return [_canonical(item) for item in cast("list[Any]", value)]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    number = float(value)
    return int(number) if abs(number) < WHOLE and number.is_integer() else number


def version_of(payload: Payload) -> int | None:
    """Version of the format, a whole number however it is written; None of anything else."""
    version = payload.get("format_version")
    if isinstance(version, bool) or not isinstance(version, int | float) or not float(version).is_integer():
        return None
    return int(version)


def lay_out(value: Any, indent: str = "") -> str:
    """Write JSON with one entry a line; what holds only plain values stays on one line.

    >>> print(lay_out({"rows": 3, "cells": [{"count": 1}, {"count": 2}]}))
    {
      "rows": 3,
      "cells": [
        {"count": 1},
        {"count": 2}
      ]
    }
    """
    deeper = indent + "  "
    if isinstance(value, dict) and not _is_flat(cast("Payload", value).values()):
        pairs = cast("Payload", value).items()
        lines = [f"{deeper}{json.dumps(key)}: {lay_out(item, deeper)}" for key, item in pairs]
        return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
    if isinstance(value, list) and not _is_flat(cast("list[Any]", value)):
        lines = [deeper + lay_out(item, deeper) for item in cast("list[Any]", value)]
        return "[\n" + ",\n".join(lines) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _is_flat(values: Any) -> bool:
    return not any(isinstance(item, dict | list) for item in values)


def place_of(path: Any) -> Path:
    """Where a path leads, `~` being the home of the user.

    Raises
    ------
    BaselineError
        When it is no path.
    """
    try:
        return Path(path).expanduser()
    except (TypeError, RuntimeError) as error:
        raise BaselineError(f"{path!r} is no path of a baseline ({error}): give the path of a file") from error


def write(path: str | os.PathLike[str], payload: Payload) -> None:
    """Write the payload, whole or not at all: a reader never sees half a file.

    Raises
    ------
    BaselineError
        When the place cannot be written to.
    """
    target = place_of(path)
    text = lay_out({**payload, "hash": PREFIX + digest(payload)}) + "\n"
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # ValueError: a path that holds a null character
        raise BaselineError(f"baseline {target} cannot be written ({error}): choose a folder that can") from error


def read(path: str | os.PathLike[str]) -> Payload:
    """Read a payload, after its format, its version and its hash were found right.

    Raises
    ------
    BaselineError
        When the file is missing, unreadable, too large, truncated, changed, of another format or of another version.
    """
    target = place_of(path)
    content = _parsed(target)
    if not isinstance(content, dict) or cast("Payload", content).get("format") != FORMAT:
        raise BaselineError(f'{target} is no baseline: no "format": "{FORMAT}" in it; give a file of Baseline.save')
    payload = cast("Payload", content)
    flaw = _flaw(payload, "$", 0)
    if flaw:
        raise BaselineError(f"baseline {target} has a wrong part: {flaw}; fit it again")
    version = version_of(payload)
    if version is None or not OLDEST_VERSION <= version <= FORMAT_VERSION:
        raise BaselineError(
            f"baseline {target} has format version {_short(payload.get('format_version'))}, this otelml reads "
            f"{OLDEST_VERSION} to {FORMAT_VERSION}: upgrade otelml where the model is served, or fit the baseline "
            "with this one"
        )
    if payload.get("hash") != PREFIX + digest(payload):
        raise BaselineError(
            f"baseline {target} does not match its hash: it was edited or damaged; "
            "copy it again from where it was saved, or fit it again"
        )
    return payload


def _short(value: Any) -> str:
    text = ascii(value) if not isinstance(value, int) or abs(value) <= MOST_NUMBER else "a number of 309 digits or more"
    return text if len(text) <= 40 else f"{text[:40]}…"


def _flaw(value: Any, place: str, depth: int) -> str | None:
    """Find what no baseline holds and no exporter takes: NaN, infinities, half a surrogate pair, a bottomless pit."""
    if isinstance(value, str):
        return None if _encodes(value) else f"{place} holds half of a surrogate pair"
    if isinstance(value, int | float):
        return None if abs(value) <= MOST_NUMBER else f"{place} is {_short(value)}, which is no finite number"
    if not isinstance(value, dict | list):
        return None
    if depth > DEEPEST:
        return f"{place} is more than {DEEPEST} levels deep"
    if isinstance(value, list):
        items = [(f"{place}[{at}]", item) for at, item in enumerate(cast("list[Any]", value))]
    else:
        items = [(f"{place}.{key}", item) for key, item in cast("Payload", value).items()]
        if not all(map(_encodes, cast("Payload", value))):
            return f"a key of {place} holds half of a surrogate pair"
    return next(filter(None, (_flaw(item, where, depth + 1) for where, item in items)), None)


def _encodes(text: str) -> bool:
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def _parsed(target: Path) -> Any:
    try:
        return json.loads(content_of(target))  # UTF-8, or what its first bytes tell: some editors write a mark there
    except (ValueError, RecursionError) as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(
            f"baseline {target} is no complete JSON ({error}): it is truncated or damaged; "
            "copy it again from where it was saved, or fit it again"
        ) from error


def content_of(target: Path) -> bytes:
    """The bytes of a regular file, or of what a link leads to; a FIFO or a device is not waited for.

    Raises
    ------
    BaselineError
        When it is missing, no regular file, too large, or cannot be read.
    """
    try:
        if not stat.S_ISREG(os.stat(target).st_mode):  # noqa: PTH116 -- follows links: so are ConfigMaps mounted
            raise BaselineError(f"baseline {target} cannot be read (it is no regular file): fix its path")
        # It may have become another since: without O_NONBLOCK, opening a FIFO waits for somebody to write.
        with open(os.open(target, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:  # noqa: PTH123
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise BaselineError(f"baseline {target} cannot be read (it is no regular file): fix its path")
            content = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise BaselineError(f"no baseline at {target}: save one with Baseline.save, or fix the path") from error
    except OSError as error:
        raise BaselineError(f"baseline {target} cannot be read ({error}): fix its path or its permissions") from error
    except ValueError as error:
        if isinstance(error, BaselineError):
            raise
        raise BaselineError(f"baseline {target} cannot be read ({error}): fix its path") from error
    if len(content) > MOST_BYTES:
        raise BaselineError(f"baseline {target} is larger than {MOST_BYTES >> 20} MB, and none is: fix its path")
    return content
