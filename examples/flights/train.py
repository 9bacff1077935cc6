"""Train on January and February, set the threshold and save the baseline on March.

    python train.py FOLDER

leaves `flights.joblib` and `flights.baseline.json` in FOLDER.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

import joblib
from flights import CATEGORIES, FEATURES, load
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

import otelml


def new_model() -> Pipeline:
    """Make a small gradient boosting; airlines and airports that training never saw count as missing."""
    columns = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CATEGORIES),
        remainder="passthrough",
    )
    trees = HistGradientBoostingClassifier(
        categorical_features=list(range(len(CATEGORIES))),
        max_iter=80,
        learning_rate=0.06,
        max_leaf_nodes=15,
        min_samples_leaf=100,
        l2_regularization=10,
        random_state=0,
    )
    return make_pipeline(columns, trees)


def main(folder: Path) -> None:
    """Train, and write both files."""
    print("reading the flights of 2013", flush=True)
    flights = load()
    known = flights[flights["late"].notna()]
    winter, march = known[known["month"].isin([1, 2])], known[known["month"].isin([3])]

    print(f"training on {len(winter):,} flights of January and February", flush=True)
    model = new_model().fit(winter[FEATURES], winter["late"].astype(int))

    print(f"setting the threshold and saving the baseline on {len(march):,} flights of March", flush=True)
    baseline = otelml.Baseline.fit(
        model, march[FEATURES], march["late"].astype(int), threshold="f1", time=march["hour_start"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / "flights.joblib")
    baseline.save(folder / "flights.baseline.json")


if __name__ == "__main__":
    parser = ArgumentParser(description="Train the model of the flights, and save it with its baseline.")
    parser.add_argument("folder", type=Path, help="where flights.joblib and flights.baseline.json are left")
    main(parser.parse_args().folder)
