"""Providers may be set before or after `instrument()`, given or global; readers may be added later."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from sklearn.linear_model import LogisticRegression
from test_shim import NEVER_MS, READERS_COME_AND_GO, Exported

import otelml
from otelml.testing import capture, points_from_sdk, select, total

PROGRAM = Path(__file__).parent / "programs" / "providers.py"
X = np.array([[0.0], [1.0]])


@READERS_COME_AND_GO
@pytest.mark.parametrize(("order", "spans"), [("before", 3), ("after", 3), ("late", 2)])
def test_global_providers(order, spans):
    """Global providers get every row, those that were predicted before them too; a reader added later what follows."""
    command = (sys.executable, str(PROGRAM), order)
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603 -- ours
    assert json.loads(done.stdout) == {"rows": [4, 4], "later": [2, 2], "spans": spans}


@READERS_COME_AND_GO
def test_given_providers_may_change(keeper):
    """A further `instrument()` with other providers sends what follows there, and nothing to the ones before."""
    model = LogisticRegression().fit(X, [0, 1])
    with capture("delta") as one, capture("delta") as other:
        try:
            otelml.instrument(one.tracer_provider, one.meter_provider)
            one.points()
            model.predict(X)
            assert total(one.points(), "ml.inference.rows").last == 2
            otelml.instrument(other.tracer_provider, other.meter_provider)
            other.points()
            model.predict(X)
            assert (one.points(), len(one.spans())) == ([], 1)
            assert total(other.points(), "ml.inference.rows").last == 2
            assert len(other.spans()) == 1
            reader = keeper("delta")
            model.predict(X)  # staged when the reader comes, and before it all the same
            other.meter_provider.add_metric_reader(reader)
            model.predict(X)
            assert total(reader.points(), "ml.inference.rows").last == 2
        finally:
            otelml.uninstrument()


def test_a_prediction_of_a_callback_is_counted_at_once(captured):
    """A model that is asked by the host's own observable instrument is in the collection that asked it."""
    model = LogisticRegression().fit(X, [0, 1])
    captured.points()

    def forecast(_):
        model.predict(X)
        return ()

    captured.meter_provider.get_meter("host").create_observable_gauge("forecast", [forecast])
    assert total(captured.points(), "ml.inference.rows").last == 2


@READERS_COME_AND_GO
def test_uninstrumenting_tells_what_was_counted():
    """What was predicted before the end reaches readers that push, and nothing comes after it."""
    exporter, model = Exported(), LogisticRegression().fit(X, [0, 1])
    with capture() as kept:
        kept.meter_provider.add_metric_reader(PeriodicExportingMetricReader(exporter, export_interval_millis=NEVER_MS))
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        model.predict(X)
        otelml.uninstrument()
    assert total(exporter.points, "ml.inference.rows") == (2, 2)


def test_metrics_setting_chooses_what_is_shipped():
    """`metrics` of the settings is what OTEL_PYTHON_ML_METRICS is: globs, an exclamation mark leaves out."""
    model = LogisticRegression().fit(X, [0, 1])
    with capture("delta") as kept:
        try:
            otelml.instrument(kept.tracer_provider, kept.meter_provider, metrics=("ml.inference.*", "!*.duration"))
            model.predict_proba(X)
            names = {point.name for point in kept.points()}
        finally:
            otelml.uninstrument()
    assert names == {"ml.inference.rows", "ml.inference.batch.size", "ml.inference.active"}


def test_exemplars_name_the_span(captured):
    """The duration of a sampled call carries the ids of its span."""
    model = LogisticRegression().fit(X, [0, 1])
    captured.points()
    model.predict(X)
    [span] = captured.spans()
    [duration] = select(points_from_sdk(captured.reader.get_metrics_data()), "ml.inference.duration")
    assert [(e.trace_id, e.span_id) for e in duration.exemplars] == [(span.trace_id, span.span_id)]
