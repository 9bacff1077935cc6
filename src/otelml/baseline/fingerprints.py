"""What tells one model from another without running it: its class, its columns and its parameters."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# These change how a model computes, never what: a service may set them otherwise than the training did.
WITHOUT_EFFECT = frozenset({"n_jobs", "nthread", "thread_count", "verbose", "verbosity", "memory"})
DEEPEST = 8
LONGEST = 50


@dataclass(frozen=True)
class Fingerprint:
    """Class, columns and parameters of a model; two are equal when their `hex` is.

    Attributes
    ----------
    class_name : module and qualified name of the class.
    columns : names of the input columns; `x0`, `x1`, … where the model knows only how many; None if not even
    that. parameters : what `get_params` returned, described without addresses and without what only changes
    speed. hex : 16 hex digits of the SHA-256 of the three.
    """

    class_name: str = field(compare=False)
    columns: tuple[str, ...] | None = field(compare=False)
    parameters: dict[str, Any] = field(compare=False)
    hex: str

    @classmethod
    def of(cls, class_name: str, columns: tuple[str, ...] | None, parameters: dict[str, Any]) -> Fingerprint:
        """Make one of its three parts."""
        return cls(class_name, columns, parameters, _digest([class_name, columns, parameters]))


def fingerprint(model: object) -> Fingerprint:
    """Fingerprint of a live model, fitted or loaded; predicts nothing, and takes a millisecond at most.

    A model that is no scikit-learn-like estimator is known by its class alone.
    """
    return Fingerprint.of(_qualified(type(model)), _columns(model), _parameters(model, 0))


def _qualified(kind: Any) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _columns(model: object) -> tuple[str, ...] | None:
    names = getattr(model, "feature_names_in_", None)
    if names is not None:
        return tuple(str(name) for name in names)
    count = getattr(model, "n_features_in_", None)
    return None if count is None else tuple(f"x{position}" for position in range(int(count)))


def _parameters(model: object, depth: int) -> dict[str, Any]:
    get_params = getattr(model, "get_params", None)
    if not callable(get_params):
        return {}
    parameters = cast("dict[str, Any]", get_params(deep=False))
    return {
        name: _describe(value, depth + 1) for name, value in sorted(parameters.items()) if name not in WITHOUT_EFFECT
    }


def _describe(value: Any, depth: int) -> Any:
    """Describe a parameter in JSON's own types, the same in every process."""
    if isinstance(value, np.generic):
        return _describe(cast("Any", value).item(), depth)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return _qualified(value)
    if depth > DEEPEST:
        return _qualified(type(value))
    return _describe_compound(value, depth + 1)


def _describe_compound(value: Any, depth: int) -> Any:
    if isinstance(value, list | tuple | set | frozenset):
        items = [_describe(item, depth) for item in cast("list[Any]", value)]
        return _shortened(sorted(items, key=_json) if isinstance(value, set | frozenset) else items)
    if isinstance(value, dict):
        pairs = cast("dict[Any, Any]", value).items()
        return {str(key): _describe(item, depth) for key, item in sorted(pairs, key=lambda pair: str(pair[0]))}
    if isinstance(value, np.ndarray):
        array = cast("NDArray[Any]", value)
        return {"shape": list(array.shape), "digest": _digest(_describe_items(array, depth))}
    if isinstance(value, partial):
        whole = cast("partial[Any]", value)
        return {"partial": _describe([whole.func, whole.args, whole.keywords], depth)}
    if hasattr(value, "get_params"):
        return {"class": _qualified(type(value)), **_parameters(value, depth)}
    return _qualified(type(value))


def _describe_items(array: NDArray[Any], depth: int) -> list[Any]:
    return [_describe(item, depth) for item in array.ravel().tolist()]


def _shortened(items: list[Any]) -> Any:
    return items if len(items) <= LONGEST else {"length": len(items), "digest": _digest(items)}


def _digest(description: Any) -> str:
    return hashlib.sha256(_json(description).encode()).hexdigest()[:16]


def _json(description: Any) -> str:
    return json.dumps(description, sort_keys=True, separators=(",", ":"))
