"""The terminal: a live table and a progress bar, or plain lines where there is no terminal."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.box import SIMPLE
from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from otelml.cli.demo import columns, months, texts
from otelml.cli.demo.alert import WINDOW_NAME
from otelml.cli.demo.performance import Measure
from otelml.stats.divergence import BLOCKS, EFFECT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from rich.console import RenderableType

    from otelml.cli.demo.performance import Performance
    from otelml.cli.demo.watch import Recent, Watch

REFRESHES_A_SECOND = 4
LINE_EVERY = 14 * 86_400.0
MEASURES: tuple[tuple[str, str], ...] = (
    ("precision", "precision"),
    ("recall", "recall"),
    ("F1", "f1"),
    ("F1 at March's prevalence", "f1_adjusted"),
    ("AUC", "roc_auc"),
)


@contextmanager
def live(watch: Watch, console: Console) -> Generator[Callable[[], None]]:
    """Keep a table of the last seven days on the terminal; yields what to call after each export."""
    drawn = -math.inf
    with Live(console=console, auto_refresh=False, transient=True) as screen:

        def update() -> None:
            nonlocal drawn
            if time.monotonic() - drawn >= 1 / REFRESHES_A_SECOND:
                screen.update(board(watch), refresh=True)
                drawn = time.monotonic()

        yield update


@contextmanager
def plain(watch: Watch, console: Console) -> Generator[Callable[[], None]]:
    """Write a line for each two weeks of the year; yields what to call after each export."""
    said = watch.begin

    def update() -> None:
        nonlocal said
        if watch.now - said >= LINE_EVERY:
            said = watch.now
            console.print(line(watch))

    yield update


def board(watch: Watch) -> RenderableType:
    """Draw the last seven days beside March, and how far the year has got."""
    recent = watch.recent()
    table = Table(title=f"the seven days up to {texts.time(watch.now)}", title_justify="left", box=SIMPLE)
    table.add_column("")
    for heading in ("7 days", "95 %", "March", "March's weeks"):
        table.add_column(heading, justify="right")
    for label, name in MEASURES:
        now, march = measure(recent.performance, name), measure(watch.baseline, name)
        weeks = Measure(march.value, *(_of_weeks(watch, name, bound) for bound in ("lower", "upper")))
        shown = (
            texts.number(now.value),
            texts.interval(now),
            texts.number(march.value),
            texts.interval(weeks),
        )
        table.add_row(label, *shown)
    prevalence = (recent.performance.confusion.prevalence, watch.baseline.confusion.prevalence)
    table.add_row("arrived late", texts.percent(prevalence[0]), "", texts.percent(prevalence[1]), "")
    table.add_row("predicted late", texts.percent(recent.positive), "", "", "")
    return Group(table, Text(service(recent)), Text(moved(recent)), alert(watch), progress(watch))


def service(recent: Recent) -> str:
    """Say how fast it answers, and how many labels came, how late."""
    return (
        f"{recent.rate:,.0f} rows a second; a call takes {texts.duration(recent.p50)} (p50), "
        f"{texts.duration(recent.p99)} (p99). {texts.percent(recent.performance.coverage)} have their label, "
        f"half of them within {texts.duration(recent.delay)}."
    )


def moved(recent: Recent) -> str:
    """Name the columns that moved."""
    if recent.columns is None:
        return "Columns are compared once seven days are over."
    return f"Moved against March: {texts.both_moved(recent.columns)}."


def alert(watch: Watch) -> Text:
    """Say whether the alert fires."""
    firing = watch.alert.firing if watch.alert else None
    if firing is None:
        return Text("alert: quiet", style="green")
    return Text(f"alert: firing since {texts.time(firing.fired)}", style="bold red")


def progress(watch: Watch) -> RenderableType:
    """Draw how much of the replay has arrived."""
    row = Table.grid(padding=(0, 1))
    share = (watch.now - watch.begin) / (watch.end - watch.begin)
    row.add_row(ProgressBar(total=1.0, completed=share, width=50), texts.percent(share))
    return row


def line(watch: Watch) -> str:
    """Put the last seven days into one line."""
    recent = watch.recent()
    now, march = recent.performance, watch.baseline
    return (
        f"{texts.time(watch.now)}: F1 {texts.number(now.f1.value)} ({texts.interval(now.f1)}), "
        f"at March's prevalence {texts.number(now.f1_adjusted.value)} ({texts.interval(now.f1_adjusted)}), "
        f"in March {texts.number(march.f1.value)}; AUC {texts.number(now.roc_auc.value)}, "
        f"in March {texts.number(march.roc_auc.value)}. {service(recent)} {moved(recent)} "
        f"{alert(watch).plain}"
    )


def measure(performance: Performance, name: str) -> Measure:
    """Pick one measure of `MEASURES` by its field."""
    picked: Measure = getattr(performance, name)
    return picked


def month_table(watch: Watch) -> RenderableType:
    """Draw the year, a month a row, March first; it fits into 80 columns."""
    march = watch.baseline
    title = f"{months.YEAR} by month of departure, ± of 95 %"
    table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("")
    for heading in ("flights", "labelled", "late", *(label for label, _ in MEASURES)):
        table.add_column(heading, justify="right", max_width=10)
    table.add_row("Mar", *_cells(march), style="italic")
    for month in months.by_month(watch.arrivals.collections, march.confusion.prevalence):
        table.add_row(months.name(month.number)[:3], *_cells(month.performance))
    return table


def column_table(watch: Watch) -> RenderableType:
    """Draw how far the answers were from March's, and which inputs moved, a month a row; it fits into 80 columns."""
    year = months.columns_by_month(watch.arrivals.collections, watch.arrivals.baseline)
    title = "columns by month of departure: population stability index against March"
    rule = (
        f"0 is no difference. Moved is above {EFFECT}, above what chance makes of so many rows, and above {BLOCKS} "
        f"times the most that a week of March differs from its other weeks by."
    )
    table = Table(title=title, caption=rule, box=None, padding=(0, 2, 0, 0), pad_edge=False, min_width=len(title))
    table.title_justify = table.caption_justify = "left"
    table.add_column("")
    answers = list(dict.fromkeys(shift.name for found in year.values() for shift in columns.outputs(found)))
    for name in answers:
        table.add_column(name, justify="right")
    table.add_column("inputs that moved, the farthest first")
    for month, found in year.items():
        answered = {shift.name: shift for shift in columns.outputs(found)}
        shown = [texts.answer(answered[name]) if name in answered else texts.UNKNOWN for name in answers]
        table.add_row(months.name(month)[:3], *shown, texts.moved(columns.inputs(found)))
    return table


def _cells(performance: Performance) -> Iterator[str]:
    confusion = performance.confusion
    yield f"{confusion.total + performance.unlabelled:,.0f}"
    yield texts.percent(performance.coverage)
    yield texts.percent(confusion.prevalence)
    for _, name in MEASURES:
        shown = measure(performance, name)
        yield texts.number(shown.value) if name in {"precision", "recall"} else texts.plus_minus(shown)


def _of_weeks(watch: Watch, name: str, bound: str) -> float:
    return watch.arrivals.baseline.performance.get((name, bound, WINDOW_NAME), math.nan)
