"""Letting go of the SDK while another thread still looks at its readers."""

from __future__ import annotations

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import otelml
from otelml.telemetry.pipeline import PIPELINE


def test_readers_may_go_while_they_are_looked_at(monkeypatch):
    """The thread that announces series comes through when the process uninstruments in the midst of it."""
    readers = [InMemoryMetricReader(), InMemoryMetricReader()]
    provider = MeterProvider(readers, shutdown_on_exit=False)
    otelml.instrument(meter_provider=provider)
    unmet = PIPELINE.producer.unmet
    looked = []

    def let_go(*args):
        looked.append(args)
        otelml.uninstrument()
        return unmet(*args)

    monkeypatch.setattr(PIPELINE.producer, "unmet", let_go)
    PIPELINE.shim.unmet()
    assert len(looked) >= len(readers)
    provider.shutdown()
