"""Calls of one operation whose answers look alike and are not: each is counted as what it is, in any order."""

from __future__ import annotations

import numpy as np
import pytest
from xgboost import DMatrix

from frameworks.cases import BINARY, LETTERS, X, boosted, booster, light, lightened
from frameworks.counts import assert_scores, assert_values, classes, counted

RAW = (0, None, True)
PROBABILITIES, MARGINS, LEAVES = "probabilities", "margins", "leaves"


CASES = {
    "lightgbm booster": (
        light("binary", BINARY),
        {PROBABILITIES: lambda model: model.predict(X), MARGINS: lambda model: model.predict(X, raw_score=True)},
    ),
    "lightgbm booster, by position": (
        light("binary", BINARY),
        {PROBABILITIES: lambda model: model.predict(X), MARGINS: lambda model: model.predict(X, *RAW)},
    ),
    "lightgbm classifier of three": (
        lightened("LGBMClassifier", LETTERS),
        {
            PROBABILITIES: lambda model: model.predict_proba(X),
            MARGINS: lambda model: model.predict_proba(X, raw_score=True),
        },
    ),
    "xgboost booster": (
        booster("binary:logistic", BINARY),
        {
            PROBABILITIES: lambda model: model.predict(DMatrix(X)),
            MARGINS: lambda model: model.predict(DMatrix(X), output_margin=True),
            LEAVES: lambda model: model.predict(DMatrix(X), pred_leaf=True, iteration_range=(0, 1)),
        },
    ),
    "xgboost booster in place": (
        booster("binary:logistic", BINARY),
        {
            PROBABILITIES: lambda model: model.inplace_predict(X),
            MARGINS: lambda model: model.inplace_predict(X, predict_type="margin"),
        },
    ),
    "xgboost classifier of three": (
        boosted("XGBClassifier", np.unique(LETTERS, return_inverse=True)[1]),
        {
            PROBABILITIES: lambda model: model.get_booster().predict(DMatrix(X)),
            MARGINS: lambda model: model.get_booster().predict(DMatrix(X), output_margin=True),
        },
    ),
}
ORDER = (PROBABILITIES, PROBABILITIES, MARGINS, PROBABILITIES, MARGINS, MARGINS, LEAVES, PROBABILITIES, LEAVES, MARGINS)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_forms_that_alternate_are_not_mixed_up(captured, case):
    """Arrays of one type and shape, now probabilities, now raw scores: only the former are scores."""
    build, asks = case
    model = build()
    answers = [(form, asks[form](model)) for form in ORDER if form in asks]
    assert len({answer.dtype for _, answer in answers}) == 1
    points = captured.points()
    scores = np.concatenate([answer for form, answer in answers if form == PROBABILITIES])
    margins = np.concatenate([answer for form, answer in answers if form == MARGINS])
    assert_scores(points, scores)
    if scores.ndim == 1:
        assert_values(points, margins)
        chosen = np.concatenate([scores >= 0.5, margins > 0]).astype(int)
    else:
        chosen = np.concatenate([scores, margins]).argmax(axis=1)
    decided = classes(points)
    named = getattr(model, "classes_", range(scores.ndim + 1))
    assert decided == counted([named[one] for one in chosen])
