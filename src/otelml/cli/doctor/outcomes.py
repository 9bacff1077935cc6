"""Whether outcomes will find their predictions, and baselines their models."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from otelml.baseline import Baseline, BaselineError
from otelml.cli.doctor.findings import note, ok, plain, wrong
from otelml.recorders.series import forecast
from otelml.settings import variable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation
    from otelml.settings import Settings

SQLITE = "sqlite:///"
SUFFIX = ".baseline.json"
STORE = variable("outcome_store")
BASELINES = variable("baselines")


def check(situation: Situation) -> Iterator[Finding]:
    """Tell of workers, the store, and the folder of baselines."""
    workers, settings = situation.workers, situation.loaded.settings
    if workers is None:
        yield note("workers", "nothing says how many; tell with --workers where there are several")
    else:
        yield plain("workers", f"{workers.number}, says {workers.source}")
    if settings.outcome_store.startswith(SQLITE):
        yield _sqlite(Path(settings.outcome_store[len(SQLITE) :]))
    elif workers is not None and workers.number > 1:
        yield wrong(
            "outcome store",
            f"is the memory of one of {workers.number} workers: feedback that reaches another one is lost",
            f"set {STORE}=sqlite:///PATH, which all of them share",
        )
    else:
        yield ok("outcome store", "memory, for one process; lost when it ends")
    if settings.baselines is None:
        yield note("baselines", f"no folder ({BASELINES}); a model has one where identify() gives it one")
    else:
        yield from _baselines(Path(settings.baselines), settings)


def _sqlite(path: Path) -> Finding:
    """Try without a trace: lock a file that is there, else make a nameless one beside it."""
    try:
        if path.exists():
            # `as_uri` would resolve links; the service does not
            connection = sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=2)
            try:
                connection.execute("begin immediate")
                connection.execute("rollback")
            finally:
                connection.close()
        else:
            with tempfile.TemporaryFile(dir=path.absolute().parent):
                pass
    except (sqlite3.Error, OSError) as error:
        return wrong(
            "outcome store",
            f"{path} cannot be written ({error}): outcomes are dropped",
            f"make its folder writable for the service, or fix {STORE}",
        )
    base = "" if path.is_absolute() else f" (now {path.absolute()}: it depends on where the service starts)"
    return ok("outcome store", f"SQLite file {path}{base}")


def _baselines(folder: Path, settings: Settings) -> Iterator[Finding]:
    try:
        paths = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIX))
    except OSError as error:
        yield wrong("baselines", f"{folder} cannot be read ({error})", f"fix {BASELINES} or its permissions")
        return
    if not paths:
        yield wrong(
            "baselines",
            f"no *{SUFFIX} in {folder}",
            f"save one there with Baseline.save, or unset {BASELINES}",
        )
    kept: dict[str, list[tuple[Path, Baseline]]] = {}
    for path in paths:
        try:
            baseline = Baseline.load(path)
        except BaselineError as error:
            what, _, fix = str(error).rpartition(": ")
            yield wrong(path.name, what or str(error), fix)
            continue
        kept.setdefault(baseline.fingerprint.hex, []).append((path, baseline))
        yield ok(path.name, _described(baseline, settings))
    yield from _ambiguous(kept)
    yield from _series([found[0][1] for found in kept.values()], settings)


def _described(baseline: Baseline, settings: Settings) -> str:
    model = baseline.name or baseline.fingerprint.class_name
    version = f" {baseline.version}" if baseline.version else ""
    columns = f"{len(baseline.inputs)} columns, {forecast(baseline, settings)} series"
    return f"{model}{version}, {baseline.task.value}, {baseline.rows} rows, id {baseline.id}; {columns}"


def _series(baselines: list[Baseline], settings: Settings) -> Iterator[Finding]:
    """Forecast what a process that serves all of these models would ship."""
    series = sum(forecast(baseline, settings) for baseline in baselines)
    if series > settings.max_points:
        yield wrong(
            "series",
            f"a process that serves all of these models would make {series}, and may make {settings.max_points}; "
            "columns are left out",
            f"set {variable('baseline_metrics')}=false, {variable('gauges')}=off, or raise {variable('max_points')}",
        )


def _ambiguous(kept: dict[str, list[tuple[Path, Baseline]]]) -> Iterator[Finding]:
    for found in kept.values():
        full = [path for path, baseline in found if baseline.performance]
        paths = full or [path for path, _ in found]
        if len(paths) > 1:
            yield note(
                "baselines",
                f"{', '.join(path.name for path in paths)} are of one model: it is found by its name only",
            )
