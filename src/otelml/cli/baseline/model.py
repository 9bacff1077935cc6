"""The model: loaded from its file, and asked what it knows of its columns."""

from __future__ import annotations

import pickle
import re
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from otelml.cli.baseline.request import RequestError
from otelml.cli.baseline.writing import first_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# What LightGBM calls the columns of an array: no names that a file would have.
GENERATED = re.compile(r"Column_\d+")


def load(path: Path) -> Any:
    """Load a model, which runs whatever code is in it.

    Raises
    ------
    RequestError
        When the file cannot be read, or what it needs is not here.
    """
    try:
        return _loader()(path)
    except OSError as error:
        raise RequestError(f"{path} cannot be read ({error}): fix its permissions, or copy it again") from error
    except ModuleNotFoundError as error:
        raise RequestError(
            f"{path} needs {error.name}, which cannot be imported here: "
            "install it as in training, or add the folder of its module to PYTHONPATH"
        ) from error
    except Exception as error:  # reading a pickle runs its code, which may raise anything
        raise RequestError(
            f"{path} cannot be loaded ({type(error).__name__}: {first_line(error)}): "
            "give a joblib or pickle file, and install the versions that it was saved with"
        ) from error


def _loader() -> Callable[[Path], Any]:
    try:
        load: Callable[[Path], Any] = import_module("joblib").load
    except ImportError:
        return _unpickled
    return load


def _unpickled(path: Path) -> Any:
    with path.open("rb") as file:
        return pickle.load(file)  # noqa: S301 -- of the user's own; the help says what that means


def names_of(model: Any) -> tuple[str, ...] | None:
    """Names of the columns that a model was trained with; None where it knows none."""
    names: Any = getattr(model, "feature_names_in_", None)
    if names is None:
        own: Any = getattr(model, "feature_name", None)  # of LightGBM's own boosters
        names = own() if callable(own) else None
    texts = tuple(str(name) for name in cast("list[Any]", [] if names is None else names))
    return None if not texts or all(map(GENERATED.fullmatch, texts)) else texts


def width_of(model: Any) -> int | None:
    """How many columns a model takes; None where it does not say."""
    count: Any = getattr(model, "n_features_in_", None)
    return None if count is None else int(count)
