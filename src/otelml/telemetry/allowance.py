"""How many series a process may ship, and which of them stay when there is no room for all.

What is needed of every model (its service, outputs and outcomes) is never refused for the sake of detail: detail that
was admitted before gives way, in the order of `Rank`, the latest first.  Whoever counts into it asks again from time to
time, and gets it back when there is room.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otelml.telemetry.names import Rank

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otelml.telemetry.streams import Cell, Stream

    Entry = tuple[Stream, Any, Cell]
    """A stream, the place of a series in it, and the series."""


KEPT, FEWEST_KEPT = 20, 50  # detail leaves one in so many series free, and so many at least: not each call sheds some


class Group:
    """Series that are shipped together, or not at all.

    Parameters
    ----------
    size : how many series they are.
    make : makes them anew, at zero; called each time that they are admitted.

    Attributes
    ----------
    standing : the rank now: lower than the group's own when nobody adds to it any more.
    shipped : whether there was room.
    entries : the series; those of a group that is not shipped go nowhere.
    weight : how many of them count as this group's: a later group may have taken some over.
    """

    __slots__ = ("entries", "make", "rank", "shipped", "size", "standing", "weight")

    def __init__(self, rank: Rank, size: int, make: Callable[[], list[Entry]]) -> None:
        self.rank = self.standing = rank
        self.size, self.make = size, make
        self.shipped, self.weight = False, 0
        self.entries: list[Entry] = []

    @property
    def cells(self) -> list[Any]:
        """The series, in the order in which they were made."""
        return [cell for _, _, cell in self.entries]


def _by_rank() -> dict[Rank, dict[Group, None]]:
    return {rank: {} for rank in Rank}


@dataclass
class Allowance:
    """The most series that a process may ship, and how many it has.

    Not locked: `Registry` uses it under the lock of the streams.
    """

    most: int = 10_000
    held: int = 0
    groups: dict[Rank, dict[Group, None]] = field(default_factory=_by_rank)
    weights: dict[Rank, int] = field(default_factory=lambda: dict.fromkeys(Rank, 0))

    def may(self, rank: Rank, series: int = 1) -> bool:
        """Whether so many more series fit, once what ranks lower has given way."""
        lower = sum(weight for other, weight in self.weights.items() if other > rank)
        return self._fits(rank, series - lower)

    def _fits(self, rank: Rank, series: int) -> bool:
        kept = max(self.most // KEPT, FEWEST_KEPT) if rank > Rank.USER else 0
        return rank is Rank.ALWAYS or self.held + series <= self.most - kept

    def admit(self, group: Group) -> list[Group]:
        """Ship a group if it fits; returns those that gave way to it."""
        series = sum(place not in stream.cells for stream, place, _ in group.entries)
        if not self.may(group.standing, series):
            return []
        group.shipped = True
        if group.standing > Rank.MODEL:  # what never gives way need not be known
            self.groups[group.standing][group] = None
        self._adopt(group)
        shed: list[Group] = []
        for lower in () if self._fits(group.standing, series) else self._lower(group.standing):
            if self._fits(group.standing, series):
                break
            self._remove(lower)
            shed.append(lower)
        if self._fits(group.standing, series):
            self._add(group)
            self.held += series if group.standing is not Rank.ALWAYS else 0
        else:  # somebody took series out of the streams, and what gave way was not there
            self._remove(group)
        return shed

    def _lower(self, rank: Rank) -> Iterator[Group]:
        """Groups that give way to `rank`, in the order in which they do."""
        for lowest in sorted((one for one in Rank if one > rank), reverse=True):
            yield from reversed(list(self.groups[lowest]))

    def _adopt(self, group: Group) -> None:
        """Make those of a group's series that are there already the group's own."""
        for at, (stream, place, _) in enumerate(group.entries):
            held = stream.cells.get(place)
            if held is not None:
                group.entries[at] = (stream, place, held)
                self.take_over(held, group)

    def _add(self, group: Group) -> None:
        """Bring the other series of a group into their streams."""
        added: dict[Stream, dict[Any, Cell]] = {}
        for stream, place, cell in group.entries:
            if place not in stream.cells:
                added.setdefault(stream, {})[place] = cell
                self.take_over(cell, group)
        for stream, cells in added.items():
            stream.cells = {**stream.cells, **cells}  # replaced, never changed: a reader may be walking it

    def _remove(self, group: Group) -> None:
        """Take the series of a group out of their streams."""
        gone: dict[Stream, set[Any]] = {}
        for stream, place, cell in group.entries:
            if cell.group is group and stream.cells.get(place) is cell:
                gone.setdefault(stream, set()).add(place)
                self.held -= 1
        for stream, places in gone.items():
            stream.cells = {place: cell for place, cell in stream.cells.items() if place not in places}
        self.groups[group.standing].pop(group, None)
        self.weights[group.standing] -= group.weight
        group.weight, group.shipped = 0, False

    def take_over(self, cell: Cell, group: Group | None) -> None:
        """Count a series as this group's from now on, or as nobody's, and then it gives way to nothing."""
        if group is not None and group.standing <= Rank.MODEL:
            group = None
        before, cell.group = cell.group, group
        if before is not None and before.shipped:
            before.weight -= 1
            self.weights[before.standing] -= 1
            if not before.weight:
                self.groups[before.standing].pop(before, None)
        if group is not None:
            group.weight += 1
            self.weights[group.standing] += 1

    def stand(self, group: Group, rank: Rank) -> None:
        """Let a group give way sooner, or later, from now on."""
        if group.shipped and rank is not group.standing:
            self.groups[group.standing].pop(group, None)
            self.weights[group.standing] -= group.weight
            self.groups[rank][group] = None
            self.weights[rank] += group.weight
        group.standing = rank
