"""Adapters as OpenTelemetry instrumentors: what the launcher loads, one a framework.

Importing this imports OpenTelemetry's instrumentation API and wrapt, no framework, no numpy and hardly anything of
ours: the rest of otelml is loaded when a framework is.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.dependencies import get_dependency_conflicts
from opentelemetry.instrumentation.environment_variables import OTEL_PYTHON_DISABLED_INSTRUMENTATIONS
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

# Early: it registers what is done after the host's own exit handlers, which may predict.
load("otelml.telemetry.endings")


class FrameworkInstrumentor(BaseInstrumentor):
    """Watches the models of one framework."""

    entry_point = ""

    _patcher: Patcher | None = None
    _wanted = False
    _hooked = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # BaseInstrumentor keeps its singleton in an inherited attribute: without this, each would be the first.
        cls._instance = None

    def instrumentation_dependencies(self) -> Collection[str]:
        """None: the launcher checks per distribution, and one missing framework would switch all of them off."""
        return ()

    @property
    def patched(self) -> bool:
        """Whether the framework was imported, and is watched."""
        return self._patcher is not None and self._patcher.active

    @guarded("instrument")
    def _instrument(self, **_: Any) -> None:
        self._wanted = True
        if not self._hooked:
            self._hooked = True
            when_imported(FRAMEWORKS[self.entry_point], guarded("instrument")(lambda _: self._follow()))
        self.follow()

    @guarded("instrument")
    def follow(self) -> None:
        """Watch or let go, as the settings in force have it."""
        if loaded(FRAMEWORKS[self.entry_point]) is not None:
            self._follow()

    def _follow(self) -> None:
        if not self._wanted:  # import hooks cannot be deregistered
            return
        enabled = load("otelml.process").current().settings.enabled
        if enabled and not self.patched:
            self._patch()
        elif not enabled:
            self._let_go()

    def _patch(self) -> None:
        adapter: Adapter = load(module_of(self.entry_point)).ADAPTER
        conflicts = [get_dependency_conflicts([requirement]) for requirement in adapter.supports]
        if all(conflicts):
            ledger.error("version")
            ledger.warn_once("otelml: %s is not watched: %s", adapter.package, conflicts[0])
            return
        if self._patcher is None:  # one for good, since its import hooks cannot be deregistered
            others = frozenset(FRAMEWORKS.values()) - {adapter.package}
            self._patcher = load("otelml.patching.patcher").Patcher(
                adapter.package,
                others,
                load("otelml.observers").Observers(adapter).of,
                _wanted,
                _trained,
                _fitting,
            )
        load("otelml.patching.pickling").follow()
        self._patcher.install(adapter.sites)  # pyright: ignore[reportOptionalMemberAccess] -- it was made just now

    @guarded("uninstrument")
    def _uninstrument(self, **_: Any) -> None:
        self._wanted = False
        self._let_go()

    def _let_go(self) -> None:
        if self._patcher is not None:
            self._patcher.remove()


def disabled() -> set[str]:
    """Entry points that the launcher was told to leave out, `*` for all."""
    return set(os.environ.get(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS, "").replace(" ", "").split(","))


def _wanted(operation: Operation) -> bool:
    return bool(getattr(load("otelml.process").current().settings, operation.opt_in or ""))


def _fitting(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if not load("otelml.process").current().settings.baseline_on_fit:
        return None
    return load("otelml.training").learn_columns(next(iter(args), None), args[1:], kwargs)


def _trained(model: object, learned: Any = None) -> None:
    load("otelml.process").current().models.forget(model)
    if learned is not None:
        load("otelml.training").leave_baseline(model, learned)


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
