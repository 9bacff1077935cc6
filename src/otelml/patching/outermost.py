"""A `fit` that somebody wrapped after us: what the wrapper asks of the model, after our part of it, is no prediction.

MLflow's autologging puts its own function in place of `fit`, which calls ours, and then scores the training rows.  Our
function sees that it is not the outermost one when it is called.  Nothing can be run when a frame of somebody else's
ends, but it can be seen later that it did: what is left in `INSIDE` is true for as long as that frame is on the stack.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast
from weakref import ref

from otelml.patching.nesting import INSIDE
from otelml.patching.standins import is_ours, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType

_WRAPPERS = ("__wrapped__", "__func__", "func", "_self_wrapper")
_DEEPEST = 4


class Mark:
    """Lives as long as the frame that it is put on: frames can be neither referred to weakly nor kept alive.

    It is put where a debugger's function would be, which Python calls where something is traced, and else keeps alone.
    """

    def __call__(self, _frame: Any, _event: str, _argument: Any) -> Mark:
        """Go on being there."""
        return self


class Until:
    """Stands for True in `INSIDE` until a frame ends."""

    def __init__(self, frame: FrameType) -> None:
        mark = Mark()
        frame.f_trace = mark
        self._mark, self._id = ref(mark), id(frame)

    def holds(self) -> bool:
        """Whether this is called from within that frame."""
        return self._mark() is not None and any(id(frame) == self._id for frame in _stack())


def within() -> bool:
    """Whether a call is within another; to be asked where `INSIDE` is not just True or False."""
    inside: Any = INSIDE.get()
    if type(inside) is not Until or inside.holds():
        return bool(inside)
    INSIDE.set(False)
    return False


def outer_call(attribute: Any) -> Until | None:
    """What is true until the call of `attribute`, which a host has put around ours, is over; None without one."""
    codes = {code: depth for depth, code in _codes(attribute)}
    found = [(codes[frame.f_code], -place, frame) for place, frame in enumerate(_stack()) if frame.f_code in codes]
    if not found:
        return None
    *_, frame = min(found, key=lambda one: one[:2])  # its own code rather than what it calls; the outermost
    return None if frame.f_trace is not None else Until(frame)  # a debugger is at work there


def _stack() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] -- the public `inspect.stack` reads source files
    while frame is not None:
        yield frame
        frame = frame.f_back


def _codes(attribute: Any) -> Iterator[tuple[int, CodeType]]:
    """Code objects of a function, and of those that it is made of, with how deep within it they are."""
    level: list[Any] = [attribute]
    for depth in range(_DEEPEST):
        within: list[Any] = []
        for one in level:
            if is_ours(one):
                continue
            code = getattr(one, "__code__", None) if hasattr(kind_of(one), "__code__") else None
            if code is not None:
                yield depth, cast("CodeType", code)
            within += [getattr(one, name) for name in _WRAPPERS if hasattr(one, name)]
        level = within
