"""LightGBM: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

from typing import Any

from otelml.frameworks.adapter import Adapter, Objective
from otelml.patching.sites import ByName, Family, Method, Operation, Silent
from otelml.prediction import Cut, Description, Form, Task, task_of

PROBABILITIES = ("binary", "multiclass", "multiclassova")
RENEWED = ("model_from_string", "__setstate__")  # it may be another model afterwards
RANKS = ("lambdarank", "rank_xendcg")


def describe(model: Any) -> Description:
    """Task and classes, from the objective that the booster was trained for."""
    booster = getattr(model, "booster_", model)
    if not hasattr(booster, "dump_model"):  # a scikit-learn class that was not fitted
        return Description()
    head = booster.dump_model(num_iteration=1)
    objective = (head.get("objective") or "").partition(" ")[0]  # none where the user wrote it
    count = 2 if objective == "binary" else head["num_class"] * (head["num_class"] > 1)
    classes = tuple(getattr(model, "classes_", range(count)))
    task = task_of(classes) if classes else Task.RANKING if objective in RANKS else Task.REGRESSION
    note = Objective.of(objective, model)
    return Description(task, classes, tuple(head["feature_names"]), note, Cut(largest=True) if classes else None)


def form(plain: Form | None = None) -> ByName:
    """What is answered in: by the flags, by `plain` of classes, by the objective."""

    def read(description: Description, given: dict[str, Any]) -> Form:
        if given.get("pred_leaf") or given.get("pred_contrib"):
            return Form.OPAQUE
        objective = description.note
        if given.get("raw_score") or objective is None or not objective.name:
            return Form.MARGINS
        if description.classes and plain is not None and objective.labels:
            return plain
        return Form.PROBABILITIES if objective.name in PROBABILITIES else Form.VALUES

    return ByName(read)


ESTIMATOR = (
    Operation("predict", form(Form.LABELS)),
    Operation("predict_proba", form()),
    Operation("decision_function", form(Form.MARGINS)),
)
ADAPTER = Adapter(
    system="lightgbm",
    package="lightgbm",
    supports=("lightgbm>=4,<5",),
    sites=(
        Method(
            "lightgbm.basic", "Booster", (Operation("predict", form()),), silent=("update", "refit", "eval", *RENEWED)
        ),
        Family("lightgbm.sklearn", "LGBMModel", ESTIMATOR, silent=("fit", "score", "set_params")),
        *(Silent(module, ("train", "cv")) for module in ("lightgbm.engine", "lightgbm")),
        Silent("lightgbm.sklearn", ("train",)),
    ),
    describe=describe,
)
