"""Whether a model was right: outcomes as they arrive, cohorts at the horizon, performance over windows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from otelml.labels import canonical, synonyms
from otelml.ledger import ledger
from otelml.prediction import Task
from otelml.recorders.performance import Performance, is_probability, value_pairs
from otelml.stats.histogram import Histogram
from otelml.telemetry import names
from otelml.telemetry.accuracy import AccuracyStreams, BoundAccuracy, Cells, Judged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from otelml.outcomes.records import Acted, Awaited, Joined, Matured, Outcome
    from otelml.telemetry.streams import Attributes, Stream


class OutcomeStreams(NamedTuple):
    """The streams of the outcomes, shared by all models."""

    accuracy: AccuracyStreams
    awaited: Stream
    cohort: Stream
    corrections: Stream
    delay: Stream
    rejections: Stream
    actions: Stream
    performance: Stream


@dataclass(frozen=True)
class Profile:
    """What is known of a model whose outcomes come, in whichever process it predicted."""

    attributes: Attributes
    judged: Judged
    baseline_id: str | None = None
    horizon: float = 86_400.0
    actions: tuple[str, ...] = ()


def as_text(judged: Judged, baseline_id: str | None) -> str:
    """What another process has to know to judge a model's outcomes, for `from_text`."""
    return json.dumps({**asdict(judged), "baseline_id": baseline_id})


def from_text(text: str) -> tuple[Judged, str | None]:
    """Read what `as_text` wrote.

    >>> from_text(as_text(Judged(Task.BINARY, ("a", "b"), "b"), None))[0].positive
    'b'
    """
    held = json.loads(text)
    baseline_id = held.pop("baseline_id")
    classes, bounds = tuple(held.pop("classes")), tuple(held.pop("bounds"))
    return Judged(Task(held.pop("task")), classes, bounds=bounds, **held), baseline_id


FEW = 10  # outcomes from which one by one they are judged together
NAMED = 3  # labels and classes that a warning names
SHOWN = 20  # characters of a label that a warning shows; what is longer, or came once, may be anything


class Strangers:
    """Labels that are none of a model's classes: whether most are, and the warning about it."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._classes, self._said = classes, False
        self._seen = 0
        self._labels: Counter[str] = Counter()
        self.warning: str | None = None

    def see(self, labels: Sequence[str]) -> None:
        """Look at the labels of a batch, and at those before it while they are few."""
        if self._said or not self._classes:
            return
        strange = [label for label in labels if label not in self._classes]
        self._seen += len(labels)
        self._labels.update(strange[: 10 * FEW])
        alone = len(labels) > 1 and 2 * len(strange) > len(labels)
        if alone or (self._seen >= FEW and 2 * self._labels.total() > self._seen):
            self._said, self.warning = True, self._text()
        if self._seen >= 10 * FEW:
            self._seen = 0
            self._labels.clear()

    def _text(self) -> str:
        common = [label for label, count in self._labels.most_common(NAMED) if count > 1 and len(label) <= SHOWN]
        labels = ", ".join(common) or "texts or numbers that came once"
        return f"most actual labels ({labels}) are none of the classes ({', '.join(self._classes[:NAMED])})"


class Outcomes:
    """Outcomes of one model."""

    def __init__(self, streams: OutcomeStreams, profile: Profile, *, gauges: bool) -> None:
        self._streams, self._attributes = streams, dict(profile.attributes)
        self._judged, self._horizon = profile.judged, profile.horizon
        binned = {names.BASELINE_ID: profile.baseline_id} if profile.baseline_id else {}
        self._accuracy = BoundAccuracy(streams.accuracy, profile.attributes, profile.judged, binned)
        self._cohort = Cells(streams.cohort, profile.attributes, profile.judged)
        self._performance = Performance(streams.performance, profile.attributes, profile.judged) if gauges else None
        self._spelled = synonyms(profile.judged.classes)
        self._untold = False
        self._strangers = Strangers(() if profile.judged.open else profile.judged.classes)
        for label in profile.judged.classes[: names.MOST_CLASSES]:
            self._awaiting(label, 0)
        for name in profile.actions if profile.attributes else ():
            self._acting(name, 0)

    def await_(self, awaited: Sequence[Awaited]) -> None:
        """Count predictions that were registered."""
        counts: dict[str | None, int] = {}
        for one in awaited:
            counts[one.predicted] = counts.get(one.predicted, 0) + 1
        for label, count in counts.items():
            self._awaiting(label, count)

    def _awaiting(self, label: str | None, count: int) -> None:
        labels = {} if label is None else {names.PREDICTED: label if self._knows(label) else names.OTHER}
        self._streams.awaited.number({**self._attributes, **labels}).add(count)

    def _knows(self, label: str) -> bool:
        return label in self._judged.classes[: names.MOST_CLASSES]

    def join(self, joined: Sequence[Joined]) -> None:
        """Count outcomes that found their prediction; those that correct an earlier one apart."""
        joined = [one._replace(outcome=self._in_classes(one.outcome)) for one in joined]
        for one in joined:
            if one.previous is not None:
                self._correct(one)
        first = [one for one in joined if one.previous is None]
        if not first:
            return
        if self._judged.task is Task.REGRESSION:
            self._join_values(first)
        else:
            self._join_labels(first)
        delays = Histogram(names.DELAY.bounds)
        # Clocks of two machines differ: an outcome that seems to come before its prediction came at once.
        delays.add(np.array([max(0.0, one.outcome.at - one.awaited.time) for one in first]))
        self._streams.delay.buckets(self._attributes).add(delays)

    def _join_labels(self, joined: Sequence[Joined]) -> None:
        self._strangers.see([one.outcome.actual for one in joined])
        told = [one for one in joined if one.awaited.predicted is not None]
        self._accuracy.record_labels(
            [_predicted(one.awaited) for one in told],
            [one.outcome.actual for one in told],
            [one.outcome.weight for one in told],
        )
        if len(told) < len(joined):  # neither right nor wrong: nobody can tell what was predicted
            self._untold = True
            self.reject(Counter({"no_class": len(joined) - len(told)}))
        scored = [one for one in joined if is_probability(one.awaited.score)]
        if scored and self._judged.task is Task.BINARY:
            scores = np.array([one.awaited.score for one in scored], dtype=np.float64)
            self._accuracy.record_scores(scores, [one.outcome.actual for one in scored])

    def _in_classes(self, outcome: Outcome) -> Outcome:
        """An outcome whose label is another spelling of a class, as that class."""
        label = self._class_of(outcome.actual)
        return outcome if label == outcome.actual else outcome._replace(actual=label)

    def _class_of(self, text: str) -> str:
        """The class that a label is, by its text as given where that is one: "250" and "250.0" may be two codes."""
        if text not in self._spelled:
            text = canonical(text)
        return self._spelled.get(text, text)

    def _join_values(self, joined: Sequence[Joined]) -> None:
        predicted, actual = value_pairs([(one.awaited, one.outcome) for one in joined])
        if len(predicted):
            self._accuracy.record_values(predicted, actual)
        if len(predicted) < len(joined):  # an outcome that is no number, of a regression
            self.reject(Counter({"invalid": len(joined) - len(predicted)}))

    def _correct(self, one: Joined) -> None:
        if one.previous is not None and self._class_of(one.previous) == one.outcome.actual:
            self.reject(Counter({"duplicate": 1}))
            return
        labels = {} if one.awaited.predicted is None else {names.PREDICTED: one.awaited.predicted}
        if self._judged.task is not Task.REGRESSION:
            labels |= {
                names.FROM: self._bounded(one.previous or ""),
                names.TO: self._bounded(one.outcome.actual),
            }
        self._streams.corrections.number({**self._attributes, **labels}).add(1)

    def _bounded(self, label: str) -> str:
        label = self._class_of(label)
        return label if self._knows(label) else names.OTHER

    def mature(self, matured: Sequence[Matured]) -> None:
        """Count predictions that reached the horizon."""
        matured = [
            one if one.outcome is None else one._replace(outcome=self._in_classes(one.outcome)) for one in matured
        ]
        if self._judged.task is Task.REGRESSION:
            for known in (True, False):
                count = sum((one.outcome is not None) is known for one in matured)
                labels = {} if known else {names.ACTUAL: names.NONE}
                self._streams.cohort.number({**self._attributes, **labels}, needed=True).add(count)
        else:
            told = [one for one in matured if one.awaited.predicted is not None]
            self._cohort.add(
                [_predicted(one.awaited) for one in told],
                [one.outcome.actual if one.outcome else names.NONE for one in told],
                [_weight(one.outcome) for one in told],
            )
        if self._performance is not None:
            self._performance.add(matured, self._horizon)

    def act(self, acted: Sequence[Acted]) -> None:
        """Count actions that found their prediction, by name; those that do not count by their reason too."""
        for (name, reason), count in Counter((one.action.name, one.refused) for one in acted).items():
            if reason is None:
                self._acting(name, count)
            else:
                self.reject(Counter({reason: count}), name)

    def _acting(self, name: str, count: int) -> None:
        self._streams.actions.number({**self._attributes, names.ACTION: name}).add(count)

    def reject(self, rejected: Counter[str], action: str | None = None) -> None:
        """Count outcomes, or those actions, that were not taken, by reason."""
        of = {} if action is None else {names.ACTION: action}
        for reason, count in rejected.items():
            self._streams.rejections.number({**self._attributes, names.REASON: reason, **of}).add(count)

    def start_afresh(self) -> None:
        """Forget the windows, as a forked child must."""
        if self._performance is not None:
            self._performance.start_afresh()

    def show(self, now: float) -> None:
        """Bring the gauges up to `now`, for a collection, and log what was noticed since."""
        warning, self._strangers.warning = self._strangers.warning, None
        if warning is not None:
            name = self._attributes.get(names.MODEL_NAME, names.OTHER)
            ledger.warn_once(
                "otelml: %s: %s and count as other; record labels as the model predicts them", name, warning
            )
        if self._untold:
            self._untold = False
            name = self._attributes.get(names.MODEL_NAME, names.OTHER)
            ledger.warn_once("otelml: %s: outcomes of predictions whose class is not known count as no_class in "
                             "ml.outcome.rejections; ask for labels or probabilities", name)  # fmt: skip
        if self._performance is not None:
            self._performance.show(now)


def _predicted(awaited: Awaited) -> str:
    return names.OTHER if awaited.predicted is None else awaited.predicted  # a class may be the empty text


def _weight(outcome: Outcome | None) -> float:
    return outcome.weight if outcome else 1
