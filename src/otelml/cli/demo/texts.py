"""How the demo writes numbers and times."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from otelml.cli.demo.columns import inputs, outputs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otelml.cli.demo.columns import Shift
    from otelml.cli.demo.performance import Measure

UNKNOWN = "-"
MOST_NAMED = 3


def number(value: float) -> str:
    """Write a score with two digits.

    >>> number(0.4567), number(math.nan)
    ('0.46', '-')
    """
    return UNKNOWN if math.isnan(value) else f"{value:.2f}"


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.0283)
    '2.8 %'
    """
    return UNKNOWN if math.isnan(share) else f"{100 * share:.1f} %"


def interval(measure: Measure) -> str:
    """Write the bounds of a measure.

    >>> from otelml.cli.demo.performance import Measure
    >>> interval(Measure(0.4, 0.35, 0.451))
    '0.35 to 0.45'
    """
    return UNKNOWN if math.isnan(measure.low) else f"{number(measure.low)} to {number(measure.high)}"


def plus_minus(measure: Measure) -> str:
    """Write a measure with half the length of its interval.

    >>> from otelml.cli.demo.performance import Measure
    >>> plus_minus(Measure(0.4, 0.35, 0.451))
    '0.40 ±0.05'
    """
    reach = (measure.high - measure.low) / 2
    return number(measure.value) if math.isnan(reach) else f"{number(measure.value)} ±{number(reach)}"


def moved(found: Iterable[Shift]) -> str:
    """Name the columns that moved, with their index, in the order they are given; `none` where none did.

    >>> from otelml.cli.demo.columns import Shift
    >>> moved(Shift("input", name, 200, 0.5, True, 0, 0) for name in ("temp", "dewp", "humid", "visib"))
    'temp 0.50, dewp 0.50, humid 0.50, +1 more'
    """
    named = [f"{shift.name} {number(shift.psi)}" for shift in found if shift.moved]
    more = [f"+{len(named) - MOST_NAMED} more"] if len(named) > MOST_NAMED else []
    return ", ".join(named[:MOST_NAMED] + more) or "none"


def both_moved(found: Sequence[Shift]) -> str:
    """Name the columns that moved, what a model is asked apart from what it answers."""
    return f"inputs {moved(inputs(found))}; answers {moved(outputs(found))}"


def answer(shift: Shift) -> str:
    """Write how far a column is, and whether it moved.

    >>> from otelml.cli.demo.columns import Shift
    >>> answer(Shift("output", "score", 200, 0.14, True, 0, 0))
    'moved 0.14'
    """
    return f"moved {number(shift.psi)}" if shift.moved else number(shift.psi)


def series(parts: Sequence[str]) -> str:
    """Write a list as a sentence does.

    >>> series(["June"]), series(["May", "June", "July"])
    ('June', 'May, June and July')
    """
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def duration(seconds: float) -> str:
    """Write a duration in the unit that suits it.

    >>> duration(0.0042), duration(12_600)
    ('4.2 ms', '3.5 h')
    """
    if math.isnan(seconds):
        return UNKNOWN
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds / 3600:.1f} h"


def time(seconds: float) -> str:
    """Write a moment, in UTC.

    >>> time(1365379200)
    '8 April 00:00'
    """
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{moment.day} {moment:%B %H:%M}"
