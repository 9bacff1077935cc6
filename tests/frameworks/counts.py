"""What arrived, in the shapes that tests compare."""

from __future__ import annotations

import numpy as np

from otelml.testing import bucket_totals, select, total


def classes(points, **attributes):
    """Count predictions by class."""
    found = select(points, "ml.predictions", attributes)
    return {point.attributes["ml.class"]: point.value for point in found if point.value}


def counted(labels):
    """Count labels, as text."""
    return {str(label): int(count) for label, count in zip(*np.unique(labels, return_counts=True), strict=True)}


def names(kept):
    """List the spans so far."""
    return [span.name for span in kept.spans()]


def assert_scores(points, scores):
    """Compare the histogram of scores with `(n_rows,)` or `(n_rows, n_classes)` scores."""
    assert_binned(points, "ml.prediction.score", np.asarray(scores, dtype=np.float64).ravel())


def assert_values(points, values):
    """Compare the histogram of values with `(n_rows,)` values."""
    assert_binned(points, "ml.prediction.value", np.asarray(values, dtype=np.float64).ravel())


def assert_binned(points, name, values):
    """Compare a histogram with what numpy counts."""
    assert total(points, name).last == len(values)
    if len(values):
        bounds = select(points, name)[0].bounds
        expected = np.bincount(np.searchsorted(bounds, values), minlength=len(bounds) + 1)
        assert [bucket.last for bucket in bucket_totals(points, name)] == expected.tolist()
