"""Who gives way when a process has more series than it may ship, in which order, and who comes back."""

from __future__ import annotations

import pytest

from otelml.ledger import ledger
from otelml.telemetry import names
from otelml.telemetry.allowance import Allowance, Group
from otelml.telemetry.names import Kind, Metric, Rank
from otelml.telemetry.streams import Registry

RANKS = [rank for rank in Rank if rank is not Rank.RETIRED]


class Shelf:
    """A registry of one stream a rank, with room for so many series."""

    def __init__(self, most):
        self.registry = Registry(Allowance(most))
        self.streams = {
            rank: self.registry.stream(Metric(f"shelf.{rank.name}", Kind.COUNTER, "{item}", "", rank=rank))
            for rank in RANKS
        }

    def group(self, rank, name, size):
        """Ask for a group of so many series."""
        stream = self.streams[rank]
        made = Group(rank, size, lambda: stream.numbers({"group": name, "at": at} for at in range(size)))
        self.registry.admit([made])
        return made

    def held(self):
        """How many series there are, by rank."""
        return {rank: len(stream.cells) for rank, stream in self.streams.items() if stream.cells}


def test_detail_gives_way_in_its_order():
    """Gauges go first, then constants, then columns; what a model needs is admitted to the last place."""
    shelf = Shelf(1_000)
    for rank in (Rank.COLUMN, Rank.CONSTANT, Rank.GAUGE):
        for number in range(3):
            assert shelf.group(rank, number, 100).shipped
    assert not shelf.group(Rank.GAUGE, "late", 100).shipped  # the last places are kept
    need = shelf.streams[Rank.MODEL]
    left = []
    for number in range(1_000):
        assert need.number({"model": number}).shipped
        if number % 100 == 99:
            left.append([len(shelf.streams[rank].cells) for rank in (Rank.COLUMN, Rank.CONSTANT, Rank.GAUGE)])
    assert left == [
        *([300, 300, 300], [300, 300, 200], [300, 300, 100], [300, 300, 0], [300, 200, 0], [300, 100, 0]),
        *([300, 0, 0], [200, 0, 0], [100, 0, 0], [0, 0, 0]),
    ]
    assert not need.number({"model": "one too many"}).shipped
    assert shelf.registry.allowance.held == 1_000


def test_a_group_is_whole_or_absent():
    """Of a group's series all are shipped or none, and what is shed or refused is counted."""
    shelf = Shelf(200)
    before = ledger.dropped["cardinality", ""]
    first, second = shelf.group(Rank.COLUMN, 1, 100), shelf.group(Rank.COLUMN, 2, 100)
    assert (first.shipped, second.shipped, second.cells) == (True, False, [])
    assert ledger.dropped["cardinality", ""] == before + 100
    for number in range(101):
        shelf.streams[Rank.MODEL].number({"model": number})
    assert shelf.held() == {Rank.MODEL: 101}
    assert (first.shipped, first.cells) == (False, [])
    assert ledger.dropped["cardinality", ""] == before + 200


def test_what_gave_way_comes_back_when_there_is_room():
    """Columns that nobody adds to any more are the first to go, and others take their place."""
    shelf = Shelf(200)
    old, new = shelf.group(Rank.COLUMN, "old", 100), shelf.group(Rank.COLUMN, "new", 100)
    shelf.registry.admit([new], again=True)
    assert not new.shipped
    shelf.registry.stand([old], Rank.RETIRED)
    shelf.registry.admit([new], again=True)
    assert (old.shipped, new.shipped) == (False, True)
    shelf.registry.stand([old])
    shelf.registry.admit([old], again=True)
    assert (old.shipped, new.shipped) == (False, True)


def test_equals_do_not_displace_each_other():
    """A column does not take the place of another one, nor a gauge of a gauge."""
    shelf = Shelf(200)
    first = shelf.group(Rank.GAUGE, 1, 100)
    for number in range(5):
        assert not shelf.group(Rank.GAUGE, f"other {number}", 100).shipped
    assert first.shipped


def test_losses_are_outside_the_limit():
    """`otelml.dropped` and the like are shipped however full it is."""
    shelf = Shelf(3)
    for number in range(50):
        shelf.streams[Rank.MODEL].number({"model": number})
        assert shelf.streams[Rank.ALWAYS].number({"reason": number}).shipped
    assert shelf.held() == {Rank.ALWAYS: 50, Rank.MODEL: 3}
    outside = {metric.name for metric in names.CONTRACT if metric.rank is Rank.ALWAYS}
    assert outside == {"otelml.dropped", "otelml.errors", "otelml.overhead"}


def test_series_that_are_there_are_taken_over():
    """A group whose series exist already is the one that they give way with; they are counted once."""
    shelf = Shelf(1_000)
    old, new = shelf.group(Rank.COLUMN, "same", 100), shelf.group(Rank.COLUMN, "same", 100)
    assert shelf.registry.allowance.held == 100
    assert new.cells == old.cells
    shelf.registry.stand([old], Rank.RETIRED)
    for number in range(900):
        shelf.streams[Rank.MODEL].number({"model": number})
    assert len(shelf.streams[Rank.COLUMN].cells) == 100
    shelf.streams[Rank.MODEL].number({"model": "one more"})
    assert shelf.streams[Rank.COLUMN].cells == {}
    assert shelf.registry.allowance.held == 901


@pytest.mark.parametrize("rank", [Rank.CELL, Rank.SCORE_BIN])
def test_a_series_that_became_needed_stays(rank):
    """What was detail and is needed now gives way to nothing any more."""
    shelf = Shelf(10)
    stream = shelf.streams[rank]
    kept, other = stream.number({"cell": 1}), stream.number({"cell": 2})
    assert stream.number({"cell": 1}, needed=True) is kept
    for number in range(20):
        shelf.streams[Rank.MODEL].number({"model": number})
    assert (kept.shipped, other.shipped) == (True, False)
    assert shelf.held() == {Rank.MODEL: 9, rank: 1}


def test_instruments_of_the_user_outlast_columns_and_nothing_else():
    """A user's own series may fill what is left, and make room for what a model needs."""
    shelf = Shelf(100)
    shelf.group(Rank.COLUMN, 1, 50)
    own = shelf.streams[Rank.USER]
    series = [own.number({"shard": shard}) for shard in range(110)]
    assert shelf.held() == {Rank.USER: 100}
    shelf.streams[Rank.MODEL].number({"model": 1})
    assert shelf.held() == {Rank.MODEL: 1, Rank.USER: 99}
    assert sum(one.shipped for one in series) == 99
