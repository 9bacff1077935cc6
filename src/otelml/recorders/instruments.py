"""The contract's own instruments, made once a process and shared by all models."""

from __future__ import annotations

import re
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from otelml.recorders.constants import of_model
from otelml.recorders.outcomes import OutcomeStreams
from otelml.recorders.outputs import OutputInstruments
from otelml.recorders.requests import RequestStreams
from otelml.recorders.series import ColumnStreams, settled
from otelml.telemetry import accuracy, names
from otelml.telemetry.meter import ScoreHistogram, ValueHistogram
from otelml.telemetry.names import Rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.baseline import Baseline
    from otelml.settings import Settings
    from otelml.telemetry.allowance import Group
    from otelml.telemetry.meter import Meter
    from otelml.telemetry.streams import Attributes, Number


class Instruments:
    """Streams and instruments of the contract; `announce` tells readers of series that are born."""

    def __init__(self, meter: Meter, announce: Callable[[], None]) -> None:
        stream = meter.stream
        self.announce, self.allowance = announce, meter.allowance
        self.requests = RequestStreams(*map(stream, (names.DURATION, names.ACTIVE, names.ROWS, names.BATCH_ROWS)))
        self.outputs = OutputInstruments(
            stream(names.PREDICTIONS),
            ScoreHistogram(stream(names.SCORE), stream(names.SCORE_SQUARES)),
            ValueHistogram(stream(names.VALUE), stream(names.VALUE_MOMENT)),
        )
        self.outcomes = OutcomeStreams(
            accuracy.streams(stream, names.OUTCOMES, "ml.outcome"),
            *map(
                stream,
                (
                    names.AWAITED,
                    names.COHORT,
                    names.CORRECTIONS,
                    names.DELAY,
                    names.REJECTIONS,
                    names.ACTIONS,
                    names.PERFORMANCE,
                ),
            ),
        )
        self.columns = ColumnStreams(
            *map(
                stream,
                (
                    names.COLUMN_VALUES,
                    names.COLUMN_MOMENT,
                    names.VIOLATIONS,
                    names.DRIFT,
                    names.DRIFT_CRITICAL,
                    names.COLUMN_MEAN,
                    names.COLUMN_VARIANCE,
                    names.COLUMN_COMPLETENESS,
                    names.BASELINE_VALUES,
                    names.BASELINE_ROWS,
                    names.BASELINE_MOMENT,
                    names.BASELINE_DRIFT,
                ),
            )
        )
        self._info = stream(names.MODEL_INFO)
        self._infos: dict[tuple[object, ...], Number] = {}
        self._told = {one: stream(one) for one in (names.BASELINE_CELLS, names.BASELINE_PERFORMANCE)}
        self._registry = self.columns.values.registry
        self._constants: dict[tuple[object, ...], Group] = {}

    def present(
        self, attributes: Attributes, supports: tuple[str, ...], baseline: Baseline | None, settings: Settings
    ) -> None:
        """Say that this process serves a model, and what the model was like in training."""
        own = {names.BASELINE_ID: baseline.id} if baseline else {}
        info = self._info.number({**attributes, names.SYSTEM_VERSION: _version_of(supports), **own})
        identity = tuple(attributes.get(k) for k in (names.MODEL_NAME, names.MODEL_VERSION, names.SYSTEM_NAME))
        self._infos.setdefault(identity, info).set(0)  # what it was until now, when its task is another since
        self._infos[identity] = info
        info.set(1)
        if baseline is None or not settings.baseline_metrics:
            return
        model = {key: attributes[key] for key in (names.MODEL_NAME, names.MODEL_VERSION) if key in attributes}
        key = tuple(model.items()), baseline.id
        if key not in self._constants:
            self._constants[key] = settled(self._told, {**model, **own}, list(of_model(baseline)))
        self._registry.admit([self._constants[key]])

    def show(self) -> None:
        """Ship again what had to give way, where there is room."""
        self._registry.admit([one for one in self._constants.values() if not one.shipped], again=True)

    def withdraw(self) -> None:
        """Say that this process serves no model any more."""
        for info in self._infos.values():
            info.set(0)
        self._infos.clear()
        self._registry.stand(self._constants.values(), Rank.RETIRED)
        self._constants.clear()


def _version_of(requirements: tuple[str, ...]) -> str:
    """Version of the first distribution that is there, of those that the requirements name."""
    for requirement in requirements:
        with suppress(PackageNotFoundError):
            return version(re.split(r"[^\w.-]", requirement)[0])
    return "unknown"
