"""The series of some columns of one model: what was counted since the last collection, and since a week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from otelml import clock
from otelml.ledger import ledger
from otelml.locks import Lock
from otelml.recorders.constants import of_column
from otelml.recorders.drift import Drift
from otelml.recorders.series import ColumnStreams, moments_of, series_of, settled
from otelml.telemetry import names
from otelml.telemetry.allowance import Group
from otelml.telemetry.names import Rank

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from otelml.baseline.columns import Column
    from otelml.recorders.tally import Tallier, Tally
    from otelml.settings import Settings
    from otelml.telemetry.allowance import Entry
    from otelml.telemetry.streams import Attributes, Number


def _add(numbers: list[Number], amounts: NDArray[Any]) -> None:
    for position in np.flatnonzero(amounts[: len(numbers)]):
        numbers[position].add(amounts[position].item())


class Side:
    """Columns of one role.

    A column whose series do not all fit is left out as a whole, and what it would have counted is counted in
    `otelml.dropped`; it comes back when there is room.
    """

    def __init__(self, streams: ColumnStreams, attributes: Attributes, tallier: Tallier, settings: Settings) -> None:
        self._streams, self._attributes, self.tallier = streams, dict(attributes), tallier
        self._model = str(attributes[names.MODEL_NAME])
        self._registry, self._told = streams.values.registry, True
        self._groups = [self._group(column) for column in tallier.columns]
        self._constants: list[Group] = []
        self._registry.admit(self._groups)
        self._keep()
        known = names.BASELINE_ID in attributes
        self._drift = None
        if settings.gauges != "off" and (known or settings.gauges == "all"):
            self._drift = Drift(streams, self._of, tallier.columns, every=settings.gauges == "all", known=known)
        self.start_afresh()

    def _of(self, column: Column) -> dict[str, str | bool | int | float]:
        return {**self._attributes, names.COLUMN_NAME: column.name, names.COLUMN_ROLE: column.role}

    def _group(self, column: Column) -> Group:
        """The series of a column: its bins, then its moments."""

        def make() -> list[Entry]:
            own, streams = self._of(column), self._streams
            return [
                *streams.values.numbers({**own, names.BIN: label} for label in column.bins.labels),
                *streams.moments.numbers({**own, names.MOMENT: moment} for moment in moments_of(column)),
            ]

        return Group(self._streams.values.metric.rank, series_of(column), make)

    @property
    def refused(self) -> int:
        """How many series do not fit."""
        return sum(group.size for group in self._groups if not group.shipped)

    @property
    def gauges(self) -> int:
        """How many series of gauges there will be once rows have come."""
        return 0 if self._drift is None else self._drift.most_series

    def present(self) -> None:
        """Say what the columns were like in the baseline."""
        if not self._constants:
            self._constants = [self._constant(column) for column in self.tallier.columns]
        self._present(again=False)

    def _present(self, *, again: bool) -> None:
        """Ship the constants of the columns that are shipped; of the others they would compare with nothing."""
        wanted = [
            constant
            for column, constant in zip(self._groups, self._constants, strict=False)
            if column.shipped and constant.size and not (again and constant.shipped)
        ]
        self._registry.admit(wanted, again=again)

    def _constant(self, column: Column) -> Group:
        streams = self._streams
        told = {
            names.BASELINE_VALUES: streams.baseline_values,
            names.BASELINE_ROWS: streams.baseline_rows,
            names.BASELINE_MOMENT: streams.baseline_moments,
            names.BASELINE_DRIFT: streams.baseline_drift,
        }
        return settled(told, self._attributes, list(of_column(column)))

    def add(self, tally: Tally) -> None:
        """Take in what some rows hold."""
        self._lock.do(self._add, tally)
        ledger.drop("overflow", tally.beyond, self._model)
        ledger.drop("cardinality", self._left_out * tally.rows, self._model)

    def _add(self, tally: Tally) -> None:
        self._pending.add(tally)
        if self._drift is not None:
            self._drift.add(clock.now(), tally)

    def show(self, now: float) -> None:
        """Bring what was counted into the series, and the gauges up to `now`."""
        self._lock.attempt(self._show, now)

    def _show(self, now: float) -> None:
        pending, self._pending = self._pending, self.tallier.nothing()
        if self._drift is not None:
            self._drift.show(now, self._kept)
        lost = 0
        for at in map(int, np.flatnonzero(self._kept)):
            cells, bins = self._groups[at].cells, self.tallier.columns[at].bins.size
            lost += not cells  # it gave way since
            _add(cells[:bins], pending.counts[at])
            _add(cells[bins:], pending.moments[at])
        ledger.drop("cardinality", lost * pending.rows, self._model)
        self._violate(pending)
        self._return()

    def _return(self) -> None:
        """Ship again what had to give way, where there is room."""
        if self._told:
            self._registry.admit([group for group in self._groups if not group.shipped], again=True)
            self._present(again=True)
        self._keep()

    def _keep(self) -> None:
        """Note which columns are shipped, `(n_columns,)`, and how many are not."""
        self._kept = np.array([group.shipped for group in self._groups], dtype=np.bool_)
        self._left_out = len(self._groups) - int(np.count_nonzero(self._kept))

    def _violate(self, pending: Tally) -> None:
        role = {names.COLUMN_ROLE: self.tallier.columns[0].role} if self.tallier.columns else {}
        for (name, violation), count in pending.violations.items():
            labels = {names.COLUMN_NAME: name, **role, names.VIOLATION: violation}
            self._streams.violations.number({**self._attributes, **labels}).add(count)

    def tell(self, *, on: bool) -> None:
        """Tell drift from now on, or no more; then the series are the first that give way."""
        self._told = on
        self._registry.stand([*self._groups, *self._constants], None if on else Rank.RETIRED)
        if self._drift is not None:
            self._drift.tell(on=on)

    def start_afresh(self) -> None:
        """Begin with nothing counted, as a forked child must."""
        self._lock = Lock()
        self.tallier.start_afresh()
        self._pending = self.tallier.nothing()
        if self._drift is not None:
            self._drift.start_afresh()
