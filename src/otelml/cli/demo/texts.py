"""How the demo writes numbers and times."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otelml.cli.demo.performance import Measure

UNKNOWN = "-"


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
