"""A provider made anew, as by a fixture of each test, goes on where the one before it was left."""

from __future__ import annotations

import gc

import numpy as np
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import capture, total

X = np.eye(4)


def counted(reader):
    """Collect twice, for the first may say zero, and return the rows."""
    return total(reader.points() + reader.points(), "shop.rows").last


def test_the_second_provider_gets_what_follows(pipeline, provide, keeper, streams, temporality):
    """Rows and sizes that the first was told are not told again."""
    first, second = keeper(temporality), keeper(temporality)
    pipeline.open(provide(first))
    streams.add(40)
    streams.record([0.5, 5.0])
    counted(first)
    pipeline.open(provide(second))
    streams.add(4)
    streams.record([7.0])
    points = second.points() + second.points()
    assert total(points, "shop.rows").last == 4
    assert total(points, "shop.sizes").last == 1
    assert total(points, "shop.sizes", read=lambda point: point.sum).last == 7.0


def test_what_the_first_was_not_told_is_told_to_the_second(pipeline, provide, keeper, streams, temporality):
    """Rows that were counted when the first had collected for the last time are lost to nobody."""
    first, second = keeper(temporality), keeper(temporality)
    pipeline.open(provide(first))
    streams.add(40)
    counted(first)
    streams.add(3)
    pipeline.open(provide(second))
    streams.add(4)
    assert counted(second) == 7


def test_a_series_that_was_only_told_at_zero(pipeline, provide, keeper, streams):
    """The first was told that the series is there, and not what it holds; the second is told that."""
    first, second = keeper("cumulative"), keeper("cumulative")
    pipeline.open(provide(first))
    streams.add(40)
    first.points()
    pipeline.open(provide(second))
    streams.add(4)
    assert counted(second) == 44


def test_a_first_provider_that_is_gone(pipeline, provide, keeper, streams, temporality):
    """Also when nothing is left of the first provider and its readers."""
    from opentelemetry.sdk.metrics import MeterProvider

    for rows in (40, 5):
        reader = keeper(temporality)
        provider = MeterProvider([reader], shutdown_on_exit=False)
        pipeline.open(provider)
        streams.add(rows)
        assert counted(reader) == rows
        provider.shutdown()
        del provider, reader
        gc.collect()
    last = keeper(temporality)
    pipeline.open(provide(last))
    streams.add(4)
    assert counted(last) == 4


def test_two_readers_of_one_provider_are_told_the_same(pipeline, provide, keeper, streams, temporality):
    """Readers of one provider are no successors of each other."""
    one, other = keeper(temporality), keeper(temporality)
    pipeline.open(provide(one, other))
    streams.add(40)
    assert counted(one) == 40
    assert counted(other) == 40


def test_instrument_again_without_letting_go():
    """A fixture that makes providers and calls `instrument()` for each test sees the rows of its test."""
    model = otelml.identify(LogisticRegression().fit(X, [0, 1, 0, 1]), name="again")
    try:
        for calls in (10, 1, 3):
            with capture("delta") as kept:
                otelml.instrument(kept.tracer_provider, kept.meter_provider)
                kept.points() if calls == 10 else None
                for _ in range(calls):
                    model.predict(X)
                assert total(kept.points(), "ml.inference.rows", {"ml.model.name": "again"}).last == 4 * calls
    finally:
        otelml.uninstrument()
