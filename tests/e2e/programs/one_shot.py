"""A job of one call: predict so many rows, and end: `one_shot.py MODEL ROWS`."""

from __future__ import annotations

import sys

import joblib
import numpy as np

import otelml


def main(path, rows):
    """Predict, once."""
    model = otelml.identify(joblib.load(path), name="job")
    model.predict(np.zeros((rows, model.n_features_in_)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
