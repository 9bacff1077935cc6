"""What is called in place of a framework's function, and what it does around the original.

Each is a stand-in, which passes for the original (`standins.py`), and runs in one frame that warnings step over.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Protocol

from otelml.patching.frames import unseen
from otelml.patching.nesting import INSIDE, Carried
from otelml.patching.outermost import within as still_within
from otelml.patching.standins import (
    DataStandIn,
    DescriptorStandIn,
    FreeStandIn,
    FunctionStandIn,
    is_function,
    is_ours,
    kind_of,
    original_of,
)
from otelml.patching.stepping import Silent, stepped

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.patching.sites import Operation

    Function = Callable[..., Any]
    Before = Callable[[tuple[Any, ...], dict[str, Any]], Any]
    """Shown the arguments, the model first; what it returns is for `After`."""
    After = Callable[[Any, Any], object]
    """Told of the model, and what was seen before the call, where that returned."""
    Outer = Callable[[Any], Any]
    """Shown the model."""
    Observer = Callable[[Operation, Function, Any, tuple[Any, ...], dict[str, Any]], Any]

__all__ = ["carrying", "finding", "is_ours", "original_of", "silent", "watched"]

_NOBODY = object()


class Watcher(Protocol):
    """Who is shown calls, as long as it is active, and of an operation that is opted in as long as it wants that."""

    active: bool
    observer_of: Callable[[Operation, Function], Observer]
    wanted: Callable[[Operation], bool]


class Watched(FunctionStandIn):
    """Shows the outermost call of a method to a watcher."""

    __slots__ = ("_state",)

    if TYPE_CHECKING:
        _state: Any

    def __init__(self, original: Function, operation: Operation, watcher: Watcher) -> None:
        super().__init__(original)
        # At once: this is the hot path.
        _STATE.__set__(self, (original, operation, watcher, watcher.observer_of(operation, original)))

    @unseen
    def __call__(self, model: Any = _NOBODY, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the model that comes first."""
        original, operation, watcher, observe = self._state
        inside = INSIDE.get()
        if inside is True and args and not kwargs:  # half of all calls: a method that asks another one
            return original(model, *args)
        # A model that is not there, or that is named (`predict(self=model)`), is the method's own affair.
        if model is _NOBODY:
            return original(*args, **kwargs)
        within = inside is True or (inside and still_within())
        if within or not watcher.active or (operation.opt_in and not watcher.wanted(operation)):
            return original(model, *args, **kwargs)
        return observe(operation, original, model, args, kwargs)


_STATE: Any = Watched.__dict__["_state"]


class Silenced(FunctionStandIn):
    """Calls with nothing within them a prediction.

    `before` is shown what an outermost call is given, and `after` is told of each one, whether it raised or not.
    `outer` gives what is true in `INSIDE` after an outermost call, where that is not over with ours.
    """

    __slots__ = ("_after", "_before", "_outer")

    if TYPE_CHECKING:
        _after: Any
        _before: Any
        _outer: Any

    def __init__(
        self, original: Function, before: Before | None = None, after: After | None = None, outer: Outer | None = None
    ) -> None:
        super().__init__(original)
        _BEFORE.__set__(self, before)
        _AFTER.__set__(self, after)
        _OUTER.__set__(self, outer)

    @unseen
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        original, after, outer = self._original, self._after, self._outer
        inside, seen, done = INSIDE.get(), None, False
        if inside and inside is not True:
            inside = still_within()
        outermost = bool(args) and not inside
        try:
            try:
                INSIDE.set(True)
                if outermost and outer is not None:
                    inside = outer(args[0]) or inside
                if outermost and self._before is not None:
                    seen = self._before(args, kwargs)
                result = original(*args, **kwargs)
                done = True
                return stepped(result, Silent()) or result
            finally:
                INSIDE.set(inside)
                if after is not None and args:
                    after(args[0], seen if done else None)
        finally:
            INSIDE.set(inside)


_BEFORE: Any = Silenced.__dict__["_before"]
_AFTER: Any = Silenced.__dict__["_after"]
_OUTER: Any = Silenced.__dict__["_outer"]


class Finding(FunctionStandIn):
    """A class's `__getattr__`, which may find methods that the class does not have."""

    __slots__ = ("_operations", "_watcher")

    if TYPE_CHECKING:
        _operations: Any
        _watcher: Any

    def __init__(self, original: Function, operations: dict[str, Operation], watcher: Watcher) -> None:
        super().__init__(original)
        _OPERATIONS.__set__(self, operations)
        _WATCHER.__set__(self, watcher)

    @unseen
    def __call__(self, /, *args: Any) -> Any:
        """Find an attribute of the model that comes first."""
        found = self._original(*args)
        model, name = args
        operation = self._operations.get(name)
        if operation is None or isinstance(found, type) or is_ours(found) or not callable(found):
            return found
        return FreeStandIn(found, model, functools.partial(_watched, operation, self._watcher))


_OPERATIONS: Any = Finding.__dict__["_operations"]
_WATCHER: Any = Finding.__dict__["_watcher"]


class Carrying(FunctionStandIn):
    """A pool's method that tells its tasks that they run within a call; see `Carry`."""

    __slots__ = ("_near",)

    if TYPE_CHECKING:
        _near: Any

    def __init__(self, original: Function, near: Callable[[Any], bool]) -> None:
        super().__init__(original)
        _NEAR.__set__(self, near)

    @unseen
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the pool that comes first, before its tasks."""
        # Workers start with an empty context; without ours, each tree of a forest reports itself as a model.
        if INSIDE.get() and len(args) > 1 and self._near(args[0]):
            args = (args[0], ((Carried(task), a, k) for task, a, k in args[1]), *args[2:])
        return self._original(*args, **kwargs)


_NEAR: Any = Carrying.__dict__["_near"]


def watched(operation: Operation, watcher: Watcher, original: Any) -> Any:
    """A method whose outermost call is observed as a prediction."""
    return _in_place_of(original, functools.partial(_watched, operation.at(original), watcher))


def _watched(operation: Operation, watcher: Watcher, function: Function) -> Watched:
    return Watched(function, operation, watcher)


def silent(original: Any, before: Before | None = None, after: After | None = None, outer: Outer | None = None) -> Any:
    """A function or method within which nothing is a prediction."""
    return _in_place_of(original, functools.partial(Silenced, before=before, after=after, outer=outer))


def finding(operations: dict[str, Operation], watcher: Watcher, original: Any) -> Any:
    """A `__getattr__` whose finds are watched where they are operations."""
    return _in_place_of(original, functools.partial(Finding, operations=operations, watcher=watcher))


def carrying(near: Callable[[Any], bool], original: Any) -> Any:
    """A pool's method that carries our context along."""
    return _in_place_of(original, functools.partial(Carrying, near=near))


def _in_place_of(original: Any, make: Callable[[Function], Any]) -> Any:
    if is_function(original):
        return make(original)
    kind = DataStandIn if hasattr(kind_of(original), "__set__") else DescriptorStandIn
    return kind(original, make)
