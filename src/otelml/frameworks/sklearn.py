"""scikit-learn: every estimator, also those defined later or elsewhere."""

from __future__ import annotations

import sys
from typing import Any

from otelml.frameworks.adapter import Adapter
from otelml.patching.sites import Carry, Family, Method, Operation, Silent
from otelml.prediction import Description, Form, Task, task_of

VALIDATION = "sklearn.model_selection._validation"
NUMBERS = (Task.REGRESSION, Task.OTHER)


def describe(model: Any) -> Description:
    """Task and classes of an estimator, from its own tags; those of the estimator that decides, within a pipeline."""
    base: Any = sys.modules["sklearn.base"]
    named, inner = getattr(model, "feature_names_in_", None), decider(model)
    columns = None if named is None else tuple(str(name) for name in named)
    classes: Any = getattr(model, "classes_", None)
    if classes is not None and not several_labels(inner, classes):
        return Description(task_of(classes), tuple(classes), columns)
    for task, holds in (
        (Task.MULTILABEL, base.is_classifier),
        (Task.REGRESSION, base.is_regressor),
    ):
        if holds(model):
            return Description(task, columns=columns)
    if base.is_outlier_detector(model):
        return Description(Task.ANOMALY, (-1, 1), columns)
    for centers in ("cluster_centers_", "means_"):  # a row a cluster, or a component of a mixture
        if hasattr(inner, centers):
            return Description(Task.CLUSTERING, tuple(range(len(getattr(inner, centers)))), columns)
    is_clusterer: Any = getattr(base, "is_clusterer", None)  # new in 1.6
    clusters = is_clusterer is not None and is_clusterer(model)
    return Description(Task.CLUSTERING if clusters else Task.OTHER, columns=columns)


def decider(model: Any) -> Any:
    """The estimator that decides: a pipeline's or a search's own class says nothing."""
    for attribute in ("best_estimator_", "_final_estimator"):
        inner = getattr(model, attribute, None)
        if hasattr(inner, "get_params"):
            return decider(inner)
    return model


def several_labels(model: Any, classes: Any) -> bool:
    """Whether a row gets several labels; a list holds one array of classes an output."""
    kind = getattr(getattr(model, "_label_binarizer", None), "y_type_", "")
    return isinstance(classes, list) or getattr(model, "multilabel_", False) or kind.startswith("multilabel")


def label_form(description: Description, _args: Any, _kwargs: Any) -> Form:
    """Classifiers, detectors and clusterers answer `predict` in labels, the others in numbers."""
    return Form.VALUES if description.task in NUMBERS else Form.LABELS


def first(_description: Description, answer: Any, _args: Any, _kwargs: Any) -> Any:
    """Without the deviations that `return_std` adds; of several outputs the first, whose rows are everybody's."""
    one = answer[0] if type(answer) in (tuple, list) and len(answer) > 0 else None
    # An array of columns in a list, an array in a tuple; anything else is a row.
    return one if getattr(one, "ndim", 0) > (type(answer) is list) else answer


ADAPTER = Adapter(
    system="scikit_learn",
    package="sklearn",
    supports=("scikit-learn>=1.3,<2",),
    sites=(
        Family(
            "sklearn.base",
            "BaseEstimator",
            operations=(
                Operation("predict", label_form, answer=first, by_model=True),
                Operation("predict_proba", Form.PROBABILITIES, answer=first),
                Operation("predict_log_proba", Form.LOG_PROBABILITIES, answer=first),
                Operation("decision_function", Form.MARGINS, answer=first),
                Operation("score_samples", Form.VALUES),
                Operation("transform", Form.OPAQUE, opt_in="transform"),
            ),
            silent=("fit", "fit_predict", "fit_transform", "partial_fit", "score"),
        ),
        # What the public functions call for each fold, and not those: callers may hold them from before.
        Silent(VALIDATION, ("_fit_and_score", "_fit_and_predict", "_score", "_permutation_test_score")),
        Silent(VALIDATION, ("_incremental_fit_estimator",)),
        Silent("sklearn.inspection._permutation_importance", ("_weights_scorer",)),
        Silent("sklearn.inspection._partial_dependence", ("_partial_dependence_brute",)),
        *(
            Method("sklearn.metrics._scorer", scorer, silent=("__call__",))
            for scorer in ("_BaseScorer", "_MultimetricScorer")
        ),
        # joblib's own workers are of this machine and environment; those of Dask or Ray need not be.
        Carry(
            "joblib.parallel",
            "Parallel",
            "__call__",
            near=lambda pool: type(getattr(pool, "_backend", None)).__module__ == "joblib._parallel_backends",
        ),
    ),
    describe=describe,
    model_name=lambda model: type(decider(model)).__name__,
)
