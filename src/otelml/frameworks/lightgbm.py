"""LightGBM: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Family, Method, Operation, Silent, argument
from otelml.prediction import Description, Form, Task, task_of

if TYPE_CHECKING:
    from otelml.patching.sites import FormReader

PROBABILITIES = ("binary", "multiclass", "multiclassova")
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
    return Description(task, classes, tuple(head["feature_names"]), objective)


def form(raw_score: int, plain: Form | None = None) -> FormReader:
    """What is answered in: by the flags (`raw_score` at that position), by `plain` of classes, by the objective."""

    def read(description: Description, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
        if argument(args, kwargs, 4, "pred_leaf") or argument(args, kwargs, 5, "pred_contrib"):
            return Form.OPAQUE
        if argument(args, kwargs, raw_score, "raw_score") or not description.note:
            return Form.MARGINS
        if description.classes and plain is not None:
            return plain
        return Form.PROBABILITIES if description.note in PROBABILITIES else Form.VALUES

    return read


LABELS, SCORES = Operation("predict", form(1, Form.LABELS)), Operation("predict_proba", form(1))
ESTIMATOR = (LABELS, SCORES, Operation("decision_function", Form.MARGINS))
ADAPTER = Adapter(
    system="lightgbm",
    package="lightgbm",
    supports=("lightgbm>=4,<5",),
    sites=(
        Method("lightgbm.basic", "Booster", (Operation("predict", form(3)),), silent=("update", "refit", "eval")),
        Family("lightgbm.sklearn", "LGBMModel", ESTIMATOR, silent=("fit", "score")),
        *(Silent(module, ("train", "cv")) for module in ("lightgbm.engine", "lightgbm")),
        Silent("lightgbm.sklearn", ("train",)),
    ),
    describe=describe,
)
