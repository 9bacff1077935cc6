"""What the story says of the columns: which moved, when first, how far, and whether the answers moved with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.demo import months
from otelml.cli.demo.columns import inputs, outputs
from otelml.cli.demo.texts import number, percent, series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from otelml.cli.demo.columns import Shift

    Year = Mapping[int, Sequence[Shift]]

# Below this share of the rows, what lies outside of all that the baseline held is not worth a sentence.
NOTABLE = 0.25


class Seen(NamedTuple):
    """A column in one month."""

    month: int
    shift: Shift

    def __str__(self) -> str:
        """Say when, and how far."""
        return f"in {months.name(self.month)} ({number(self.shift.psi)})"


def sentences(year: Year) -> Iterator[str]:
    """Tell the columns of the year, given by month, the farthest first."""
    asked, answered = _by_name(year, inputs), _by_name(year, outputs)
    if not asked and not answered:
        yield "No column was compared: the baseline told of none."
        return
    if asked:
        yield _first_moves(asked)
        yield from _farthest(asked)
    if answered:
        yield f"Of the answers, {'; '.join(_answer(name, seen) for name, seen in answered.items())}."


def _by_name(year: Year, role: Callable[[Sequence[Shift]], list[Shift]]) -> dict[str, list[Seen]]:
    found: dict[str, list[Seen]] = {}
    for month, columns in year.items():
        for shift in role(columns):
            found.setdefault(shift.name, []).append(Seen(month, shift))
    return found


def _first_moves(asked: Mapping[str, Sequence[Seen]]) -> str:
    firsts = [next((one for one in seen if one.shift.moved), None) for seen in asked.values()]
    moved = sorted((one for one in firsts if one), key=lambda one: (one.month, -one.shift.psi))
    if not moved:
        farthest = _top(one for seen in asked.values() for one in seen)
        return f"None of the {len(asked)} inputs moved; the farthest was {farthest.shift.name} {farthest}."
    told = [f"{one.shift.name} {one}" for one in moved]
    then = f", then {series(told[1:])}" if told[1:] else ""
    return f"Month by month, {len(moved)} of {len(asked)} inputs moved: first {told[0]}{then}."


def _farthest(asked: Mapping[str, Sequence[Seen]]) -> Iterator[str]:
    """Say of the farthest input, where it moved off the end of all that the baseline held, how much of it did."""
    shift = (seen := _top(one for column in asked.values() for one in column)).shift
    end, share = max(("above", shift.above), ("below", shift.below), key=lambda side: side[1])
    if shift.moved and share > NOTABLE:
        yield (
            f"{shift.name} was the farthest, {seen}: {percent(share)} of that month's values were {end} all of March's."
        )


def _answer(name: str, seen: Sequence[Seen]) -> str:
    moved = [str(one) for one in seen if one.shift.moved]
    return f"the {name} moved {series(moved)}" if moved else f"the {name} never moved (at most {_most(seen)})"


def _top(seen: Iterator[Seen]) -> Seen:
    return max(seen, key=lambda one: one.shift.psi)


def _most(seen: Sequence[Seen]) -> str:
    top = _top(iter(seen))
    return f"{number(top.shift.psi)}, in {months.name(top.month)}"
