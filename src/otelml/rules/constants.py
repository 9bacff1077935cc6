"""A baseline as rules: what its processes would ship as `ml.baseline.*`, written as constants."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from otelml.recorders.constants import of_column, of_model
from otelml.rules.prometheus import label
from otelml.rules.rule import File, Group, Record
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.baseline import Baseline

SERIES = {
    names.BASELINE_VALUES: "ml:baseline_values",
    names.BASELINE_ROWS: "ml:baseline_rows",
    names.BASELINE_DRIFT: "ml:baseline_drift",
    names.BASELINE_MOMENT: "ml:baseline_moment",
    names.BASELINE_CELLS: "ml:baseline_cells",
    names.BASELINE_PERFORMANCE: "ml:baseline_performance",
}
OF_COLUMNS = {names.BASELINE_VALUES, names.BASELINE_ROWS, names.BASELINE_DRIFT, names.BASELINE_MOMENT}


def written(file: File, baseline: Baseline, name: str, version: str | None) -> File:
    """The file of the baseline's series, with constants where it read what processes ship."""
    computed = tuple(rule for rule in file.rules if rule.name not in SERIES.values())
    [group] = file.groups
    constants = tuple(_records(baseline, name, version))
    doc = f"The baseline {baseline.id} of {name}, as constants: its processes need not ship ml.baseline.* any more\n"
    doc += "(OTEL_PYTHON_ML_BASELINE_METRICS=false)."
    return File(file.name, doc, (Group(group.name, group.interval, constants + computed),))


def _records(baseline: Baseline, name: str, version: str | None) -> Iterator[Record]:
    model = {names.MODEL_NAME: name} | ({names.MODEL_VERSION: version} if version else {})
    columns = chain.from_iterable(of_column(column) for column in baseline.columns)
    for metric, labels, value in chain(of_model(baseline), columns):
        if metric is names.BASELINE_VALUES and not value:
            continue
        own = {names.BASELINE_ID: baseline.id} if metric in OF_COLUMNS else {}
        attributes = {**model, **own, **labels}
        yield Record(
            SERIES[metric], f"vector({value!r})", labels={label(key): text for key, text in attributes.items()}
        )
