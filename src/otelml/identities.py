"""Who a model is: its name and version, its baseline, and how its scores become classes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from otelml.baseline import Baseline, BaselineError, find, fingerprint
from otelml.ledger import ledger
from otelml.prediction import HALF, Decision, Task, label_text

if TYPE_CHECKING:
    from otelml.baseline import Fingerprint
    from otelml.frameworks.adapter import Adapter
    from otelml.prediction import Description
    from otelml.settings import Settings


@dataclass(frozen=True)
class Given:
    """What the user said of a model; None for what was left open."""

    name: str | None = None
    version: str | None = None
    baseline: Any = None
    positive_class: Any = None
    threshold: float | None = None


class Identities:
    """Names models that were given none, and finds baselines."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._unnamed: dict[str, str] = {}

    def name(
        self, model: Any, given: Given, adapter: Adapter, description: Description, baseline: Baseline | None
    ) -> Given:
        """Add name and version where the user gave none."""
        version = given.version or self._settings.model_version or (baseline.version if baseline else None)
        if given.name is not None:
            return replace(given, version=version)
        name = self._settings.model_name or (baseline.name if baseline else None) or adapter.model_name(model)
        columns = (description.columns, getattr(model, "n_features_in_", None))
        if columns == (None, None):  # one that was not trained yet claims no name
            return replace(given, name=name, version=version)
        own = hashlib.sha256(repr(columns).encode()).hexdigest()[:8]
        if self._unnamed.setdefault(name, own) != own:
            ledger.warn_once(
                "otelml: two models without a name are called %s; they are kept apart as %s-%s. "
                "Name them: otelml.identify(model, name=...)", name, name, own,
            )  # fmt: skip
            name = f"{name}-{own}"
        return replace(given, name=name, version=version)

    def baseline(self, model: Any, given: Given, adapter: Adapter) -> Baseline | None:
        """The baseline of `model`: given, or found in the folder of baselines; None where there is none that fits."""
        own = fingerprint(model)
        if given.baseline is None:
            name = given.name or self._settings.model_name or adapter.model_name(model)
            return find(self._settings.baselines, name, own) if self._settings.baselines else None
        named = given.name or adapter.model_name(model)
        try:
            baseline = given.baseline if isinstance(given.baseline, Baseline) else Baseline.load(given.baseline)
            _check(baseline, own, named)
        except BaselineError as error:
            ledger.error("baseline")
            ledger.warn_once("otelml: %s. The model is watched without a baseline", error)
            return None
        if given.threshold is not None and baseline.threshold not in (None, given.threshold):
            ledger.error("baseline")
            ledger.warn_once(
                "otelml: %s serves at threshold %s, its baseline was measured at %s; it is watched without the "
                "baseline. Fit it at the threshold that is served", named, given.threshold, baseline.threshold,
            )  # fmt: skip
            return None
        return baseline


def _check(baseline: Baseline, own: Fingerprint, named: str) -> None:
    theirs = baseline.fingerprint
    if theirs != own:
        raise BaselineError(
            f"the baseline given for {named} is of another model ({theirs.class_name}, {theirs.hex}; "
            f"this one is {own.hex}): fit it again"
        )


def decide(description: Description, given: Given, baseline: Baseline | None) -> Decision:
    """How the model's scores become classes: as given, else as its baseline has it, else by custom."""
    classes = tuple(label_text(label) for label in description.classes)
    positive = None
    if description.task is Task.BINARY:
        wanted = given.positive_class if given.positive_class is not None else baseline and baseline.positive_class
        positive = classes.index(label_text(wanted)) if wanted is not None and label_text(wanted) in classes else 1
    threshold = given.threshold if given.threshold is not None else baseline and baseline.threshold
    return Decision(description.task, classes, positive, HALF if threshold is None else threshold)
