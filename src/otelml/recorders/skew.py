"""Training-serving skew: the first rows after a deploy, compared with the baseline and reported once."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import numpy as np

from otelml.recorders.tally import reference_of
from otelml.stats.divergence import FEWEST, drifted, psi, takes
from otelml.telemetry import events, names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from otelml.baseline import Baseline
    from otelml.recorders.tally import Tally
    from otelml.telemetry.streams import Attributes

MOST_NAMED = 10

logger = logging.getLogger("otelml")


class Skew:
    """Waits for the first `rows` rows of a model, tells once what is not as it was in training, and is done."""

    def __init__(self, attributes: Attributes, baseline: Baseline, rows: int) -> None:
        self._attributes, self._model = attributes, attributes[names.MODEL_NAME]
        self._baseline, self._wanted = baseline, max(rows, FEWEST)
        self._rows, self._counts = 0, np.zeros(0)

    def see(self, tally: Tally) -> None:
        """Take in what some rows hold."""
        if self._rows >= self._wanted:
            return
        self._counts = tally.counts + (self._counts if self._rows else 0)
        self._rows += tally.rows
        if self._rows >= self._wanted:
            self._report(np.asarray(self._counts, dtype=np.float64))
            self._counts = np.zeros(0)

    def _report(self, counts: NDArray[np.float64]) -> None:
        columns = self._baseline.inputs
        reference = reference_of(columns)
        # The first rows are of one hour or of one day: what days differ by among themselves is no skew.
        blocks = np.array([max(column.drift.values(), default=0.0) for column in columns])
        index, needed = psi(counts, reference), takes(counts, reference, blocks)
        moved = sorted(np.flatnonzero(drifted(counts, reference, blocks)), key=lambda at: needed[at] / index[at])
        texts = [f"{columns[at].name} ({index[at]:.2f}, takes {needed[at]:.2f})" for at in moved]
        if not texts:
            logger.info("otelml: the first %d rows of %s are as in the baseline %s: no training-serving skew in %d "
                        "columns", self._rows, self._model, self._baseline.id, len(columns))  # fmt: skip
        else:
            more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
            logger.warning(
                "otelml: training-serving skew: in the first %d rows of %s, %d of %d columns are not as in the "
                "baseline %s: %s%s (population stability index). Compare how they are made",
                self._rows, self._model, len(texts), len(columns), self._baseline.id, ", ".join(texts[:MOST_NAMED]),
                more,
            )  # fmt: skip
        events.emit(
            names.SKEW,
            {
                **self._attributes,
                names.BASELINE_ID: self._baseline.id,
                names.ROWS_COMPARED: self._rows,
                names.COLUMNS_COMPARED: len(columns),
                names.COLUMNS_MOVED: tuple(columns[at].name for at in moved),
            },
            warns=bool(texts),
        )
