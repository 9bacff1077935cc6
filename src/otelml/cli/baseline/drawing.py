"""Tables of texts on a terminal, by rich, or as plain lines."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from otelml.cli.baseline.picture import sheets, summary
from otelml.cli.baseline.writing import glyphs_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console
    from rich.table import Table

    from otelml.baseline import Baseline
    from otelml.cli.baseline.picture import Sheet

GAP = "  "


def draw(baseline: Baseline, closing: str, *, plain: bool) -> None:
    """Write what a baseline learned to stdout, and then a line more; in colour where there is a terminal and rich."""
    glyphs = glyphs_for(sys.stdout.encoding)
    head, drawn = summary(baseline, glyphs), list(sheets(baseline, glyphs))
    console = None if plain or not sys.stdout.isatty() else _console()
    closing = closing.encode(glyphs.encoding, "replace").decode(glyphs.encoding)
    if console is None:
        sys.stdout.write("\n\n".join([head, *map(as_text, drawn), closing]) + "\n")
    else:
        _paint(console, head, [fitted(sheet, console.width, glyphs.ellipsis) for sheet in drawn], closing)


def as_text(sheet: Sheet) -> str:
    """Lay a table out in lines, aligned by blanks.

    >>> from otelml.cli.baseline.picture import Heading, Sheet
    >>> print(as_text(Sheet("inputs", (Heading("column"), Heading("weeks", right=True)), [("a", "0.1")])))
    inputs
      column  weeks
      a         0.1
    """
    widths = _widths(sheet)
    laid = [_line(line, widths, sheet) for line in (_head(sheet), *sheet.rows)]
    return "\n".join([sheet.title, *laid, *(f"{GAP}({text})" for text in sheet.remark.splitlines())])


def _line(cells: Iterable[str], widths: list[int], sheet: Sheet) -> str:
    laid = [
        cell.rjust(width) if heading.right else cell.ljust(width)
        for cell, width, heading in zip(cells, widths, sheet.headings, strict=True)
    ]
    return (GAP + GAP.join(laid)).rstrip()


def _head(sheet: Sheet) -> tuple[str, ...]:
    return tuple(heading.text for heading in sheet.headings)


def _widths(sheet: Sheet) -> list[int]:
    return [max(map(len, column)) for column in zip(_head(sheet), *sheet.rows, strict=True)]


def fitted(sheet: Sheet, room: int, ellipsis: str) -> Sheet:
    """Cut what may be cut, and leave out what would be too short then, the last one first, until it fits into `room`.

    >>> from otelml.cli.baseline.picture import Heading, Sheet
    >>> sheet = Sheet("inputs", (Heading("column"), Heading("extent", least=8)), [("age", "from 18 to 99")])
    >>> fitted(sheet, 18, "..").rows, fitted(sheet, 12, "..").rows
    ([('age', 'from 18 ..')], [('age',)])
    """
    for at in reversed(range(len(sheet.headings))):
        widths = _widths(sheet)
        beyond = sum(widths) + len(GAP) * (len(widths) - 1) - room
        least = sheet.headings[at].least
        if beyond > 0 and least:
            left = widths[at] - beyond
            sheet = _cut(sheet, at, left, ellipsis) if left >= least else _without(sheet, at)
    return sheet


def _cut(sheet: Sheet, at: int, most: int, ellipsis: str) -> Sheet:
    def cut(text: str) -> str:
        return text if len(text) <= most else text[: most - len(ellipsis)] + ellipsis

    headings = [*sheet.headings]
    headings[at] = headings[at]._replace(text=cut(headings[at].text))
    rows = [(*row[:at], cut(row[at]), *row[at + 1 :]) for row in sheet.rows]
    return sheet._replace(headings=tuple(headings), rows=rows)


def _without(sheet: Sheet, at: int) -> Sheet:
    rows = [(*row[:at], *row[at + 1 :]) for row in sheet.rows]
    return sheet._replace(headings=(*sheet.headings[:at], *sheet.headings[at + 1 :]), rows=rows)


def _console() -> Console | None:
    try:
        from rich.console import Console  # noqa: PLC0415 -- lines of text do without
    except ImportError:
        return None
    return Console(highlight=False)


def _paint(console: Console, head: str, drawn: Iterable[Sheet], closing: str) -> None:
    from rich.text import Text  # noqa: PLC0415 -- as above

    console.print(Text(head, style="bold"))
    for sheet in drawn:
        console.print()
        console.print(_table(sheet))
        if sheet.remark:
            console.print(Text(sheet.remark, style="dim"))
    console.print()
    console.print(Text(closing), soft_wrap=True)


def _table(sheet: Sheet) -> Table:
    from rich.table import Table  # noqa: PLC0415 -- as above
    from rich.text import Text  # noqa: PLC0415

    title = Text(sheet.title, style="bold")
    table = Table(title=title, title_justify="left", box=None, padding=(0, len(GAP), 0, 0), pad_edge=False)
    for heading in sheet.headings:
        style = "cyan" if heading.picture else None
        table.add_column(
            Text(heading.text),
            justify="right" if heading.right else "left",
            style=style,
            no_wrap=True,
            overflow="ellipsis",
            header_style="dim",
        )
    for row in sheet.rows:
        table.add_row(*(Text(cell) for cell in row))  # a text, for square brackets would be markup
    return table
