"""The baseline's file: readable JSON with a hash, written in one piece and read with suspicion."""

from __future__ import annotations

import hashlib
import json
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    import os

FORMAT = "otelml.baseline"
FORMAT_VERSION = 3
PREFIX = "sha256:"

Payload = dict[str, Any]


class BaselineError(ValueError):
    """A baseline cannot be made, written or read; the text says what was wrong, where, and the mend."""


def digest(payload: Payload) -> str:
    """SHA-256, in hex, of the payload in canonical form: sorted, no white space, no hash."""
    bare = {key: value for key, value in payload.items() if key != "hash"}
    text = json.dumps(bare, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


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


def write(path: str | os.PathLike[str], payload: Payload) -> None:
    """Write the payload, whole or not at all: a reader never sees half a file.

    Raises
    ------
    BaselineError
        When the place cannot be written to.
    """
    target = Path(path)
    text = lay_out({**payload, "hash": PREFIX + digest(payload)}) + "\n"
    beside = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        try:
            beside.write_text(text, encoding="utf-8")
            beside.replace(target)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise BaselineError(f"baseline {target} cannot be written ({error}): choose a folder that can") from error


def read(path: str | os.PathLike[str]) -> Payload:
    """Read a payload, after its format, its version and its hash were found right.

    Raises
    ------
    BaselineError
        When the file is missing, unreadable, truncated, changed, of another format or of a newer version.
    """
    target = Path(path)
    content = _parsed(target)
    if not isinstance(content, dict) or cast("Payload", content).get("format") != FORMAT:
        raise BaselineError(f'{target} is no baseline: no "format": "{FORMAT}" in it; give a file of Baseline.save')
    payload = cast("Payload", content)
    version = payload.get("format_version")
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise BaselineError(
            f"baseline {target} has format version {version}, this otelml reads up to {FORMAT_VERSION}: "
            "upgrade otelml where the model is served, or fit the baseline with this one"
        )
    if payload.get("hash") != PREFIX + digest(payload):
        raise BaselineError(
            f"baseline {target} does not match its hash: it was edited or damaged; "
            "copy it again from where it was saved, or fit it again"
        )
    return payload


def _parsed(target: Path) -> Any:
    try:
        return json.loads(target.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BaselineError(f"no baseline at {target}: save one with Baseline.save, or mend the path") from error
    except OSError as error:
        raise BaselineError(f"baseline {target} cannot be read ({error}): mend its path or its permissions") from error
    except (ValueError, RecursionError) as error:
        raise BaselineError(
            f"baseline {target} is no complete JSON ({error}): it is truncated or damaged; "
            "copy it again from where it was saved, or fit it again"
        ) from error
