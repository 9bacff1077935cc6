"""Gauges of the columns, for backends that cannot compute: drift, mean, variance and completeness over windows.

One process sees its own rows only; the counters in `ml.column.values` add up over a fleet.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from otelml.recorders.series import WINDOWS, gauges_of
from otelml.recorders.tally import reference_of
from otelml.stats import divergence
from otelml.stats.binning import MISSING, NumericBins
from otelml.stats.window import Window
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from otelml.baseline.columns import Column
    from otelml.recorders.series import ColumnStreams
    from otelml.recorders.tally import Tally
    from otelml.telemetry.streams import Attributes, Number, Stream

    Floats = NDArray[np.float64]


class Drift:
    """The gauges of some columns.

    Parameters
    ----------
    of : column → its attributes.
    every : all methods and moments, not the population stability index alone.
    known : there is a baseline to be compared with.
    """

    def __init__(
        self,
        streams: ColumnStreams,
        of: Callable[[Column], Attributes],
        columns: Sequence[Column],
        *,
        every: bool,
        known: bool,
    ) -> None:
        self._streams, self._every, self._known = streams, every, known
        self._columns, self._kept = tuple(columns), list(range(len(columns)))
        self._numeric = np.array([isinstance(column.bins, NumericBins) for column in columns], dtype=np.bool_)
        self._attributes = [dict(of(column)) for column in columns]
        self._reference = reference_of(columns)
        self._told = True
        self._refused: set[tuple[str, int, tuple[str, ...]]] = set()
        self._shown: dict[tuple[str, int, tuple[str, ...]], Number] = {}
        self.start_afresh()

    @property
    def most_series(self) -> int:
        """How many gauges there are at most."""
        kind = "all" if self._every else "psi"
        return sum(gauges_of(self._columns[at], kind, known=self._known) for at in self._kept)

    def start_afresh(self) -> None:
        """Begin with empty windows."""
        self._windows = {name: Window(length, buckets) for name, (length, buckets) in WINDOWS.items()}

    def add(self, now: float, tally: Tally) -> None:
        """Take in what some rows hold."""
        vector = np.hstack([tally.counts, tally.moments])
        for window in self._windows.values():
            window.add(now, vector)

    def tell(self, *, on: bool) -> None:
        """Tell the gauges from now on, or leave every one of them out."""
        self._told = on
        for number in self._shown.values():
            number.set(None)

    def show(self, now: float, kept: NDArray[np.bool_]) -> None:
        """Bring the gauges of the columns that are `kept` up to `now`; a window without rows is left out."""
        if not self._told:
            return
        self._kept = np.flatnonzero(kept).tolist()
        for name, window in self._windows.items():
            total = window.total(now)
            if total is None:
                if self._shown:
                    self._leave_out(name)
                continue
            most = self._reference.shape[1]
            counts, sums = total[:, :most], total[:, most:]
            if self._known:
                self._compare(name, counts)
            if self._every:
                self._describe(name, counts, sums)

    def _leave_out(self, window: str) -> None:
        for (_, _, labels), number in self._shown.items():
            if labels[0] == window:
                number.set(None)

    def _compare(self, window: str, counts: Floats) -> None:
        reference = self._reference
        self._tell(self._streams.drift, divergence.psi(counts, reference), window, "psi")
        critical = divergence.psi_critical(counts, reference)
        self._tell(self._streams.critical, critical, window, "psi")
        if not self._every:
            return
        # To the second order Jensen-Shannon's is an eighth of the symmetrised Kullback-Leibler divergence.
        self._tell(self._streams.drift, divergence.jensen_shannon(counts, reference), window, "js")
        self._tell(self._streams.critical, critical / 8, window, "js")
        self._tell(self._streams.drift, divergence.total_variation(counts, reference), window, "tvd")
        ordered = list(self._ordered(counts))
        for method, position in (("ks", 0), ("wasserstein", 1)):
            self._tell(self._streams.drift, np.array([one[position] for one in ordered]), window, method)
        self._tell(self._streams.critical, np.array([one[2] for one in ordered]), window, "ks")

    def _ordered(self, counts: Floats) -> Iterator[tuple[float, float, float]]:
        """Kolmogorov-Smirnov and Wasserstein distance (in deviations), and what chance makes of the first, a column."""
        for at, column in enumerate(self._columns):
            if not isinstance(column.bins, NumericBins):
                yield math.nan, math.nan, math.nan
                continue
            order = np.argsort(column.bins.positions, kind="stable")  # without what is missing, which is nowhere
            sides = counts[at][order], self._reference[at][order]
            places = np.array(column.bins.positions)[order]
            yield (
                float(divergence.kolmogorov_smirnov(*sides)),
                float(divergence.wasserstein(*sides, places)) / column.scale[1],
                float(divergence.kolmogorov_smirnov_critical(*sides)),
            )

    def _describe(self, window: str, counts: Floats, sums: Floats) -> None:
        rows = counts.sum(axis=1)
        missing = np.array([counts[at, c.bins.labels.index(MISSING)] for at, c in enumerate(self._columns)])
        mean, deviation = (np.array([column.scale[at] for column in self._columns]) for at in (0, 1))
        with np.errstate(divide="ignore", invalid="ignore"):
            known = np.where(self._numeric, rows - missing, np.nan)
            z, squared = (sums[:, 0] - sums[:, 1]) / known, sums[:, 2] / known
            self._tell(self._streams.completeness, 1 - missing / rows, window)
            self._tell(self._streams.mean, mean + deviation * z, window)
            self._tell(self._streams.variance, deviation**2 * np.maximum(squared - z**2, 0.0), window)

    def _tell(self, stream: Stream, values: Floats, window: str, *method: str) -> None:
        for at in self._kept:
            value = float(values[at])
            key = stream.metric.name, int(at), (window, *method)
            number = self._shown.get(key)
            if number is None or not number.shipped:
                if math.isnan(value):
                    continue
                if not stream.registry.has_room(stream.metric.rank):
                    if key not in self._refused:
                        self._refused.add(key)
                        stream.registry.refuse(1, str(self._attributes[at].get(names.MODEL_NAME, "")))
                    continue
                labels = {names.WINDOW: window} | ({names.METHOD: method[0]} if method else {})
                number = self._shown[key] = stream.number({**self._attributes[at], **labels})
            number.set(value if math.isfinite(value) else None)
