"""Will this parcel be late? A prediction service whose accuracy is known once the parcels have arrived.

All that is otelml here is `identify`, `predictions` and `record_outcomes`; README.md says how to run it.
"""

import joblib
import numpy as np
from fastapi import FastAPI
from pydantic import BaseModel

import otelml

THRESHOLD = 0.35

model = otelml.identify(
    joblib.load("parcels.joblib"),
    name="parcels",
    version="1",
    baseline="parcels.baseline.json",
    positive_class=1,
    threshold=THRESHOLD,
)
app = FastAPI(title="parcels")


class Parcel(BaseModel):
    """What is known when a parcel is collected."""

    distance_km: float
    weight_kg: float
    hour: int


class Forecast(BaseModel):
    """What the service answers; `id` is what feedback has to name."""

    id: str
    score: float
    late: bool


class Feedback(BaseModel):
    """What became of a parcel."""

    id: str
    actual: bool


@app.post("/predict")
def predict(parcel: Parcel) -> Forecast:
    """Say how probable it is that the parcel will be late."""
    with otelml.predictions(n_rows=1) as batch:
        scores = model.predict_proba(np.array([[parcel.distance_km, parcel.weight_kg, parcel.hour]]))
    score = float(scores[0, 1])
    return Forecast(id=batch.ids[0], score=score, late=score >= THRESHOLD)


@app.post("/feedback", status_code=204)
def feedback(outcome: Feedback) -> None:
    """Take note of what became of the parcel, at whichever worker this request ends up."""
    otelml.record_outcomes([outcome.id], [outcome.actual])
