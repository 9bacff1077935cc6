"""`docs/telemetry.md`, made from the contract: `python -m otelml.telemetry.names > docs/telemetry.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otelml.labels import MOST_TEXT
from otelml.telemetry import names, process_metrics
from otelml.telemetry.glossary import ATTRIBUTES, DROPPED_BECAUSE, ERRORS_IN, REJECTED_BECAUSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from otelml.telemetry.names import Event, Metric


class Chapter(NamedTuple):
    """Metrics that answer one question."""

    title: str
    metrics: tuple[Metric, ...]


CHAPTERS = (
    Chapter("The service", (names.DURATION, names.ACTIVE, names.ROWS, names.BATCH_ROWS, names.MODEL_INFO)),
    Chapter(
        "What it answers",
        (names.PREDICTIONS, names.SCORE, names.SCORE_SQUARES, names.VALUE, names.VALUE_MOMENT),
    ),
    Chapter(
        "What it is asked",
        (
            *(names.COLUMN_VALUES, names.COLUMN_MOMENT, names.VIOLATIONS, names.DRIFT, names.DRIFT_CRITICAL),
            *(names.COLUMN_MEAN, names.COLUMN_VARIANCE, names.COLUMN_COMPLETENESS),
        ),
    ),
    Chapter(
        "Whether it was right",
        (
            *(names.AWAITED, names.OUTCOMES, names.COHORT, names.CORRECTIONS, names.LOSSES),
            *(names.SCORE_VALUES, names.SCORE_BELOW, names.SCORE_SUM, names.DELAY, names.REJECTIONS),
            *(names.ACTIONS, names.PERFORMANCE),
        ),
    ),
    Chapter(
        "What it was like in training",
        (
            *(names.BASELINE_VALUES, names.BASELINE_ROWS, names.BASELINE_MOMENT, names.BASELINE_DRIFT),
            *(names.BASELINE_CELLS, names.BASELINE_PERFORMANCE),
        ),
    ),
    Chapter("What watching it costs", (names.OVERHEAD, names.DROPPED, names.ERRORS)),
)

BOUNDARIES = (names.DURATION, names.BATCH_ROWS, names.SCORE, names.VALUE, names.DELAY)

_HEAD = """\
# Telemetry

<!-- Generated: python -m otelml.telemetry.names > docs/telemetry.md -->

Everything that otelml emits. The scope is `{scope}`, with the version of otelml and the schema URL
`{schema}`.

## Spans

`{{{operation}}} {{{model}}}`, kind INTERNAL, open during the call, so that the host's own spans hang
below it. `{model}`, `{version}`, `{system}`, `{operation}` and `{task}` are there from the start, for
samplers; `{batch}` (rows) at the end. A call that raised has `{error}` and the status ERROR without a
description, since exceptions quote data: `OTEL_PYTHON_ML_EXCEPTION_MESSAGES` adds message and stack
trace. On calls of one row `OTEL_PYTHON_ML_SPAN_IDS` puts `{id}`, and `OTEL_PYTHON_ML_SPAN_SCORES` puts
`{score}` and `{chosen}`, for tail sampling: the probability of the positive class, with more than two
classes of the chosen one, and the label. Cancellation and exit are no errors.

## Metrics

Beside the attributes listed, every metric but `otelml.overhead` and `otelml.errors` has `{model}`, and
`{version}` where there is one; what is rejected or dropped before its model is known has neither. Bounds of
histograms are upper-inclusive. A histogram "without sum" can hold negative values: its sums travel as counters
by `{moment}`.
"""

_NOT_OURS = """\
`{package}`, which the launcher starts where it is installed, tells what a
process uses, without any attribute of a model. It tells of the whole host too, and of the process twice, unless
`{variable}={beside}` leaves that out. A child by `os.fork` tells
its parent's numbers; processes that are spawned, as uvicorn's workers are, tell their own.
"""

_LIFE = """\
## Temporality, and the life of a series

- Counters, histograms and up-down counters each follow the reader's preference, cumulative or delta.
  Delta leaves out what has not changed.
- A new cumulative counter or histogram says 0 in its first collection, and its value from the second: a
  backend that takes differences loses what is in a first sample. New series are announced to push readers
  at once, in the background. The last collection of a process holds nothing back.
- A series starts at its birth; in a forked child it starts anew, with nothing of the parent's.
- A reader that is added later starts at zero, as the SDK's own do.
- A gauge whose window is empty is left out.
- Smallest and largest value go along with durations, delays and sizes of batches, and with your own instruments; of
  scores, predicted values and losses they would be somebody's, and stay.
- A process ships {points} series at most (`OTEL_PYTHON_ML_MAX_POINTS`), and what a model needs is never left out for
  detail of this or another model. When the limit is reached, series give way in this order, the latest first: what is
  not added to any more, gauges, constants of baselines, columns, instruments of `otelml.get_meter`, outcomes by bin of
  the score, confusion cells of more than four classes. Such cells are then counted as `{other}`, with `{correct}` as
  it is. Service, outputs, outcomes and cohort of up to {models} models fit into the default. What gave way is counted
  in `otelml.dropped` (series when they are left out, rows a column from then on), and is shipped again, from zero, when
  there is room. `otelml.dropped`, `otelml.errors` and `otelml.overhead` are outside the limit.
- A column of which not all series fit is left out as a whole, and so are its constants. How many series a model makes
  is logged when it is first asked.
- A text that the host gives (names of models, labels, actions, classes of exceptions, attributes of your own
  instruments) has {length} characters at most; a longer one ends in `~` and a hash of the whole.
- `OTEL_PYTHON_ML_METRICS` includes and excludes metrics by glob; Views of the SDK do not apply.

## What is in a sum

A cumulative sum that took in 1e200 once would not change any more, whatever is added. So the sums of columns, predicted
values, scores and losses leave out what is out of all proportion: with a baseline, values more than 2^24 (16 million)
of its standard deviations from its mean; without one, 2^24 times what the first values were like (2^24 as long as there
were fewer than 16), and of those above 64 times that, as many as leave the sum of use. What is left out is in its bin
of `ml.column.values` or its bucket, is in none of the moments of its value, and is counted in `otelml.dropped` with
`{reason}="overflow"`: a mean over `ml.column.values` is too small by its share of the rows.
`{loss}` leaves it out of sum and count alike, so that its mean stays one; `ml.outcomes` leaves out an
outcome whose weight is above 2^32.

## What never leaves

Raw values, their extremes, ids and names of categories are in no metric. Names of columns are, and labels: those of
the model's classes, up to the bound. Bounds of bins lie between values of the baseline; a value that more than 5 % of
its rows hold has a bin of its own, which tells it. `OTEL_PYTHON_ML_CATEGORY_NAMES` tells names of categories, never of
one that fewer than 1 % of the rows hold. Ids, answers to single rows and texts of exceptions reach spans only
where a setting says so.
"""


def as_markdown() -> str:
    """Write the whole page."""
    head = _HEAD.format(
        scope=names.SCOPE,
        schema=names.SCHEMA_URL,
        operation=names.OPERATION_NAME,
        model=names.MODEL_NAME,
        version=names.MODEL_VERSION,
        system=names.SYSTEM_NAME,
        task=names.TASK,
        batch=names.BATCH_SIZE,
        error=names.ERROR_TYPE,
        id=names.PREDICTION_ID,
        score=names.PREDICTION_SCORE,
        chosen=names.PREDICTION_CLASS,
        moment=names.MOMENT,
    )
    parts = [head, *(_chapter(chapter) for chapter in CHAPTERS)]
    parts += [_not_ours()]
    parts += [
        "## Events\n\nLog records with a name, to the logger provider.\n",
        _table(("event", "attributes", "meaning"), map(_event, names.EVENTS), first_is_code=True),
        "## Attributes\n",
        _table(("attribute", "meaning", "values at most"), ATTRIBUTES, first_is_code=True),
    ]
    parts += ["## Reasons and components\n"]
    for title, listed in (
        ("`otelml.dropped`", DROPPED_BECAUSE),
        ("`ml.outcome.rejections`", REJECTED_BECAUSE),
        ("`otelml.errors`", ERRORS_IN),
    ):
        parts += [_table((title, "meaning"), listed.items(), first_is_code=True)]
    parts += [
        "## Boundaries\n",
        "With a baseline, those of scores and values are the baseline's own quantiles.\n",
    ]
    parts += [_table(("histogram", "boundaries"), map(_boundaries, BOUNDARIES), first_is_code=True)]
    life = _LIFE.format(
        points="10,000",
        models=names.MOST_MODELS,
        length=MOST_TEXT,
        other=names.OTHER,
        correct=names.CORRECT,
        reason=names.REASON,
        loss=names.LOSSES.name,
    )
    return "\n".join([*parts, life])


def _not_ours() -> str:
    told = process_metrics
    head = _NOT_OURS.format(package=told.PACKAGE, variable=told.EXCLUDE, beside=told.BESIDE)
    return f"## Not ours, but read by our rules\n\n{head}\n{_metrics(told.READ)}"


def _chapter(chapter: Chapter) -> str:
    return f"### {chapter.title}\n\n{_metrics(chapter.metrics)}"


def _metrics(metrics: tuple[Metric, ...]) -> str:
    rows = [
        (
            f"`{metric.name}`",
            metric.kind.value + (", without sum" if metric.signed else ""),
            f"`{metric.unit}`" if metric.unit else "none",
            ", ".join(f"`{attribute}`" for attribute in metric.attributes),
            metric.doc,
        )
        for metric in metrics
    ]
    return _table(("metric", "instrument", "unit", "attributes", "meaning"), rows)


def _event(event: Event) -> tuple[str, str, str]:
    return event.name, ", ".join(f"`{attribute}`" for attribute in event.attributes), event.doc


def _boundaries(metric: Metric) -> tuple[str, str]:
    return metric.name, " ".join(f"{bound:g}" for bound in metric.bounds)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, first_is_code: bool = False) -> str:
    lines = [head, ["---"] * len(head)]
    lines += [[f"`{first}`" if first_is_code else first, *rest] for first, *rest in rows]
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)
