"""What is said of a model, and its baseline: a mistake is told, and the model is watched all the same."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.baseline import BaselineWarning

ROWS = np.random.default_rng(1).normal(size=(60, 2))


@pytest.fixture(scope="module")
def saved(tmp_path_factory, logistic):
    """Save a baseline of the model."""
    with pytest.warns(BaselineWarning):
        baseline = otelml.Baseline.fit(logistic, ROWS, ROWS[:, 0] > 0, threshold=0.4)
    path = tmp_path_factory.mktemp("baselines") / "good.baseline.json"
    baseline.save(path)
    return path


def truncated(path):
    """Cut a file in half."""
    path.write_text(path.read_text()[: path.stat().st_size // 2])


def newer(path):
    """Say that a file is of a later format."""
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "format_version": 99}))


def edited(path):
    """Change a number in a file."""
    path.write_text(path.read_text().replace('"rows": 60', '"rows": 61'))


def emptied(path):
    """Leave nothing in a file."""
    path.write_text("")


def removed(path):
    """Take a file away."""
    path.unlink()


BROKEN = {
    truncated: "truncated or damaged; copy it again",
    newer: "upgrade otelml where the model is served",
    edited: "it was edited or damaged",
    emptied: "truncated or damaged",
    removed: "save one with Baseline.save, or fix the path",
}


def watched_without_a_baseline(watched, name):
    """Say whether the model is watched, and no point tells of a baseline."""
    told = [p for p in watched.points() if p.attributes.get("ml.model.name") == name]
    scores = [p for p in told if p.name == "ml.prediction.score" and p.count]
    return bool(scores) and not any("ml.baseline.id" in p.attributes for p in told)


@pytest.fixture(params=["identify", "folder"])
def offer(request, watch, name, tmp_path, saved):
    """Offer the baseline to a model: given with `identify`, or found in a folder by the model's name."""

    def offered(model, change=None, **given):
        path = tmp_path / f"{name}.baseline.json"
        shutil.copy(saved, path)
        if change is not None:
            change(path)
        found = request.param == "folder"
        watched = watch(baselines=tmp_path if found else None)
        otelml.identify(model, name=name, baseline=None if found else path, **given)
        return watched

    offered.found = request.param == "folder"
    return offered


@pytest.mark.parametrize("breaking", BROKEN, ids=lambda breaking: breaking.__name__)
def test_a_broken_baseline_is_told(offer, name, caplog, logistic, breaking):
    """Given or found, a broken baseline is named with its fix and booked; the answer is as before."""
    expected = logistic.predict_proba(ROWS)
    watched = offer(logistic, breaking)
    assert np.array_equal(logistic.predict_proba(ROWS), expected)
    assert watched_without_a_baseline(watched, name)
    if not (offer.found and breaking is removed):  # in a folder without it there is nothing wrong
        assert BROKEN[breaking] in caplog.text
        assert watched.new_errors() == {"baseline": 1}


def test_another_models_baseline_is_refused(offer, name, caplog):
    """A baseline whose fingerprint is not the model's is refused, however it came."""
    other = LogisticRegression(C=9.0).fit(ROWS, ROWS[:, 0] > 0)
    watched = offer(other)
    other.predict_proba(ROWS)
    assert watched_without_a_baseline(watched, name)
    assert "is of another model" in caplog.text
    assert "fit it again" in caplog.text
    assert watched.new_errors() == {"baseline": 1}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"threshold": 0.7}, "serves at threshold 0.7, its baseline was measured at 0.4"),
        ({"positive_class": False}, "fit it for the class that is served"),
    ],
)
def test_a_baseline_of_another_decision_is_refused(offer, name, caplog, logistic, given, told):
    """A threshold or positive class other than the baseline's switches its comparisons off, loudly."""
    watched = offer(logistic, **given)
    logistic.predict_proba(ROWS)
    assert watched_without_a_baseline(watched, name)
    assert told in caplog.text
    assert watched.new_errors() == {"baseline": 1}


def test_a_good_baseline_is_taken(offer, name, caplog, logistic):
    """The check can fail: the model's own baseline is in force, in silence."""
    watched = offer(logistic)
    logistic.predict_proba(ROWS)
    assert not watched_without_a_baseline(watched, name)
    assert watched.new_errors() == {}
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("given", "told", "booked"),
    [
        ({"baseline": 3}, "is a int: give a Baseline, or a path of one", "baseline"),
        ({"positive_class": "late"}, "the positive class late is none of the model's, which are 0 and 1", "identify"),
        ({"threshold": "high"}, "a threshold of str is not in force: give a number", "identify"),
        ({"threshold": float("nan")}, "a threshold of float is not in force", "identify"),
    ],
)
def test_what_cannot_be_is_told(watch, name, caplog, logistic, given, told, booked):
    """A mistake in `identify` neither raises nor takes the watch along: it is told, and booked."""
    watched = watch()
    assert otelml.identify(logistic, name=name, **given) is logistic
    logistic.predict_proba(ROWS)
    assert watched.count("ml.prediction.score", model=name) == 60
    assert told in caplog.text
    assert watched.new_errors() == {booked: 1}


def test_names_may_be_anything_with_a_text(watch, logistic):
    """Names and versions become texts."""
    watched = watch()
    otelml.identify(logistic, name=20261123, version=7)
    logistic.predict(ROWS)
    assert watched.count("ml.inference.rows", model="20261123") == 60


class Shy(ClassifierMixin, BaseEstimator):
    """An estimator that answers, and raises when it is asked about itself."""

    @property
    def classes_(self):
        """Refuse."""
        raise RuntimeError("not you")

    def predict(self, rows):
        """Answer."""
        return np.zeros(len(rows))


def test_a_model_that_cannot_be_described_is_watched(watch, name):
    """Its calls have spans and service metrics; what failed is booked once."""
    watched = watch()
    model = otelml.identify(Shy(), name=name)
    assert model.predict(ROWS).tolist() == [0.0] * 60
    model.predict(ROWS)
    assert watched.count("ml.inference.rows", model=name) == 120
    assert watched.new_errors() == {"describe": 1}
