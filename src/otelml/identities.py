"""Who a model is: its name and version, its baseline, and how its scores become classes."""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from otelml.baseline import Baseline, BaselineError, find, fingerprint, shelf
from otelml.ledger import ledger
from otelml.prediction import HALF, Cut, Decision, Task, label_text

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
                "otelml: several models without a name are called %s; all but the first have a hash of their "
                "columns after it. Name them: otelml.identify(model, name=...)", name,
            )  # fmt: skip
            name = f"{name}-{own}"
        return replace(given, name=name, version=version)

    def baseline(self, model: Any, given: Given, adapter: Adapter) -> Baseline | None:
        """The baseline of `model`: given, or found in the folder of baselines; None where there is none that fits.

        Reads files, and needs no lock: whoever holds one that other models need calls it before, outside.
        """
        if given.baseline is None and self._settings.baselines is None:
            return None
        own = fingerprint(model)
        named = given.name or self._settings.model_name or adapter.model_name(model)
        try:
            baseline = self._found(given, named, own)
            if baseline is not None:
                _check(baseline, own, given, named)
        except BaselineError as error:
            ledger.error("baseline")
            ledger.warn_once("otelml: %s. The model is watched without a baseline", error)
            return None
        return baseline

    def _found(self, given: Given, named: str, own: Fingerprint) -> Baseline | None:
        if given.baseline is None:
            return find(self._settings.baselines, named, own) if self._settings.baselines else None
        if isinstance(given.baseline, Baseline):
            return given.baseline
        if isinstance(given.baseline, str | os.PathLike):
            return shelf.load(given.baseline)  # pyright: ignore[reportUnknownArgumentType] -- any path
        raise BaselineError(
            f"the baseline given for {named} is a {type(given.baseline).__name__}: give a Baseline, or a path of one"
        )


def _check(baseline: Baseline, own: Fingerprint, given: Given, named: str) -> None:
    """Refuse a baseline of something else: each comparison with it would be wrong."""
    theirs = baseline.fingerprint
    if theirs != own:
        raise BaselineError(
            f"the baseline of {named} is of another model ({theirs.class_name}, {theirs.hex}; "
            f"this one is {own.hex}): fit it again"
        )
    if given.threshold is not None and baseline.threshold not in (None, given.threshold):
        raise BaselineError(
            f"{named} serves at threshold {given.threshold}, its baseline was measured at {baseline.threshold}: "
            "fit it at the threshold that is served"
        )
    wanted = given.positive_class
    if wanted is not None and baseline.positive_class not in (None, label_text(wanted)):
        raise BaselineError(
            f"the positive class of {named} is {label_text(wanted)}, that of its baseline {baseline.positive_class}: "
            "fit it for the class that is served"
        )


def decide(description: Description, given: Given, baseline: Baseline | None) -> Decision:
    """How scores become classes: as given, else as the baseline has it, else as the model itself decides."""
    classes = tuple(label_text(label) for label in description.classes)
    cut = description.cut or Cut()
    own = 1 if cut.positive is None else cut.positive
    positive = None
    if description.task is Task.BINARY:
        wanted = given.positive_class if given.positive_class is not None else baseline and baseline.positive_class
        positive = own if wanted is None else _position(label_text(wanted), classes)
    said = given.threshold if given.threshold is not None else baseline and baseline.threshold
    margin, inclusive = _upwards(cut, own)
    return Decision(
        description.task,
        classes,
        positive,
        _threshold(cut, own == positive) if said is None else said,
        margin,
        inclusive,
        first=said is None and cut.threshold is None and not cut.inclusive,
        largest=cut.largest,
    )


def _threshold(cut: Cut, same: bool) -> float:  # noqa: FBT001 -- of the same class
    """The model's own threshold, for the class whose probability is the score."""
    if cut.threshold is None:
        return HALF
    # At the model's own threshold its own class is chosen, and so not the other.
    return cut.threshold if same else math.nextafter(1 - cut.threshold, math.inf)


def _upwards(cut: Cut, positive: int) -> tuple[float, bool]:
    """Where margins, which grow towards the second class, are cut, and whether that class is chosen there."""
    return (cut.margin, cut.inclusive) if positive else (-cut.margin, not cut.inclusive)


def _position(wanted: str, classes: tuple[str, ...]) -> int:
    if wanted in classes:
        return classes.index(wanted)
    ledger.error("identify")
    ledger.warn_once(
        "otelml: the positive class %s is none of the model's, which are %s; %s is in force. "
        "Name one of them: otelml.identify(model, positive_class=...)", wanted, " and ".join(classes), classes[1],
    )  # fmt: skip
    return 1
