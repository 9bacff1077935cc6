"""One stream of each kind, for tests that care how something is told and not what."""

from __future__ import annotations

import numpy as np
from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter

from otelml.stats.histogram import Histogram as Bins
from otelml.telemetry.names import Kind, Metric

COUNTED = (Counter, ObservableCounter, Histogram)
BOUNDS = (1.0, 10.0)


class Streams:
    """A counter, an up-down counter, a gauge and a histogram."""

    def __init__(self, meter):
        self.rows = meter.stream(Metric("shop.rows", Kind.COUNTER, "{row}", "Rows."))
        self.active = meter.stream(Metric("shop.active", Kind.UP_DOWN_COUNTER, "{request}", "Calls."))
        self.level = meter.stream(Metric("shop.level", Kind.GAUGE, "{share}", "Level."))
        sizes = Metric("shop.sizes", Kind.HISTOGRAM, "{row}", "Sizes.", bounds=BOUNDS, extremes=True)
        self.sizes = meter.stream(sizes)

    def add(self, count, **attributes):
        """Count rows."""
        self.rows.number(attributes).add(count)

    def record(self, values, examples=None, **attributes):
        """Bring values into the histogram."""
        bins = Bins(BOUNDS)
        bins.add(np.array(values, dtype=np.float64))
        self.sizes.buckets(attributes).add(bins, examples)
