"""A job of one call: predict so many rows, and end."""

from __future__ import annotations

import sys

import joblib
import numpy as np

import otelml

model = otelml.identify(joblib.load(sys.argv[1]), name="job")
model.predict(np.zeros((int(sys.argv[2]), model.n_features_in_)))
