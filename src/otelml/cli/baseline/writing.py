"""How this command writes: what a terminal can show, lists, numbers, and columns as little pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from otelml.baseline.columns import readable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_LISTED = 10
LONGEST = 300  # characters of somebody else's message


class Glyphs(NamedTuple):
    """Characters that a terminal can show.

    >>> ASCII.bars([0, 1, 4, 8]), UNICODE.bars([0, 1, 4, 8])
    (' .=@', ' ▁▄█')
    """

    encoding: str
    blocks: str
    plus_minus: str
    ellipsis: str

    def bars(self, heights: Sequence[float]) -> str:
        """Draw heights, the largest as a whole block; nothing is blank, and only nothing."""
        top = max(heights, default=0)
        return "".join(self.blocks[math.ceil(len(self.blocks) * h / top) - 1] if h > 0 else " " for h in heights)

    def text(self, text: str, most: int) -> str:
        """A text of the data's: nothing that moves a cursor, nothing that cannot be shown, and not too long.

        >>> ASCII.text("Zürich", 10), UNICODE.text("Zürich", 4)
        ('Z?rich', 'Zür…')
        """
        shown = readable(text).encode(self.encoding, "replace").decode(self.encoding)
        shown = "".join(one if one.isprintable() else "?" for one in shown)
        return shown if len(shown) <= most else shown[: most - len(self.ellipsis)] + self.ellipsis


UNICODE = Glyphs("utf-8", "▁▂▃▄▅▆▇█", "±", "…")
ASCII = Glyphs("ascii", ".:-=+*#@", "+-", "..")


def glyphs_for(encoding: str | None) -> Glyphs:
    """Choose what can be written in an encoding.

    >>> glyphs_for("latin-1").blocks == ASCII.blocks, glyphs_for("utf-8") == UNICODE
    (True, True)
    """
    try:
        "".join(UNICODE[1:]).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def listed(names: Sequence[str]) -> str:
    """Write names in a row, the first ten of many.

    >>> listed(["a", "b"])
    'a, b'
    """
    beyond = len(names) - MOST_LISTED
    return ", ".join([*names[:MOST_LISTED], *([f"and {beyond} more"] if beyond > 0 else [])])


def first_line(error: BaseException | str) -> str:
    """What an error of somebody else says, in a line that is not too long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:LONGEST] if lines else "it says nothing more"


def one_line(text: str) -> str:
    """A text as one line, in which nothing moves a cursor.

    >>> one_line("no column" + chr(10) + chr(27) + "[2J")
    'no column ?[2J'
    """
    return "".join(one if one.isprintable() else "?" for one in " ".join(text.split()))


def number(value: float | None, digits: int = 3) -> str:
    """Write a number in few digits; nothing of None.

    >>> number(1017.347, 4), number(0.25), number(28250.0), number(None)
    ('1017', '0.25', '28250', '')
    """
    if value is None or not math.isfinite(value):
        return ""
    whole = abs(value) < 10 ** (digits + 3) and abs(value) >= 10 ** (digits - 1)
    return f"{value:.0f}" if whole else f"{value:.{digits}g}"


def percent(share: float, digits: int = 0) -> str:
    """Write a share; of what is nearly all it does not say that it is all, nor of little that it is nothing.

    >>> percent(0.9996, 1), percent(1.0, 1), percent(0.168), percent(0.002)
    ('99.9 %', '100 %', '17 %', '<1 %')
    """
    if math.isnan(share):
        return ""
    if share in (0, 1):
        return f"{100 * share:.0f} %"
    scale = 10**digits
    whole = min(round(100 * share * scale), 100 * scale - 1)
    return f"{whole / scale:.{digits}f} %" if whole else f"<{1 / scale:g} %"


def interval(low: float | None, high: float | None) -> str:
    """Write the bounds of an interval; nothing where they are not known.

    >>> interval(0.35, 0.451)
    '0.350 to 0.451'
    """
    return "" if low is None or high is None else f"{decimals(low)} to {decimals(high)}"


def decimals(value: float) -> str:
    """Write a measure of performance: three decimals, or as many digits where it is larger.

    >>> decimals(0.4), decimals(-12.3456)
    ('0.400', '-12.3')
    """
    return f"{value:.3f}" if abs(value) < 10 else number(value)
