"""What a person would have been told, and when, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.cli.demo import months, moves
from otelml.cli.demo.arrivals import DELAY, of
from otelml.cli.demo.performance import NEGATIVE, POSITIVE, quantile, unlabelled_share
from otelml.cli.demo.texts import both_moved, duration, number, percent, time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.demo.alert import Episode
    from otelml.cli.demo.months import Month
    from otelml.cli.demo.performance import Performance
    from otelml.cli.demo.watch import Watch

# A difference of two scores below this is nothing to explain.
NOTABLE = 0.02
# Smaller parts are written as 0.00.
VISIBLE = 0.005


def sentences(watch: Watch) -> list[str]:
    """Tell the year: the alert, what the season explains of it, the columns that moved, and what came of the labels."""
    march = watch.baseline
    year = months.by_month(watch.arrivals.collections, march.confusion.prevalence)
    columns = months.columns_by_month(watch.arrivals.collections, watch.arrivals.baseline)
    return [*_alerts(watch, march), *_season(year, march), *moves.sentences(columns), *_labels(watch)]


def _alerts(watch: Watch, march: Performance) -> Iterator[str]:
    alert = watch.alert
    if alert is None:
        yield (
            "No alert could be judged: the baseline told no lower bound of F1 over seven days. "
            "Save it with Baseline.fit(..., time=...)."
        )
        return
    yield (
        f"The rule: F1 over seven days, at March's prevalence ({percent(march.confusion.prevalence)} late), "
        f"below {alert.lower:.3f}, the lower bound of March's own weeks, for 24 hours."
    )
    if not alert.episodes:
        yield "It never fired: nobody would have been told anything."
        return
    first = time(alert.episodes[0].fired)
    times = f"on {first} UTC" if len(alert.episodes) == 1 else f"{len(alert.episodes)} times, first on {first} UTC,"
    yield f"A person would have been told {times} that the model had become worse than it was in training:"
    for episode in alert.episodes:
        yield _told(episode)
        yield f"    moved in the seven days before: {both_moved(watch.columns(episode.fired))}"


def _told(episode: Episode) -> str:
    until = "the end of the replay" if episode.cleared is None else time(episode.cleared)
    return f"  on {time(episode.fired)} UTC, until {until}; F1 went down to {episode.lowest:.3f}"


def _season(year: list[Month], march: Performance) -> Iterator[str]:
    if not year:
        return
    lowest = min(year, key=lambda month: month.performance.f1.value)
    if march.f1.value - lowest.performance.f1.value > NOTABLE:
        yield _raw_drop(lowest, march)
    month, worst = min(year, key=lambda month: month.performance.f1_adjusted.value)
    yield (
        f"The model itself was at its worst in {months.name(month)}: F1 {number(worst.f1_adjusted.value)} at "
        f"March's prevalence against {number(march.f1.value)} in March, AUC {number(worst.roc_auc.value)} "
        f"against {number(march.roc_auc.value)}."
    )


def _raw_drop(lowest: Month, march: Performance) -> str:
    month, now = lowest
    fall, explained = march.f1.value - now.f1.value, now.f1_adjusted.value - now.f1.value
    late, late_in_march = percent(now.confusion.prevalence), percent(march.confusion.prevalence)
    return (
        f"Raw F1 was lowest in {months.name(month)}: {number(now.f1.value)} against March's "
        f"{number(march.f1.value)}. But {late} of its flights were late, {late_in_march} of March's; at "
        f"March's prevalence F1 is {number(now.f1_adjusted.value)}. So the base rate alone explains "
        f"{_part(explained, fall)}."
    )


def _part(explained: float, fall: float) -> str:
    if explained < VISIBLE:
        return "none of the drop"
    if explained > fall - VISIBLE:
        return "the whole drop"
    return f"{number(explained)} of the drop of {number(fall)}"


def _labels(watch: Watch) -> Iterator[str]:
    counts = watch.total
    delays = [n for _, n in sorted(of(counts, DELAY).items())]
    if not sum(delays):
        return
    late, others = unlabelled_share(counts, (POSITIVE,)), unlabelled_share(counts, (NEGATIVE,))
    median = quantile(watch.arrivals.bounds[DELAY], delays, 0.5)
    yield (
        f"Half of the labels came within {duration(median)}. {percent(unlabelled_share(counts))} of the "
        f"predictions never got one: {percent(late)} of the flights predicted late, {percent(others)} of the "
        f"others."
    )
