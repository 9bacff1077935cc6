"""What stands in for a framework's function: plain functions, closed over the original.

Plain on purpose: a bound method then is an ordinary bound method, which pickles, copies and introspects as before.
(A `wrapt.BoundFunctionWrapper` refuses to be pickled, and joblib pickles `delayed(model.predict)` for its workers.)
cloudpickle takes a class of `__main__` along with its functions, and each of those with what it is closed over.  So
all of ours sits behind one object, which pickles as the original: a worker gets the class as its author wrote it.
"""

from __future__ import annotations

import copy
import functools
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, Protocol, cast
from weakref import WeakSet

from otelml.patching.nesting import INSIDE, Carried

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.patching.sites import Operation

    Function = Callable[..., Any]
    Before = Callable[[tuple[Any, ...], dict[str, Any]], Any]
    """Shown the arguments, the model first; what it returns is for `After`."""
    After = Callable[[Any, Any], object]
    """Told of the model, and what was seen before the call, where that returned."""
    Observer = Callable[[Operation, Function, Any, tuple[Any, ...], dict[str, Any]], Any]

_made: WeakSet[Any] = WeakSet()


class Watcher(Protocol):
    """Who is shown calls, as long as it is active, and of an operation that is opted in as long as it wants that."""

    active: bool
    observe: Observer
    wanted: Callable[[Operation], bool]


class StandIn:
    """A call in place of another; outside this process it is that other."""

    call: Function

    def __reduce__(self) -> tuple[Any, ...]:
        return copy.copy, (self.call,)  # a function's copy is itself, and nobody there needs otelml


class Watched(StandIn):
    """Shows the outermost call of a method to a watcher."""

    def __init__(self, call: Function, operation: Operation, watcher: Watcher) -> None:
        self.call, self.operation, self.watcher = call, operation, watcher

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the model that comes first."""
        watcher, operation = self.watcher, self.operation
        # A model that is not there, or that is named (`predict(self=model)`), is the method's own affair.
        if INSIDE.get() or not (watcher.active and args) or (operation.opt_in and not watcher.wanted(operation)):
            return self.call(*args, **kwargs)
        return watcher.observe(operation, self.call, args[0], args[1:], kwargs)


class Silenced(StandIn):
    """Calls with nothing within them a prediction.

    `before` is shown what an outermost call is given, and `after` is told of each one, whether it raised or not.
    """

    def __init__(self, call: Function, before: Before | None = None, after: After | None = None) -> None:
        self.call, self.before, self.after = call, before, after

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        outermost = bool(args) and not INSIDE.get()
        token, done = INSIDE.set(True), False
        seen = self.before(args, kwargs) if outermost and self.before is not None else None
        try:
            result = self.call(*args, **kwargs)
            done = True
        finally:
            INSIDE.reset(token)
            if self.after is not None and args:
                self.after(args[0], seen if done else None)
        return result


class Carrying(StandIn):
    """A pool's method that tells its tasks that they run within a call; see `Carry`."""

    def __init__(self, call: Function, near: Callable[[Any], bool]) -> None:
        self.call, self.near = call, near

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the method of the pool that comes first, before its tasks."""
        # Workers start with an empty context; without ours, each tree of a forest reports itself as a model.
        if INSIDE.get() and len(args) > 1 and self.near(args[0]):
            args = (args[0], ((Carried(task), a, k) for task, a, k in args[1]), *args[2:])
        return self.call(*args, **kwargs)


def watched(operation: Operation, watcher: Watcher, original: Any) -> Any:
    """A method whose outermost call is observed as a prediction."""
    return _in_place_of(original, Watched(_callable(original), operation.at(original), watcher))


def silent(original: Any, before: Before | None = None, after: After | None = None) -> Any:
    """A function or method within which nothing is a prediction."""
    return _in_place_of(original, Silenced(_callable(original), before, after))


def carrying(near: Callable[[Any], bool], original: Any) -> Any:
    """A pool's method that carries our context along."""
    return _in_place_of(original, Carrying(_callable(original), near))


def is_ours(attribute: Any) -> bool:
    """Whether an attribute of a class or module stands in for another."""
    # By identity: a mark among a function's attributes is copied by `functools.wraps` to what a host wraps around it.
    return isinstance(attribute, FunctionType | Conditional) and attribute in _made


def _callable(original: Any) -> Function:
    if isinstance(original, FunctionType):
        return original

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        # A descriptor decides anew for each instance whether it has the method.
        return original.__get__(self, type(self))(*args, **kwargs)

    return method


def _in_place_of(original: Any, call: StandIn) -> Any:
    def function(*args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)  # type: ignore[operator]

    functools.update_wrapper(function, original)
    made = function if isinstance(original, FunctionType) else Conditional(original, function)
    _made.add(made)
    return made


class Conditional:
    """A method that exists for some instances only, as scikit-learn's `available_if` has them."""

    def __init__(self, original: Any, function: Any) -> None:
        functools.update_wrapper(cast("Any", self), original)
        self.original, self.function = original, function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        bound = self.original.__get__(instance, owner)  # raises AttributeError where there is no such method
        return bound if instance is None else MethodType(self.function, instance)

    def __reduce__(self) -> tuple[Any, ...]:
        return copy.copy, (self.original,)
