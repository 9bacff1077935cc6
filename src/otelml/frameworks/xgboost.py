"""XGBoost: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

import json
from typing import Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Family, Method, Operation, Silent
from otelml.prediction import Description, Form, Task

FORMS = {
    "binary:logistic": Form.PROBABILITIES,
    "multi:softprob": Form.PROBABILITIES,
    "binary:logitraw": Form.MARGINS,
    "binary:hinge": Form.LABELS,
    "multi:softmax": Form.LABELS,
}


def describe(model: Any) -> Description:
    """Task and classes from the booster's objective; labels are positions, as XGBoost has them."""
    try:
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        learner = json.loads(booster.save_config())["learner"]
    except ValueError:  # nothing was trained or loaded: XGBoostError and NotFittedError are ValueErrors both
        return Description()
    objective, shape = learner["objective"]["name"], learner["learner_model_param"]
    columns = None if booster.feature_names is None else tuple(booster.feature_names)
    count = int(shape["num_class"]) or 2 * objective.startswith("binary:") or getattr(model, "n_classes_", 0)
    if count == 0:
        task = Task.RANKING if objective.startswith("rank:") else Task.REGRESSION
        return Description(task, columns=columns, note=objective)
    if int(shape.get("num_target", 1)) > 1:
        return Description(Task.MULTILABEL, columns=columns, note=objective)
    return Description(
        Task.BINARY if count == 2 else Task.MULTICLASS, tuple(range(count)), columns, objective
    )


def booster_form(description: Description, _args: Any, kwargs: dict[str, Any]) -> Form:
    """Leaves and contributions are no answers; a margin is asked for, or is what the objective has."""
    if any(kwargs.get(flag) for flag in ("pred_leaf", "pred_contribs", "pred_interactions")):
        return Form.OPAQUE
    if kwargs.get("output_margin") or kwargs.get("predict_type") == "margin":
        return Form.MARGINS
    return FORMS.get(description.note, Form.VALUES)


def label_form(description: Description, _args: Any, kwargs: dict[str, Any]) -> Form:
    """Labels of a classifier, or its margins; numbers of all others."""
    if kwargs.get("output_margin"):
        return Form.MARGINS
    return Form.LABELS if description.classes else Form.VALUES


ADAPTER = Adapter(
    system="xgboost",
    package="xgboost",
    supports=("xgboost>=2,<4", "xgboost-cpu>=2,<4"),
    sites=(
        Method(
            "xgboost.core",
            "Booster",
            operations=(Operation("predict", booster_form), Operation("inplace_predict", booster_form)),
            silent=("update", "boost", "eval_set"),
        ),
        Family(
            "xgboost.sklearn",
            "XGBModel",
            operations=(Operation("predict", label_form), Operation("predict_proba", Form.PROBABILITIES)),
            silent=("fit", "score"),
        ),
        *(Silent(module, ("train", "cv")) for module in ("xgboost.training", "xgboost", "xgboost.sklearn")),
    ),
    describe=describe,
)
