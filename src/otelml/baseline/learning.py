"""From rows to the columns of a baseline: kinds, bins, moments, and how much blocks of the rows differ."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.baseline.blocks import block_drift, block_moments
from otelml.baseline.columns import INPUT, MOST_COLUMNS, OUTPUT, Column, distinct, readable, rounded, shown_names
from otelml.baseline.document import BaselineError
from otelml.baseline.labels import TWO_CLASSES
from otelml.readings import (
    BOOLEAN,
    CATEGORICAL,
    DATETIME,
    EMBEDDING,
    LENGTH,
    NUMERIC,
    READERS,
    TEXT,
    counted_texts,
    dimensions_of,
    kind_of,
    part_of_time,
    texts_of,
    vectors_of,
)
from otelml.stats.binning import MOST_NAMED, CategoryBins, NumericBins
from otelml.stats.embedding import Embedding
from otelml.stats.precision import DOUBLE, precision_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from otelml.baseline.days import Days
    from otelml.tables import Table

    Floats = NDArray[np.float64]

LARGEST = 1e100  # coordinate of a vector
WHOLE = "x"  # the column that all columns are together, where they are one vector


class Learned(NamedTuple):
    """Columns, and the embeddings that some of them are parts of, by source."""

    columns: tuple[Column, ...]
    embeddings: dict[str, Embedding]


def names_of(table: Table) -> tuple[str, ...]:
    """Names of the columns, each but once; `x0`, `x1`, … where they have only places."""
    return tuple(f"x{at}" for at in range(table.width)) if table.names is None else distinct(table.names)


def learn(table: Table, days: Days | None = None, tick: Callable[[str], object] = lambda _name: None) -> Learned:
    """Learn the input columns of `table`.

    Parameters
    ----------
    days : of the rows; with them, how much blocks of days differ is learned too.
    tick : told the name of each column that is done.

    Raises
    ------
    BaselineError
        When there are more days, or fewer, than rows.
    """
    if days is not None and len(days.index) != table.rows:
        raise BaselineError(f"X has {table.rows} rows for {len(days.index)} times: give one a row")
    if table.numeric and table.names is None and table.width > MOST_COLUMNS:
        # So many numbers without a name each are one vector.
        return _learn_vectors(WHOLE, np.asarray(table.matrix, dtype=np.float64), days, tick)
    columns: list[Column] = []
    embeddings: dict[str, Embedding] = {}
    for position, name in enumerate(names_of(table)[:MOST_COLUMNS]):
        held = table.column(position)
        kind = kind_of(held)
        if kind == EMBEDDING:
            vectors, _ = vectors_of(held, dimensions_of(held) or 0)
            found = _learn_vectors(name, vectors, days)
            columns += found.columns
            embeddings |= found.embeddings
        else:
            columns.append(_learn_one(name, kind, held, days))
        tick(name)
    # `when` read by its hour is `when.hour`, and may be called as another column is.
    names = distinct(column.name for column in columns[:MOST_COLUMNS])
    return Learned(tuple(replace(one, name=name) for one, name in zip(columns, names, strict=False)), embeddings)


def _learn_one(name: str, kind: str, held: NDArray[Any], days: Days | None) -> Column:
    if kind in (CATEGORICAL, BOOLEAN):
        return categorical(Column(readable(name), INPUT, kind, name, None, NumericBins(()), ()), held, days)
    part = part_of_time(held) if kind == DATETIME else {TEXT: LENGTH}.get(kind)
    numbers, _ = READERS[part](held)
    precision = DOUBLE if part else precision_of(numbers, held.dtype)
    return numeric(name, kind, part, numbers, days, precision=precision)


def categorical(column: Column, held: NDArray[Any], days: Days | None) -> Column:
    """Learn a column of categories, or of truth values."""
    counts = counted_texts(held)
    bins = CategoryBins(("0", "1")) if column.kind == BOOLEAN else CategoryBins.learn(counts)
    bins = replace(bins, shown=shown_names(bins.names, column.kind, column.role))
    drift = {} if days is None else block_drift(bins, bins.index(texts_of(held)), days)
    return replace(column, bins=bins, counts=tuple(bins.count(counts).tolist()), drift=drift)


def numeric(
    name: str,
    kind: str,
    part: str | None,
    numbers: Floats,
    days: Days | None,
    role: str = INPUT,
    *,
    precision: str = DOUBLE,
) -> Column:
    """Learn a column of numbers, or of what a part of a column is as a number."""
    bins = NumericBins.learn(numbers, precision)
    index = bins.index(numbers)
    mean, sd = _scale(numbers)
    return Column(
        name=readable(f"{name}.{part}" if part else name),
        role=role,
        kind=kind,
        source=name,
        part=part,
        bins=bins,
        counts=tuple(np.bincount(index, minlength=bins.size).tolist()),
        mean=mean,
        sd=sd,
        drift={} if days is None else block_drift(bins, index, days),
    )


def _scale(numbers: Floats) -> tuple[float | None, float | None]:
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return None, None
    with np.errstate(over="ignore", invalid="ignore"):  # what does not fit is infinite
        centre = float(np.mean(finite))
        deviation = float(np.std(finite))
        # The deviation of equal values is not always exactly 0.
        varies = bool(np.ptp(finite) > 0) and 0 < deviation < np.inf
    unit = deviation if varies else centre
    return (rounded(centre, unit) if np.isfinite(centre) else None), (rounded(deviation, unit) if varies else None)


def _learn_vectors(
    name: str, vectors: Floats, days: Days | None, tick: Callable[[str], object] = lambda _name: None
) -> Learned:
    # What cannot be squared is no place that others lie about.
    embedding = Embedding.learn(np.where(np.abs(vectors) < LARGEST, vectors, np.nan))
    parts = embedding.parts(vectors).items()
    columns = tuple(numeric(name, EMBEDDING, part, numbers, days) for part, numbers in parts)
    tick(name)
    return Learned(columns, {name: embedding})


class Answers(NamedTuple):
    """What a model answered to rows, as columns.

    Attributes
    ----------
    classes : labels of the classes, as texts.
    predicted : (n_rows,) positions in `classes`, or None.
    score : (n_rows,) probability of the positive class, or of the class chosen; or None.
    value : (n_rows,) numbers that are no probabilities; or None.
    """

    classes: tuple[str, ...]
    predicted: NDArray[np.intp] | None = None
    score: Floats | None = None
    value: Floats | None = None


def outputs(answers: Answers, days: Days | None) -> Iterator[Column]:
    """Learn the columns of what a model answered."""
    if answers.predicted is not None:
        names = answers.classes[:MOST_NAMED]
        marks = () if len(names) == len(answers.classes) else None
        bins = CategoryBins(names, marks, shown_names(names, CATEGORICAL, OUTPUT))
        index = class_index(answers.predicted, bins)
        yield Column(
            "class", OUTPUT, CATEGORICAL, "class", None, bins,
            tuple(np.bincount(index, minlength=bins.size).tolist()),
            drift={} if days is None else block_drift(bins, index, days),
        )  # fmt: skip
    if answers.score is not None:
        score = _answered("score", answers.score, days)
        # Of more classes it is the score of one or another, whose spread tells nothing of either.
        yield _with_blocks(score, answers.score, days) if len(answers.classes) == TWO_CLASSES else score
    if answers.value is not None:
        yield _with_blocks(_answered("value", answers.value, days), answers.value, days)


def _answered(name: str, numbers: Floats, days: Days | None) -> Column:
    precision = precision_of(numbers, numbers.dtype)
    return numeric(name, NUMERIC, None, numbers, days, OUTPUT, precision=precision)


def _with_blocks(column: Column, numbers: Floats, days: Days | None) -> Column:
    """Tell within what mean and variance of its blocks stay, where it varies at all."""
    if days is None or column.sd is None:
        return column
    return replace(column, blocks=block_moments(numbers, column.scale, days))


def class_index(predicted: NDArray[np.intp], bins: CategoryBins) -> NDArray[np.intp]:
    """The bin of each row's class: beyond the classes that have one it is `other`, of -1 it is `missing`."""
    index = np.minimum(predicted, len(bins.names))
    return np.where(predicted < 0, bins.size - 1, index)
