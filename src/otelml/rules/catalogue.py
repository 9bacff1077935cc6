"""Every file of rules, for the models of a whole Prometheus or for one."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING

from otelml.rules import answers, baseline, columns, outcomes, plain, resources, service, watching
from otelml.rules.prometheus import SERIES
from otelml.rules.rule import Record, selecting
from otelml.rules.thresholds import Thresholds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otelml.rules.rule import File

FILES = tuple(module.FILE for module in (baseline, service, resources, columns, answers, outcomes, watching, plain))
NAME, VERSION = "ml_model_name", "ml_model_version"
PROCESSES = {resources.FILE.name: {"ml_model_info"}, watching.FILE.name: set[str]()}
"""Files on processes, whose series have no model, and what in them has: by it a process is known to serve one."""


def words(thresholds: Thresholds, by: Sequence[str] = ()) -> dict[str, str]:
    """What the `$words` of the rules stand for.

    Parameters
    ----------
    by : further labels that keep models apart, such as `deployment_environment_name`.
    """
    name = ", ".join((NAME, *by))
    model = f"{name}, {VERSION}"
    column = f"{model}, ml_baseline_id, ml_column_name, ml_column_role"
    return {**thresholds.words(), "name": name, "model": model, "column": column}


def defaults(thresholds: Thresholds | None = None, by: Sequence[str] = ()) -> tuple[File, ...]:
    """Rules for every model that a Prometheus knows, with these thresholds."""
    filling = words(thresholds or Thresholds(), by)
    return tuple(file.filled(filling) for file in FILES)


def recorded(files: Iterable[File]) -> set[str]:
    """Names of the series that files record."""
    return {rule.name for file in files for rule in file.rules if isinstance(rule, Record)}


def for_model(files: Sequence[File], name: str) -> tuple[File, ...]:
    """The same files, reading the series of one model alone; those on processes, of processes that serve it."""
    known = recorded(files) | set(SERIES)
    # A name may hold quotes and backslashes: PromQL's texts are written as JSON's.
    matcher = f"{NAME}={json.dumps(name, ensure_ascii=False)}"
    return tuple(_selecting(file, PROCESSES.get(file.name, known), matcher) for file in files)


def _selecting(file: File, known: set[str], matcher: str) -> File:
    if not known:
        return file
    pattern = re.compile("|".join(sorted(map(re.escape, known), key=len, reverse=True)))
    return file.over(partial(selecting, series=pattern, matcher=matcher))
