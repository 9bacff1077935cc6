"""The alert fires when the rule says so, and at no other time."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import pytest

from demo.points import HOUR, START
from otelml.cli.demo.alert import DAY, Alert
from otelml.cli.demo.arrivals import COHORT, Collection

LOWER, PREVALENCE = 0.5, 0.25
GOOD = {("1", "1"): 20, ("1", "0"): 15, ("0", "1"): 5, ("0", "0"): 60}
# So many misses that they decide the seven days as soon as they are in.
BAD = {("1", "1"): 0, ("1", "0"): 2000, ("0", "1"): 2000, ("0", "0"): 0}


def judged(days: str) -> Alert:
    """Judge days of four collections each; `g` is a good one, `B` one so bad that it decides its window."""
    alert = Alert(LOWER, PREVALENCE)
    kinds = [{"g": GOOD, "B": BAD}[day] for day in days for _ in range(4)]
    ends = [START + 6 * HOUR * i for i in range(len(kinds) + 1)]
    for (start, end), kind in zip(pairwise(ends), kinds, strict=True):
        alert.see(Collection(start, end, 0.0, Counter({(COHORT, *cell): n for cell, n in kind.items()})))
    return alert


def test_nothing_is_judged_before_the_first_whole_window() -> None:
    """Six bad days are no week: there is no value yet, and no alert."""
    alert = judged("BBBBBB")
    assert math.isnan(alert.value)
    assert alert.episodes == []


def test_it_fires_after_a_day_below() -> None:
    """The first collection below is the first of the bad day; 24 hours later a person is told."""
    (episode,) = judged("ggggggggBBB").episodes
    assert episode.fired == START + 8 * DAY + 6 * HOUR + DAY
    assert episode.cleared is None


def test_a_short_dip_is_no_alert() -> None:
    """What is below for less than 24 hours tells nobody."""
    alert = Alert(LOWER, PREVALENCE)
    alert.value = 0.4
    for hour, value in ((0, 0.4), (18, 0.4), (23.9, 0.6), (24, 0.4), (47, 0.4)):
        alert.value = value
        alert._judge(START + hour * HOUR)
    assert alert.episodes == []


def test_it_clears_when_the_bad_day_has_left_the_window() -> None:
    """Seven days after the bad day ended its window is good again."""
    (episode,) = judged("ggggggggB" + "g" * 8).episodes
    assert episode.cleared == START + (9 + 7) * DAY
    assert episode.lowest < LOWER


def test_the_value_is_f1_at_the_prevalence_of_the_baseline() -> None:
    """Of good days alone the value is what the rates give at the baseline's prevalence."""
    hit, alarm = 20 / 25, 15 / 75
    expected = 2 * PREVALENCE * hit / (PREVALENCE * hit + (1 - PREVALENCE) * alarm + PREVALENCE)
    assert judged("ggggggg").value == pytest.approx(expected)
