"""The series of some columns of one model: what was counted since the last collection, and since a week."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml import clock
from otelml.ledger import ledger
from otelml.recorders.constants import of_column
from otelml.recorders.drift import Drift
from otelml.recorders.series import ColumnStreams, moments_of, series_of
from otelml.telemetry import names

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from otelml.baseline.columns import Column
    from otelml.recorders.tally import Tallier, Tally
    from otelml.settings import Settings
    from otelml.telemetry.streams import Attributes, Number


class Series(NamedTuple):
    """The series of one column."""

    bins: list[Number]
    moments: list[Number]


def _add(numbers: list[Number], amounts: NDArray[Any]) -> None:
    for position in np.flatnonzero(amounts[: len(numbers)]):
        numbers[position].add(amounts[position].item())


class Side:
    """Columns of one role.

    A column whose series do not all fit is left out as a whole, and what it would have counted is booked.

    Attributes
    ----------
    refused : how many series did not fit.
    """

    def __init__(self, streams: ColumnStreams, attributes: Attributes, tallier: Tallier, settings: Settings) -> None:
        self._streams, self._attributes, self.tallier = streams, dict(attributes), tallier
        self._model = str(attributes[names.MODEL_NAME])
        self._series = self._admitted()
        kept = np.array([series is not None for series in self._series], dtype=np.bool_)
        self._left_out = int(np.count_nonzero(~kept))
        self.refused = sum(series_of(one) for one, held in zip(tallier.columns, kept, strict=True) if not held)
        known = names.BASELINE_ID in attributes
        self._drift = None
        if settings.gauges != "off" and kept.any() and (known or settings.gauges == "all"):
            self._drift = Drift(streams, self._of, tallier.columns, kept, every=settings.gauges == "all", known=known)
        self.start_afresh()

    def _of(self, column: Column) -> dict[str, str | bool | int | float]:
        return {**self._attributes, names.COLUMN_NAME: column.name, names.COLUMN_ROLE: column.role}

    def _admitted(self) -> list[Series | None]:
        """The series of each column, or None where they do not all fit."""
        registry, room = self._streams.values.registry, 0
        kept: list[Column] = []
        held: list[bool] = []
        for column in self.tallier.columns:
            there = self._streams.values.holds({**self._of(column), names.BIN: column.bins.labels[0]})
            series = 0 if there else series_of(column)
            held.append(there or registry.has_room(room + series))
            if held[-1]:
                room += series
                kept.append(column)
            else:
                registry.refuse()
        values = iter(
            self._streams.values.numbers(
                {**self._of(column), names.BIN: label} for column in kept for label in column.bins.labels
            )
        )
        moments = iter(
            self._streams.moments.numbers(
                {**self._of(column), names.MOMENT: moment} for column in kept for moment in moments_of(column)
            )
        )
        return [
            Series(list(islice(values, column.bins.size)), list(islice(moments, len(moments_of(column)))))
            if fits
            else None
            for column, fits in zip(self.tallier.columns, held, strict=True)
        ]

    @property
    def gauges(self) -> int:
        """How many series of gauges there will be once rows have come."""
        return 0 if self._drift is None else self._drift.most_series

    def present(self) -> None:
        """Say what the columns were like in the baseline."""
        streams = self._streams
        told = {
            names.BASELINE_VALUES: streams.baseline_values,
            names.BASELINE_ROWS: streams.baseline_rows,
            names.BASELINE_MOMENT: streams.baseline_moments,
            names.BASELINE_DRIFT: streams.baseline_drift,
        }
        for column, series in zip(self.tallier.columns, self._series, strict=True):
            constants = [] if series is None else list(of_column(column))
            if not constants:
                continue
            rows = streams.baseline_rows
            if not rows.holds(self._of(column)) and not rows.registry.has_room(len(constants)):
                rows.registry.refuse()
                continue
            for metric, stream in told.items():
                own = [({**self._attributes, **labels}, value) for one, labels, value in constants if one is metric]
                for number, (_, value) in zip(stream.numbers(labels for labels, _ in own), own, strict=True):
                    number.set(value)

    def add(self, tally: Tally) -> None:
        """Take in what some rows hold."""
        with self._lock:
            self._pending.add(tally)
            if self._drift is not None:
                self._drift.add(clock.now(), tally)
        ledger.drop("overflow", tally.beyond, self._model)
        if self._left_out:
            ledger.drop("cardinality", self._left_out * tally.rows, self._model)

    def show(self, now: float) -> None:
        """Bring what was counted into the series, and the gauges up to `now`."""
        with self._lock:
            pending, self._pending = self._pending, self.tallier.nothing()
            if self._drift is not None:
                self._drift.show(now)
        for series, counts, moments in zip(self._series, pending.counts, pending.moments, strict=True):
            if series is not None:
                _add(series.bins, counts)
                _add(series.moments, moments)
        self._violate(pending)

    def _violate(self, pending: Tally) -> None:
        role = {names.COLUMN_ROLE: self.tallier.columns[0].role} if self.tallier.columns else {}
        for (name, violation), count in pending.violations.items():
            labels = {names.COLUMN_NAME: name, **role, names.VIOLATION: violation}
            self._streams.violations.number({**self._attributes, **labels}).add(count)

    def tell(self, *, on: bool) -> None:
        """Tell drift from now on, or no more."""
        if self._drift is not None:
            self._drift.tell(on=on)

    def start_afresh(self) -> None:
        """Begin with nothing counted, as a forked child must."""
        self._lock = threading.Lock()
        self.tallier.start_afresh()
        self._pending = self.tallier.nothing()
        if self._drift is not None:
            self._drift.start_afresh()
