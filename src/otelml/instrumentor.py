"""Adapters as OpenTelemetry instrumentors: what the launcher loads, one a framework.

Importing this imports OpenTelemetry's instrumentation API and wrapt, no framework, no numpy and hardly anything of
ours: the rest of otelml is loaded when a framework is.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts
from opentelemetry.instrumentation.instrumentor import BaseInstrumentor

from otelml.frameworks import FRAMEWORKS, module_of
from otelml.ledger import ledger
from otelml.patching.guard import guarded
from otelml.patching.imports import load, loaded, when_imported

if TYPE_CHECKING:
    from collections.abc import Collection

    from otelml.frameworks.adapter import Adapter
    from otelml.patching.patcher import Patcher
    from otelml.patching.sites import Operation

logger = logging.getLogger("otelml")


class FrameworkInstrumentor(BaseInstrumentor):
    """Watches the models of one framework."""

    entry_point = ""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # BaseInstrumentor keeps its singleton in an inherited attribute: without this, each subclass would be the first.
        cls._instance = None
        cls._patcher: Patcher | None = None
        cls._wanted = False
        cls._hooked = False

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: the launcher checks per distribution, and one missing framework would switch all of them off."""
        return ()

    @property
    def patched(self) -> bool:
        """Whether the framework was imported, and is watched."""
        return self._patcher is not None

    @guarded("instrument")
    def _instrument(self, **_: Any) -> None:
        cls = type(self)
        cls._wanted = True
        if not cls._hooked:
            cls._hooked = True
            when_imported(FRAMEWORKS[self.entry_point], guarded("instrument")(lambda _: self._patch()))
        elif loaded(FRAMEWORKS[self.entry_point]) is not None:
            self._patch()

    def _patch(self) -> None:
        if not self._wanted or self._patcher is not None:  # import hooks cannot be deregistered
            return
        if not load("otelml.process").current().settings.enabled:
            return
        adapter: Adapter = load(module_of(self.entry_point)).ADAPTER
        conflicts = [get_dependency_conflicts([requirement]) for requirement in adapter.supports]
        if all(conflicts):
            ledger.error("version")
            ledger.warn_once("otelml: %s is not watched: %s", adapter.package, conflicts[0])
            return
        others = frozenset(FRAMEWORKS.values()) - {adapter.package}
        patcher = load("otelml.patching.patcher").Patcher(
            adapter.package, others, load("otelml.observe").Observer(adapter), _wanted, _trained
        )
        type(self)._patcher = patcher
        patcher.install(adapter.sites)

    @guarded("uninstrument")
    def _uninstrument(self, **_: Any) -> None:
        cls = type(self)
        cls._wanted = False
        if cls._patcher is not None:
            cls._patcher.remove()
            cls._patcher = None


def _wanted(operation: Operation) -> bool:
    if operation.opt_in is None:
        return True
    return bool(getattr(load("otelml.process").current().settings, operation.opt_in))


def _trained(model: object) -> None:
    load("otelml.process").current().models.forget(model)


class SklearnInstrumentor(FrameworkInstrumentor):
    """scikit-learn."""

    entry_point = "ml_sklearn"


class XgboostInstrumentor(FrameworkInstrumentor):
    """XGBoost."""

    entry_point = "ml_xgboost"


class LightgbmInstrumentor(FrameworkInstrumentor):
    """LightGBM."""

    entry_point = "ml_lightgbm"


class OnnxruntimeInstrumentor(FrameworkInstrumentor):
    """ONNX Runtime."""

    entry_point = "ml_onnxruntime"


INSTRUMENTORS: tuple[type[FrameworkInstrumentor], ...] = (
    SklearnInstrumentor,
    XgboostInstrumentor,
    LightgbmInstrumentor,
    OnnxruntimeInstrumentor,
)
