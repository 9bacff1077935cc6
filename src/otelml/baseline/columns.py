"""A column of the baseline: how it is read, its bins, and what was in them."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.prediction import encodable
from otelml.readings import BOOLEAN, CATEGORICAL
from otelml.stats.binning import MISSING, Bins, CategoryBins, NumericBins
from otelml.stats.categories import MARK
from otelml.stats.embedding import Embedding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.baseline.document import Payload

INPUT, OUTPUT = "input", "output"
MOST_COLUMNS = 200
TRUTH = ("=false", "=true")
DIGITS = 12


class Limits(NamedTuple):
    """The smallest and the largest of some blocks of rows."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Column:
    """What a column was like.

    Attributes
    ----------
    name : `ml.column.name`: the name in the data, and, where a column is read by a part of it, that part after a dot.
    role : `input` or `output`.
    kind : `numeric`, `categorical`, `boolean`, `datetime`, `text`, `embedding`.
    source : the name in the data.
    part : what it is read by: `hour`, `weekday`, `length`, `cosine`, `pc1`, …; None where it is read as it is.
    bins : its bins; `counts` has as many entries.
    mean, sd : of the finite numbers; None of categories, and `sd` also where nothing varies.
    drift : window (`P1D`, `P7D`, `P28D`) → largest population stability index of a block of that length against all
        other blocks of these rows; empty without times, or with too few rows.
    blocks : window → `mean` and `variance` → within what those of such blocks stay; of the score of two classes, and of
        values, alone.
    """

    name: str
    role: str
    kind: str
    source: str
    part: str | None
    bins: Bins
    counts: tuple[int, ...]
    mean: float | None = None
    sd: float | None = None
    drift: dict[str, float] = field(default_factory=dict[str, float])
    blocks: dict[str, dict[str, Limits]] = field(default_factory=dict[str, dict[str, Limits]])

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return sum(self.counts)

    @property
    def completeness(self) -> float:
        """Share of the rows that were not missing; NaN of no rows."""
        return 1 - self.counts[self.bins.labels.index(MISSING)] / self.rows if self.rows else float("nan")

    @property
    def scale(self) -> tuple[float, float]:
        """Mean and deviation by which its moments are standardised."""
        sd = self.sd or 1.0
        return self.mean or 0.0, sd if sd >= sys.float_info.min else 1.0  # below, its inverse is infinite


def to_payload(column: Column) -> Payload:
    """Lay a column down in JSON's own types."""
    bins = column.bins
    own: Payload
    if isinstance(bins, NumericBins):
        blocks = {
            window: {moment: limits._asdict() for moment, limits in moments.items()}
            for window, moments in column.blocks.items()
        }
        own = {
            "edges": list(bins.edges), "values": list(bins.values), "precision": bins.precision, "blocks": blocks,
        }  # fmt: skip
    else:
        own = {"categories": list(bins.names), "others": None if bins.marks is None else "".join(bins.marks)}
    return {
        "name": column.name,
        "role": column.role,
        "kind": column.kind,
        "source": column.source,
        "part": column.part,
        "mean": column.mean,
        "standard_deviation": column.sd,
        **own,
        "bins": list(bins.labels),
        "counts": list(column.counts),
        "drift": column.drift,
    }


def from_payload(payload: Payload) -> Column:
    """Read a column back.

    Raises
    ------
    ValueError
        When the bins are not those of the edges.
    """
    column = Column(
        name=payload["name"],
        role=payload["role"],
        kind=payload["kind"],
        source=payload["source"],
        part=payload["part"],
        bins=_bins(payload),
        counts=tuple(map(int, payload["counts"])),
        mean=real(payload["mean"]),
        sd=real(payload["standard_deviation"]),
        drift={window: float(index) for window, index in dict(payload["drift"]).items()},
        blocks={
            window: {
                moment: Limits(float(limits["lower"]), float(limits["upper"])) for moment, limits in moments.items()
            }
            for window, moments in dict(payload.get("blocks", {})).items()
        },
    )
    if list(column.bins.labels) != payload["bins"] or len(column.counts) != column.bins.size:
        raise ValueError(f"the bins of column {column.name!r} are not those of its edges or categories")
    return column


def _bins(payload: Payload) -> Bins:
    if payload["kind"] not in (CATEGORICAL, BOOLEAN):
        edges, values = (tuple(float(one) + 0.0 for one in payload[key]) for key in ("edges", "values"))
        return NumericBins(edges, values, payload["precision"])
    marks = payload["others"]
    names = tuple(payload["categories"])
    shown = shown_names(names, payload["kind"], payload["role"])
    each = None if marks is None else tuple(marks[at : at + MARK] for at in range(0, len(marks), MARK))
    return CategoryBins(names, each, shown)


def real(number: Any) -> float | None:
    """A number as floating-point, also where another program wrote it without a fraction."""
    return None if number is None else float(number)


def shown_names(names: tuple[str, ...], kind: str, role: str) -> tuple[str, ...] | None:
    """Texts of the bins of categories that are no secret: truth values, and the classes that a model answers in."""
    if kind == BOOLEAN:
        return tuple(TRUTH[name == "1"] for name in names)
    return tuple(f"={name}" for name in names) if role == OUTPUT else None


def embedding_to_payload(embedding: Embedding) -> Payload:
    """Lay centroid and components down in JSON's own types."""
    return {"centroid": embedding.centroid.tolist(), "components": embedding.components.tolist()}


def embedding_from_payload(payload: Payload) -> Embedding:
    """Read an embedding back."""
    centroid = np.array(payload["centroid"], dtype=np.float64)
    return Embedding(centroid, np.array(payload["components"], dtype=np.float64).reshape(-1, len(centroid)))


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Names that can be written down, of which none comes twice: columns are told apart by them.

    >>> distinct(["a", "b", "a"])
    ('a', 'b', 'a.1')
    """
    given = tuple(map(encodable, names))
    if len(set(given)) == len(given):
        return given
    taken, found = set(given), dict[str, None]()
    for name in given:
        shown, number = name, 0
        while shown in found or (number and shown in taken):
            number += 1
            shown = f"{name}.{number}"
        found[shown] = None
    return tuple(found)


def rounded(number: float, unit: float) -> float:
    """A number to twelve digits of a unit: those behind tell in which order a library adds up."""
    return round(number, DIGITS - 1 - math.floor(math.log10(abs(unit)))) if unit else number


def readable(name: Any) -> str:
    """A column's name as it leaves the process: no control characters, and not too long.

    >>> readable("a" + chr(10) + "b")
    'a b'
    """
    return re.sub(r"[\x00-\x1f\x7f]", " ", str(name))[:MOST_NAME]


MOST_NAME = 120
