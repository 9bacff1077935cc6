"""Which metrics the globs of `OTEL_PYTHON_ML_METRICS` name, and which globs name none."""

from __future__ import annotations

import re
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from otelml.telemetry.names import CONTRACT

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS = re.compile(r"(ml|otelml)([^a-z]|$)")
# What Prometheus appends, for the unit and the kind.
APPENDED = re.compile(r"_(total|seconds|ratio|bucket|count|sum)$")


class Misfit(NamedTuple):
    """Globs that do not what somebody wanted, and the fix."""

    text: str
    fix: str


def selected(globs: tuple[str, ...], name: str) -> bool:
    """Whether a metric is shipped: a glob names it, and no `!glob` does.

    >>> selected(("ml.*", "!ml.drift"), "ml.predictions"), selected(("!ml.drift",), "ml.drift")
    (True, False)
    """
    wanted = [glob for glob in globs if not glob.startswith("!")] or ["*"]
    unwanted = [glob[1:] for glob in globs if glob.startswith("!")]
    return any(fnmatchcase(name, glob) for glob in wanted) and not any(fnmatchcase(name, glob) for glob in unwanted)


def misfits(globs: tuple[str, ...]) -> Iterator[Misfit]:
    """Globs that look like ours and fit no metric; and all of them together, where no metric of otelml is left.

    Others may fit instruments of the host's own.

    >>> [str(one.fix) for one in misfits(("ml_*",))]
    ['did you mean ml.*?']
    """
    names = [metric.name for metric in CONTRACT]
    found = False
    for glob in (glob.removeprefix("!") for glob in globs):
        if OURS.match(glob.lower()) and not any(fnmatchcase(name, glob) for name in names):
            found = True
            yield Misfit(f"has {glob}, which fits no metric", _fix(glob, names))
    if not found and not any(selected(globs, name) for name in names):
        yield Misfit("leaves out every metric of otelml", "name those that are wanted, such as ml.*, or unset it")


def _fix(glob: str, names: list[str]) -> str:
    """The glob with the contract's own dots, or the metric that is the nearest."""
    dotted = re.sub(r"[_\-/:]", ".", glob.lower())
    if any(fnmatchcase(name, dotted) for name in names):
        return f"did you mean {dotted}?"
    bare = re.sub(r"[_\-/:]", ".", APPENDED.sub("", glob.lower()))
    close = [bare] if bare in names else get_close_matches(bare, names, n=1)
    return f"did you mean {close[0]}?" if close else "take the names of docs/telemetry.md"
