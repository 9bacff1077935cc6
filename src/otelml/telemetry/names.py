"""The contract: every name that leaves the process, once.

Recorders, tests, rules, dashboards and `docs/telemetry.md` read this; run as a module, it writes that page.
Rename nothing here without a line in the changelog and a new `SCHEMA_URL`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

REAL_UNITS = ("s", "{score}", "{value}", "{loss}")
SCOPE = "otelml"
SCHEMA_URL = "https://otelml.dev/schemas/0.1.0"


class Kind(Enum):
    """The specification's instrument kinds that are used here."""

    COUNTER = "counter"
    UP_DOWN_COUNTER = "up-down counter"
    HISTOGRAM = "histogram"
    GAUGE = "gauge"


class Rank(IntEnum):
    """Which series stay when a process has more than it may ship: the lowest number longest."""

    ALWAYS = 0  # outside the limit
    MODEL = 1  # what each model has: service, outputs, outcomes
    CELL = 2  # cells of many classes, beside the sums over them
    SCORE_BIN = 3  # outcomes by bin of the score
    USER = 4  # of instruments of the user's own
    COLUMN = 5
    CONSTANT = 6  # of baselines
    GAUGE = 7
    RETIRED = 8  # what is not added to any more


@dataclass(frozen=True)
class Metric:
    """One metric of the contract.

    Attributes
    ----------
    unit : UCUM; what has no unit is annotated.
    attributes : those a point may carry, beside the model's name and version.
    bounds : upper-inclusive boundaries of a histogram, at most 31.
    signed : a histogram that can hold negative values, and so omits its sum.
    extremes : a histogram that tells its smallest and its largest value; of answers and losses those are raw
        values of somebody's, and stay here.
    counted : a sum that counts values, and does not add them up.
    rank : when its series give way to others.
    """

    name: str
    kind: Kind
    unit: str
    doc: str
    attributes: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()
    signed: bool = False
    extremes: bool = False
    counted: bool = False
    rank: Rank = Rank.USER

    @property
    def zero(self) -> float:
        """Where a sum starts: an integer where rows or events are counted, else a real number."""
        return 0.0 if self.unit in REAL_UNITS and not self.counted else 0


@dataclass(frozen=True)
class Event:
    """One log record of the contract, by its event name."""

    name: str
    doc: str
    attributes: tuple[str, ...]


# Attributes.
MODEL_NAME = "ml.model.name"
MODEL_VERSION = "ml.model.version"
SYSTEM_NAME = "ml.system.name"
SYSTEM_VERSION = "ml.system.version"
OPERATION_NAME = "ml.operation.name"
TASK = "ml.task"
ERROR_TYPE = "error.type"
BASELINE_ID = "ml.baseline.id"
CLASS = "ml.class"
PREDICTED = "ml.predicted"
ACTUAL = "ml.actual"
CORRECT = "ml.correct"
FROM = "ml.from"
TO = "ml.to"
BIN = "ml.bin"
MOMENT = "ml.moment"
METRIC = "ml.metric"
BOUND = "ml.bound"
WINDOW = "ml.window"
LOSS = "ml.loss"
COLUMN_NAME = "ml.column.name"
COLUMN_ROLE = "ml.column.role"
VIOLATION = "ml.violation"
METHOD = "ml.method"
ACTION = "ml.action"
REASON = "ml.reason"
COMPONENT = "ml.component"

# Of events alone.
ROWS_COMPARED = "ml.skew.rows"
COLUMNS_COMPARED = "ml.skew.columns"
COLUMNS_MOVED = "ml.skew.moved"

# Of spans alone.
BATCH_SIZE = "ml.batch.size"
PREDICTION_ID = "ml.prediction.id"
PREDICTION_SCORE = "ml.prediction.score"
PREDICTION_CLASS = "ml.prediction.class"

# Values.
OTHER = "other"
NONE = "none"
OTHER_ERROR = "_OTHER"
MOST_CLASSES = 20
MOST_ERROR_TYPES = 20
MOST_MODELS = 50
MOST_ACTIONS = 20
MOST_BINS = 24
MOMENTS = ("positive", "negative", "squared")  # values of `ml.moment` that are counted
MOST_ZERO_CELLS = 16

_DURATION_BOUNDS = (
    *(0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
_SIZE_BOUNDS = tuple(float(4**power) for power in range(11))
_DELAY_BOUNDS = (
    *(1.0, 10.0, 60.0, 600.0, 3_600.0, 10_800.0, 21_600.0, 43_200.0),
    *(86_400.0, 172_800.0, 604_800.0, 1_209_600.0, 2_592_000.0, 5_184_000.0, 7_776_000.0),
)
# Dense at both ends, so that AUC from the bins holds even for one positive in a thousand.
SCORE_BOUNDS = (
    *(1e-5, 5e-5, 1.5e-4, 4e-4, 8e-4, 0.0015, 0.0025, 0.004, 0.0065, 0.01, 0.015, 0.022, 0.032, 0.045, 0.065),
    *(0.09, 0.12, 0.16, 0.21, 0.27, 0.34, 0.42, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97, 0.995, 0.9995, 0.99999),
)
# Without a baseline nobody knows the scale of a value: symmetric powers of ten.
VALUE_BOUNDS = (
    *(-1e6, -1e5, -1e4, -1e3, -300.0, -100.0, -30.0, -10.0, -3.0, -1.0, -0.3, -0.1, -0.01, -0.001),
    *(0.0, 0.001, 0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 1e4, 1e5, 1e6),
)

_CALL = (OPERATION_NAME, SYSTEM_NAME)
_COLUMN = (COLUMN_NAME, COLUMN_ROLE)
_CELL = (PREDICTED, ACTUAL, CORRECT)

# The service.
DURATION = Metric(
    "ml.inference.duration",
    Kind.HISTOGRAM,
    "s",
    "Duration of a prediction call.",
    (*_CALL, ERROR_TYPE),
    _DURATION_BOUNDS,
    extremes=True,
    rank=Rank.MODEL,
)
ACTIVE = Metric(
    "ml.inference.active", Kind.UP_DOWN_COUNTER, "{request}", "Prediction calls under way.", _CALL, rank=Rank.MODEL
)
ROWS = Metric("ml.inference.rows", Kind.COUNTER, "{row}", "Rows of calls that returned.", _CALL, rank=Rank.MODEL)
BATCH_ROWS = Metric(
    "ml.inference.batch.size",
    Kind.HISTOGRAM,
    "{row}",
    "Rows of a call.",
    _CALL,
    _SIZE_BOUNDS,
    extremes=True,
    rank=Rank.MODEL,
)
MODEL_INFO = Metric(
    "ml.model.info",
    Kind.UP_DOWN_COUNTER,
    "{model}",
    "One for each process that serves the model.",
    (SYSTEM_NAME, SYSTEM_VERSION, TASK, BASELINE_ID),
    rank=Rank.MODEL,
)

# What it answers.
PREDICTIONS = Metric(
    "ml.predictions",
    Kind.COUNTER,
    "{prediction}",
    "Predictions by class; of binary models at the threshold.",
    (CLASS,),
    rank=Rank.MODEL,
)
SCORE = Metric(
    "ml.prediction.score",
    Kind.HISTOGRAM,
    "1",
    "Probability of the class; of binary models of the positive class alone.",
    (CLASS, BASELINE_ID),
    SCORE_BOUNDS,
    rank=Rank.MODEL,
)
SCORE_SQUARES = Metric(
    "ml.prediction.score.squares",
    Kind.COUNTER,
    "{score}",
    "Sum of squared scores, for the variance over a fleet.",
    (CLASS,),
    rank=Rank.MODEL,
)
VALUE = Metric(
    "ml.prediction.value",
    Kind.HISTOGRAM,
    "{value}",
    "Predicted values, margins and anomaly scores.",
    (BASELINE_ID,),
    VALUE_BOUNDS,
    signed=True,
    rank=Rank.MODEL,
)
VALUE_MOMENT = Metric(
    "ml.prediction.value.moment",
    Kind.COUNTER,
    "{value}",
    "Sums of positive values, of negative ones' magnitudes, of squares; standardised by a baseline.",
    (MOMENT, BASELINE_ID),
    rank=Rank.MODEL,
)

# What it is asked.
COLUMN_VALUES = Metric(
    "ml.column.values",
    Kind.COUNTER,
    "{value}",
    "Values of a column by bin; outputs are columns too.",
    (*_COLUMN, BIN, BASELINE_ID),
    counted=True,
    rank=Rank.COLUMN,
)
COLUMN_MOMENT = Metric(
    "ml.column.moment",
    Kind.COUNTER,
    "{value}",
    "Sums of a column's positive values, of negative ones' magnitudes, of squares; standardised by a baseline.",
    (*_COLUMN, MOMENT, BASELINE_ID),
    rank=Rank.COLUMN,
)
VIOLATIONS = Metric(
    "ml.column.violations",
    Kind.COUNTER,
    "{value}",
    "Values that differ from training: column missing or extra, type, range, category.",
    (*_COLUMN, VIOLATION, BASELINE_ID),
    counted=True,
    rank=Rank.COLUMN,
)
DRIFT = Metric(
    "ml.drift",
    Kind.GAUGE,
    "{index}",
    "Distance between a window of a column, in this process, and the baseline.",
    (*_COLUMN, METHOD, WINDOW, BASELINE_ID),
    rank=Rank.GAUGE,
)
DRIFT_CRITICAL = Metric(
    "ml.drift.critical",
    Kind.GAUGE,
    "{index}",
    "Critical value of the distance at a false-positive rate of 1e-5, for a window of as many rows.",
    (*_COLUMN, METHOD, WINDOW, BASELINE_ID),
    rank=Rank.GAUGE,
)
COLUMN_MEAN = Metric(
    "ml.column.mean",
    Kind.GAUGE,
    "{value}",
    "Mean of a column in a window of this process.",
    (*_COLUMN, WINDOW, BASELINE_ID),
    rank=Rank.GAUGE,
)
COLUMN_VARIANCE = Metric(
    "ml.column.variance",
    Kind.GAUGE,
    "{value}",
    "Variance of a column in a window of this process.",
    (*_COLUMN, WINDOW, BASELINE_ID),
    rank=Rank.GAUGE,
)
COLUMN_COMPLETENESS = Metric(
    "ml.column.completeness",
    Kind.GAUGE,
    "{share}",
    "Share of a column's values that were not missing in a window of this process.",
    (*_COLUMN, WINDOW, BASELINE_ID),
    rank=Rank.GAUGE,
)

# Whether it was right.
AWAITED = Metric(
    "ml.outcome.awaited",
    Kind.COUNTER,
    "{prediction}",
    "Predictions that were registered for an outcome.",
    (PREDICTED,),
    rank=Rank.MODEL,
)
OUTCOMES = Metric(
    "ml.outcomes",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes joined to their predictions, as they arrive.",
    _CELL,
    rank=Rank.CELL,
)
COHORT = Metric(
    "ml.outcome.cohort",
    Kind.COUNTER,
    "{prediction}",
    "Predictions at the outcome horizon, with their outcome or none; late labels never look like a drop.",
    _CELL,
    rank=Rank.CELL,
)
CORRECTIONS = Metric(
    "ml.outcome.corrections",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes that changed after they were counted.",
    (PREDICTED, FROM, TO),
    rank=Rank.CELL,
)
LOSSES = Metric(
    "ml.outcome.loss",
    Kind.HISTOGRAM,
    "{loss}",
    "Losses, as sum and count without bucket boundaries.",
    (LOSS,),
    rank=Rank.MODEL,
)
SCORE_VALUES = Metric(
    "ml.outcome.score.values",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes by class and by bin of their score.",
    (ACTUAL, BIN, BASELINE_ID),
    rank=Rank.SCORE_BIN,
)
SCORE_BELOW = Metric(
    "ml.outcome.score.below",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes by class, up to and including the bin of their score.",
    (ACTUAL, BIN, BASELINE_ID),
    rank=Rank.SCORE_BIN,
)
SCORE_SUM = Metric(
    "ml.outcome.score.sum",
    Kind.COUNTER,
    "{score}",
    "Sum of the scores in a bin, for calibration.",
    (BIN, BASELINE_ID),
    rank=Rank.SCORE_BIN,
)
DELAY = Metric(
    "ml.outcome.delay", Kind.HISTOGRAM, "s", "Prediction to outcome.", (), _DELAY_BOUNDS, extremes=True, rank=Rank.MODEL
)
REJECTIONS = Metric(
    "ml.outcome.rejections",
    Kind.COUNTER,
    "{outcome}",
    "Outcomes that were not counted, by reason: unknown, duplicate, expired, invalid, no_class; and actions, by name.",
    (REASON, ACTION),
    rank=Rank.MODEL,
)
ACTIONS = Metric(
    "ml.actions",
    Kind.COUNTER,
    "{action}",
    "Downstream actions on predictions (click, booking, block), each action once per prediction; the exposures are "
    "`ml.outcome.awaited`.",
    (ACTION,),
    rank=Rank.MODEL,
)
PERFORMANCE = Metric(
    "ml.performance",
    Kind.GAUGE,
    "{score}",
    "Performance of the cohorts that reached the horizon within the window, with its 95 % interval.",
    (METRIC, CLASS, BOUND, WINDOW),
    rank=Rank.GAUGE,
)

# What it was like in training.
BASELINE_VALUES = Metric(
    "ml.baseline.values",
    Kind.GAUGE,
    "{share}",
    "Share of the baseline's rows in a bin of a column.",
    (*_COLUMN, BIN, BASELINE_ID),
    rank=Rank.CONSTANT,
)
BASELINE_ROWS = Metric(
    "ml.baseline.rows",
    Kind.GAUGE,
    "{row}",
    "Rows of a column in the baseline.",
    (*_COLUMN, BASELINE_ID),
    rank=Rank.CONSTANT,
)
BASELINE_MOMENT = Metric(
    "ml.baseline.moment",
    Kind.GAUGE,
    "{value}",
    "Mean and standard deviation of a column in the baseline; with a window, the smallest and the largest mean and "
    "variance of a block of its rows that long, of the score of two classes and of values alone.",
    (*_COLUMN, MOMENT, BOUND, WINDOW, BASELINE_ID),
    rank=Rank.CONSTANT,
)
BASELINE_DRIFT = Metric(
    "ml.baseline.drift",
    Kind.GAUGE,
    "{index}",
    "Largest population stability index of a block of the baseline's rows, as long as the window, against the others.",
    (*_COLUMN, WINDOW, BASELINE_ID),
    rank=Rank.CONSTANT,
)
BASELINE_CELLS = Metric(
    "ml.baseline.cells",
    Kind.GAUGE,
    "{row}",
    "Confusion cells of the baseline.",
    (PREDICTED, ACTUAL, BASELINE_ID),
    rank=Rank.CONSTANT,
)
BASELINE_PERFORMANCE = Metric(
    "ml.baseline.performance",
    Kind.GAUGE,
    "{score}",
    "Performance on the baseline's rows; with a window, the spread of windows that long.",
    (METRIC, CLASS, BOUND, WINDOW, BASELINE_ID),
    rank=Rank.CONSTANT,
)

# What watching it costs.
OVERHEAD = Metric(
    "otelml.overhead", Kind.COUNTER, "s", "Monitoring overhead, encoding of the points included.", rank=Rank.ALWAYS
)
DROPPED = Metric("otelml.dropped", Kind.COUNTER, "{item}", "Items dropped.", (REASON,), rank=Rank.ALWAYS)
ERRORS = Metric(
    "otelml.errors", Kind.COUNTER, "{error}", "Internal errors that were swallowed.", (COMPONENT,), rank=Rank.ALWAYS
)

# Events.
SKEW = Event(
    "ml.skew",
    "The first rows after a deploy were compared with the baseline; once per model and process.",
    (MODEL_NAME, MODEL_VERSION, BASELINE_ID, ROWS_COMPARED, COLUMNS_COMPARED, COLUMNS_MOVED),
)

EVENTS: tuple[Event, ...] = (SKEW,)
CONTRACT: tuple[Metric, ...] = tuple(value for value in tuple(globals().values()) if isinstance(value, Metric))


if __name__ == "__main__":
    from otelml.telemetry.page import as_markdown

    print(as_markdown(), end="")  # noqa: T201 -- what the module is run for
