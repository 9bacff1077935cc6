"""Measuring a baseline asks the model, and is no service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import otelml
from otelml.testing import capture

if TYPE_CHECKING:
    from baseline.conftest import Case


def test_fitting_a_baseline_predicts_nothing(churn: Case) -> None:
    """`Baseline.fit` on a watched model leaves no span and no row; a call afterwards does."""
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            otelml.Baseline.fit(churn.model, churn.X, churn.y)
            assert captured.spans() == []
            assert not [p for p in captured.points() if p.name == "ml.inference.rows"]
            churn.model.predict(churn.X[:5])
            assert [span.attributes["ml.batch.size"] for span in captured.spans()] == [5]
        finally:
            otelml.uninstrument()
