"""XGBoost: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from otelml.frameworks.adapter import Adapter, Objective
from otelml.patching.sites import ByName, Family, Method, Operation, Silent, argument
from otelml.prediction import Cut, Description, Form, Task, task_of
from otelml.tables import as_sentinel, sentinel_of, table_of, without

FORMS = {"binary:logistic": Form.PROBABILITIES, "multi:softprob": Form.PROBABILITIES, "binary:logitraw": Form.MARGINS}
RENEWED = ("load_model", "load_config", "set_param", "__setstate__")  # it may be another model afterwards
FLAGS = ("pred_leaf", "pred_contribs", "pred_interactions")  # explanations, not answers


def describe(model: Any) -> Description:
    """Task and classes from the booster's objective, and what stands for a missing value."""
    return replace(_trained(model), missing=sentinel_of(model))


def _trained(model: Any) -> Description:
    """What the booster says; labels are positions, as XGBoost has them."""
    try:
        booster = model.get_booster() if hasattr(model, "get_booster") else model
        learner = json.loads(booster.save_config())["learner"]
    except ValueError:  # nothing was trained or loaded: XGBoostError and NotFittedError are ValueErrors both
        return Description()
    objective, shape = learner["objective"]["name"], learner["learner_model_param"]
    note = Objective.of(objective, model)
    columns = tuple(booster.feature_names or (f"f{i}" for i in range(int(shape["num_feature"]))))
    count = int(shape["num_class"]) or 2 * objective.startswith("binary:") or getattr(model, "n_classes_", 0)
    if count and int(shape.get("num_target", 1)) == 1:
        return Description(task_of(range(count)), tuple(range(count)), columns, note, Cut(largest=True))
    number = Task.RANKING if objective.startswith("rank:") else Task.REGRESSION
    return Description(Task.MULTILABEL if count else number, (), columns, note)


def form(description: Description, given: dict[str, Any]) -> Form:
    """What a booster answers in: leaves, a margin, or as its objective has it."""
    if given and any(given.get(flag) for flag in FLAGS):
        return Form.OPAQUE
    if given and (given.get("output_margin") or given.get("predict_type") == "margin"):
        return Form.MARGINS
    otherwise = Form.LABELS if description.classes else Form.VALUES  # hinge, softmax
    return otherwise if description.note is None else FORMS.get(description.note.name, otherwise)


def label_form(description: Description, given: dict[str, Any]) -> Form:
    """What a scikit-learn class answers `predict` in."""
    if description.note is not None and not description.note.labels:
        return form(description, given)
    return Form.MARGINS if given.get("output_margin") else Form.LABELS if description.classes else Form.VALUES


def rows(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The rows, where the call itself says which number stands for what is missing."""
    data, sentinel = argument(args, kwargs, 0, "data"), as_sentinel(kwargs.get("missing"))
    return data if sentinel is None else without(table_of(data), sentinel)


BOOSTER = (Operation("predict", ByName(form)), Operation("inplace_predict", ByName(form), inputs=rows))
ESTIMATOR = (Operation("predict", ByName(label_form)), Operation("predict_proba", Form.PROBABILITIES))
ADAPTER = Adapter(
    system="xgboost",
    package="xgboost",
    supports=("xgboost>=2,<4", "xgboost-cpu>=2,<4"),
    sites=(
        Method("xgboost.core", "Booster", BOOSTER, silent=("update", "boost", "eval_set", *RENEWED)),
        Family("xgboost.sklearn", "XGBModel", ESTIMATOR, silent=("fit", "score", "load_model", "set_params")),
        *(Silent(module, ("train", "cv")) for module in ("xgboost.training", "xgboost")),
        Silent("xgboost.sklearn", ("train",)),
    ),
    describe=describe,
)
