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
PROCESSES = {resources.FILE.name, watching.FILE.name}
"""Files on processes, whose series have no model: one process may serve several."""


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
    """The files on models, reading the series of one alone; those on processes would be there twice."""
    change = partial(selecting, series=_known(files), matcher=f"{NAME}={_text(name)}")
    return tuple(file.over(change) for file in files if file.name not in PROCESSES)


def without(files: Sequence[File], left_out: Sequence[str]) -> tuple[File, ...]:
    """The same files, leaving out the series of models that have rules of their own; of all processes as before."""
    # Whoever says itself of which models it reads means them.
    series = re.compile(rf"(?:{_known(files).pattern})(?!\{{{NAME})")
    change = partial(selecting, series=series, matcher=f"{NAME}!~{_text('|'.join(map(re.escape, left_out)))}")
    return tuple(file if file.name in PROCESSES else file.over(change) for file in files)


def _text(text: str) -> str:
    # It may hold quotes and backslashes: PromQL's texts are written as JSON's.
    return json.dumps(text, ensure_ascii=False)


def _known(files: Sequence[File]) -> re.Pattern[str]:
    names = recorded(files) | set(SERIES)
    return re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
