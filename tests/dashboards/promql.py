"""What a PromQL expression reads: its series, and the labels that it names. No parser, but enough for ours."""

from __future__ import annotations

import re
from typing import NamedTuple

KEYWORDS = {"and", "or", "unless", "offset"}
GROUPING = re.compile(r"\b(?:by|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
NAME = r"[a-zA-Z_:][\w:]*"


class Read(NamedTuple):
    """Series by name with the labels they are matched by, and labels that results are grouped by."""

    series: list[tuple[str, frozenset[str]]]
    grouped: set[str]

    @property
    def names(self):
        """Names of the series."""
        return {name for name, _ in self.series}

    @property
    def labels(self):
        """Every label that is named."""
        return self.grouped | {label for _, matched in self.series for label in matched}


def read(expr):
    """Take an expression apart.

    >>> read('sum by (le) (rate(x{a="1"}[5m])) and ml:y:1d offset 1w')
    Read(series=[('x', frozenset({'a'})), ('ml:y:1d', frozenset())], grouped={'le'})
    """
    plain = re.sub(r'"[^"]*"', '""', expr)
    grouped = {label.strip() for group in GROUPING.findall(plain) for label in group.split(",")} - {""}
    bare = re.sub(r"\[[^\]]*\]", "", GROUPING.sub(" ", plain))
    found = re.findall(rf"(?<![\w.:$])({NAME})\s*(\{{[^}}]*\}}|\()?", bare)
    series = [
        (name, frozenset(re.findall(r"(\w+)\s*[=!]", rest)))
        for name, rest in found
        if rest != "(" and name not in KEYWORDS
    ]
    return Read(series, grouped)
