"""How many processes a service runs, as far as its environment tells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

# Both servers read WEB_CONCURRENCY; an option of their own goes before it.
VARIABLES = ("UVICORN_WORKERS", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")
_GUNICORN = re.compile(r"(?:^|\s)(?:-w[=\s]?|--workers[=\s])\s*(\d+)")


class Workers(NamedTuple):
    """A number of processes, and who says so."""

    number: int
    source: str


def told(given: int | None, environ: Mapping[str, str]) -> Workers | None:
    """Take what was given, else what the servers' variables say; None where nobody says.

    >>> told(None, {"GUNICORN_CMD_ARGS": "--bind :8000 --workers=4"})
    Workers(number=4, source='GUNICORN_CMD_ARGS')
    """
    if given is not None:
        return Workers(given, "--workers")
    for name in VARIABLES:
        text = environ.get(name, "").strip()
        found = _GUNICORN.search(text) if name == "GUNICORN_CMD_ARGS" else re.fullmatch(r"(\d+)", text)
        if found:
            return Workers(int(found[1]), name)
    return None
