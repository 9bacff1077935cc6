"""The ML instruments, shaped like OpenTelemetry's own; the recorders use these very ones.

`record` takes one value, `record_batch` an array at the speed of numpy.  `bind` fixes the attributes once,
for whoever records under the same ones again and again.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.ledger import ledger
from otelml.prediction import Task, label_text
from otelml.stats.histogram import Histogram
from otelml.stats.limits import ORDINARY
from otelml.stats.moments import Moments, squared_sum
from otelml.telemetry import names
from otelml.telemetry.accuracy import Accuracy, Judged, streams
from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.streams import within

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from otelml.telemetry.streams import Allowance, Attributes, Buckets, Number, Registry, Stream

NOTHING: Mapping[str, Any] = {}


class BoundScores:
    """A score histogram under fixed attributes."""

    def __init__(self, buckets: Buckets, squares: Number) -> None:
        self.buckets, self.squares = buckets, squares

    def record(self, value: float) -> None:
        """Record one score."""
        if _finite(value):
            summed = float(value)
            if abs(summed) > ORDINARY:
                summed = float(within(self.squares, np.array([summed]), known=True).sum())
            self.buckets.add_one(float(value), summed)
            self.squares.add(summed**2)

    def record_batch(self, values: ArrayLike) -> None:
        """Record `(n,)` scores; those that are not finite are skipped and counted in `otelml.dropped`."""
        batch, array = _counted(values, self.buckets.bounds)
        kept = within(self.squares, array, known=True)
        if kept is not array:
            batch.total = float(kept.sum())
        self.buckets.add(batch)
        self.squares.add(squared_sum(kept))


class BoundValues:
    """A value histogram under fixed attributes, standardised where a baseline gave mean and deviation."""

    def __init__(self, buckets: Buckets, moments: dict[str, Number], scale: tuple[float, float]) -> None:
        self.buckets, self.moments, self.scale = buckets, moments, scale

    def record(self, value: float) -> None:
        """Record one value."""
        if _finite(value):
            self.buckets.add_one(float(value), 0.0)
            self._add_moments(np.array([value], dtype=np.float64))

    def record_batch(self, values: ArrayLike) -> None:
        """Record `(n,)` values; those that are not finite are skipped and counted in `otelml.dropped`."""
        batch, array = _counted(values, self.buckets.bounds)
        batch.total = 0.0  # its sum travels as moments
        self.buckets.add(batch)
        self._add_moments(array)

    def _add_moments(self, values: NDArray[np.float64]) -> None:
        mean, deviation = self.scale
        known = self.scale != UNSCALED
        if known:
            with np.errstate(over="ignore"):
                values = (values - mean) / deviation
        moments = Moments.of(within(self.moments["squared"], values, known=known))
        self.moments["positive"].add(moments.positive)
        self.moments["negative"].add(moments.negative)
        self.moments["squared"].add(moments.squared)


UNSCALED = (0.0, 1.0)


class ScoreHistogram:
    """Scores in [0, 1], and the sum of their squares, from which a backend has the variance of a fleet."""

    def __init__(self, scores: Stream, squares: Stream) -> None:
        self._scores, self._squares = scores, squares

    def bind(self, attributes: Attributes, bounds: Sequence[float] | None = None) -> BoundScores:
        """Get the series with these attributes, and boundaries of its own where a baseline gives them."""
        plain = {key: value for key, value in attributes.items() if key != names.BASELINE_ID}
        return BoundScores(
            self._scores.buckets(attributes, tuple(bounds) if bounds else None), self._squares.number(plain)
        )

    def record(self, value: float, attributes: Attributes | None = None) -> None:
        """Record one score."""
        self.bind(attributes or NOTHING).record(value)

    def record_batch(self, values: ArrayLike, attributes: Attributes | None = None) -> None:
        """Record `(n,)` scores under the same attributes."""
        self.bind(attributes or NOTHING).record_batch(values)


class ValueHistogram:
    """Any finite numbers; sums travel as counters by `ml.moment`, the histogram has none."""

    def __init__(self, values: Stream, moments: Stream) -> None:
        self._values, self._moments = values, moments

    def bind(
        self,
        attributes: Attributes,
        bounds: Sequence[float] | None = None,
        scale: tuple[float, float] = UNSCALED,
    ) -> BoundValues:
        """Get the series with these attributes; `scale`: the mean and deviation to standardise by."""
        moments = {moment: self._moments.number({**attributes, names.MOMENT: moment}) for moment in names.MOMENTS}
        return BoundValues(self._values.buckets(attributes, tuple(bounds) if bounds else None), moments, scale)

    def record(self, value: float, attributes: Attributes | None = None) -> None:
        """Record one value."""
        self.bind(attributes or NOTHING).record(value)

    def record_batch(self, values: ArrayLike, attributes: Attributes | None = None) -> None:
        """Record `(n,)` values under the same attributes."""
        self.bind(attributes or NOTHING).record_batch(values)


class Meter:
    """Makes ML instruments in one instrumentation scope; a name gives the same instrument each time."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._made: dict[str, Any] = {}
        self._making = threading.RLock()

    def start_afresh(self) -> None:
        """Begin with a new lock, as a forked child must."""
        self._making = threading.RLock()

    def create_score_histogram(
        self,
        name: str,
        unit: str = "1",
        description: str = "",
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> ScoreHistogram:
        """Make a histogram of probabilities; `<name>.squares` goes with it."""
        bounds = tuple(explicit_bucket_boundaries_advisory or names.SCORE_BOUNDS)
        return self._once(
            name,
            ScoreHistogram,
            lambda: ScoreHistogram(
                self.stream(_own(name, unit, description, _checked(name, bounds))),
                self.stream(Metric(f"{name}.squares", Kind.COUNTER, "{score}", names.SCORE_SQUARES.doc)),
            ),
        )

    def create_value_histogram(
        self,
        name: str,
        unit: str = "{value}",
        description: str = "",
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> ValueHistogram:
        """Make a histogram of any numbers; `<name>.moment` goes with it."""
        bounds = tuple(explicit_bucket_boundaries_advisory or names.VALUE_BOUNDS)
        checked = _checked(name, bounds)
        return self._once(
            name,
            ValueHistogram,
            lambda: ValueHistogram(
                self.stream(_own(name, unit, description, checked, signed=True)),
                self.stream(Metric(f"{name}.moment", Kind.COUNTER, "{value}", names.VALUE_MOMENT.doc)),
            ),
        )

    def create_accuracy(
        self, name: str, task: str = "binary", positive_class: object = 1, description: str = ""
    ) -> Accuracy:
        """Count predictions by predicted and actual class; see `Accuracy`."""
        cells = Metric(name, Kind.COUNTER, "{outcome}", description or names.OUTCOMES.doc, names.OUTCOMES.attributes)
        judged = Judged(Task(task), positive=label_text(positive_class), open=True)
        return self._once(name, Accuracy, lambda: Accuracy(streams(self.stream, cells, name), judged))

    @property
    def allowance(self) -> Allowance:
        """How many series there may be, and are, of all scopes of the process."""
        return self._registry.allowance

    def stream(self, metric: Metric) -> Stream:
        """Make an empty stream of `metric` in this scope."""
        return self._registry.stream(metric)

    def _once(self, name: str, kind: type, make: Callable[[], Any]) -> Any:
        if not name:
            raise ValueError("an instrument needs a name")
        with self._making:
            made = self._made.get(name) or make()
            self._made.setdefault(name, made)
        if not isinstance(made, kind):
            raise TypeError(f"{name!r} is a {type(made).__name__} already, and cannot be a {kind.__name__} too")
        return made


MOST_BOUNDS = 31


def _own(name: str, unit: str, description: str, bounds: tuple[float, ...], *, signed: bool = False) -> Metric:
    """A histogram of the user's own: who records by hand knows what the values are, and gets the extremes too."""
    return Metric(name, Kind.HISTOGRAM, unit, description, bounds=bounds, signed=signed, extremes=True)


def _checked(name: str, bounds: tuple[float, ...]) -> tuple[float, ...]:
    if len(bounds) > MOST_BOUNDS:
        raise ValueError(f"{name!r} has {len(bounds)} boundaries; more than {MOST_BOUNDS} are dropped by some backends")
    return Histogram(bounds).bounds  # raises unless they are finite and increase


def _finite(value: float) -> bool:
    if math.isfinite(value):
        return True
    ledger.drop("not_finite")
    return False


def _counted(values: ArrayLike, bounds: tuple[float, ...]) -> tuple[Histogram, NDArray[np.float64]]:
    """Histogram of the finite values, and these as a flat array."""
    array = np.asarray(values, dtype=np.float64).ravel()
    batch = Histogram(bounds)
    skipped = batch.add(array)
    if skipped:
        ledger.drop("not_finite", skipped)
        array = array[np.isfinite(array)]
    return batch, array
