"""A baseline as tables of texts: what it learned of columns and of performance."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from otelml.baseline.columns import INPUT
from otelml.cli.baseline.shapes import extent, heights
from otelml.cli.baseline.writing import decimals, interval, number, percent
from otelml.stats.binning import NumericBins

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from otelml.baseline import Baseline, Performance
    from otelml.baseline.columns import Column
    from otelml.cli.baseline.writing import Glyphs

MOST_NAME = 32
LEAST_EXTENT, INTERVAL = 8, 16  # characters
MOST_ROWS = 60  # of a table; the file has all
WEEK = "P7D"
WINDOWS = {"P1D": "days", WEEK: "weeks", "P28D": "28 days"}
SOURCES = {"default": "the default", "given": "as given", "f1": "tuned for F1 on these rows, and cross-fitted"}


class Heading(NamedTuple):
    """Of a column of a table: its text, and how what is in it is laid out.

    Attributes
    ----------
    least : where there is too little room, characters that it may be cut to before it is left out; 0 of one that stays.
    """

    text: str
    right: bool = False
    picture: bool = False
    least: int = 0


class Sheet(NamedTuple):
    """A table of texts."""

    title: str
    headings: tuple[Heading, ...]
    rows: list[tuple[str, ...]]
    remark: str = ""


def summary(baseline: Baseline, glyphs: Glyphs) -> str:
    """Say in two lines whose baseline it is, and of what."""
    own = baseline.fingerprint.class_name.rpartition(".")[2]
    named = glyphs.text(" ".join(filter(None, (baseline.name, baseline.version))), 2 * MOST_NAME)
    of_days = f" of {_counted(baseline.days, 'day')}" if baseline.days is not None else ""
    model = f"{named} ({own})" if named else own
    lines = [f"{model}, {baseline.task.value}: {_counted(baseline.rows, 'row')}{of_days}"]
    if baseline.positive_class is not None and baseline.prevalence is not None:
        positive = glyphs.text(baseline.positive_class, MOST_NAME)
        lines[0] += f", {percent(baseline.prevalence, 1)} of them of the positive class {positive}"
    if baseline.threshold is not None and baseline.threshold_source is not None:
        lines.append(f"Threshold {baseline.threshold:g}, {SOURCES[baseline.threshold_source]}.")
    lines[0] += "."
    return "\n".join(lines)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def sheets(baseline: Baseline, glyphs: Glyphs) -> Iterator[Sheet]:
    """Lay out inputs, outputs and performance, as far as there are any."""
    for title, columns in (("inputs", baseline.inputs), ("outputs", baseline.outputs)):
        if columns:
            yield _tidy(_of_columns(title, columns, glyphs))
    if baseline.performance:
        yield _tidy(_of_performance(baseline.performance, glyphs))


def _of_columns(title: str, columns: Sequence[Column], glyphs: Glyphs) -> Sheet:
    numeric = all(isinstance(one.bins, NumericBins) for one in columns)
    headings = (
        Heading("column"),
        Heading("kind"),
        Heading("complete", right=True),
        Heading(f"mean {glyphs.plus_minus} sd"),
        Heading("distribution", picture=True),
        Heading("extent" if numeric else "extent, or most frequent", least=LEAST_EXTENT),
        Heading("weeks", right=True),
    )
    remark = ""
    if any(WEEK in one.drift for one in columns) and columns[0].role == INPUT:
        remark = "weeks: how much they differ, as the largest population stability index of a week against all others"
    return Sheet(title, headings, [_row(one, glyphs) for one in columns], remark)


def _row(column: Column, glyphs: Glyphs) -> tuple[str, ...]:
    moments = (number(column.mean, 4), number(column.sd, 2))
    return (
        glyphs.text(column.name, MOST_NAME),
        column.kind,
        percent(column.completeness, 1),
        f" {glyphs.plus_minus} ".join(filter(None, moments)),
        glyphs.bars(heights(column)),
        extent(column, glyphs),
        f"{column.drift[WEEK]:.2f}" if WEEK in column.drift else "",
    )


def _of_performance(performance: Iterable[Performance], glyphs: Glyphs) -> Sheet:
    """A row a metric and class: entries of one come in a row, that of all rows first."""
    headings = (Heading("metric"), Heading("class"), Heading("value", right=True), Heading("95 %"))
    of_all = [(key, list(own)) for key, own in groupby(performance, key=lambda one: (one.metric, one.label))]
    several = len({label for (_, label), _ in of_all if label is not None}) > 1
    rows = [
        (metric, glyphs.text(label or "", MOST_NAME) if several else "", *_values(own))
        for (metric, label), own in of_all
    ]
    windows = tuple(Heading(text, least=0 if window == WEEK else INTERVAL) for window, text in WINDOWS.items())
    spread = any(one.window for _, own in of_all for one in own)
    remark = "days, weeks: where 95 % of windows of that length stay" if spread else ""
    return Sheet("performance", (*headings, *windows), rows, remark)


def _values(own: list[Performance]) -> Iterator[str]:
    by_window = {one.window: one for one in own}
    yield decimals(own[0].value)
    for window in (None, *WINDOWS):
        entry = by_window.get(window)
        yield "" if entry is None else interval(entry.lower, entry.upper)


def _tidy(sheet: Sheet) -> Sheet:
    """Without columns in which there is nothing, and without rows beyond what anybody reads."""
    kept = [at for at in range(len(sheet.headings)) if any(row[at].strip() for row in sheet.rows)]
    beyond = len(sheet.rows) - MOST_ROWS
    more = f"{sheet.remark}\n" * bool(sheet.remark) + f"and {beyond} more, which are in the file" if beyond > 0 else ""
    return Sheet(
        sheet.title,
        tuple(sheet.headings[at] for at in kept),
        [tuple(row[at] for at in kept) for row in sheet.rows[:MOST_ROWS]],
        more or sheet.remark,
    )
