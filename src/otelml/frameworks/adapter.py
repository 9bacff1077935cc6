"""What an adapter is: data, and a few tiny readers.

To add a framework: one file in this folder with an `ADAPTER`, one row in `frameworks/__init__.py`, one entry point in
`pyproject.toml`, one case in `tests/frameworks/cases.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from otelml.patching.sites import Site
    from otelml.prediction import Description

MOST_WITHIN = 16


def asked(model: Any) -> Any:
    """The object whose methods are called where `model` delegates its calls, as scikit-learn's frozen ones do.

    >>> class Other:
    ...     def predict(self, X): ...
    >>> class Handing:
    ...     other = Other()
    ...     def __getattr__(self, name): return getattr(self.other, name)
    >>> type(asked(Handing())).__name__
    'Other'
    """
    if getattr(cast("type[Any]", type(model)), "__getattr__", None) is None:
        return model
    for name in ("predict", "predict_proba", "run"):
        owner = getattr(getattr(model, name, None), "__self__", None)
        if owner is not None and owner is not model and not isinstance(owner, type):
            return asked(owner)
    return model


def deciders(model: Any) -> Iterator[Any]:
    """The models within `model` that answer for it: the best of a search, the last of a pipeline, a frozen one."""
    for _ in range(MOST_WITHIN):
        frozen = type(model).__name__ == "FrozenEstimator"
        for attribute in ("estimator",) if frozen else ("best_estimator_", "_final_estimator"):
            inner = getattr(model, attribute, None)
            if hasattr(inner, "get_params"):
                break
        else:
            return
        model = inner
        yield model


def parts(model: Any) -> Iterator[Any]:
    """The models that `model` is described by: those that decide, and the booster of the last."""
    chain = [model, *deciders(model)]
    yield from chain[1:]
    for attribute in ("estimator_", "_Booster"):  # of a calibrated or tuned model, or of a scikit-learn class
        inner = getattr(chain[-1], attribute, None)
        if inner is not None:
            yield inner
            yield from parts(inner) if attribute == "estimator_" else ()


class Objective(NamedTuple):
    """What a booster was trained for; empty where by a function of the host's.

    Attributes
    ----------
    labels : `predict` of the scikit-learn class around it gives labels: a regressor may have a binary objective.
    """

    name: str
    labels: bool

    @classmethod
    def of(cls, name: str, model: Any) -> Objective:
        """The objective of that name, of a booster or of the class around it."""
        return cls(name, callable(getattr(model, "predict_proba", None)))


@dataclass(frozen=True)
class Adapter:
    """How one framework is met.

    Attributes
    ----------
    system : the value of `ml.system.name`.
    package : the framework's import name.
    supports : requirements, one of which has to hold: versions that are tested, of each distribution that brings it.
    sites : where its models are asked, trained and spread over workers.
    describe : model → `Description`; called once per model, on the first call or when it is identified.
    model_name : model → the name of a model that was given none.
    """

    system: str
    package: str
    supports: tuple[str, ...]
    sites: tuple[Site, ...]
    describe: Callable[[Any], Description]
    model_name: Callable[[Any], str] = lambda model: type(model).__name__
