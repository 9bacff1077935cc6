"""scikit-learn: every estimator, also those defined later or elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Carry, Family, Method, Operation, Silent
from otelml.prediction import Description, Form, Task

VALIDATION = "sklearn.model_selection._validation"


def describe(model: Any) -> Description:
    """Task and classes of an estimator, from its own tags."""
    base: Any = sys.modules["sklearn.base"]
    columns = getattr(model, "feature_names_in_", None)
    columns = None if columns is None else tuple(str(name) for name in columns)
    classes: Any = getattr(model, "classes_", None)
    if classes is not None and not isinstance(classes, list):  # a list: one array of classes an output
        task = Task.BINARY if len(classes) == 2 else Task.MULTICLASS
        return Description(task, tuple(classes), columns)
    for task, holds in (
        (Task.MULTILABEL, base.is_classifier),
        (Task.REGRESSION, base.is_regressor),
        (Task.ANOMALY, base.is_outlier_detector),
        (Task.CLUSTERING, getattr(base, "is_clusterer", lambda _: False)),
    ):
        if holds(model):
            return Description(task, columns=columns)
    return Description(columns=columns)


def model_name(model: Any) -> str:
    """The class of the estimator that decides: a pipeline's or a search's own says nothing."""
    for attribute in ("best_estimator_", "_final_estimator"):
        inner = getattr(model, attribute, None)
        if inner is not None and hasattr(inner, "get_params"):
            return model_name(inner)
    return type(model).__name__


def label_form(description: Description, _args: Any, _kwargs: Any) -> Form:
    """Classifiers and clusterers answer `predict` in labels, the others in numbers."""
    return Form.LABELS if description.classes else Form.VALUES


ADAPTER = Adapter(
    system="scikit_learn",
    package="sklearn",
    supports=("scikit-learn>=1.3,<2",),
    sites=(
        Family(
            "sklearn.base",
            "BaseEstimator",
            operations=(
                Operation("predict", label_form),
                Operation("predict_proba", Form.PROBABILITIES),
                Operation("predict_log_proba", Form.LOG_PROBABILITIES),
                Operation("decision_function", Form.MARGINS),
                Operation("score_samples", Form.VALUES),
                Operation("transform", Form.OPAQUE, opt_in="transform"),
            ),
            silent=("fit", "fit_predict", "fit_transform", "partial_fit", "score"),
        ),
        Method("sklearn.metrics._scorer", "_BaseScorer", silent=("__call__",)),
        Silent(VALIDATION, ("cross_validate", "cross_val_predict", "learning_curve", "validation_curve")),
        Silent(VALIDATION, ("permutation_test_score", "_fit_and_score", "_fit_and_predict")),
        Silent("sklearn.model_selection._search", ("_fit_and_score",)),
        Carry("joblib.parallel", "Parallel", "__call__"),
    ),
    describe=describe,
    model_name=model_name,
)
