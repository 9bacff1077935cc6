"""Predict, record and flush under random interrupts: `interrupted.py [HOW MANY] [SEED]`.

Interrupts of three kinds come at random moments: an exception of a time limit, a `KeyboardInterrupt`, and a signal
whose handler itself predicts, records outcomes and flushes.  At the end it prints what was lost, and ends with 1 where
anything that must not happen did.
"""

from __future__ import annotations

import faulthandler
import logging
import random
import signal
import sys
import time

import numpy as np
from opentelemetry import trace
from sklearn.linear_model import LogisticRegression

import otelml
from otelml import process
from otelml.patching.nesting import INSIDE
from otelml.testing import capture, total

ROWS = np.random.default_rng(0).normal(size=(3, 2))
AFTER = 100


class TimeLimit(Exception):  # noqa: N818 -- it is no error
    """A task took too long."""


class Storm:
    """Sends itself one signal at a time, and knows what came of each."""

    def __init__(self, model: LogisticRegression, seed: int) -> None:
        self.model, self.random = model, random.Random(seed)
        self.handled = 0
        signal.signal(signal.SIGALRM, self.alarm)

    def alarm(self, *_: object) -> None:
        """Raise, or do what a handler may do that exports what there is."""
        kind = self.kind
        self.kind = None
        if kind is not None:
            raise kind
        self.handled += 1
        with otelml.predictions() as batch:
            self.model.predict_proba(ROWS)
        otelml.record_outcomes(list(batch.ids), [1] * 3)
        otelml.force_flush(200)

    def one(self) -> bool:
        """Work until one signal came; whether it was swallowed."""
        self.kind = kind = self.random.choice([TimeLimit, KeyboardInterrupt, None])
        before = self.handled
        swallowed = True
        try:
            signal.setitimer(signal.ITIMER_REAL, self.random.uniform(1e-4, 4e-3))
            until = time.monotonic() + 5
            while self.kind is not None or (kind is None and self.handled == before):
                self.work()
                if time.monotonic() > until:
                    return True
            swallowed = kind is not None
        except (TimeLimit, KeyboardInterrupt):
            swallowed = False
        return swallowed

    def work(self) -> None:
        """What a service does."""
        with otelml.predictions() as batch:
            self.model.predict(ROWS)
        otelml.record_outcomes(list(batch.ids), [0] * 3)
        if self.random.random() < 0.02:
            otelml.force_flush(1_000)


def main(count: int, seed: int) -> int:
    """Go through `count` interrupts, and report."""
    faulthandler.dump_traceback_later(60 + count // 4, exit=True)
    logging.disable(logging.CRITICAL)
    model = LogisticRegression().fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    with capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        otelml.identify(model, name="stormy")
        storm = Storm(model, seed)
        swallowed = dead = inside = 0
        for _ in range(count):
            swallowed += storm.one()
            dead += trace.get_current_span().get_span_context().is_valid
            inside += INSIDE.get()
        signal.setitimer(signal.ITIMER_REAL, 0)
        rows = _rows(captured)
        for _ in range(AFTER):
            model.predict(ROWS)
        points = captured.points()
        later = _rows(captured) - rows
        active = total(points, "ml.inference.active").last
        under_way = sum(len(one.under_way) for one in process.current().models._requests.values())
        otelml.uninstrument()
    print(
        f"interrupts {count}, seed {seed}: swallowed {swallowed}, dead spans {dead}, stuck inside {inside}, later rows "
        f"{later:.0f} of {3 * AFTER}, calls under way {active:.0f}/{under_way}, handlers run {storm.handled}",
        flush=True,
    )
    return int(bool(swallowed or dead or inside or active or under_way or later != 3 * AFTER))


def _rows(captured: otelml.testing.Capture) -> float:
    captured.points()
    return total(
        captured.points(), "ml.inference.rows", {"ml.model.name": "stormy", "ml.operation.name": "predict"}
    ).last


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in (*sys.argv[1:], "200", "0")[:2])))
