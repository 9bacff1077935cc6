"""The kinds of values that settings take: how a text becomes one, and the words that say what is taken."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DAY = 86_400.0
SQLITE = "sqlite:///"
UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY}


@dataclass(frozen=True)
class Kind:
    """How a text becomes a value, and the words that say what is taken."""

    parse: Callable[[str], Any]
    takes: str


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `12h` or `7d`, in seconds."""
    unit = UNITS.get(text[-1:].lower())
    return _positive(float(text[:-1]) * unit if unit else float(text))


def _positive(value: float) -> float:
    if not 0 < value < math.inf:
        raise ValueError(value)
    return value


def _share(text: str) -> float:
    """`0.05` or `5%`."""
    return _positive(float(text[:-1]) / 100 if text.endswith("%") else float(text))


def _count(text: str) -> int:
    return int(_positive(int(text)))


def _globs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    taken = _globs(text)
    if not taken:
        raise ValueError(text)
    return taken


def _path(text: str) -> str:
    """A path whose `~` is the user's home: no shell is there to make it so in an environment file."""
    return os.path.expanduser(text)  # noqa: PTH111 -- which leaves what it does not know as it is


def _store(text: str) -> str:
    if text.startswith(SQLITE):
        return SQLITE + _path(text.removeprefix(SQLITE))
    if text != "memory":
        raise ValueError(text)
    return text


def one_of(*choices: str) -> Kind:
    """Take one of a few words."""

    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(parse, " or ".join(choices))


BOOLEAN = Kind(_boolean, "true or false")
TEXT = Kind(str, "a text")
FOLDER = Kind(_path, "a path of a folder")
SECONDS = Kind(_seconds, "a duration above zero: 90s, 15m, 12h, 7d")
COUNT = Kind(_count, "a whole number above zero")
SHARE = Kind(_share, "a share above zero: 0.05, 5%")
GLOBS = Kind(_globs, "metric names with * and ?, commas between them; an exclamation mark in front leaves out")
NAMES = Kind(_names, "names, commas between them")
STORE = Kind(_store, "memory, or sqlite:///PATH")
