"""What a model is asked, and what it answers, column by column."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml.arrays import n_rows
from otelml.baseline.columns import INPUT, MOST_COLUMNS, MOST_NAME, OUTPUT, Column, distinct, readable
from otelml.baseline.learning import WHOLE, learn, names_of
from otelml.ledger import ledger
from otelml.locks import Lock
from otelml.readings import CATEGORICAL, NUMERIC, kind_of, missing_in
from otelml.recorders.side import Side
from otelml.recorders.skew import Skew
from otelml.recorders.tally import Tallier, Tally
from otelml.stats.binning import CategoryBins, NumericBins
from otelml.tables import Table, stacked
from otelml.telemetry import names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from otelml.baseline import Baseline
    from otelml.prediction import Decision, Prediction
    from otelml.recorders.series import ColumnStreams
    from otelml.settings import Settings
    from otelml.stats.embedding import Embedding
    from otelml.telemetry.streams import Attributes

MOST_LAYOUTS = 8  # of tables that are asked about without a baseline
FEWEST_TOLD = 0.01  # share of the rows

logger = logging.getLogger("otelml")


Counted = tuple[Side, Tally]
"""What some rows hold, and the columns that it is added to."""


class Columns:
    """The columns of one model under one baseline, or under none.

    Parameters
    ----------
    attributes : of the model.
    described : names of the input columns, as the model knows them; None where it does not.
    announce : is called when series were born later than the model.
    """

    def __init__(
        self,
        streams: ColumnStreams,
        attributes: Attributes,
        baseline: Baseline | None,
        settings: Settings,
        *,
        described: tuple[str, ...] | None = None,
        announce: Callable[[], None] = lambda: None,
    ) -> None:
        self._streams, self._attributes, self._settings = streams, dict(attributes), settings
        self._described, self._announce = described, announce
        self.model = str(attributes[names.MODEL_NAME])
        whole = baseline is not None and WHOLE in baseline.embeddings
        self.most = None if whole else MOST_COLUMNS  # columns that are looked at, of a table that may be wider
        self._adding = Lock()
        self._baseline = baseline
        self._reference: list[Table] | None = [] if baseline is None and settings.provisional_rows else None
        self._inputs: Side | None = None
        self._bare: dict[tuple[tuple[str, ...] | None, int], Side] = {}
        self._skew: Skew | None = None
        # One side a column: an answer has scores or values, and seldom both.
        self._outputs: dict[str, Side] = {}
        if baseline is not None:
            if baseline.inputs:
                self._inputs = self._side(baseline.inputs, baseline.id, baseline.embeddings)
                self._skew = Skew(self._attributes, baseline, settings.skew_rows)
            self._outputs = {column.name: self._side([column], baseline.id) for column in baseline.outputs}
        self._answers_known = bool(self._outputs)

    def _side(
        self, columns: Sequence[Column], baseline_id: str | None, embeddings: Mapping[str, Embedding] | None = None
    ) -> Side:
        own = {names.BASELINE_ID: baseline_id} if baseline_id else {}
        if self._settings.category_names:
            columns = [told(column) for column in columns]
        return Side(self._streams, {**self._attributes, **own}, Tallier(columns, embeddings or {}), self._settings)

    def refuse(self, rows: Any) -> None:
        """Book rows that are no table."""
        ledger.drop("unsupported_input", n_rows(rows) or 1, self.model)
        kind = type(rows).__name__
        ledger.warn_once("otelml: the columns of a %s that %s is asked about are not counted", kind, self.model)

    def tally(self, table: Table) -> Counted | None:
        """Count a table; nothing is changed yet.  None where its rows become the reference, or do not fit."""
        if self._inputs is None and self._reference is not None and self._gather(table):
            return None
        side = self._inputs
        if side is None:
            side = self._bare_side(table)
        return None if side is None else (side, side.tallier.of(table))

    def add(self, counted: Counted | None) -> None:
        """Add what rows that were answered hold."""
        if counted is None:
            return
        side, tally = counted
        side.add(tally)
        if self._skew is not None:
            self._skew.see(tally)

    def _bare_side(self, table: Table) -> Side | None:
        """Without a baseline: the columns of tables like this one, of which moments and completeness are told."""
        layout = None if table.names is None else tuple(sorted(table.names)), table.width
        side = self._bare.get(layout)
        if side is not None:
            return side
        side = self._adding.read(self._born, layout, table)
        if side is None:
            ledger.drop("cardinality", table.rows, self.model)
        self._announce()
        return side

    def _born(self, layout: tuple[tuple[str, ...] | None, int], table: Table) -> Side | None:
        if layout not in self._bare and len(self._bare) < MOST_LAYOUTS:
            self._bare = {**self._bare, layout: self._side(list(bare(self._named(table))), None)}
        return self._bare.get(layout)

    def _named(self, table: Table) -> Table:
        described = self._described
        fits = table.names is None and described is not None and len(described) == table.width
        return table._replace(names=described) if fits else table

    def _gather(self, table: Table) -> bool:
        """Keep the first rows until they are enough for a reference of this process's own; whether these were kept."""
        return self._adding.read(self._gathered, table)

    def _gathered(self, table: Table) -> bool:
        gathered = self._reference
        if gathered is None or (gathered and (gathered[0].names, gathered[0].width) != (table.names, table.width)):
            return False
        gathered.append(table.copied())
        if sum(one.rows for one in gathered) >= (self._settings.provisional_rows or 0):
            try:
                self._provide(self._named(stacked(gathered)))
            finally:  # whatever came of it: nothing is kept any more
                self._reference = None
        return True

    def _provide(self, table: Table) -> None:
        learned = learn(table)
        known = hashlib.sha256(repr([(c.name, c.bins, c.counts) for c in learned.columns]).encode()).hexdigest()
        # Marked: no other process has the same, so nothing under it adds up.
        self._inputs = self._side(learned.columns, f"provisional-{known[:8]}", learned.embeddings)
        if self._settings.baseline_metrics:
            self._inputs.present()
        logger.warning(
            "otelml: %s has no baseline; its first %d rows are the reference of this process, provisionally. "
            "Save one: otelml.Baseline.fit(model, X, y).save(...)", self.model, table.rows,
        )  # fmt: skip
        self._announce()

    def answer(self, prediction: Prediction, decision: Decision) -> None:
        """Count what a model answered, under the decision that was in force."""
        if not self._answers_known:
            self._discover(prediction)
        for name, side in self._outputs.items():
            tally = _answered(name, prediction, decision, side.tallier)
            if tally is not None:
                side.add(tally)

    def _discover(self, prediction: Prediction) -> None:
        """Without a baseline of the answers: those that are numbers; its classes are in `ml.predictions`."""
        for name, numbers in (("score", prediction.scores), ("value", prediction.values)):
            if numbers is not None and name not in self._outputs:
                self._adding.read(self._output, name)
                self._announce()

    def _output(self, name: str) -> None:
        if name not in self._outputs:
            self._outputs = {**self._outputs, name: self._side([bare_output(name)], None)}

    @property
    def _sides(self) -> list[Side]:
        inputs = [] if self._inputs is None else [self._inputs]
        return [*inputs, *self._bare.values(), *self._outputs.values()]

    def serve(self) -> None:
        """Say what the columns were like in the baseline, which is in force from now on."""
        for side in self._sides:
            side.tell(on=True)
        if self._settings.baseline_metrics:
            for side in self._sides:
                side.present()

    @property
    def gauges(self) -> int:
        """How many series of gauges there will be once rows have come."""
        return sum(side.gauges for side in self._sides)

    @property
    def refused(self) -> int:
        """How many series did not fit."""
        return sum(side.refused for side in self._sides)

    def show(self, now: float) -> None:
        """Bring what was counted into the series, and the gauges up to `now`, for a collection."""
        for side in self._sides:
            side.show(now)

    def withdraw(self) -> None:
        """Tell no drift any more: another baseline is in force."""
        for side in self._sides:
            side.tell(on=False)

    def start_afresh(self) -> None:
        """Begin with nothing counted, as a forked child must."""
        self._adding = Lock()
        self._reference = None if self._reference is None else []
        if self._skew is not None and self._baseline is not None:
            self._skew = Skew(self._attributes, self._baseline, self._settings.skew_rows)
        for side in self._sides:
            side.start_afresh()


def told(column: Column) -> Column:
    """A column whose bins tell the names of its categories, but of those that hardly any row holds."""
    bins = column.bins
    if not isinstance(bins, CategoryBins) or bins.shown is not None:
        return column
    often = [count >= FEWEST_TOLD * column.rows for count in column.counts]
    shown = [f"={readable(n)}"[:MOST_NAME] if often[at] else bins.labels[at] for at, n in enumerate(bins.names)]
    return replace(column, bins=replace(bins, shown=distinct(shown)))


def bare(table: Table) -> Iterator[Column]:
    """Columns of which nothing is known before: numbers have moments, all have completeness."""
    sources = names_of(table)[:MOST_COLUMNS]
    for position, (name, shown) in enumerate(zip(sources, distinct(map(readable, sources)), strict=True)):
        held = table.column(position)
        number = table.numeric or (kind_of(held) == NUMERIC and missing_in(held) < table.rows)
        kind, bins = (NUMERIC, NumericBins(())) if number else (CATEGORICAL, CategoryBins((), None))
        yield Column(shown, INPUT, kind, name, None, bins, (0,) * bins.size)


def bare_output(name: str) -> Column:
    """A column of answers of which nothing is known before."""
    return Column(name, OUTPUT, NUMERIC, name, None, NumericBins(()), (0, 0))


def _answered(name: str, prediction: Prediction, decision: Decision, tallier: Tallier) -> Tally | None:
    """Count one column of an answer; None where the answer has no such column."""
    if name == "class":
        if prediction.predicted is None:
            return None
        counts = np.bincount(prediction.predicted + 1, minlength=len(decision.classes) + 1).tolist()
        return tallier.of_categories(dict(zip((None, *decision.classes), counts, strict=True)))
    numbers = prediction.values if name == "value" else prediction.scores
    if numbers is None:
        return None
    if numbers.ndim == 2:
        if name == "value" and numbers.shape[1] > 1:  # several outputs: none of them is the value
            return None
        numbers = numbers.max(axis=1)
    return tallier.of(Table((name,), len(numbers), numbers[:, None]))
