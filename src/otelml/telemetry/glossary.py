"""What attributes, reasons and components of the contract mean, and how many values each may have."""

from __future__ import annotations

from typing import NamedTuple

from otelml.baseline.columns import MOST_COLUMNS
from otelml.telemetry import names


class Attribute(NamedTuple):
    """An attribute: what it says, and how many values it may have."""

    name: str
    meaning: str
    bound: str


_LABELS = f"{names.MOST_CLASSES}, then `{names.OTHER}`"
ATTRIBUTES = (
    Attribute(
        names.MODEL_NAME,
        "given by the user, else the class of the model; two unnamed models of one class are kept apart by a "
        "hash of their columns, with a warning. On everything but `otelml.errors` and `otelml.overhead`",
        f"{names.MOST_MODELS} models a process, then `{names.OTHER}`",
    ),
    Attribute(names.MODEL_VERSION, "given by the user, or the baseline's; else absent. As above", ""),
    Attribute(
        names.SYSTEM_NAME,
        "the framework: `scikit_learn`, `xgboost`, `lightgbm`, `onnxruntime`",
        "fixed list",
    ),
    Attribute(names.SYSTEM_VERSION, "the framework's version", ""),
    Attribute(
        names.OPERATION_NAME,
        "what the model was asked by: `predict`, `predict_proba`, `run` and so on",
        "fixed list",
    ),
    Attribute(
        names.TASK,
        "`binary`, `multiclass`, `multilabel`, `regression`, `ranking`, `embedding`, `anomaly`, `clustering`, `other`",
        "fixed list",
    ),
    Attribute(
        names.ERROR_TYPE,
        "class of the exception, on failures only",
        f"{names.MOST_ERROR_TYPES}, then `{names.OTHER_ERROR}`",
    ),
    Attribute(
        names.BASELINE_ID,
        "first 8 hex digits of the baseline's hash, on whatever depends on a baseline: two are kept apart "
        "during a deploy",
        "2 live",
    ),
    Attribute(names.CLASS, "label of a class, as text: `True`, `1` and `1.0` are all `1`", _LABELS),
    Attribute(names.PREDICTED, "label that was predicted", _LABELS),
    Attribute(
        names.ACTUAL,
        f"actual class; in `ml.outcome.cohort` also `{names.NONE}` where no label had arrived",
        _LABELS,
    ),
    Attribute(names.CORRECT, "whether the two are the same; a boolean, since PromQL cannot compare labels", "2"),
    Attribute(names.FROM, "label before a correction", _LABELS),
    Attribute(names.TO, "label after a correction", _LABELS),
    Attribute(
        names.COLUMN_NAME,
        "name of a feature, with the part that it is read by after a dot (`comment.length`, `when.hour`, "
        "`vector.pc1`); of answers `score`, `class`, `value`. Columns that nobody declared are `other`",
        f"{MOST_COLUMNS} a model",
    ),
    Attribute(names.COLUMN_ROLE, "`input`, `output`", "2"),
    Attribute(
        names.BIN,
        "a bin with its upper-inclusive bounds, `03:(12.5,20]`; `min` and `max` stand for the extremes of the "
        "baseline, which stay in its file. Of columns also `02:=0` (a value that more than 5 % of the rows hold), "
        "`below` and `above` (beyond all that was seen), `cat:07` (a category, by its place in the baseline's file), "
        "`=true`, `other` (seen, and without a bin), `unseen` (never seen), `missing`",
        f"{len(names.SCORE_BOUNDS) + 1} of a score, {names.MOST_BINS} of a column",
    ),
    Attribute(
        names.MOMENT,
        "`positive`, `negative`, `squared`; of `ml.baseline.moment` `mean`, `standard_deviation`, `variance`",
        "fixed list",
    ),
    Attribute(
        names.VIOLATION,
        "`column_missing`, `column_extra`, `type`, `range` (below or above), `category` (unseen)",
        "fixed list",
    ),
    Attribute(names.METHOD, "`psi`, `js`, `ks`, `wasserstein` (in standard deviations), `tvd`", "fixed list"),
    Attribute(
        names.METRIC,
        "`precision`, `recall`, `f1`, `accuracy`, `roc_auc`, `brier`, `mae`, `rmse`, `r2` and so on",
        "fixed list",
    ),
    Attribute(names.BOUND, "`value`, `lower`, `upper`; absent for all rows of `ml.baseline.moment`", "fixed list"),
    Attribute(names.WINDOW, "ISO 8601: `P1D`, `P7D`, `P28D`; absent for all rows of a baseline", "fixed list"),
    Attribute(names.LOSS, "`brier`, `log` (clipped), `squared`, `absolute`, `over`, `under`", "fixed list"),
    Attribute(names.ROWS_COMPARED, "rows that were compared with the baseline, of events alone", ""),
    Attribute(names.COLUMNS_COMPARED, "columns that were compared, of events alone", ""),
    Attribute(
        names.COLUMNS_MOVED,
        "names of the columns that are not as they were in training, of events alone",
        f"{MOST_COLUMNS}",
    ),
    Attribute(
        names.ACTION,
        "what was done about a prediction: the name given to `otelml.record_actions`. Of `ml.outcome.rejections` only "
        "where an action was not counted",
        f"{names.MOST_ACTIONS} a process, then `{names.OTHER}`",
    ),
    Attribute(names.REASON, "see below", "fixed list"),
    Attribute(names.COMPONENT, "see below", "fixed list"),
)

DROPPED_BECAUSE = {
    "budget": "rows that the columns left out to keep to `OTEL_PYTHON_ML_BUDGET`",
    "cardinality": "a bound was reached: of models, labels, actions, series, or shapes of answers",
    "ids_mismatch": "rows and ids differ in number",
    "ids_missing": "rows whose id is missing: no outcome is awaited for them",
    "ids_repeated": "predictions under an id whose earlier prediction still waits for its outcome",
    "invalid_series": "series of which a value, a name or an attribute cannot be sent",
    "not_finite": "NaN or infinite values",
    "not_probability": "rows of scores that should be probabilities and are below 0 or above 1",
    "overflow": "values and weights that are too large for a sum: counted in their bin, and in no sum",
    "interrupted": "calls, or rows that were being counted, when a time limit or an interrupt of the host's own came",
    "queue_full": "predictions came faster than the outcome store was written",
    "sampled": "values that the fallback to public instruments left out",
    "shutdown": "series, spans and events that were not exported before the process ended; counted in the log as well",
    "store_deleted": "predictions that waited in an outcome store whose file was deleted",
    "store_full": "the in-process store was full, the oldest prediction gave way",
    "store_unwritable": "the outcome store could not be written or read",
    "unsupported_input": "rows that are no table of columns",
    "unsupported_output": "rows of an answer that is no array of numbers or labels",
}
REJECTED_BECAUSE = {
    "unknown": "no prediction waits under this id, or it came too early for another worker's",
    "duplicate": "the same label again, or the same action",
    "expired": "the time to live has passed",
    "invalid": "the id or the label is missing, or a time or weight is none",
    "no_class": "the prediction tells no class, so nobody can say whether it was right: margins of an SVC, for one",
}
ERRORS_IN = {
    "announcement": "telling readers of new series",
    "baseline": "a baseline that is broken, or of another model, threshold or positive class",
    "canary": "proving the way into the SDK",
    "close": "letting go of stores and of the SDK",
    "collection": "preparing a collection",
    "columns": "counting columns",
    "describe": "reading what a model says of itself",
    "event": "emitting an event",
    "exit": "ending the process",
    "flush": "flushing a reader, or spans",
    "fold": "folding staged rows",
    "fork": "starting afresh in a forked child",
    "identify": "what was given to `otelml.identify`",
    "ids": "reading the ids of a call's rows",
    "instrument": "patching a framework as a whole",
    "observe": "a call, before or after the host's own code",
    "outcomes": "joining outcomes and actions, or their store",
    "outputs": "recording scores, classes and values",
    "patching": "patching one call site",
    "producer": "appending our points to a collection",
    "shim": "the way into the SDK: public instruments took over",
    "uninstrument": "taking patches out",
    "version": "a framework whose version is not supported",
}
