"""The public functions; `otelml` itself offers them, and loads this module when the first one is used."""

from __future__ import annotations

import math
from dataclasses import replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np

from otelml import clock, process
from otelml.arrays import as_array, as_seconds, is_missing
from otelml.batches import predictions
from otelml.identities import Given
from otelml.instrumentor import INSTRUMENTORS, disabled
from otelml.ledger import ledger
from otelml.outcomes.records import Action, Outcome
from otelml.patching.guard import guarded
from otelml.prediction import label_text
from otelml.settings import load
from otelml.telemetry.pipeline import PIPELINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
    """Say what came true of predictions, by their ids.

    Parameters
    ----------
    ids : (n,) as the predictions were given, or got, them.
    actuals : (n,) or (n, 1) labels, or numbers of a regression; one that is missing (None, NaN, NA) is rejected as
        invalid.
    at : when: one or (n,) seconds since the epoch, `datetime64` or datetimes (UTC without a zone); now by default.
    weight : how much each counts, one number or (n,); 1 by default.  Negative and infinite ones are invalid.

    Raises
    ------
    ValueError
        When the lengths differ.
    """
    texts = [label_text(one) for one in ids]
    values = _column(actuals)
    if len(texts) != len(values):
        raise ValueError(f"{len(texts)} ids and {len(values)} actuals: give one actual value an id")
    times = _each(clock.now() if at is None else as_seconds(at), len(texts), "at")
    weights = [1] * len(texts) if weight is None else _each(weight, len(texts), "weight")
    _record(texts, values, times, weights)


@guarded("outcomes")
def _record(ids: list[str], actuals: list[Any], times: list[float], weights: Sequence[float]) -> None:
    desk = process.current().desk
    outcomes = [
        Outcome(one, label_text(actual), _number(actual), time, weight)
        for one, actual, time, weight in zip(ids, actuals, times, weights, strict=True)
        if not is_missing(actual) and math.isfinite(time) and 0 <= weight < math.inf
    ]
    desk.reject("invalid", len(ids) - len(outcomes))
    if outcomes:
        desk.bring(outcomes)


def record_outcome(id: Any, actual: Any, at: float | None = None) -> None:  # noqa: A002 -- the public name
    """Say what came true of one prediction; see `record_outcomes`."""
    record_outcomes([id], [actual], at)


def record_actions(ids: Iterable[Any], action: str, at: Any = None) -> None:
    """Say what somebody did about predictions: clicked, booked, blocked, cancelled.

    `ml.actions` counts an action of a prediction once, for as long as the prediction is remembered; its exposures are
    the predictions that were registered under ids, `ml.outcome.awaited`.  What is not counted is in
    `ml.outcome.rejections`, with the action's name and why: an id that nobody waits for is `unknown`.  Raises nothing:
    what cannot be read is logged once, and counted in `otelml.errors`.

    Parameters
    ----------
    ids : (n,) as the predictions were given, or got, them; a text alone is one id.
    action : its name, which leaves the process; beyond 20 of them (`OTEL_PYTHON_ML_ACTIONS` names them) `other`.
    at : when, as in `record_outcomes`.
    """
    _act(ids, action, at)


@guarded("outcomes")
def _act(ids: Iterable[Any], action: str, at: Any) -> None:
    texts = [label_text(one) for one in ([ids] if isinstance(ids, str | bytes) else ids)]
    times = _each(clock.now() if at is None else as_seconds(at), len(texts), "at")
    name = process.current().models.actions.of(label_text(action))
    actions = [Action(one, name, time) for one, time in zip(texts, times, strict=True) if math.isfinite(time)]
    desk = process.current().desk
    desk.reject("invalid", len(texts) - len(actions), name)
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


def _column(actuals: Any) -> list[Any]:
    return list(as_array(actuals).ravel() if getattr(actuals, "shape", ())[1:] == (1,) else actuals)


def _each(value: Any, count: int, name: str) -> list[float]:
    array = np.asarray(as_array(value) if np.ndim(value) else value).astype(np.float64)
    if array.ndim and len(array) != count:
        raise ValueError(f"{name} has {len(array)} values for {count} ids")
    return np.broadcast_to(array, (count,)).tolist()


def _number(actual: Any) -> float | None:
    try:
        number = float(actual)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
