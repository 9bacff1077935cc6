"""What an instrumented `fit` leaves behind: a baseline of the columns that it was given.

Of the columns alone.  Scores and performance on rows that a model was trained on are those of no service.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from otelml import process
from otelml.baseline import Baseline, BaselineError, Fingerprint, find, fingerprint
from otelml.baseline.columns import MOST_COLUMNS
from otelml.baseline.discovery import SUFFIX
from otelml.baseline.learning import Learned, learn
from otelml.ledger import ledger
from otelml.patching.guard import guarded
from otelml.patching.sites import first_argument
from otelml.tables import sentinel_of, table_of, without

logger = logging.getLogger("otelml")


@guarded("baseline")
def learn_columns(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Learned | None:
    """Learn the columns that `fit` is about to be given: it may change them; None where there are none."""
    try:
        return learn(without(table_of(kwargs.get("X", first_argument(args, kwargs)), MOST_COLUMNS), sentinel_of(model)))
    except TypeError as error:
        _refuse(error)
        return None


@guarded("baseline")
def leave_baseline(model: Any, learned: Learned) -> None:
    """Save the columns of what `model` was fitted on, in the folder that the setting names.

    The file is named by the model's name in the settings, else by its class and fingerprint, by which a service finds
    it.  A baseline that knows more than columns, or is of another model, is left alone.
    """
    settings = process.current().settings
    folder, own = Path(settings.baseline_on_fit or "."), fingerprint(model)
    known = find(folder, None, own) if folder.is_dir() else None
    if known is not None and known.performance:
        logger.info("otelml: fit leaves no baseline: %s has one with performance in %s", own.class_name, folder)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        baseline = Baseline.of_columns(model, learned, name=settings.model_name, version=settings.model_version)
        path = _path(folder, type(model).__name__, own, settings.model_name)
        baseline.save(path)
    except (BaselineError, OSError) as error:
        _refuse(error)
        return
    logger.info("otelml: fit left the baseline of %d columns in %s", len(baseline.columns), path)


def _path(folder: Path, kind: str, own: Fingerprint, name: str | None) -> Path:
    by_model = folder / f"{kind}-{own.hex[:8]}{SUFFIX}"
    named = folder / f"{name}{SUFFIX}"
    if name is None or not named.exists():
        return by_model if name is None else named
    held = Baseline.load(named)
    return by_model if held.performance or held.fingerprint != own else named


def _refuse(error: Exception) -> None:
    ledger.error("baseline")
    ledger.warn_once("otelml: fit leaves no baseline: %s", error)
