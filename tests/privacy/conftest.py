"""A service whose every signal leaves by the real OTLP exporters, and all the bytes that left it."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from fresh import forget_models
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

import otelml
from otelml.patching.guard import loud
from otelml.testing import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True)
class Exported:
    """What left the service so far."""

    receiver: Receiver

    def holds(self, *traces: bytes) -> list[bytes]:
        """Which of these bytes are in any payload; everything is exported first."""
        assert otelml.force_flush()
        payloads = self.receiver.payloads
        return [trace for trace in traces if any(trace in payload for payload in payloads)]


class Forwarding(logging.Handler):
    """Send what is logged over OTLP, as services do that instrument logging."""

    def __init__(self, provider: LoggerProvider) -> None:
        super().__init__(logging.NOTSET)
        self._logger = provider.get_logger("logging")

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record, with the text of its exception where it has one."""
        self._logger.emit(body=self.format(record), severity_text=record.levelname)


@pytest.fixture
def export() -> Iterator[Callable[..., Exported]]:
    """Start a service with these settings."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Exported:
            receiver = stack.enter_context(Receiver())
            stack.enter_context(loud(on=False))
            reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{receiver.endpoint}/v1/metrics"), 3_600_000)
            meters = MeterProvider([reader], shutdown_on_exit=False)
            tracers = TracerProvider(shutdown_on_exit=False)
            tracers.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"{receiver.endpoint}/v1/traces")))
            logs = LoggerProvider(shutdown_on_exit=False)
            logs.add_log_record_processor(SimpleLogRecordProcessor(OTLPLogExporter(f"{receiver.endpoint}/v1/logs")))
            for provider in (meters, tracers, logs):
                stack.callback(provider.shutdown)
            handler = Forwarding(logs)
            logging.getLogger().addHandler(handler)
            stack.callback(logging.getLogger().removeHandler, handler)
            otelml.instrument(tracers, meters, logs, **settings)
            stack.callback(forget_models)
            stack.callback(otelml.uninstrument)
            return Exported(receiver)

        yield start
