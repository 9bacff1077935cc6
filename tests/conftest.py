"""What all tests share: a guard that is loud, and providers in memory."""

from __future__ import annotations

import pytest
from fresh import forget_drops, forget_models

import otelml
from otelml.patching.guard import loud
from otelml.testing import capture


@pytest.fixture(autouse=True)
def loud_guard():
    """Fail the test that meets an error of ours; one that provokes such an error says `with loud(on=False)`."""
    with loud():
        yield


@pytest.fixture(autouse=True, scope="module")
def fresh_series():
    """Leave no series of models to the tests of other files: together they are more than a process may export."""
    yield
    forget_models()
    forget_drops()


@pytest.fixture
def captured():
    """Watch every model, on fresh providers: what was counted until now stays out of the points."""
    with capture("delta") as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        try:
            yield kept
        finally:
            otelml.uninstrument()
