"""A million values into one histogram: `record_batch` against a `record` loop on the SDK's own, in one run.

Asked: at most 1/500 of the loop, negative values included (which the SDK's histogram drops with a warning, so its loop
is given their magnitudes).  Run with `uv run python tests/benchmarks/record_batch.py`.
"""

from __future__ import annotations

import time
from statistics import median

import numpy as np
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otelml

MILLION = 1_000_000
LOOP = 50_000  # of the loop's million; the rest takes as long again
ROUNDS = 5


def main() -> None:
    """Print the table."""
    provider = MeterProvider([InMemoryMetricReader()])
    generator = np.random.default_rng(0)
    scores, values = generator.random(MILLION), generator.normal(size=MILLION)
    attributes = {"channel": "web"}
    meter = otelml.get_meter("bench", meter_provider=provider)
    ours = meter.create_score_histogram("bench.score")
    signed = meter.create_value_histogram("bench.value")
    own = provider.get_meter("bench").create_histogram("bench.own")
    loops = {"scores": scores[:LOOP].tolist(), "values": np.abs(values[:LOOP]).tolist()}
    batches = {"scores": (ours, scores), "values": (signed, values)}
    print(f"\nrecord_batch of {MILLION:,} values, as a share of a record loop on the SDK's histogram")
    for name, (instrument, array) in batches.items():
        ratios = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            for value in loops[name]:
                own.record(value, attributes)
            loop = (time.perf_counter() - started) * MILLION / LOOP
            started = time.perf_counter()
            instrument.record_batch(array, attributes)
            ratios.append(loop / (time.perf_counter() - started))
        print(f"  {name:<56} 1/{median(ratios):,.0f}")
    provider.shutdown()


if __name__ == "__main__":
    main()
