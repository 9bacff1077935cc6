"""What a baseline holds, and how that is laid down in its payload and read back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from otelml.baseline import columns as columns_of
from otelml.baseline.columns import real
from otelml.baseline.consistency import first_conflict
from otelml.baseline.document import FORMAT, FORMAT_VERSION, PREFIX, version_of
from otelml.baseline.fingerprints import Fingerprint
from otelml.baseline.schema import first_flaw
from otelml.prediction import Task, encodable
from otelml.stats.precision import DOUBLE, precision_of

if TYPE_CHECKING:
    from otelml.baseline.columns import Column
    from otelml.baseline.document import Payload
    from otelml.stats.embedding import Embedding

Counts = tuple[int, ...]
Bounds = tuple[float, ...]


@dataclass(frozen=True)
class Performance:
    """One metric of the model on the baseline's rows.

    Attributes
    ----------
    metric : `precision`, `f1_adjusted`, `roc_auc`, `rmse`, …
    label : the class it is of, as text; None for one of all classes, or of a regression.
    window : None for all rows; else `P1D`, `P7D` or `P28D`, and the interval is where windows of that length
    stay. value : over all rows. lower, upper : 95 % interval, or None where none is known.
    """

    metric: str
    label: str | None
    window: str | None
    value: float
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Content:
    """Everything in a baseline's payload; see :mod:`otelml.baseline` for what each part means."""

    fingerprint: Fingerprint
    task: Task
    rows: int
    name: str | None = None
    version: str | None = None
    days: int | None = None
    classes: tuple[str, ...] = ()
    positive_class: str | None = None
    threshold: float | None = None
    threshold_source: str | None = None
    score_kind: str | None = None
    score_bounds: Bounds | None = None
    score_counts: dict[str, Counts] = field(default_factory=dict[str, Counts])
    value_bounds: Bounds | None = None
    value_counts: Counts | None = None
    value_mean: float | None = None
    value_sd: float | None = None
    cells: dict[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    performance: tuple[Performance, ...] = ()
    columns: tuple[Column, ...] = ()
    embeddings: dict[str, Embedding] = field(default_factory=dict[str, "Embedding"], compare=False)


def to_payload(content: Content) -> Payload:
    """Lay the content down in JSON's own types."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": _model(content),
        "task": content.task.value,
        "classes": list(content.classes),
        "positive_class": content.positive_class,
        "threshold": {"value": content.threshold, "source": content.threshold_source},
        "rows": content.rows,
        "days": content.days,
        "score": _score(content),
        "value": _value(content),
        "cells": [
            {"predicted": predicted, "actual": actual, "count": count}
            for (predicted, actual), count in content.cells.items()
        ],
        "performance": [_entry(performance) for performance in content.performance],
        "columns": [columns_of.to_payload(column) for column in content.columns],
        "embeddings": {
            source: columns_of.embedding_to_payload(embedding) for source, embedding in content.embeddings.items()
        },
    }


def _model(content: Content) -> Payload:
    mark = content.fingerprint
    return {
        "name": content.name,
        "version": content.version,
        "class": mark.class_name,
        "columns": None if mark.columns is None else [encodable(name) for name in mark.columns],
        "parameters": _encodable(mark.parameters),
        "fingerprint": mark.hex,
    }


def _encodable(described: Any) -> Any:
    if isinstance(described, str):
        return encodable(described)
    if isinstance(described, dict):
        return {encodable(str(key)): _encodable(one) for key, one in cast("dict[Any, Any]", described).items()}
    return [_encodable(one) for one in cast("list[Any]", described)] if isinstance(described, list) else described


def _score(content: Content) -> Payload | None:
    if content.score_bounds is None:
        return None
    counts = {label: list(counted) for label, counted in content.score_counts.items()}
    return {"kind": content.score_kind, "bounds": list(content.score_bounds), "counts": counts}


def _value(content: Content) -> Payload | None:
    if content.value_bounds is None or content.value_counts is None:
        return None
    return {
        "bounds": list(content.value_bounds),
        "counts": list(content.value_counts),
        "mean": content.value_mean,
        "standard_deviation": content.value_sd,
    }


def _entry(performance: Performance) -> Payload:
    return {
        "metric": performance.metric,
        "class": performance.label,
        "window": performance.window,
        "value": performance.value,
        "lower": performance.lower,
        "upper": performance.upper,
    }


def checked(payload: Payload) -> Content:
    """Read the content of a payload that may hold anything.

    Raises
    ------
    ValueError
        When a part is missing, too much, of another type or out of range, or parts contradict each other; the text
        says which.
    """
    newest = payload if version_of(payload) == FORMAT_VERSION else _from_third(payload)
    flaw = first_flaw({**newest, "hash": newest.get("hash", f"{PREFIX}{'0' * 64}")})
    if flaw:
        raise ValueError(flaw)
    cells = newest["cells"]
    if len({(cell["predicted"], cell["actual"]) for cell in cells}) < len(cells):
        raise ValueError("cells has one pair of classes twice")
    if any(len(row) != len(one["centroid"]) for one in newest["embeddings"].values() for row in one["components"]):
        raise ValueError("an embedding has components of another length than its centroid")
    content = from_payload(newest)
    conflict = first_conflict(content)
    if conflict:
        raise ValueError(conflict)
    return content


def _from_third(payload: Payload) -> Payload:
    """A payload of format version 3, which did not know the precision of numbers, as one of the newest."""
    columns: Any = payload.get("columns")
    if isinstance(columns, list):
        columns = [_with_precision(one) for one in cast("list[Any]", columns)]
    return {**payload, "format_version": FORMAT_VERSION, "columns": columns}


def _with_precision(column: Any) -> Any:
    known: Payload = cast("Payload", column) if isinstance(column, dict) else {}
    return {**known, "precision": _told_by(known.get("values"))} if "edges" in known else cast("Any", column)


def _told_by(values: Any) -> str:
    """The precision that a column was held in, as far as the values that many rows hold tell."""
    held = cast("list[Any]", values) if isinstance(values, list) else []
    if not held or not all(type(one) in (int, float) for one in held):
        return DOUBLE
    numbers = np.array(held, dtype=np.float64)
    return precision_of(numbers, numbers.dtype)


def from_payload(payload: Payload) -> Content:
    """Read the content of a payload that fits the schema; numbers may be written as other programs do.

    Raises
    ------
    ValueError
        When the bins of a column are not those of its edges.
    """
    model, threshold = payload["model"], payload["threshold"]
    score: Any = payload["score"] or {}
    value: Any = payload["value"] or {}
    columns = model["columns"]
    return Content(
        fingerprint=Fingerprint(
            model["class"],
            None if columns is None else tuple(columns),
            model["parameters"],
            model["fingerprint"],
        ),
        task=Task(payload["task"]),
        rows=int(payload["rows"]),
        name=model["name"],
        version=model["version"],
        days=None if payload["days"] is None else int(payload["days"]),
        classes=tuple(payload["classes"]),
        positive_class=payload["positive_class"],
        threshold=real(threshold["value"]),
        threshold_source=threshold["source"],
        score_kind=score.get("kind"),
        score_bounds=tuple(map(float, score["bounds"])) if score else None,
        score_counts={label: tuple(map(int, counts)) for label, counts in score.get("counts", {}).items()},
        value_bounds=tuple(map(float, value["bounds"])) if value else None,
        value_counts=tuple(map(int, value["counts"])) if value else None,
        value_mean=real(value.get("mean")),
        value_sd=real(value.get("standard_deviation")),
        cells={(cell["predicted"], cell["actual"]): int(cell["count"]) for cell in payload["cells"]},
        performance=tuple(
            Performance(
                entry["metric"],
                entry["class"],
                entry["window"],
                float(entry["value"]),
                real(entry["lower"]),
                real(entry["upper"]),
            )
            for entry in payload["performance"]
        ),
        columns=tuple(columns_of.from_payload(column) for column in payload["columns"]),
        embeddings={source: columns_of.embedding_from_payload(one) for source, one in payload["embeddings"].items()},
    )
