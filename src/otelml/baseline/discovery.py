"""Find a model's baseline in a folder, by name or by fingerprint; a service starts whatever lies there."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from otelml.baseline.shelf import shelf
from otelml.ledger import ledger

if TYPE_CHECKING:
    import os

    from otelml.baseline.artifact import Baseline
    from otelml.baseline.fingerprints import Fingerprint

SUFFIX = ".baseline.json"

_logger = logging.getLogger(__name__)


def find(
    folder: str | os.PathLike[str], name: str | None = None, fingerprint: Fingerprint | None = None
) -> Baseline | None:
    """Find the baseline of a model; never raises, what is wrong is logged with its fix.

    Parameters
    ----------
    folder : where `*.baseline.json` lie.
    name : of the model; `<name>.baseline.json` is taken first.
    fingerprint : of the model; else the one baseline that has the same.

    Returns
    -------
    The baseline, or None when there is none, it cannot be read, it is of another model, or several fit.
    """
    place = Path(folder)
    try:
        place = place.expanduser()
        paths = sorted(path for path in place.iterdir() if path.name.endswith(SUFFIX))
    except (OSError, ValueError, RuntimeError) as error:  # also a null character, or a user without a home
        ledger.error("baseline")
        _logger.warning("The folder of baselines %s cannot be read (%s): fix its path or its permissions", place, error)
        return None
    named = [path for path in paths if path.name == f"{name}{SUFFIX}"]
    if named:
        return _compared(_readable(named[0]), named[0], fingerprint)
    return None if fingerprint is None else _matching(paths, fingerprint)


def _readable(path: Path) -> Baseline | None:
    """The baseline in a file; one that cannot be read is warned of when it is found, not at every model."""
    baseline, error, fresh = shelf.look(path)
    if error is not None and fresh:
        ledger.error("baseline")
        _logger.warning("A baseline is left out: %s", error)
    return baseline


def _compared(baseline: Baseline | None, path: Path, fingerprint: Fingerprint | None) -> Baseline | None:
    """Refuse a named one that was measured on another model: every comparison with it would be wrong."""
    if baseline is None or fingerprint is None or baseline.fingerprint == fingerprint:
        return baseline
    ledger.error("baseline")
    _logger.warning(
        "Baseline %s is left out: it is of another model, of fingerprint %s (%s), and this one has %s (%s); "
        "fit it again",
        path,
        baseline.fingerprint.hex,
        baseline.fingerprint.class_name,
        fingerprint.hex,
        fingerprint.class_name,
    )
    return None


def _matching(paths: list[Path], fingerprint: Fingerprint) -> Baseline | None:
    read = [(path, _readable(path)) for path in paths]
    fitting = {
        baseline.id: (path, baseline) for path, baseline in read if baseline and baseline.fingerprint == fingerprint
    }
    full = {key: one for key, one in fitting.items() if one[1].performance}
    fitting = full or fitting  # one that a fit left knows columns alone
    if len(fitting) > 1:
        names = ", ".join(path.name for path, _ in fitting.values())
        _logger.warning(
            "Several baselines fit a %s (%s): name the model and its file <name>%s, or keep one of them",
            fingerprint.class_name,
            names,
            SUFFIX,
        )
        return None
    return next((baseline for _, baseline in fitting.values()), None)
