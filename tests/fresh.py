"""Series are the process's: without this, each test would collect those of all tests before it."""

from otelml.telemetry import names
from otelml.telemetry.pipeline import PIPELINE


def forget_models() -> None:
    """Forget every series of a model; call it when nothing is watched."""
    for source in PIPELINE.producer.sources:
        registry = source.registry
        for stream in registry.streams:
            stream.cells = {key: cell for key, cell in stream.cells.items() if names.MODEL_NAME not in cell.attributes}
    held = sum(1 for source in PIPELINE.producer.sources for _ in source.registry.cells())
    PIPELINE.allowance.held = held
