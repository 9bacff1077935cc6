"""A program that predicts and ends; prints when it began to end."""

from __future__ import annotations

import time

import numpy as np
from sklearn.linear_model import LogisticRegression

model = LogisticRegression().fit(np.eye(4), [0, 1, 0, 1])
for _ in range(50):
    model.predict(np.eye(4))
print(time.time(), flush=True)  # noqa: T201 -- for the test that started it
