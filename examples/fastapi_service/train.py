"""Train the model that `service.py` serves, and save it with its baseline in the current directory.

The parcels are synthetic: drawn from the rule in `parcels`, with noise.
"""

from __future__ import annotations

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import otelml

# A parcel that is late without a warning costs about twice what a needless warning does.
THRESHOLD = 0.35


def parcels(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw distance in km, weight in kg and hour of collection, shape ``(rows, 3)``, and which were late."""
    random = np.random.default_rng(seed)
    distance = random.gamma(2.0, 150.0, rows)
    weight = random.gamma(1.5, 3.0, rows)
    hour = random.integers(6, 22, rows)
    risk = -3.2 + 0.004 * distance + 0.05 * weight + 0.08 * (hour - 12)
    late = random.random(rows) < 1 / (1 + np.exp(-risk))
    return np.column_stack([distance, weight, hour]), late.astype(int)


def main() -> None:
    """Train on some parcels, and describe the model's behaviour on others that it has not seen."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(*parcels(8_000, seed=1))
    joblib.dump(model, "parcels.joblib")
    baseline = otelml.Baseline.fit(model, *parcels(5_000, seed=2), threshold=THRESHOLD)
    baseline.save("parcels.baseline.json")


if __name__ == "__main__":
    main()
