"""LightGBM: boosters, and the scikit-learn classes on top of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Family, Method, Operation, Silent, argument
from otelml.prediction import Description, Form, Task

if TYPE_CHECKING:
    from otelml.patching.sites import FormReader

PROBABILITIES = ("binary", "multiclass", "multiclassova")


def describe(model: Any) -> Description:
    """Task and classes, from the objective that the booster was trained for."""
    booster = getattr(model, "booster_", model)
    if not hasattr(booster, "dump_model"):  # a scikit-learn class that was not fitted
        return Description()
    head = booster.dump_model(num_iteration=1)
    objective = (head.get("objective") or "").partition(" ")[0]  # none where the user wrote it
    columns = tuple(head["feature_names"])
    count = 2 if objective == "binary" else head["num_class"] * (head["num_class"] > 1)
    classes = tuple(getattr(model, "classes_", range(count)))
    if classes:
        return Description(Task.BINARY if len(classes) == 2 else Task.MULTICLASS, classes, columns, objective)
    ranks = objective in ("lambdarank", "rank_xendcg")
    return Description(Task.RANKING if ranks else Task.REGRESSION, (), columns, objective)


def form(raw_score: int, plain: Form | None = None) -> FormReader:
    """What is answered: by the flags (`raw_score` is the argument at that position), else as `plain` says of classes."""

    def read(description: Description, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
        if argument(args, kwargs, 4, "pred_leaf") or argument(args, kwargs, 5, "pred_contrib"):
            return Form.OPAQUE
        if argument(args, kwargs, raw_score, "raw_score") or not description.note:
            return Form.MARGINS
        if description.classes and plain is not None:
            return plain
        return Form.PROBABILITIES if description.note in PROBABILITIES else Form.VALUES

    return read


LABELS, SCORES = form(1, Form.LABELS), form(1, Form.PROBABILITIES)
ADAPTER = Adapter(
    system="lightgbm",
    package="lightgbm",
    supports=("lightgbm>=4,<5",),
    sites=(
        Method("lightgbm.basic", "Booster", (Operation("predict", form(3)),), silent=("update", "refit", "eval")),
        Family(
            "lightgbm.sklearn",
            "LGBMModel",
            operations=(
                Operation("predict", LABELS),
                Operation("predict_proba", SCORES),
                Operation("decision_function", Form.MARGINS),
            ),
            silent=("fit", "score"),
        ),
        *(Silent(module, ("train", "cv")) for module in ("lightgbm.engine", "lightgbm", "lightgbm.sklearn")),
    ),
    describe=describe,
)
