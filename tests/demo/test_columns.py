"""Columns are compared with the baseline's rows by the rule of the contract, and told the farthest first."""

from __future__ import annotations

import math

import pytest

from demo.points import START, column
from otelml.cli.demo.arrivals import Arrivals, total
from otelml.cli.demo.columns import MONTH, Shift, block_index, inputs, outputs, shifts
from otelml.stats.divergence import BLOCKS, psi

MARCH = {"below": 0, "00:(min,9]": 400, "01:(9,max]": 600, "above": 0}
NOW = {"below": 50, "00:(min,9]": 100, "01:(9,max]": 700, "above": 150}
INDEX = float(psi(list(NOW.values()), list(MARCH.values())))


def compared(*columns: dict[str, object]) -> list[Shift]:
    """Compare columns of which all arrived at once."""
    arrivals = Arrivals(until=math.inf)
    for one in columns:
        arrivals.add(column(**{"name": "temp", "counts": NOW, "march": MARCH, "at": START, **one}), 0.0)  # type: ignore[arg-type]
    return shifts(total(arrivals.collections), arrivals.baseline, MONTH)


def test_the_index_is_that_of_counts_and_rows() -> None:
    """Shares times rows are the baseline's counts; below and above are shares of the column's own rows."""
    (temp,) = compared({})
    assert temp.psi == pytest.approx(INDEX)
    assert (temp.role, temp.name, temp.rows, temp.moved, temp.below, temp.above) == (
        "input", "temp", 1_000, True, 0.05, 0.15,
    )  # fmt: skip


@pytest.mark.parametrize(("week", "moved"), [(0.99 * INDEX / BLOCKS, True), (1.01 * INDEX / BLOCKS, False)])
def test_it_takes_more_than_the_weeks_of_the_baseline(*, week: float, moved: bool) -> None:
    """A column that differed as much among March's own weeks has not moved."""
    assert [shift.moved for shift in compared({"week": week})] == [moved]


def test_few_rows_never_moved() -> None:
    """Below the rows that the rule asks for nothing is judged, and without any nothing is told."""
    assert [shift.moved for shift in compared({"counts": {"above": 199}})] == [False]
    assert compared({"counts": dict.fromkeys(NOW, 0)}) == []


def test_what_the_baseline_does_not_know_is_left_out() -> None:
    """A column without rows in the baseline has nothing to be compared with."""
    arrivals = Arrivals(until=math.inf)
    values = [point for point in column("temp", NOW, MARCH, at=START) if point.name == "ml.column.values"]
    arrivals.add(values, 0.0)
    assert shifts(total(arrivals.collections), arrivals.baseline, MONTH) == []


def test_a_bin_of_one_side_alone_counts() -> None:
    """Bins that only the baseline, or only the service, tells of are empty on the other side, not left out."""
    (temp,) = compared({"counts": {"above": 500}, "march": {"00:(min,9]": 500}})
    assert temp.psi == pytest.approx(float(psi([500, 0], [0, 500])))


def test_the_farthest_is_first_and_roles_are_apart() -> None:
    """Columns are in the order of their index; what is asked is an input, what is answered an output."""
    found = compared({"counts": MARCH}, {"name": "dewp"}, {"name": "score", "role": "output"})
    assert [shift.name for shift in found] == ["dewp", "score", "temp"]
    assert [shift.name for shift in inputs(found)] == ["dewp", "temp"]
    assert [shift.name for shift in outputs(found)] == ["score"]


@pytest.mark.parametrize(
    ("known", "days", "expected"),
    [
        ({"P1D": 3.0, "P7D": 2.0, "P28D": 1.0}, 28, 1.0),
        ({"P1D": 3.0, "P7D": 2.0, "P28D": 1.0}, 7, 2.0),
        ({"P1D": 3.0}, 28, 3.0),
        ({"P28D": 1.0}, 7, 0.0),
    ],
)
def test_blocks_are_no_longer_than_the_stretch(known: dict[str, float], days: int, expected: float) -> None:
    """Longer blocks differ less than the stretch itself would: they would let it move too soon."""
    assert block_index(known, days) == expected
