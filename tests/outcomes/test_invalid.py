"""What is invalid in outcomes and actions is counted, and the log says once what is wrong with it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from fresh import forget_models

import otelml
from otelml.ledger import ledger
from otelml.testing import capture, total

NOW = pd.Timestamp("2024-05-01", tz="UTC")
INVALID = {
    "a missing label": {"actuals": pd.Series([1, pd.NA, 0], dtype="Int64")},
    "a missing time": {"at": pd.Series([NOW, pd.NaT, NOW])},
    "a missing id": {"ids": ["a", None, "c"]},
    "a weight that is negative": {"weight": [1, -1, 1]},
    "a weight that is negative, infinite or missing": {"weight": [1, np.nan, 1]},
}


@pytest.fixture
def captured():
    """Watch, as a process that has not warned of anything."""
    ledger._said.clear()
    with capture("delta") as made:
        otelml.instrument(made.tracer_provider, made.meter_provider)
        try:
            yield made
        finally:
            otelml.uninstrument()
            forget_models()


def _invalid(captured):
    return total(captured.points(), "ml.outcome.rejections", {"ml.reason": "invalid"}).last


@pytest.mark.parametrize("why", INVALID)
def test_an_outcome_that_lacks_something_is_named_once(captured, caplog, why):
    """By what it lacks; complete ones beside it are no reason to warn."""
    before = _invalid(captured)
    for _ in range(2):
        otelml.record_outcomes(**{"ids": ["a", "b", "c"], "actuals": [1, 1, 0], **INVALID[why]})
    assert _invalid(captured) - before == 2
    assert caplog.text.count("are not counted") == caplog.text.count(why) == 1


def test_an_action_that_lacks_something_is_named_once(captured, caplog):
    """By what it lacks."""
    before = _invalid(captured)
    for _ in range(2):
        otelml.record_actions(["a", None], "click")
    otelml.record_actions(["a"], "click", at=[pd.NaT])
    assert _invalid(captured) - before == 3
    assert caplog.text.count("actions with a missing id") == 1
    assert caplog.text.count("actions with a missing time") == 1


def test_complete_outcomes_are_not_warned_of(captured, caplog):
    """Nor is anything counted."""
    before = _invalid(captured)
    otelml.record_outcomes(["a"], [1], at=NOW, weight=2)
    assert _invalid(captured) == before
    assert "are not counted" not in caplog.text
