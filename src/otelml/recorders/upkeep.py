"""What watching costs, brought from the ledger into its series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otelml.ledger import ledger
from otelml.telemetry import names

if TYPE_CHECKING:
    from otelml.telemetry.meter import Meter


class Upkeep:
    """`otelml.overhead`, `otelml.dropped` and `otelml.errors`."""

    def __init__(self, meter: Meter) -> None:
        self._overhead = meter.stream(names.OVERHEAD).number({})
        self._dropped = meter.stream(names.DROPPED)
        self._errors = meter.stream(names.ERRORS)

    def show(self) -> None:
        """Bring the ledger's totals into their series, for a collection."""
        self._overhead.set(ledger.overhead)
        for component, count in list(ledger.errors.items()):
            self._errors.number({names.COMPONENT: component}).set(count)
        for (reason, model), count in list(ledger.dropped.items()):
            named = {names.MODEL_NAME: model} if model else {}
            self._dropped.number({**named, names.REASON: reason}).set(count)
