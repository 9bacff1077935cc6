"""scikit-learn: every estimator, also those defined later or elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from otelml.frameworks.adapter import Adapter, deciders
from otelml.patching.sites import Carry, Family, Method, Operation, Silent
from otelml.prediction import HALF, UNKNOWN, Cut, Description, Form, Task, task_of

if TYPE_CHECKING:
    from otelml.patching.sites import FormReader

VALIDATION = "sklearn.model_selection._validation"
NUMBERS = (Task.REGRESSION, Task.OTHER)
AT_ZERO = ("GradientBoostingClassifier", "BaseSVC")
LARGEST = (  # whose `predict` chooses the class of the largest margin
    "LinearClassifierMixin", "_RidgeClassifierMixin", "DiscriminantAnalysisPredictionMixin",
    "QuadraticDiscriminantAnalysis", "GradientBoostingClassifier", "HistGradientBoostingClassifier",
    "AdaBoostClassifier", "OneVsRestClassifier", "OneVsOneClassifier", "XGBClassifier", "LGBMClassifier",
)  # fmt: skip
HANDING, WITHIN = ("StackingClassifier", "RFE", "SelfTrainingClassifier"), ("final_estimator_", "estimator_")
EXPLANATIONS, RAW = ("pred_leaf", "pred_contrib", "pred_contribs", "pred_interactions"), ("raw_score", "output_margin")
RENEWED = ("set_params", "__setstate__")  # what a model is may be another thing afterwards


def describe(model: Any) -> Description:
    """Task and classes of an estimator, from its own tags; those of the estimator that decides, within a pipeline."""
    base: Any = sys.modules["sklearn.base"]
    named, inner = getattr(model, "feature_names_in_", None), decider(model)
    columns = None if named is None else tuple(str(name) for name in named)
    classes: Any = getattr(model, "classes_", None)
    if classes is not None and not several_labels(inner, classes):
        return Description(task_of(classes), tuple(classes), columns, cut=cut_of(inner, list(classes)))
    for task, holds in (
        (Task.MULTILABEL, base.is_classifier),
        (Task.REGRESSION, base.is_regressor),
    ):
        if holds(model):
            return Description(task, columns=columns)
    if base.is_outlier_detector(model):
        return Description(Task.ANOMALY, (-1, 1), columns, cut=Cut(inclusive=type(inner).__name__ != "OneClassSVM"))
    for centers in ("cluster_centers_", "means_"):  # a row a cluster, or a component of a mixture
        if hasattr(inner, centers):
            return Description(Task.CLUSTERING, tuple(range(len(getattr(inner, centers)))), columns)
    is_clusterer: Any = getattr(base, "is_clusterer", None)  # new in 1.6
    clusters = is_clusterer is not None and is_clusterer(model)
    return Description(Task.CLUSTERING if clusters else Task.OTHER, columns=columns)


def decider(model: Any) -> Any:
    """The estimator that decides: a pipeline's or a search's own class says nothing."""
    return [model, *deciders(model)][-1]


def cut_of(model: Any, classes: list[Any]) -> Cut | None:
    """Where a classifier itself cuts between two classes, if not where one is more probable than the other."""
    if len(classes) != 2:
        return Cut(largest=True) if by_largest(model) else None
    if not hasattr(model, "response_method") or not hasattr(model, "estimator"):
        # At a margin of zero these decide for the second class, and all others for the first.
        return Cut(inclusive=any(base.__name__ in AT_ZERO for base in type(model).__mro__))
    by_probability = model.response_method == "predict_proba" or (
        model.response_method == "auto" and hasattr(model, "predict_proba")
    )
    scorer = getattr(model, "_curve_scorer", None)
    label = getattr(model, "pos_label", None) if scorer is None else scorer._get_pos_label()  # noqa: SLF001
    threshold = getattr(model, "best_threshold_", getattr(model, "threshold", None))
    if threshold == "auto" or threshold is None:
        threshold = HALF if by_probability else 0.0
    threshold = float(threshold)
    positive = classes.index(label) if label in classes else 1
    return Cut(positive, threshold, UNKNOWN) if by_probability else Cut(positive, UNKNOWN, threshold, inclusive=True)


def by_largest(model: Any) -> bool:
    """Whether the largest of a margin a class decides: not in SVC, whose pairs of classes vote, or where unknown."""
    owner = next((base.__name__ for base in type(model).__mro__ if "predict" in vars(base)), "")
    if owner in HANDING:
        inner = next((one for name in WITHIN if (one := getattr(model, name, None)) is not None), None)
        return inner is not None and by_largest(decider(inner))
    return owner in LARGEST or (owner == "BaseSVC" and bool(model.break_ties))


def several_labels(model: Any, classes: Any) -> bool:
    """Whether a row gets several labels; a list holds one array of classes an output."""
    kind = getattr(getattr(model, "_label_binarizer", None), "y_type_", "")
    return isinstance(classes, list) or getattr(model, "multilabel_", False) or kind.startswith("multilabel")


def flagged(usual: FormReader) -> FormReader:
    """As `usual`, unless a pipeline passes on flags for which its last step explains itself, or answers in margins."""

    def read(description: Description, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
        if kwargs and any(kwargs.get(flag) for flag in EXPLANATIONS):
            return Form.OPAQUE
        return Form.MARGINS if kwargs and any(map(kwargs.get, RAW)) else usual(description, args, kwargs)

    return read


def label_form(description: Description, _args: Any, _kwargs: Any) -> Form:
    """Classifiers, detectors and clusterers answer `predict` in labels, the others in numbers."""
    return Form.VALUES if description.task in NUMBERS else Form.LABELS


def probabilities(_description: Description, _args: Any, _kwargs: Any) -> Form:
    """Whatever the model."""
    return Form.PROBABILITIES


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
                Operation("predict", flagged(label_form), answer=first),
                Operation("predict_proba", flagged(probabilities), answer=first),
                Operation("predict_log_proba", Form.LOG_PROBABILITIES, answer=first),
                Operation("decision_function", Form.MARGINS, answer=first),
                Operation("score_samples", Form.VALUES),
                Operation("transform", Form.OPAQUE, opt_in="transform"),
            ),
            silent=("fit", "fit_predict", "fit_transform", "partial_fit", "score", *RENEWED),
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
