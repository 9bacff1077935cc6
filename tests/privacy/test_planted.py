"""Values that are planted in inputs, labels, ids and exceptions, and looked for in every byte that leaves."""

from __future__ import annotations

import itertools
import logging
import struct
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import otelml

EMAIL, STRANGER = "jane.doe@example.org", "nobody.known@example.org"
MARK = 31337.424242
ID = "order-8842-planted"
TEXTS = (EMAIL.encode(), STRANGER.encode(), b"jane.doe", b"nobody.known")
NUMBERS = (struct.pack("<d", MARK), struct.pack("<d", -MARK), str(MARK).encode(), b"31337")
IDS = (ID.encode(),)

_names = map("private{}".format, itertools.count())


def frame(n_rows: int, email: str = EMAIL) -> pd.DataFrame:
    """Make rows with an address and a marked number among others."""
    return pd.DataFrame(
        {
            "email": [email if row % 2 else f"user{row}@example.com" for row in range(n_rows)],
            "amount": [MARK if row % 2 else float(row) for row in range(n_rows)],
        }
    )


def trained():
    """Train a pipeline on addresses as categories."""
    encoder = make_column_transformer((OneHotEncoder(), ["email"]), remainder="passthrough")
    return make_pipeline(encoder, LogisticRegression()).fit(frame(20), np.arange(20) % 2)


def predict(name: str) -> None:
    """Predict in batches and one by one, under ids."""
    model = otelml.identify(trained(), name=name, version="1")
    with otelml.predictions(ids=[f"{ID}-{row}" for row in range(20)]):
        model.predict_proba(frame(20))
    with otelml.predictions(ids=[ID]):
        model.predict(frame(2)[1:])


def learn_outcomes() -> None:
    """Bring labels that are right, late, unknown, doubled, corrected, missing and none of the model's."""
    otelml.record_outcomes([f"{ID}-{row}" for row in range(20)], [row % 2 for row in range(20)])
    otelml.record_outcomes([f"{ID}-0", f"{ID}-0", f"{ID}-1"], [0, 1, None])
    otelml.record_outcomes([f"{ID}-nobody", ID, f"{ID}-2"], [1, EMAIL, STRANGER])


def act() -> None:
    """Tell what was done: once, twice, about nobody, and at a time that is none."""
    otelml.record_actions([ID, ID, f"{ID}-1", f"{ID}-nobody"], "click")
    otelml.record_actions([ID], "click", at=EMAIL)
    otelml.record_actions(ID, "book", at=MARK)


def fail(name: str) -> None:
    """Fail in the ways in which scikit-learn quotes what it was given."""
    plain = otelml.identify(LogisticRegression().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1]), name=f"{name}-plain")
    with pytest.raises(ValueError, match=EMAIL):
        plain.predict(np.array([[EMAIL, MARK]], dtype=object))
    with pytest.raises(ValueError, match=STRANGER):
        otelml.identify(trained(), name=f"{name}-pipeline").predict(frame(2, STRANGER)[1:])


class Answering:
    """Answers what it was told."""

    def __init__(self, answer=None):
        self.answer = answer

    def predict(self, _rows):
        """Answer labels or numbers."""
        return self.answer

    def predict_proba(self, _rows):
        """Answer probabilities."""
        return self.answer


class Classifier(Answering, ClassifierMixin, BaseEstimator):
    """Of two classes."""

    classes_ = np.array([0, 1])


class Regressor(Answering, RegressorMixin, BaseEstimator):
    """Of one number."""


def answer_oddly(name: str) -> None:
    """Answer with texts where numbers or known labels are expected."""
    for answer in (np.array([[EMAIL, STRANGER]]), np.array([[EMAIL, 0.5]], dtype=object), EMAIL, {EMAIL: MARK}):
        otelml.identify(Classifier(answer), name=f"{name}-odd").predict_proba([[0]])
    otelml.identify(Classifier(np.array([EMAIL, STRANGER])), name=f"{name}-odd").predict([[0], [0]])
    otelml.identify(Regressor(np.array([EMAIL, None], dtype=object)), name=f"{name}-text").predict([[0], [0]])


def test_nothing_planted_leaves(export):
    """Predictions, outcomes, failures and odd answers, with logs on the wire too: no planted value in any payload."""
    name = next(_names)
    exported = export()
    predict(name)
    learn_outcomes()
    act()
    fail(name)
    answer_oddly(name)
    assert not exported.holds(*TEXTS, *NUMBERS, *IDS)
    assert exported.holds(name.encode())  # else nothing would have been looked at
    assert exported.holds(b"ValueError")
    kinds = {bool(exported.receiver.points), bool(exported.receiver.spans), bool(exported.receiver.log_records)}
    assert kinds == {True}


def test_a_single_answer_is_not_told(export):
    """A number among a regression's answers is in no payload, though it is the largest of them."""
    name = next(_names)
    exported = export()
    otelml.identify(Regressor(np.array([1.0, MARK, -MARK, -2.0])), name=name).predict([[0]] * 4)
    assert exported.holds(name.encode())
    assert not exported.holds(*NUMBERS)


def with_extremes() -> pd.DataFrame:
    """Make rows whose extremes, rare categories and free texts are somebody's."""
    rng = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "amount": rng.normal(100, 10, 1_000),
            "city": rng.choice(["Rome", "Oslo"], 1_000),
            "comment": [f"call me: user{row}@example.com, house {row}" for row in range(1_000)],
            "member": rng.random(1_000) < 0.5,
        }
    )
    rows.loc[0, ["amount", "city", "comment"]] = [MARK, EMAIL, EMAIL]
    rows.loc[1, ["amount", "city", "comment"]] = [-MARK, STRANGER, STRANGER]
    return rows


def on_columns(name: str, **baseline: Any) -> None:
    """Serve a pipeline under a baseline that holds what is planted, to rows that hold it too."""
    rows = with_extremes()
    encoder = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["city"]), ("passthrough", ["amount", "member"])
    )
    model = make_pipeline(encoder, LogisticRegression(max_iter=1_000)).fit(rows, rows["amount"] > 100)
    fitted = otelml.Baseline.fit(model, rows, rows["amount"] > 100, **baseline)
    otelml.identify(model, name=name, baseline=fitted)
    model.predict_proba(rows)
    model.predict_proba(rows[::-1].assign(city=STRANGER))


def test_columns_tell_bins_alone(export):
    """Extremes, categories and texts of the baseline's rows and of the service's are in no payload; bins are."""
    name = next(_names)
    exported = export(gauges="all")
    on_columns(name)
    assert not exported.holds(*TEXTS, *NUMBERS, b"Rome", b"Oslo", b"call me")
    assert exported.holds(b"ml.column.values", b"cat:00", b"comment.length", b"unseen", b"ml.drift") == [
        *(b"ml.column.values", b"cat:00", b"comment.length", b"unseen", b"ml.drift"),
    ]


def test_names_of_frequent_categories_leave_where_a_setting_says_so(export):
    """The check can fail: with names opted in, the cities are on the wire, and a name that one row holds is not."""
    exported = export(category_names=True)
    on_columns(next(_names))
    assert exported.holds(b"=Rome", b"=Oslo") == [b"=Rome", b"=Oslo"]
    assert not exported.holds(*TEXTS)


def test_an_id_column_stays_here(export):
    """Ids that are read from a column of the input leave no trace either."""
    name = next(_names)
    exported = export(id_column="order")
    rows = pd.DataFrame({"amount": [1.0, MARK], "order": [ID, f"{ID}-2"]})
    model = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    pipeline = make_pipeline(make_column_transformer(("passthrough", ["amount"])), model)
    pipeline.steps[0][1].fit(rows)
    otelml.identify(pipeline, name=name).predict(rows)
    otelml.record_outcomes([ID, f"{ID}-2"], [0, 1])
    assert exported.holds(name.encode())
    assert exported.holds(b"ml.outcomes")
    assert not exported.holds(*NUMBERS, *IDS)


def test_messages_leave_where_a_setting_says_so(export):
    """The check can fail: with exception messages opted in, the address is on the wire."""
    exported = export(exception_messages=True)
    fail(next(_names))
    assert exported.holds(EMAIL.encode())
    assert exported.holds(STRANGER.encode())


def test_ids_leave_on_spans_where_a_setting_says_so(export):
    """The check can fail: with ids opted in, the id of a one-row call is on its span, and on no metric."""
    exported = export(span_ids=True)
    predict(next(_names))
    assert exported.holds(ID.encode())
    assert [
        s.attributes["ml.prediction.id"] for s in exported.receiver.spans if "ml.prediction.id" in s.attributes
    ] == [ID]


def test_logs_are_looked_at(export):
    """The check can fail: what a host itself logs is on the wire."""
    exported = export()
    logging.getLogger("host").warning("told by the host: %s", EMAIL)
    assert exported.holds(EMAIL.encode())
