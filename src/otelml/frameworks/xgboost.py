"""XGBoost: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

import json
from typing import Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Family, Method, Operation, Silent
from otelml.prediction import Description, Form, Task, task_of

FORMS = {"binary:logistic": Form.PROBABILITIES, "multi:softprob": Form.PROBABILITIES, "binary:logitraw": Form.MARGINS}
FLAGS = ("pred_leaf", "pred_contribs", "pred_interactions")  # explanations, not answers


def describe(model: Any) -> Description:
    """Task and classes from the booster's objective; labels are positions, as XGBoost has them."""
    try:
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        learner = json.loads(booster.save_config())["learner"]
    except ValueError:  # nothing was trained or loaded: XGBoostError and NotFittedError are ValueErrors both
        return Description()
    objective, shape = learner["objective"]["name"], learner["learner_model_param"]
    columns = tuple(booster.feature_names or (f"f{i}" for i in range(int(shape["num_feature"]))))
    count = int(shape["num_class"]) or 2 * objective.startswith("binary:") or getattr(model, "n_classes_", 0)
    if count and int(shape.get("num_target", 1)) == 1:
        return Description(task_of(range(count)), tuple(range(count)), columns, objective)
    number = Task.RANKING if objective.startswith("rank:") else Task.REGRESSION
    return Description(Task.MULTILABEL if count else number, (), columns, objective)


def form(description: Description, _args: Any, kwargs: dict[str, Any]) -> Form:
    """What a booster answers in: leaves, a margin, or as its objective has it."""
    if any(kwargs.get(flag) for flag in FLAGS):
        return Form.OPAQUE
    if kwargs.get("output_margin") or kwargs.get("predict_type") == "margin":
        return Form.MARGINS
    return FORMS.get(description.note, Form.LABELS if description.classes else Form.VALUES)  # hinge, softmax


def label_form(description: Description, _args: Any, kwargs: dict[str, Any]) -> Form:
    """What a scikit-learn class answers `predict` in."""
    return Form.MARGINS if kwargs.get("output_margin") else Form.LABELS if description.classes else Form.VALUES


BOOSTER = (Operation("predict", form), Operation("inplace_predict", form))
ESTIMATOR = (Operation("predict", label_form), Operation("predict_proba", Form.PROBABILITIES))
ADAPTER = Adapter(
    system="xgboost",
    package="xgboost",
    supports=("xgboost>=2,<4", "xgboost-cpu>=2,<4"),
    sites=(
        Method("xgboost.core", "Booster", BOOSTER, silent=("update", "boost", "eval_set")),
        Family("xgboost.sklearn", "XGBModel", ESTIMATOR, silent=("fit", "score")),
        *(Silent(module, ("train", "cv")) for module in ("xgboost.training", "xgboost")),
        Silent("xgboost.sklearn", ("train",)),
    ),
    describe=describe,
)
