"""What is raised by a signal handler, while lines of ours run, is the host's: it arrives there, and leaves nothing."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from opentelemetry import trace

import otelml
from otelml.patching.guard import loud
from otelml.patching.nesting import INSIDE
from otelml.testing import capture, total

ROWS = np.zeros((3, 2))
OURS = Path(otelml.__file__).parent
WRAPPING = tuple(
    str(OURS / file)
    for file in ("observe.py", "watch.py", "patching/wrappers.py", "patching/guard.py", "patching/nesting.py")
)


class TimeLimit(Exception):  # noqa: N818 -- it is no error
    """What a task queue's time limit raises, from its signal handler."""


def lines_of(call, files=WRAPPING):
    """Each line event of ours while `call` runs, in order: (file, line)."""
    seen = []

    def local(frame, event, _):
        if event == "line":
            seen.append((frame.f_code.co_filename, frame.f_lineno))
        return local

    def tracer(frame, _event, _arg):
        return local if frame.f_code.co_filename.startswith(files) else None

    sys.settrace(tracer)
    try:
        call()
    except ValueError:
        pass
    finally:
        sys.settrace(None)
    return seen


def swallowed(call, event_number, kind, files=WRAPPING):
    """Raise `kind` before the line event of that number, as a signal handler would; whether it did not arrive."""
    count = 0

    def local(_frame, event, _arg):
        nonlocal count
        if event == "line":
            count += 1
            if count == event_number:
                sys.settrace(None)
                raise kind
        return local

    sys.settrace(lambda frame, _event, _arg: local if frame.f_code.co_filename.startswith(files) else None)
    try:
        call()
    except kind:
        return False
    except ValueError:
        pass
    finally:
        sys.settrace(None)
    return count >= event_number  # one call may have a line less than another


def ways(model, failing):
    """What a host may do when the exception comes."""

    def identified():
        with otelml.predictions() as batch:
            model.predict(ROWS)
        return batch

    return {
        "predict": lambda: model.predict(ROWS),
        "predict_proba": lambda: model.predict_proba(ROWS),
        "with ids": identified,
        "fails": lambda: failing.predict(ROWS),
        "fit": lambda: model.fit([[0.0, 0.0], [1.0, 1.0]], [0, 1]),
    }


@pytest.mark.parametrize("way", ["predict", "predict_proba", "with ids", "fails", "fit"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, TimeLimit])
@pytest.mark.parametrize("traces", [False, True], ids=["metrics", "spans"])
def test_an_exception_before_any_line_leaves_nothing(name, way, kind, traces):
    """Before each line of wrapper, observer, guard and nesting: it arrives, and later calls are counted to the row."""
    from sklearn.linear_model import LogisticRegression

    from robustness.conftest import Classifier

    model = otelml.identify(LogisticRegression(), name=name)
    failing = otelml.identify(Classifier(ValueError("no")), name=f"{name}-fails")
    model.fit([[0.0, 0.0], [1.0, 1.0]], [0, 1])
    call = ways(model, failing)[way]
    with loud(on=False), capture() as captured:
        otelml.instrument(captured.tracer_provider, captured.meter_provider, columns=False, traces=traces)
        try:
            for one in ways(model, failing).values():
                lines_of(one)  # everybody is known, as after the first call
            events = lines_of(call)
            assert len(events) > 8
            for number in range(1, len(events) + 1):
                before = rows(captured, name)
                lost = swallowed(call, number, kind)
                assert not INSIDE.get(), (number, events[number - 2 : number])
                assert not trace.get_current_span().get_span_context().is_valid, number
                counted = rows(captured, name) - before
                assert counted in (0, 3), number
                assert not lost, (number, events[number - 2 : number])
                for _ in range(4):
                    model.predict(ROWS)
                assert rows(captured, name) - before - counted == 12, number
            points = [*captured.points(), *captured.points()]
            assert total(points, "ml.inference.active").last == 0
        finally:
            otelml.uninstrument()


def rows(captured, name):
    """Rows of a model that were counted until now."""
    captured.points()
    return total(captured.points(), "ml.inference.rows", {"ml.model.name": name}).last
