"""The story tells what arrived."""

from __future__ import annotations

import math

import pytest

from demo.points import baseline, cells, column, histogram, point
from otelml.cli.demo import months, moves, story
from otelml.cli.demo.alert import DAY
from otelml.cli.demo.watch import Watch
from otelml.stats.divergence import psi

SIX_HOURS = 6 * 3_600.0
BASE = (30, 10, 20, 140)
LOWER = 0.5
ROWS = 50  # of the column, a collection
MARCH = {"00:(min,9]": 500, "above": 0}


def watched(daily: dict[int, tuple[int, ...]], last: int, hot: int = 13) -> Watch:
    """Replay months in which every collection of six hours adds the same cells; from `hot` on all are above March."""
    begin, end = months.moment(4), months.moment(last + 1) + DAY
    watch, sums, at = Watch(begin, end), [0, 0, 0, 0, 0], begin
    temp = dict.fromkeys(MARCH, 0)
    while at <= end:
        made = at - DAY - SIX_HOURS
        month = next((m for m in daily if months.moment(m) <= made < months.moment(m + 1)), None)
        sums = [a + b for a, b in zip(sums, daily[month] if month else (0,) * 5, strict=True)]
        delays = histogram("ml.outcome.delay", (3600.0, 10800.0), (0, sum(sums), 0), at=at)
        temp["above" if at - SIX_HOURS >= months.moment(hot) else "00:(min,9]"] += ROWS * (at > begin)
        watch.add([*cells(*sums, at=at), delays, *baseline(*BASE, LOWER), *column("temp", temp, MARCH, at=at)], at)
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


def told(**columns: dict[int, int]) -> list[str]:
    """Tell the columns of April to June: of 1,000 rows a month, so many above all of March's; `score` is an answer."""
    watch = Watch(months.moment(4), months.moment(7) + DAY)
    for month in (4, 5, 6):
        points = []
        for name, above in columns.items():
            sums = [sum(above.get(m, 0) for m in range(4, month + 1)), 1_000 * (month - 3)]
            counts = {"00:(min,9]": sums[1] - sums[0], "above": sums[0]}
            role = "output" if name == "score" else "input"
            points += column(name, counts, MARCH, at=months.moment(month + 1), role=role, week=0.1)
        watch.add(points, 0.0)
    columns_of = months.columns_by_month(watch.arrivals.collections, watch.arrivals.baseline)
    return list(moves.sentences(columns_of))


def test_columns_are_told_by_when_they_moved_first() -> None:
    """The first month of each, the farther before the others; how much of the farthest is outside of March's."""
    first, farthest, score = told(temp={5: 400, 6: 900}, dewp={5: 600}, visib={6: 10}, score={4: 500, 6: 400})
    assert first.startswith("Month by month, 2 of 3 inputs moved: first dewp in May (")
    assert ", then temp in May (" in first
    assert farthest.startswith("temp was the farthest, in June (")
    assert farthest.endswith("): 90.0 % of that month's values were above all of March's.")
    assert score.startswith("Of the answers, the score moved in April (")
    assert ") and in June (" in score


def test_columns_that_stayed_are_told_as_such() -> None:
    """Without a move the farthest is named, and by how much."""
    first, score = told(temp={5: 20}, dewp={}, score={6: 10})
    assert first.startswith("None of the 2 inputs moved; the farthest was temp in May (0.")
    assert score.startswith("Of the answers, the score never moved (at most 0.")
    assert score.endswith(", in June).")


def test_without_columns_the_story_says_so() -> None:
    """A baseline of a model's performance alone has no columns that could move."""
    assert told() == ["No column was compared: the baseline told of none."]


def test_an_alert_names_what_had_moved() -> None:
    """Below each alert are the columns of the seven days before it; this one fires 19 collections into May."""
    text = story.sentences(watched({4: (3, 1, 2, 14, 0), 5: (1, 3, 4, 12, 0)}, last=5, hot=5))
    at = next(at for at, line in enumerate(text) if line.startswith("  on 6 May 02:00 UTC"))
    index = float(psi([(28 - 19) * ROWS, 19 * ROWS], list(MARCH.values())))
    assert text[at + 1] == f"    moved in the seven days before: inputs temp {index:.2f}; answers none"


@pytest.mark.parametrize("last", [4, 5])
def test_no_sentence_is_longer_than_a_paragraph(last: int) -> None:
    """Sentences stay readable."""
    assert all(len(text) < 320 for text in story.sentences(watched({4: (3, 1, 2, 14, 0)}, last=last)))
