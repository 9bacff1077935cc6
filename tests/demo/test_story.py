"""The story tells what arrived."""

from __future__ import annotations

import math

import pytest

from demo.points import baseline, cells, histogram, point
from otelml.cli.demo import months, story
from otelml.cli.demo.alert import DAY
from otelml.cli.demo.watch import Watch

SIX_HOURS = 6 * 3_600.0
BASE = (30, 10, 20, 140)
LOWER = 0.5


def watched(daily: dict[int, tuple[int, ...]], last: int) -> Watch:
    """Replay months in which every collection of six hours adds the same cells."""
    begin, end = months.moment(4), months.moment(last + 1) + DAY
    watch, sums, at = Watch(begin, end), [0, 0, 0, 0, 0], begin
    while at <= end:
        made = at - DAY - SIX_HOURS
        month = next((m for m in daily if months.moment(m) <= made < months.moment(m + 1)), None)
        sums = [a + b for a, b in zip(sums, daily[month] if month else (0,) * 5, strict=True)]
        delays = histogram("ml.outcome.delay", (3600.0, 10800.0), (0, sum(sums), 0), at=at)
        watch.add([*cells(*sums, at=at), delays, *baseline(*BASE, LOWER)], at)
        at += SIX_HOURS
    return watch


def test_months_get_the_predictions_made_in_them() -> None:
    """Cohorts are counted a day late, yet belong to the month in which their predictions were made."""
    watch = watched({4: (3, 1, 2, 14, 0), 5: (2, 1, 2, 15, 1)}, last=5)
    april, may = months.by_month(watch.arrivals.collections, 0.25)
    assert (april.number, may.number) == (4, 5)
    assert april.performance.confusion.tp == 3 * 4 * 30
    assert may.performance.unlabelled == 1 * 4 * 31


def test_scores_belong_to_the_month_of_their_arrival() -> None:
    """A score that arrives on the first of May is May's, although its cohort may be April's."""
    watch = Watch(months.moment(4), months.moment(6) + DAY)
    watch.add(cells(0, 0, 0, 0, at=months.moment(5)), 0.0)
    label = point("ml.outcome.score.values", 5, at=months.moment(5) + 3_600, actual="1", bin="00:")
    watch.add([label, *cells(1, 1, 1, 1, at=months.moment(5) + 3_600)], 0.0)
    (april,) = months.by_month(watch.arrivals.collections, 0.25)
    assert april.number == 4
    assert math.isnan(april.performance.roc_auc.value)


def test_a_good_year_tells_nobody() -> None:
    """Without an episode the story says that it never fired."""
    text = story.sentences(watched({4: (3, 1, 2, 14, 0)}, last=4))
    assert "It never fired: nobody would have been told anything." in text


def test_a_bad_month_is_told_with_its_dates() -> None:
    """The dates are those of the rule, and the base rate explains nothing of the drop.

    F1 at the prevalence of the baseline (a quarter) is below a half once TPR - FPR is below a third: with 11
    of the 28 collections of a window from May. The first ends on 2 May 14:00, June's 18th on 6 June 20:00.
    """
    watch = watched({4: (3, 1, 2, 14, 0), 5: (1, 3, 4, 12, 0), 6: (3, 1, 2, 14, 0)}, last=6)
    text = "\n".join(story.sentences(watch))
    assert "A person would have been told on 6 May 02:00 UTC that the model had become worse" in text
    assert "on 6 May 02:00 UTC, until 6 June 20:00" in text
    assert "So the base rate alone explains none of the drop." in text
    assert "at its worst in May" in text


def test_a_drop_of_the_base_rate_is_told_as_such() -> None:
    """Raw F1 falls with the base rate alone: nobody is told, and the story says why it fell."""
    watch = watched({4: (30, 10, 20, 140, 0), 5: (6, 12, 4, 168, 0)}, last=5)
    text = "\n".join(story.sentences(watch))
    assert "It never fired" in text
    assert "Raw F1 was lowest in May" in text
    assert "explains the whole drop" in text


def test_labels_that_never_came_are_told_by_what_was_predicted() -> None:
    """Shares without a label, and the median delay from the middle of its bucket."""
    text = story.sentences(watched({4: (2, 1, 2, 14, 1)}, last=4))[-1]
    assert text.startswith("Half of the labels came within 2.0 h. 5.0 % of the predictions never got one: 25.0 %")


def test_without_a_bound_the_story_names_the_mend() -> None:
    """A baseline that was saved without times has no weeks: no alert, and the story says how to get one."""
    watch = Watch(months.moment(4), months.moment(5))
    watch.add(cells(3, 1, 2, 14, at=months.moment(4)), 0.0)
    assert "Baseline.fit(..., time=...)" in story.sentences(watch)[0]


@pytest.mark.parametrize("last", [4, 5])
def test_no_sentence_is_longer_than_a_paragraph(last: int) -> None:
    """Sentences stay readable."""
    assert all(len(text) < 320 for text in story.sentences(watched({4: (3, 1, 2, 14, 0)}, last=last)))
