"""Whose an exception is: ours, or the host's, which was brought into our lines from outside.

A time limit that a signal handler raises, or that another thread injects, arrives wherever its thread is, in our lines
too.  Whatever catches any exception and does not raise it again asks here first.
"""

from __future__ import annotations

import sys
from opcode import opmap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType, TracebackType


def let_pass(error: BaseException) -> None:
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
    if isinstance(error, KeyboardInterrupt):  # Python's own handler is written in C, and has no frame
        return True
    if isinstance(error, (SystemExit, GeneratorExit)):  # of somebody's `sys.exit`, in code that we called, or injected
        return _package(last.tb_frame.f_globals.get("__name__")) in _OURS
    if type(error) is TimeoutError and not packages & _WAITING:
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
    "pyo3_runtime",  # a panic of Rust's, as Polars has them
    *("sklearn", "joblib", "xgboost", "lightgbm", "catboost", "onnxruntime", "torch", "tensorflow", "keras", "jax"),
    *("grpc", "google", "requests", "urllib3"),
}

_OURS = {"otelml", "opentelemetry", "numpy"}
_WAITING = {
    "asyncio",
    "concurrent",
    "grpc",
    "http",
    "requests",
    "select",
    "selectors",
    "socket",
    "sqlite3",
    "ssl",
    "urllib3",
}


def _package(module: object) -> str:
    return str(module).partition(".")[0]
