"""What an adapter is: data, and a few tiny readers.

To add a framework: one file in this folder with an `ADAPTER`, one row in `frameworks/__init__.py`, one entry point in
`pyproject.toml`, one case in `tests/frameworks/cases.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.patching.sites import Site
    from otelml.prediction import Description


@dataclass(frozen=True)
class Adapter:
    """How one framework is met.

    Attributes
    ----------
    system : the value of `ml.system.name`.
    package : the framework's import name.
    supports : requirements, one of which has to hold: versions that are tested, of each distribution that brings it.
    sites : where its models are asked, trained and spread over workers.
    describe : model → `Description`; called once a model, on the first call or when it is identified.
    model_name : model → the name of a model that was given none.
    """

    system: str
    package: str
    supports: tuple[str, ...]
    sites: tuple[Site, ...]
    describe: Callable[[Any], Description]
    model_name: Callable[[Any], str] = lambda model: type(model).__name__
