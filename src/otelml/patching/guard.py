"""Whatever fails in ours stays ours: logged once, counted, and never raised into the host.

What is not ours passes: a time limit that a signal handler raises, or that another thread injects, may arrive while
our lines run, and belongs to the host.  In tests the guard is loud: an error of ours fails the test that met it.
"""

from __future__ import annotations

import functools
import logging
import sys
from contextlib import contextmanager
from opcode import opmap
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from otelml.ledger import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType, TracebackType

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("otelml")

_loud = False


@contextmanager
def loud(on: bool = True) -> Generator[None]:  # noqa: FBT001, FBT002 -- a switch
    """Raise what would be swallowed, or stop doing so, until the block ends; for tests."""
    global _loud  # noqa: PLW0603 -- one switch a process
    before, _loud = _loud, on
    try:
        yield
    finally:
        _loud = before


def guarded(component: str) -> Callable[[Callable[P, R]], Callable[P, R | None]]:
    """Make a function that returns None where it would raise, and counts the error under `component`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R | None]:
        @functools.wraps(function)
        def guard(*args: P.args, **kwargs: P.kwargs) -> R | None:
            try:
                return function(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 -- this is the guard
                swallow(component, error)
                return None

        return guard

    return decorate


def swallow(component: str, error: Exception) -> None:
    """Count `error`, log it the first time that it comes up; re-raise it in a test, and where it is the host's."""
    if _loud:
        raise error
    let_pass(error)
    ledger.error(component)
    # The type, never the text: exception messages quote data.
    ledger.warn_once("otelml: %s failed in %s; predictions go on, see otelml.errors", type(error).__name__, component)
    logger.debug("otelml: swallowed in %s", component, exc_info=error)


def let_pass(error: Exception) -> None:
    """Raise `error` again where it is the host's: for what catches any exception, and does not swallow it."""
    if from_outside(error):
        raise error


def from_outside(error: BaseException) -> bool:
    """Whether an exception was brought into our lines, instead of being raised by what they call.

    A signal handler is a frame that was called with the frame which it interrupted.  What `PyThreadState_SetAsyncExc`
    injects has no frame of its own: nothing raises it, and its class is of no library that raises from C.
    """
    interrupted: FrameType | None = None
    step, last = error.__traceback__, error.__traceback__
    packages: set[str] = set()
    while step is not None:
        frame = step.tb_frame
        if interrupted is not None and _was_given(frame, interrupted):
            return True
        packages.add(_package(frame.f_globals.get("__name__")))
        interrupted, last, step = frame, step, step.tb_next
    if last is None or _raises(last):
        return False
    if type(error) is TimeoutError and packages <= {"otelml", "numpy"}:  # neither ever waits for anything
        return True
    return not _raised_from_c(type(error))


def _was_given(frame: FrameType, other: FrameType) -> bool:
    values = list(frame.f_locals.values())
    return any(value is other or (type(value) is tuple and any(one is other for one in value)) for value in values)


def _raises(step: TracebackType) -> bool:
    """Whether a frame stands at a `raise` of its own."""
    return step.tb_frame.f_code.co_code[step.tb_lasti] in _RAISING


def _raised_from_c(kind: type) -> bool:
    """Whether code without frames may raise this class: Python's own ones, and those of libraries that do."""
    package = _package(kind.__module__)
    if package in _WITHOUT_FRAMES or package in sys.stdlib_module_names:
        return True
    path = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return path is not None and not path.endswith((".py", ".pyc"))


_RAISING = {opcode for name, opcode in opmap.items() if name in ("RAISE_VARARGS", "RERAISE")}
_WITHOUT_FRAMES = {"builtins", "otelml", "opentelemetry", "numpy", "pandas", "pyarrow", "polars", "scipy", "wrapt"} | {
    *("sklearn", "joblib", "xgboost", "lightgbm", "catboost", "onnxruntime", "torch", "tensorflow", "keras", "jax"),
    *("grpc", "google", "requests", "urllib3"),
}


def _package(module: object) -> str:
    return str(module).partition(".")[0]
