"""Every store crossed with every promise of the join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otelml.outcomes.records import Joined, Matured
from outcomes.conftest import HORIZON, TIME_TO_LIVE, awaited, outcome

if TYPE_CHECKING:
    from otelml.outcomes.records import Store


def test_an_outcome_finds_its_prediction(store: Store) -> None:
    """The join returns the prediction as it was handed in, beside the outcome."""
    prediction = awaited("a")
    assert store.register([prediction, awaited("b")]) == [prediction, awaited("b")]
    settled = store.settle([outcome("a")])
    assert settled.joined == [Joined(prediction, outcome("a"), None)]
    assert (settled.matured, settled.unknown, settled.rejected.total()) == ([], [], 0)


def test_every_field_survives(store: Store) -> None:
    """Labels, scores, numbers, versions and times come back exactly, also what is absent."""
    full = awaited("é", 1e9 + 0.123456)._replace(version="7", score=0.1 + 0.2, value=-1e-300)
    bare = awaited("b", predicted=None)._replace(score=None)
    store.register([full, bare])
    said = outcome("é", "2.5", at=1e9 + 7)._replace(weight=0.25)
    assert store.settle([said, outcome("b", "0")._replace(value=None)]).joined == [
        Joined(full, said, None),
        Joined(bare, outcome("b", "0")._replace(value=None), None),
    ]


def test_nobody_knows_an_id(store: Store) -> None:
    """An outcome whose prediction was never handed in comes back as unknown."""
    assert store.settle([outcome("a")]).unknown == [outcome("a")]


def test_an_id_is_registered_once_a_model(store: Store) -> None:
    """The first prediction under an id stands; another model's, or version's, waits beside it."""
    first, other = awaited("a"), awaited("a", model="other")
    newer = first._replace(version="2")
    assert store.register([first]) == [first]
    assert store.register([awaited("a", 5.0, predicted="0"), other, newer]) == [other, newer]
    joined = store.settle([outcome("a")]).joined
    assert sorted(one.awaited[:4] for one in joined if one.awaited.version is None) == [first[:4], other[:4]]
    assert len(joined) == 3


def test_the_same_label_again_is_a_duplicate(store: Store) -> None:
    """A repeated delivery is rejected, in one batch and in another; it counts once."""
    store.register([awaited("a")])
    settled = store.settle([outcome("a"), outcome("a", at=11)])
    settled.extend(store.settle([outcome("a", at=12)]))
    assert len(settled.joined) == 1
    assert settled.rejected == {("duplicate", "m", None): 2}


def test_a_correction_before_the_horizon_counts_in_the_cohort(store: Store) -> None:
    """Another label within the horizon says what it corrects, and the cohort has the last one."""
    store.register([awaited("a")])
    store.settle([outcome("a", "1", at=10)])
    corrected = store.settle([outcome("a", "0", at=20)])
    assert [one.previous for one in corrected.joined] == ["1"]
    assert store.mature(HORIZON) == [Matured(awaited("a"), outcome("a", "0", at=20))]


def test_a_correction_after_the_horizon_leaves_the_cohort_alone(store: Store) -> None:
    """Another label later is a correction, and the prediction is not counted a second time."""
    store.register([awaited("a")])
    store.settle([outcome("a", "1", at=10)])
    assert len(store.mature(HORIZON)) == 1
    corrected = store.settle([outcome("a", "0", at=HORIZON + 5)])
    assert [one.previous for one in corrected.joined] == ["1"]
    assert corrected.matured == []
    assert store.mature(HORIZON + 10) == []


def test_a_late_correction_counts_the_cohort_with_the_earlier_label(store: Store) -> None:
    """Where nobody collected at the horizon, the label that was known then enters the cohort."""
    store.register([awaited("a")])
    store.settle([outcome("a", "1", at=10)])
    late = store.settle([outcome("a", "0", at=HORIZON)])
    assert late.matured == [Matured(awaited("a"), outcome("a", "1", at=10))]
    assert store.mature(HORIZON + 10) == []


@pytest.mark.parametrize("collected", [True, False])
def test_late_outcomes_never_enter_the_cohort(store: Store, *, collected: bool) -> None:
    """A label at or after the horizon joins, and the cohort has none, whether or not somebody collected before."""
    store.register([awaited("a")])
    matured = store.mature(HORIZON) if collected else []
    settled = store.settle([outcome("a", at=HORIZON)])
    assert matured + settled.matured == [Matured(awaited("a"), None)]
    assert len(settled.joined) == 1
    assert store.mature(HORIZON + 10) == []


def test_each_prediction_matures_once_at_its_horizon(store: Store) -> None:
    """Not before, not twice, and each by its own time, in whatever order they were handed in."""
    store.register([awaited("late", 50), awaited("early", 0), awaited("later", 60)])
    assert store.mature(HORIZON - 0.001) == []
    assert [one.awaited.id for one in store.mature(HORIZON)] == ["early"]
    assert {one.awaited.id for one in store.mature(HORIZON + 60)} == {"late", "later"}
    assert store.mature(HORIZON + 1_000) == []


def test_tombstones_answer_until_the_time_to_live(store: Store) -> None:
    """What was counted is still known, for duplicates and corrections, until its time to live."""
    store.register([awaited("a")])
    store.settle([outcome("a")])
    store.mature(TIME_TO_LIVE - 1)
    assert store.settle([outcome("a", at=TIME_TO_LIVE - 1)]).rejected == {("duplicate", "m", None): 1}
    assert store.settle([outcome("a", "0", at=TIME_TO_LIVE - 1)]).joined[0].previous == "1"
    store.mature(TIME_TO_LIVE)
    assert store.settle([outcome("a", "1", at=TIME_TO_LIVE - 1)]).unknown


def test_an_outcome_past_the_time_to_live_has_expired(store: Store) -> None:
    """It is rejected, and neither joined nor kept."""
    store.register([awaited("a")])
    settled = store.settle([outcome("a", at=TIME_TO_LIVE)])
    assert settled.rejected == {("expired", "m", None): 1}
    assert (settled.joined, settled.matured) == ([], [])
    assert store.mature(TIME_TO_LIVE) == [Matured(awaited("a"), None)]


def test_weights_are_kept(store: Store) -> None:
    """The weight of an outcome reaches the cohort."""
    store.register([awaited("a")])
    store.settle([outcome("a", weight=2.5)])
    assert store.mature(HORIZON)[0].outcome == outcome("a", weight=2.5)


def test_nothing_is_nothing(store: Store) -> None:
    """Empty batches are fine, and so is closing twice."""
    assert store.register([]) == []
    assert store.settle([]).unknown == []
    assert store.mature(0) == []
    store.close()
    store.close()
