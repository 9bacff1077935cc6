"""What an instrumented `fit` leaves behind: a baseline of the columns that it was given.

Of the columns alone.  Scores and performance on rows that a model was trained on are those of no service.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from otelml import process
from otelml.baseline import Baseline, BaselineError, find, fingerprint
from otelml.baseline.discovery import SUFFIX
from otelml.ledger import ledger
from otelml.patching.guard import guarded
from otelml.patching.sites import first_argument

logger = logging.getLogger("otelml")


@guarded("baseline")
def leave_baseline(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Save the columns of what `model` was fitted on, in the folder that the setting names.

    The file is named by the model's name in the settings, else by its class and fingerprint, by which a service finds
    it.  A baseline of this model that knows more than columns is left alone.
    """
    settings = process.current().settings
    folder = Path(settings.baseline_on_fit or ".")
    own = fingerprint(model)
    name = settings.model_name
    known = find(folder, name, own) if folder.is_dir() else None
    if known is not None and known.performance:
        return
    rows = kwargs.get("X", first_argument(args, kwargs))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        baseline = Baseline.fit(model, rows, name=name, version=settings.model_version)
        path = folder / f"{name or f'{type(model).__name__}-{own.hex[:8]}'}{SUFFIX}"
        baseline.save(path)
    except (BaselineError, OSError) as error:
        ledger.error("baseline")
        ledger.warn_once("otelml: fit leaves no baseline: %s", error)
        return
    logger.info("otelml: fit left the baseline of %d columns in %s", len(baseline.columns), path)
