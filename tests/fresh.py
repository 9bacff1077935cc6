"""Series are the process's: without this, each test would collect those of all tests before it."""

from otelml.ledger import ledger
from otelml.telemetry import names
from otelml.telemetry.pipeline import PIPELINE


def forget_models() -> None:
    """Forget every series of a model; call it when nothing is watched."""
    for source in PIPELINE.producer.sources:
        registry = source.registry
        for stream in registry.streams:
            stream.cells = {key: cell for key, cell in stream.cells.items() if names.MODEL_NAME not in cell.attributes}
    # What earlier tests left in scopes of their own is not charged to the tests to come.
    for rank, groups in PIPELINE.allowance.groups.items():
        groups.clear()
        PIPELINE.allowance.weights[rank] = 0
    own = [source.registry for source in PIPELINE.producer.sources if source.scope.name == names.SCOPE]
    PIPELINE.allowance.held = sum(1 for registry in own for _ in registry.cells())


def forget_drops() -> None:
    """Forget what was dropped of models whose series are forgotten: their totals would be exported as new ones."""
    for reason, model in list(ledger.dropped):
        if model:
            del ledger.dropped[reason, model]
