"""The terminal shows what arrived, in 80 columns, and without a terminal no control codes."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from demo.points import baseline, cells, column, histogram, point
from otelml.cli.demo import board, months
from otelml.cli.demo.alert import DAY
from otelml.cli.demo.watch import Watch

BEGIN = months.moment(4)
SECONDS_A_COLLECTION = 0.1
MARCH = {"low": 500, "high": 500}


def watched(collections: int) -> Watch:
    """Replay some collections of six hours, each a tenth of a second after the one before."""
    watch = Watch(BEGIN, months.moment(5) + DAY)
    for i in range(1, collections + 1):
        at = BEGIN + i * 6 * 3_600
        points = [
            *cells(30 * i, 10 * i, 20 * i, 140 * i, 5 * i, at=at),
            *baseline(30, 10, 20, 140, 0.5),
            point("ml.inference.rows", 205 * i, at=at),
            point("ml.predictions", 45 * i, at=at, **{"class": "1"}),
            point("ml.predictions", 160 * i, at=at, **{"class": "0"}),
            histogram("ml.inference.duration", (0.005, 0.01), (0, 100 * i, 0), at=at),
            histogram("ml.outcome.delay", (7_200.0, 10_800.0), (0, 200 * i, 0), at=at),
            *column("scheduled_hour", {"low": 205 * i, "high": 0}, MARCH, at=at),
            *column("temp", {"low": 105 * i, "high": 100 * i}, MARCH, at=at),
            *column("wind_speed", {"low": 205 * i, "high": 0}, MARCH, at=at),
            *column("wind_gust", {"low": 205 * i, "high": 0}, MARCH, at=at),
            *column("visib", {"low": 205 * i, "high": 0}, MARCH, at=at),
            *column("score", {"low": 160 * i, "high": 45 * i}, MARCH, at=at, role="output"),
            *column("class", {"low": 100 * i, "high": 105 * i}, MARCH, at=at, role="output"),
        ]
        watch.add(points, i * SECONDS_A_COLLECTION)
    return watch


def text_of(watch: Watch, width: int = 80) -> str:
    """Draw the board without colours."""
    console = Console(file=io.StringIO(), width=width)
    console.print(board.board(watch))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize("collections", [0, 1, 2])
def test_it_draws_from_the_first_moment(collections: int) -> None:
    """Before anything has arrived, and with the first collections, there is a board, with dashes in it."""
    assert "F1 at March's prevalence" in text_of(watched(collections))


def test_it_shows_what_arrived() -> None:
    """Rate, quantiles, shares, measures and the baseline's own weeks are those of the points."""
    lines = text_of(watched(40), width=200).splitlines()
    service = next(line for line in lines if "rows a second" in line)
    assert service.startswith("2,050 rows a second; a call takes 7.5 ms (p50), 10.0 ms (p99). ")
    assert service.endswith("97.6 % have their label, half of them within 2.5 h.")
    row = next(line for line in lines if "F1 at March" in line).split()
    assert row[4:] == ["0.67", "0.65", "to", "0.69", "0.67", "0.50", "to", "-"]
    assert next(line for line in lines if "predicted late" in line).split()[2:4] == ["22.0", "%"]


def test_board_and_months_fit_into_80_columns() -> None:
    """No cell is folded or cut on the narrowest usual terminal."""
    watch = watched(200)
    console = Console(file=io.StringIO(), width=80)
    console.print(board.month_table(watch))
    console.print(board.column_table(watch))
    drawn = console.file.getvalue() + text_of(watch)  # type: ignore[attr-defined]
    assert "…" not in drawn
    assert "0.67 ±0.01" in drawn


def test_it_names_the_columns_that_moved() -> None:
    """Inputs apart from answers, the farthest first, three of each; nothing before a whole week is over."""
    assert "Columns are compared once seven days are over." in text_of(watched(27))
    lines = text_of(watched(28), width=200).splitlines()
    (line,) = [line for line in lines if line.startswith("Moved against March")]
    assert line.rstrip() == (
        "Moved against March: inputs scheduled_hour 4.67, visib 4.67, wind_gust 4.67, +1 more; answers score 0.36."
    )


def test_months_of_columns_are_a_row_each() -> None:
    """The index of every answer, and whether it moved; of the inputs those that did; the rule below."""
    console = Console(file=io.StringIO(), width=200)
    console.print(board.column_table(watched(200)))
    _, heading, april, may, *rule = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert heading.split()[:2] == ["score", "class"]
    assert april.split()[:4] == ["Apr", "moved", "0.36", "0.00"]
    assert april.rstrip().endswith("+1 more")
    assert may.startswith("May")
    assert rule[0].startswith("0 is no difference. Moved is above 0.1,")


def test_plain_lines_have_no_control_codes() -> None:
    """Where no terminal is, a line for two weeks of the year, and nothing but text."""
    watch = Watch(BEGIN, months.moment(5) + DAY)
    console = Console(file=io.StringIO(), width=400)
    with board.plain(watch, console) as update:
        for i in range(1, 121):
            watch.add(cells(30 * i, 10 * i, 20 * i, 140 * i, at=BEGIN + i * 6 * 3_600), float(i))
            update()
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert [line.split(":")[0] for line in text.splitlines()] == ["15 April 08", "29 April 08"]
    assert text.isprintable() or all(letter.isprintable() or letter == "\n" for letter in text)
