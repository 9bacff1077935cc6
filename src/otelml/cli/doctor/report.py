"""Findings as plain text, aligned; with colour only on a terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import Level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otelml.cli.doctor.findings import Finding, Section

_COLOURS = {Level.OK: "32", Level.NOTE: "33", Level.WRONG: "1;31"}
WIDTH = 110
MARK = 5  # columns of the longest mark


def as_text(sections: Sequence[Section], *, colour: bool) -> str:
    """All sections, then what is wrong with its fixes."""
    lines: list[str] = []
    for section in sections:
        if section.findings:
            lines += [_painted(section.title, "1", colour=colour), *_lines(section, colour=colour), ""]
    return "\n".join(lines + _conclusion(sections, colour=colour)) + "\n"


def _lines(section: Section, *, colour: bool) -> list[str]:
    column = max(len(finding.label) for finding in section.findings)
    return [_line(finding, column, colour=colour) for finding in section.findings]


def _line(finding: Finding, column: int, *, colour: bool) -> str:
    mark = _painted(finding.level.value.ljust(MARK), _COLOURS.get(finding.level, ""), colour=colour)
    return f"  {mark}  {finding.label.ljust(column)}  {finding.text}".rstrip()


def _conclusion(sections: Sequence[Section], *, colour: bool) -> list[str]:
    wrong = _grouped([finding for section in sections for finding in section.wrong])
    if not wrong:
        return [_painted("Nothing is wrong.", _COLOURS[Level.OK], colour=colour)]
    what = "One thing is wrong" if len(wrong) == 1 else f"{len(wrong)} things are wrong"
    lines = [_painted(f"{what}:", _COLOURS[Level.WRONG], colour=colour)]
    for number, ((text, fix), labels) in enumerate(wrong.items(), start=1):
        lines += _wrapped(f"{', '.join(labels)}: {text}", f"  {number}. ")
        lines += _wrapped(f"Fix: {fix}", " " * len(f"  {number}. "))
    return lines


def _grouped(wrong: Sequence[Finding]) -> dict[tuple[str, str], list[str]]:
    """Gather the labels of what is wrong in the same way: one endpoint fails for all signals."""
    groups: dict[tuple[str, str], list[str]] = {}
    for finding in wrong:
        groups.setdefault((finding.text, finding.fix), []).append(finding.label)
    return groups


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,  # a command is copied as it stands
    )


def _painted(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code else text
