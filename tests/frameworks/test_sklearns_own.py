"""A handful of what `sklearns_own.py` runs in full: scikit-learn's own checks end as without us."""

from __future__ import annotations

from frameworks.sklearns_own import checks


def test_checks_of_an_estimator_end_as_without():
    """Each check of scikit-learn ends the same way, whether the estimator is monitored or not."""
    names = ("LogisticRegression", "KMeans")
    without = checks("off", names)
    assert len(without) > 80
    assert checks("on", names) == without
