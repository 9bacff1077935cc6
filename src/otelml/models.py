"""Which model is which: objects of the host → identities, and for each identity its monitor."""

from __future__ import annotations

import logging
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from otelml import clock
from otelml.budget import Budget
from otelml.frameworks.adapter import asked, deciders, parts
from otelml.identities import Given, Identities, decide
from otelml.intake import Intake
from otelml.labels import encodable, shortened
from otelml.ledger import ledger
from otelml.monitor import Monitor
from otelml.patching.guard import guarded
from otelml.patching.nesting import silently
from otelml.prediction import Description, ModelIdentity, Task
from otelml.recorders.actions import ActionNames
from otelml.recorders.columns import Columns
from otelml.recorders.outcomes import Outcomes, Profile, as_text, from_text
from otelml.recorders.outputs import Outputs
from otelml.recorders.requests import Requests
from otelml.telemetry import names
from otelml.telemetry.accuracy import Judged
from otelml.telemetry.spans import ExemplarFilter, Spans

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.trace import Tracer

    from otelml.baseline import Baseline
    from otelml.frameworks.adapter import Adapter
    from otelml.outcomes.desk import Desk
    from otelml.outcomes.records import Awaited
    from otelml.prediction import Decision
    from otelml.recorders.instruments import Instruments
    from otelml.settings import Settings


MOST_MONITORS = 4 * names.MOST_MODELS
SERIES_A_WAY_TO_ASK = 4  # duration, rows, sizes and calls under way, of each operation

logger = logging.getLogger("otelml")


class Known(NamedTuple):
    """A monitor, and the model object that led to it, held weakly where that can be."""

    reference: Callable[[], Any]
    monitor: Monitor


class Key(NamedTuple):
    """What a monitor is one of: a model that is trained again may answer in other classes, under the same identity."""

    identity: ModelIdentity
    system: str
    description: Description
    decision: Decision
    baseline: str | None


class Models:
    """The models of one process."""

    desk: Desk

    def __init__(self, settings: Settings, instruments: Instruments, tracer: Tracer | None) -> None:
        self.settings, self.exemplars = settings, ExemplarFilter()
        self.id_column, self.actions = settings.id_column, ActionNames(settings.actions)
        self._instruments, self._tracer = instruments, tracer
        self._by_object: dict[int, Known] = {}
        self._given: dict[int, tuple[Callable[[], Any], Given]] = {}
        self._monitors: dict[Key, Monitor] = {}
        self._requests: dict[tuple[ModelIdentity, str], Requests] = {}
        self._served: dict[tuple[ModelIdentity, str], Key] = {}
        self._outcomes: dict[tuple[str, str | None], Outcomes] = {}
        self._columns: dict[tuple[ModelIdentity, str | None], Columns] = {}
        self._identities = Identities(settings)

    def monitor(self, model: Any, adapter: Adapter) -> Monitor:
        """The monitor of `model`; made on its first call."""
        known = self._by_object.get(id(model))
        if known is not None and known.reference() is model:
            return known.monitor
        return self._look_at(model, adapter)

    def learn(self, model: Any, adapter: Adapter, learned: Description) -> Monitor:
        """The monitor of a `model` that only its answers described."""
        return self._look_at(model, adapter, learned)

    def _look_at(self, model: Any, adapter: Adapter, learned: Description | None = None) -> Monitor:
        # Silently: what a model asks of itself to be described is no prediction.  Without a lock: the host's own code
        # runs here, and files are read.  Two threads that ask first may make two monitors, and keep the same one.
        monitor = silently(self._made, model, adapter, learned)
        self._by_object[id(model)] = Known(self._reference(model, self._by_object), monitor)
        return monitor

    def _made(self, model: Any, adapter: Adapter, learned: Description | None) -> Monitor:
        # An estimator of the host's own may raise from any attribute; its calls are watched all the same.
        description = learned or guarded("describe")(adapter.describe)(model) or Description()
        given = self._said_of(model)
        baseline = self._identities.baseline(model, given, adapter)
        named = self._identities.name(model, given, adapter, description, baseline)
        return self._monitor(adapter, description, named, baseline)

    def identify(self, model: Any, given: Given) -> None:
        """Remember what the user said of `model`; of the one that is asked, where it hands all questions on."""
        model = asked(model)
        self._given[id(model)] = (self._reference(model, self._given), given)
        self._by_object.pop(id(model), None)

    def inherit(self, other: Models) -> None:
        """Know what the user said of models to `other`."""
        self._given.update(other._given)
        other.desk = self.desk  # for calls that are under way

    def forget(self, model: Any) -> None:
        """Look at `model` anew on its next call, and at those that are described by it: it was trained again."""
        self._by_object.pop(id(model), None)
        for key, known in list(self._by_object.items()):
            if guarded("describe")(_consists)(known.reference(), model):
                self._by_object.pop(key, None)

    @staticmethod
    def _reference(model: Any, index: dict[int, Any]) -> Callable[[], Any]:
        key = id(model)
        try:
            return weakref.ref(model, lambda _: index.pop(key, None))
        except TypeError:  # a class without weak references; it is kept, or its id would come to mean another
            return lambda: model

    def _monitor(self, adapter: Adapter, description: Description, given: Given, baseline: Baseline | None) -> Monitor:
        named, version = given.name or names.OTHER, given.version
        identity = ModelIdentity(shortened(encodable(named)), version and shortened(encodable(version)))
        if (identity, adapter.system) not in self._requests and len(self._requests) >= names.MOST_MODELS:
            ledger.drop("cardinality", model=names.OTHER)
            identity = ModelIdentity(names.OTHER)
        decision = decide(description, given, baseline)
        held = self._instruments.allowance.held
        key = Key(identity, adapter.system, description, decision, baseline.id if baseline else None)
        if key not in self._monitors:
            self._make_room()
            self._monitors.setdefault(key, self._born(identity, adapter, description, decision, baseline))
        if self._served.get(key[:2]) != key:
            self._served[key[:2]] = key
            self._serve(key, adapter, baseline)
            self._foretell(key, held)
        return self._monitors[key]

    def _said_of(self, model: Any) -> Given:
        """What the user said of `model`, else of the one within it that decides."""
        for one in (model, *(guarded("describe")(lambda: list(deciders(model)))() or ())):
            known = self._given.get(id(one))
            if known is not None and known[0]() is one:
                return known[1]
        return Given()

    def _make_room(self) -> None:
        """Let go of the oldest monitor where models come in ever new shapes; its identity and series stay."""
        if len(self._monitors) < MOST_MONITORS:
            return
        oldest = self._monitors.pop(next(iter(self._monitors)))
        for key in [key for key, known in list(self._by_object.items()) if known.monitor is oldest]:
            self._by_object.pop(key, None)
        oldest.close()
        columns = oldest.columns
        if columns is not None and all(one.columns is not columns for one in self._monitors.values()):
            columns.show(clock.now())
            columns.withdraw()
            self._columns = {key: one for key, one in self._columns.items() if one is not columns}

    def _born(
        self,
        identity: ModelIdentity,
        adapter: Adapter,
        description: Description,
        decision: Decision,
        baseline: Baseline | None,
    ) -> Monitor:
        attributes = attributes_of(identity)
        system = {names.SYSTEM_NAME: adapter.system}
        task = {names.TASK: decision.task.value}
        spans = None
        if self._tracer is not None:
            told = self.settings
            own = {**attributes, **system, **task}
            spans = Spans(self._tracer, own, messages=told.exception_messages, scores=told.span_scores)
        columns = self._columns_of(identity, description, baseline)
        return Monitor(
            identity,
            description=description,
            decision=decision,
            requests=self._requests.setdefault(
                (identity, adapter.system), Requests(self._instruments.requests, attributes, adapter.system)
            ),
            outputs=Outputs(self._instruments.outputs, attributes, decision, baseline),
            columns=columns,
            intake=None if columns is None else Intake(columns, Budget(self.settings.budget), description.missing),
            spans=spans,
            hand_in=self._hand_in,
        )

    def _columns_of(
        self, identity: ModelIdentity, description: Description, baseline: Baseline | None
    ) -> Columns | None:
        """The columns of a model under a baseline; monitors of one identity share them."""
        if not self.settings.columns:
            return None
        key = identity, baseline.id if baseline else None
        if key not in self._columns:
            made = Columns(
                self._instruments.columns,
                attributes_of(identity),
                baseline,
                self.settings,
                described=description.columns,
                announce=self._instruments.announce,
            )
            self._columns.setdefault(key, made)
        return self._columns[key]

    def _serve(self, key: Key, adapter: Adapter, baseline: Baseline | None) -> None:
        """Say that what an identity stands for is from now on the model of `key`."""
        own = {names.SYSTEM_NAME: key.system, names.TASK: key.decision.task.value}
        self._instruments.present({**attributes_of(key.identity), **own}, adapter.supports, baseline, self.settings)
        self._profile(key.identity, key.decision, baseline)
        for (identity, known), columns in self._columns.items():
            if identity == key.identity and known == key.baseline:
                columns.serve()
            elif identity == key.identity:
                columns.withdraw()
        self._instruments.announce()

    def _foretell(self, key: Key, held_before: int) -> None:
        """Say at the start how many series a model makes: its share of the bill, and of what the process may ship."""
        columns, allowance = self._columns.get((key.identity, key.baseline)), self._instruments.allowance
        later = SERIES_A_WAY_TO_ASK + (columns.gauges if columns else 0)
        refused = columns.refused if columns else 0
        series = allowance.held - held_before + later + refused
        told = logger.warning if refused or allowance.held + later > allowance.most else logger.info
        told(
            "otelml: %s will make %d series; this process has %d and may have %d (OTEL_PYTHON_ML_MAX_POINTS). "
            "Constants of the baseline go with OTEL_PYTHON_ML_BASELINE_METRICS=false, gauges with "
            "OTEL_PYTHON_ML_GAUGES=off",
            key.identity.name, series, allowance.held, allowance.most,
        )  # fmt: skip

    def _hand_in(self, awaited: list[Awaited]) -> None:
        self.desk.hand_in(awaited)

    def _profile(self, identity: ModelIdentity, decision: Decision, baseline: Baseline | None) -> None:
        positive = decision.classes[decision.positive] if decision.positive is not None else None
        bounds = baseline.score_bounds if baseline and baseline.score_bounds else names.SCORE_BOUNDS
        model, judged = (identity.name, identity.version), Judged(decision.task, decision.classes, positive, bounds)
        self._outcomes[model] = self._recorder(identity, judged, baseline.id if baseline else None)
        self.desk.introduce(model, as_text(judged, baseline.id if baseline else None))

    def _recorder(self, identity: ModelIdentity, judged: Judged, baseline_id: str | None = None) -> Outcomes:
        named = attributes_of(identity) if identity.name else {}
        profile = Profile(named, judged, baseline_id, self.settings.outcome_horizon, self.actions.declared)
        return Outcomes(self._instruments.outcomes, profile, gauges=self.settings.gauges != "off")

    def outcomes_of(self, model: tuple[str, str | None], example: Awaited | None) -> Outcomes:
        """The recorder of a model's outcomes, also of a model that predicted in another process."""
        if model not in self._outcomes:
            regression = example is not None and example.predicted is None
            known = Judged(Task.REGRESSION if regression else Task.OTHER), None
            text = self.desk.profile(model) if model[0] else None
            if text:
                known = guarded("outcomes")(from_text)(text) or known
            self._outcomes[model] = self._recorder(ModelIdentity(*model), *known)
        return self._outcomes[model]

    def fold(self) -> None:
        """Bring everything that is staged into the streams."""
        for monitor in list(self._monitors.values()):
            monitor.fold()

    def show(self, now: float) -> None:
        """Bring gauges and calls under way up to `now`, for a collection."""
        self._instruments.show()
        for requests in list(self._requests.values()):
            requests.show_active()
        for columns in list(self._columns.values()):
            columns.show(now)
        for outcomes in list(self._outcomes.values()):
            outcomes.show(now)

    def withdraw(self) -> None:
        """Tell no gauges of the columns any more."""
        for columns in list(self._columns.values()):
            columns.withdraw()

    def close(self) -> None:
        """Serve no model any more; calls under way are counted as they end."""
        for monitor in list(self._monitors.values()):
            monitor.close()
        self._instruments.withdraw()

    def start_afresh(self) -> None:
        """Begin with nothing staged and nothing counted, as a forked child must."""
        for monitor in self._monitors.values():
            monitor.start_afresh()
        for requests in self._requests.values():
            requests.start_afresh()
        for columns in self._columns.values():
            columns.start_afresh()
        for outcomes in self._outcomes.values():
            outcomes.start_afresh()


def _consists(model: Any, of: Any) -> bool:
    return model is not None and any(part is of for part in parts(model))


def attributes_of(identity: ModelIdentity) -> dict[str, str | bool | int | float]:
    """The attributes that every point of a model carries."""
    version = {} if identity.version is None else {names.MODEL_VERSION: identity.version}
    return {names.MODEL_NAME: identity.name, **version}
