"""The public functions; `otelml` itself offers them, and loads this module when the first one is used."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import clock, process
from otelml.batches import CARRIER, Ids, predictions
from otelml.identities import Given
from otelml.instrumentor import INSTRUMENTORS, disabled
from otelml.labels import actual_text, entries, given_text, id_text, plain
from otelml.ledger import ledger
from otelml.outcomes.records import Action, Outcome
from otelml.outside import let_pass
from otelml.patching.guard import guarded
from otelml.settings import load
from otelml.telemetry.pipeline import PIPELINE
from otelml.times import read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from otelml.telemetry.meter import Meter

__all__ = [
    "force_flush",
    "get_meter",
    "identify",
    "instrument",
    "predictions",
    "record_actions",
    "record_outcome",
    "record_outcomes",
    "uninstrument",
]


def instrument(
    tracer_provider: Any = None, meter_provider: Any = None, logger_provider: Any = None, **settings: Any
) -> None:
    """Watch the models of every supported framework, imported already or later.

    The launcher does this by itself.  A further call changes providers and settings, and patches nothing twice.
    What `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` names stays as it is.

    Parameters
    ----------
    tracer_provider, meter_provider, logger_provider : None for the global ones, also when they are set later.
    settings : rows of `otelml.settings.Settings`; they go before the environment.

    Raises
    ------
    TypeError
        When a setting does not exist.
    """
    process.configure(
        load(settings),
        tracer_provider=tracer_provider,
        meter_provider=meter_provider,
        logger_provider=logger_provider,
    )
    for instrumentor in INSTRUMENTORS:
        one = instrumentor()
        if one.is_instrumented_by_opentelemetry:
            one.follow()
        elif not {"*", one.entry_point} & disabled():
            one.instrument(skip_dep_check=True)


def uninstrument() -> None:
    """Restore every original attribute, and let go of the SDK's readers."""
    for instrumentor in INSTRUMENTORS:
        one = instrumentor()
        if one.is_instrumented_by_opentelemetry:
            one.uninstrument()
    CARRIER.stop()
    process.end()


def identify(
    model: Any,
    name: str | None = None,
    version: str | None = None,
    baseline: Any = None,
    positive_class: Any = None,
    threshold: float | None = None,
) -> Any:
    """Say who a model is, and return it.

    Parameters
    ----------
    model : the very object that will be asked.
    baseline : a `Baseline`, or the path of a saved one.
    positive_class : of two classes, the one whose probability is the score; the second by default.
    threshold : the score from which a row counts as positive; the baseline's by default, else 0.5.
    """
    named, numbered = (None if said is None else str(said) for said in (name, version))
    _identify(model, Given(named, numbered, baseline, positive_class, threshold))
    return model


@guarded("identify")
def _identify(model: Any, given: Given) -> None:
    cut = given.threshold
    if cut is not None and not (isinstance(cut, Real) and math.isfinite(cut)):
        ledger.error("identify")
        ledger.warn_once("otelml: a threshold of %s is not in force: give a number, the score from which on a row "
                         "is positive", type(cut).__name__)  # fmt: skip
        given = replace(given, threshold=None)
    process.current().models.identify(model, given)


def record_outcomes(ids: Iterable[Any], actuals: Iterable[Any], at: Any = None, weight: Any = None) -> None:
    """Record the actual outcomes of predictions, by their ids.

    Raises nothing for what is in the arguments: an outcome that cannot be read is counted in `ml.outcome.rejections`
    as `invalid`, and a warning in the log says why, once.

    Parameters
    ----------
    ids : (n,) as the predictions were given, or got, them.
    actuals : (n,) or (n, 1) labels, or numbers of a regression; one that is missing (None, NaN, NA, null) is invalid.
    at : when: one or (n,) datetimes, dates, ISO 8601 texts or seconds since the epoch (UTC without a zone); now by
        default.  An outcome belongs to the latest prediction of its id that was made by then.
    weight : how much each counts, one number or (n,); 1 by default.  Negative and infinite ones are invalid.
    """
    _record(ids, actuals, at, weight)


@guarded("outcomes")
def _record(ids: Any, actuals: Any, at: Any, weight: Any) -> None:
    if not process.current().settings.enabled:
        return
    values = entries(actuals)
    texts = _texts(ids, len(values))
    desk = process.current().desk
    if len(texts) != len(values):
        _refuse("%d ids came with %d actuals: give one actual value an id", len(texts), len(values))
        desk.reject("invalid", max(len(texts), len(values)))
        return
    labels = [given_text(actual) for actual in values]
    times = [clock.now()] * len(texts) if at is None else _numbers("at", read, at, len(texts))
    weights = [1.0] * len(texts) if weight is None else _numbers("weight", _weights, weight, len(texts))
    outcomes = [
        Outcome(one, label, _number(actual), time, weight)
        for one, label, actual, time, weight in zip(texts, labels, values, times, weights, strict=True)
        if one and label is not None and math.isfinite(time) and 0 <= weight < math.inf
    ]
    if len(outcomes) < len(texts):
        desk.reject("invalid", len(texts) - len(outcomes))
        _name_missing("outcomes", texts, times, labels, weights)
    if outcomes:
        desk.bring(outcomes)


def record_outcome(id: Any, actual: Any, at: Any = None) -> None:  # noqa: A002 -- the public name
    """Record the actual outcome of one prediction; see `record_outcomes`."""
    record_outcomes([id], [actual], at)


def record_actions(ids: Iterable[Any], action: str, at: Any = None) -> None:
    """Record what somebody did about predictions: clicked, booked, blocked, cancelled.

    `ml.actions` counts an action of a prediction once, for as long as the prediction is remembered; its exposures are
    the predictions that were registered under ids, `ml.outcome.awaited`.  What is not counted is in
    `ml.outcome.rejections`, with the action's name and why: an id that nobody waits for is `unknown`.  Raises nothing
    for what is in the arguments, as `record_outcomes`.

    Parameters
    ----------
    ids : (n,) as the predictions were given, or got, them; a text alone is one id.
    action : its name, which leaves the process; beyond 20 of them (`OTEL_PYTHON_ML_ACTIONS` names them) `other`.
    at : when, as in `record_outcomes`.
    """
    _act(ids, action, at)


@guarded("outcomes")
def _act(ids: Any, action: Any, at: Any) -> None:
    if not process.current().settings.enabled:
        return
    name = actual_text(action)
    texts = [] if ids is None else _texts(ids, None)
    if not texts or name is None:
        if ids is None or name is None:
            _refuse("record_actions needs ids and the name of an action")
            process.current().desk.reject("invalid", max(1, len(texts)), name)
        return
    times = _numbers("at", read, clock.now() if at is None else at, len(texts))
    name = process.current().models.actions.of(name)
    pairs = zip(texts, times, strict=True)
    actions = [Action(one, name, time) for one, time in pairs if one and math.isfinite(time)]
    desk = process.current().desk
    if len(actions) < len(texts):
        desk.reject("invalid", len(texts) - len(actions), name)
        _name_missing("actions", texts, times)
    if actions:
        desk.bring(actions)


def get_meter(
    name: str,
    version: str | None = None,
    meter_provider: Any = None,
    schema_url: str | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> Meter:
    """A meter that makes ML instruments, shaped like OpenTelemetry's own `get_meter`."""
    process.current()
    return PIPELINE.meter(name, version, provider=meter_provider, schema_url=schema_url, attributes=attributes)


def force_flush(timeout_millis: float = 10_000) -> bool:
    """Export everything now: metrics through every reader, and spans.

    Returns
    -------
    False when a reader or the span processor says that it failed or ran out of time.  The SDK's periodic reader says so
    of a collection, not of an export: an endpoint that does not answer is in its log.
    """
    return PIPELINE.flush(timeout_millis)


def _texts(ids: Any, count: int | None) -> list[str]:
    """The texts of ids; of a block whose rows nobody saw, as many as there are outcomes."""
    if isinstance(ids, Ids) and ids.on_demand and count is not None:
        return [ids.made(row) for row in range(count)]
    return [id_text(one) for one in entries(ids)]


def _numbers(name: str, reader: Callable[[Any], tuple[Any, str | None]], value: Any, count: int) -> list[float]:
    """One number for each of `count` ids; NaN for those that cannot be read."""
    array, problem = reader(value)
    if array.ndim and array.shape != (count,):
        problem, array = f"{len(array)} values came for {count} ids", np.asarray(np.nan)
    if problem is not None:
        _refuse("%s of outcomes or actions: %s", name, problem)
    return np.broadcast_to(array, (count,)).tolist()


def _weights(weight: Any) -> tuple[Any, str | None]:
    one = not hasattr(weight, "__len__") or isinstance(weight, str)
    numbers = [_float(each) for each in ([weight] if one else entries(weight))]
    array = np.array([np.nan if each is None else each for each in numbers])
    return array[0] if one else array, "a weight is no number" if None in numbers else None


def _name_missing(
    what: str,
    ids: Sequence[str],
    times: Sequence[float],
    labels: Sequence[str | None] = (),
    weights: Sequence[float] = (),
) -> None:
    """Log why outcomes or actions are invalid: what they lack."""
    lacks = {
        "a missing id": not all(ids),
        "a missing label": None in labels,
        "a missing time, or one that cannot be read": not all(map(math.isfinite, times)),
        "a weight that is negative, infinite or missing": not all(0 <= one < math.inf for one in weights),
    }
    for why, found in lacks.items():
        if found:
            ledger.warn_once("otelml: %s with %s are not counted (ml.outcome.rejections has them as invalid); record "
                             "them once they are complete", what, why)  # fmt: skip


def _refuse(message: str, *values: object) -> None:
    ledger.error("outcomes")
    ledger.warn_once("otelml: " + message, *values)


def _number(actual: Any) -> float | None:
    number = _float(actual)
    return number if number is not None and math.isfinite(number) else None


def _float(value: Any) -> float | None:
    try:
        return float(plain(value))  # pyright: ignore[reportArgumentType] -- whatever it is
    except Exception as error:  # noqa: BLE001 -- a class of the host's own may raise anything
        let_pass(error)
        return None
