"""What is doubtful about a baseline: it is made all the same, and whoever makes it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.baseline.days import Days
    from otelml.baseline.sample import Sample
    from otelml.baseline.thresholds import Decided

FEWEST_POSITIVES = 200
FEWEST_DAYS = 14


class BaselineWarning(UserWarning):
    """The baseline was made, and knows less, or promises more, than it should."""


def doubts(sample: Sample, decided: Decided | None, days: Days | None) -> Iterator[str]:
    """Say what is doubtful, each with its fix."""
    if sample.positive is not None:
        positives = int(np.count_nonzero(sample.actual == sample.positive))
        if positives < FEWEST_POSITIVES:
            yield (
                f"{positives} rows of the positive class {sample.classes[sample.positive]!r} are few: below "
                f"{FEWEST_POSITIVES} the intervals are too wide to tell a drop from chance; give more rows"
            )
    if decided is not None and decided.fooled:
        yield (
            f"threshold {decided.threshold:g} is exactly where F1 is best on these rows: it looks tuned on "
            'them, and the performance is optimistic; give threshold="f1", which cross-fits it, or other rows'
        )
    if days is not None and days.count < FEWEST_DAYS:
        yield (
            f"{days.count} days are few to resample: the intervals of the windows are too narrow; "
            f"give rows of {FEWEST_DAYS} days or more"
        )
