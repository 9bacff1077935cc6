"""Numbers, attributes and crowds at the edge of what can be held: nothing is ruined, nothing piles up."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

import otelml
from otelml.ledger import ledger
from otelml.telemetry.accuracy import MOST_BOUND
from otelml.testing import capture, select, total

LARGE = [1e308, 1e308, -1e308, -1e308]
_names = map("edge.values{}".format, itertools.count())


@pytest.fixture
def name():
    """Make a name that no other instrument has."""
    return next(_names)


@pytest.fixture(autouse=True)
def nobody_watches_afterwards():
    """Let go of readers, which `get_meter` catches too."""
    yield
    otelml.uninstrument()


def test_a_sum_that_overflows_is_not_ruined(name):
    """Values whose sums or squares are beyond a float are counted, warn of nothing, and leave the sums as they were."""
    values = otelml.get_meter("edge").create_value_histogram(name)
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            before = ledger.dropped["overflow", ""]
            values.record(3.0)
            values.record_batch(LARGE)
            captured.points()
            points = captured.points()
        finally:
            otelml.uninstrument()
    assert total(points, name).last == 5
    moments = {point.attributes["ml.moment"]: point.value for point in select(points, f"{name}.moment")}
    assert moments == {"positive": 3.0, "negative": 0.0, "squared": 9.0}
    assert ledger.dropped["overflow", ""] - before == 4  # the three, and the histogram's own


def test_weights_that_overflow_do_not_ruin_a_counter(name):
    """A counter stays finite, whatever is added to it."""
    truth = otelml.get_meter("edge").create_accuracy(name, task="regression")
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            for _ in range(2):
                truth.record_batch(LARGE[:2], LARGE[2:])
            captured.points()
            points = captured.points()
        finally:
            otelml.uninstrument()
    assert total(points, name).last == 4
    assert all(math.isfinite(point.sum) for point in select(points, f"{name}.loss"))


def test_attributes_may_be_lists(name):
    """A sequence is an attribute, as OpenTelemetry has it: one series for equal ones, and it can be exported."""
    meter = otelml.get_meter("edge")
    scores, truth = meter.create_score_histogram(name), meter.create_accuracy(f"{name}.truth")
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            for tags in (["a", "b"], ["a", "b"], ["c"]):
                scores.record(0.5, {"tags": tags})
                truth.record(1, 1, 0.5, {"tags": tags})
            captured.points()
            points = captured.points()
        finally:
            otelml.uninstrument()
    counts = {point.attributes["tags"]: point.count for point in select(points, name)}
    assert counts == {("a", "b"): 2, ("c",): 1}
    assert total(points, f"{name}.truth").last == 3


def test_attributes_without_end_do_not_pile_up(name):
    """An accuracy that is recorded under ever new attributes holds a bounded number of them."""
    truth = otelml.get_meter("edge").create_accuracy(name)
    for one in range(3 * MOST_BOUND):
        truth.record_batch(np.ones(2), np.ones(2), attributes={"one": one})
    assert len(truth._bound) == MOST_BOUND
