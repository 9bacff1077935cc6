"""Whatever a host feeds a real model: the same answer, or the same exception, as without us."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.ensemble import HistGradientBoostingClassifier

import otelml

INPUTS = {
    "usual": np.array([[0.5, 1.0], [-1.0, 2.0]]),
    "NaN": np.array([[0.5, np.nan]]),
    "infinite": np.array([[np.inf, 1.0]]),
    "no rows": np.empty((0, 2)),
    "no columns": np.empty((2, 0)),
    "too many columns": np.zeros((2, 3)),
    "one dimension": np.zeros(2),
    "three dimensions": np.zeros((2, 2, 2)),
    "no dimension": np.array(1.0),
    "numbers as objects": np.array([[0.5, 1]], dtype=object),
    "texts as objects": np.array([["jane.doe@example.org", 1]], dtype=object),
    "lists": [[0.5, 1.0]],
    "ragged lists": [[0.5], [1.0, 2.0]],
    "sparse": scipy.sparse.csr_matrix([[0.5, 1.0], [0.0, 2.0]]),
    "a frame": pd.DataFrame({"a": [0.5], "b": [1.0]}),
    "a generator": (row for row in ([1.0, 2.0],)),
    "None": None,
    "nothing": [],
}
OPERATIONS = ("predict", "predict_proba", "decision_function")


def fate(model, operation, rows):
    """Say what becomes of a call: its answer as a list, or its exception as class and text."""
    try:
        return getattr(model, operation)(rows).tolist()
    except Exception as error:  # noqa: BLE001 -- whichever it is, it has to be the same
        return type(error), str(error)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
@pytest.mark.filterwarnings("ignore:X has feature names")
@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("rows", INPUTS.values(), ids=INPUTS)
def test_the_fate_of_a_call_is_the_same(watch, name, logistic, rows, operation):
    """Watched or not, a call has the same answer or the same exception; and it was seen once, failed or not."""
    alone = fate(logistic, operation, rows)
    watched = watch()
    otelml.identify(logistic, name=name)
    assert fate(logistic, operation, rows) == alone
    failed = isinstance(alone, tuple)
    assert watched.count("ml.inference.duration", model=name) == 1
    assert watched.count("ml.inference.rows", model=name) == (0 if failed else len(alone))
    assert watched.new_errors() == {}
    (span,) = watched.captured.spans()
    assert (span.status == "ERROR") is failed


def test_missing_values_that_the_model_takes_are_fine(watch, name):
    """Models that take NaN answer as always, and every row is counted."""
    rows = np.random.default_rng(0).normal(size=(100, 2))
    model = HistGradientBoostingClassifier(max_iter=3).fit(rows, rows[:, 0] > 0)
    rows[::2] = np.nan
    expected = model.predict_proba(rows)
    watched = watch()
    otelml.identify(model, name=name)
    assert np.array_equal(model.predict_proba(rows), expected)
    assert watched.count("ml.prediction.score", model=name) == 100
