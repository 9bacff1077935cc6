"""What a number was at this hour of the past eight weeks, what is usual then, and when the present one is not."""

from __future__ import annotations

from otelml.rules.rule import TICKET, Alert, Record

WEEKS = 8
# Two-sided quantile of Student's t with seven degrees of freedom that chance exceeds once in a thousand.  With the
# normal one, of eight weeks, one hour in a hundred would be unusual.
T_QUANTILE = 5.408


def records(series: str, by: str, events: str, floor: str = "$season") -> tuple[Record, ...]:
    """Mean and standard deviation of a recorded series over the past eight weeks, and within what it is usual.

    The reach is the largest of three: Student's prediction interval of one more value, t · s · √(1 + 1/8), with s² from
    eight values (PromQL's deviation divides by eight, not by seven); a share of the mean, since eight quiet weeks
    promise nothing; and what chance makes of so few events, three deviations of Poisson's and ten more.

    Parameters
    ----------
    by : labels of the series.
    events : how many events a value of 1 stands for: a number, or an expression by `$name`.
    """
    weeks = "\n  or ".join(
        f'label_replace({series} offset {week}w, "week", "{week}", "", "")' for week in range(1, WEEKS + 1)
    )
    every = f"count by ({by}) (\n  {weeks}\n) == {WEEKS}"
    mean, least = f"{series}:season_mean", f"{floor} * {series}:season_mean"
    factor = f"{T_QUANTILE} * (1 + 1 / {WEEKS}) ^ 0.5 * ({WEEKS} / {WEEKS - 1}) ^ 0.5"
    spread = f"({factor} * {series}:season_stddev > {least} or {least})"
    of = "" if events.isdigit() else " on ($name) group_left ()"
    chance = f"((3 * ({mean} *{of} {events}) ^ 0.5 + 10) /{of} {events})"
    reach = f"(\n  {spread} > {chance}\n  or {chance}\n)"
    return (
        Record(mean, f"avg by ({by}) (\n  {weeks}\n)\nand {every}"),
        Record(f"{series}:season_stddev", f"stddev by ({by}) (\n  {weeks}\n)\nand {every}"),
        Record(f"{series}:season_least", f"{mean} - {reach}", "The least that is usual at this hour of the week."),
        Record(f"{series}:season_most", f"{mean} + {reach}", "And the most."),
    )


def unusual(name: str, series: str, lasts: str, summary: str) -> Alert:
    """Alert on a number that is unlike the same hour of the past eight weeks."""
    return Alert(
        name,
        f"{series} < {series}:season_least\nor {series} > {series}:season_most",
        lasts,
        TICKET,
        summary,
        f"It is further from the mean of the same hour in the past {WEEKS} weeks than their spread explains (Student's "
        "t, one in a thousand), than chance makes of so many events, and than the least share of the mean to matter.",
    )
