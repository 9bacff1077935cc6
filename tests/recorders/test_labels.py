"""Labels as feedback brings them: other spellings of a class count as it; labels of another world are named once."""

from __future__ import annotations

import logging
from decimal import Decimal

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.testing import select

ROWS = np.linspace(-1, 1, 40).reshape(-1, 1)
TRUTH = (ROWS[:, 0] > 0).astype(int)


@pytest.fixture(scope="module")
def model():
    """Fit a model that is always right."""
    return LogisticRegression(C=1e6).fit(ROWS, TRUTH)


def told(service, model, actuals, at=None):
    """Predict all rows, record labels, and collect."""
    otelml.identify(model, name=service.name)
    with otelml.predictions(ids=range(40)):
        model.predict_proba(ROWS)
    otelml.record_outcomes(range(40), actuals, at=at)
    return service.sum("ml.outcomes", correct=True)


WAYS = {
    "float": TRUTH.astype(float), "float32": TRUTH.astype(np.float32),
    "Decimal": [Decimal(f"{one}.00") for one in TRUTH],
    "CSV": TRUTH.astype(float).astype(str), "true and false": ["true" if one else "false" for one in TRUTH],
    "True and False": (TRUTH > 0).astype(str), "Arrow": pa.array(TRUTH > 0), "polars": pl.Series(TRUTH),
    "padded": [f" {one} " for one in TRUTH], "column": TRUTH.reshape(-1, 1), "rows": TRUTH.reshape(-1, 1).tolist(),
    "arrays": [np.array(one) for one in TRUTH],
}  # fmt: skip


@pytest.mark.parametrize("actuals", WAYS.values(), ids=WAYS)
def test_the_same_truth_is_right_however_it_comes(service, model, actuals):
    """All are right, and none is another label."""
    assert told(service, model, actuals) == 40


NULLS = {
    "Arrow": pa.array([None] * 10 + TRUTH[10:].tolist()), "polars": pl.Series([None] * 10 + TRUTH[10:].tolist()),
    "masked": np.ma.masked_array(TRUTH, mask=np.arange(40) < 10), "NaN": np.where(np.arange(40) < 10, np.nan, TRUTH),
}  # fmt: skip


@pytest.mark.parametrize("actuals", NULLS.values(), ids=NULLS)
def test_labels_that_are_missing_cost_those_alone(service, model, actuals):
    """The others count."""
    assert told(service, model, actuals) == 30


def test_another_spelling_is_no_correction(service, model):
    """The same label again is a duplicate, however it is written."""
    told(service, model, TRUTH)
    otelml.record_outcomes(range(40), ["true" if one else "false" for one in TRUTH])
    assert service.sum("ml.outcome.corrections") == 0
    assert service.sum("ml.outcome.rejections", reason="duplicate") == 40


def test_labels_of_another_world_are_named_once(service, model, caplog):
    """Where most labels are no class, one warning names both; what came once is not shown."""
    with caplog.at_level(logging.WARNING):
        assert told(service, model, ["yes" if one else "no" for one in TRUTH[:-1]] + ["jane.doe@example.org"]) == 0
        service.sum("ml.outcomes")
    [warning] = [record.getMessage() for record in caplog.records if "none of the classes" in record.getMessage()]
    for text in ("yes", "no", "0, 1", service.name):
        assert text in warning
    assert "jane" not in warning


def test_one_odd_label_is_no_warning(service, model, caplog):
    """It costs that one."""
    actuals = [*TRUTH[:-1].tolist(), "unclear"]
    assert told(service, model, actuals) == 39
    assert "none of the classes" not in caplog.text


def _invalid(service):
    service.sum("ml.outcomes")
    return sum(point.value for point in select(service.told, "ml.outcome.rejections", {"ml.reason": "invalid"}))


def test_odd_content_costs_that_one(service, model):
    """An id, a label, a time and a weight that cannot be read are invalid, and nothing is raised."""

    class Odd:
        def __str__(self):
            raise RuntimeError

        __repr__ = __str__

    told(service, model, [None] * 40)
    already = _invalid(service)
    otelml.record_outcomes([0, Odd(), 2, 3, 4], [0, 0, Odd(), 0, 0], at=[None, None, None, Odd(), None])
    assert _invalid(service) - already == 5
    otelml.record_outcomes([0, Odd(), 2], [0, 0, Odd()])
    otelml.record_outcomes([3, 4], [0, 0], weight=["many", 2])
    assert _invalid(service) - already == 8
    assert service.sum("ml.outcomes") == 3
