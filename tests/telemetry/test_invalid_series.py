"""One series that OTLP cannot carry costs itself: every other one leaves, through the real encoder."""

from __future__ import annotations

import pytest
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics

from otelml.ledger import ledger
from otelml.telemetry.names import Kind, Metric
from otelml.telemetry.streams import Example
from otelml.testing import total

SURROGATE = "a\ud800b"


def text_value(streams):
    """Give a counter a text for a value."""
    streams.rows.number({"bad": "yes"}).value = "0.8"


def surrogate_attribute(streams):
    """Give a series an attribute that cannot be encoded."""
    streams.add(1, bad=SURROGATE)


def more_than_64_bits(streams):
    """Count more than OTLP's integers hold."""
    streams.add(2**70, bad="yes")


def wide_attribute(streams):
    """Give a series an integer attribute of more than 64 bits."""
    streams.add(1, bad=2**70)


def text_gauge(streams):
    """Set a gauge to a text."""
    streams.level.number({}).set("high")


def surrogate_name(streams):
    """Make a metric whose name cannot be encoded."""
    stream = streams.rows.registry.stream(Metric(f"shop.{SURROGATE}", Kind.COUNTER, "1", ""))
    stream.number({}).add(1)


KINDS = (
    text_value, more_than_64_bits, wide_attribute, text_gauge, surrogate_name
)  # fmt: skip


@pytest.mark.parametrize("spoil", KINDS, ids=lambda kind: kind.__name__)
def test_one_bad_series_costs_itself(pipeline, provide, keeper, streams, temporality, spoil):
    """What is innocent arrives to the row, what is not is counted once, and the whole can be encoded."""
    reader = keeper(temporality)
    pipeline.open(provide(reader))
    streams.add(3)
    before = ledger.dropped["invalid_series", ""]
    spoil(streams)
    for _ in range(3):
        reader.points()
    streams.add(4)
    reader.points()
    assert total(reader.everything(), "shop.rows", {}).last == 7
    assert not any("bad" in point.attributes for point in reader.everything() if point.value or point.count)
    for data in filter(None, reader.collections):
        encode_metrics(data).SerializeToString()
    assert ledger.dropped["invalid_series", ""] == before + 1


def test_half_a_surrogate_pair_leaves_as_a_question_mark(pipeline, provide, keeper, streams):
    """An attribute that cannot be encoded costs its own character, and no series."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    surrogate_attribute(streams)
    points = [point for point in reader.points() if point.value]
    assert [(point.value, point.attributes["bad"]) for point in points] == [(1, "a?b")]


def test_a_scope_that_cannot_be_sent_costs_itself(pipeline, provide, keeper, streams):
    """A meter of the user's whose name cannot be encoded is left out, with all that is in it."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    pipeline.meter(SURROGATE).create_score_histogram("mine").record(0.5)
    streams.add(3)
    assert {point.name for point in reader.points()} == {"shop.rows"}


def test_an_exemplar_that_is_no_number_costs_itself(pipeline, provide, keeper, streams):
    """The histogram that it belongs to leaves whole."""
    reader = keeper("delta")
    pipeline.open(provide(reader))
    streams.record([0.5, 5.0], {0: Example("0.5", 1, 1, 1), 1: Example(5.0, 1, 2, 2)})
    [point] = reader.points()
    assert (point.count, [one.value for one in point.exemplars]) == (2, [5.0])
