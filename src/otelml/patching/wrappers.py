"""What stands in for a framework's function: plain functions, closed over the original.

Plain on purpose: a bound method then is an ordinary bound method, which pickles, copies and introspects as before.
(A `wrapt.BoundFunctionWrapper` refuses to be pickled, and joblib pickles `delayed(model.predict)` for its workers.)
"""

from __future__ import annotations

import functools
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from otelml.patching.nesting import INSIDE, Carried

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.patching.sites import Operation

    Function = Callable[..., Any]
    Observer = Callable[[Operation, Function, Any, tuple[Any, ...], dict[str, Any]], Any]

MARK = "__otelml__"


def watched(operation: Operation, observe: Observer, original: Any) -> Any:
    """A method whose outermost call is observed as a prediction."""
    call = _callable(original)

    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        if INSIDE.get():
            return call(self, *args, **kwargs)
        return observe(operation, call, self, args, kwargs)

    return _in_place_of(original, method)


def silent(original: Any, after: Callable[[Any], object] | None = None) -> Any:
    """A function or method within which nothing is a prediction; `after` is told of the model once it was called."""
    call = _callable(original)

    def function(*args: Any, **kwargs: Any) -> Any:
        token = INSIDE.set(True)
        try:
            return call(*args, **kwargs)
        finally:
            INSIDE.reset(token)
            if after is not None:
                after(args[0])

    return _in_place_of(original, function)


def carrying(original: Any) -> Any:
    """A pool's method that tells its tasks that they run within a call; see `Carry`."""

    def method(self: Any, iterable: Any, /, *args: Any, **kwargs: Any) -> Any:
        # Workers start with an empty context; without ours, each tree of a forest reports itself as a model.
        if INSIDE.get():
            iterable = ((Carried(task), a, k) for task, a, k in iterable)
        return original(self, iterable, *args, **kwargs)

    return _in_place_of(original, method)


def is_ours(attribute: Any) -> bool:
    """Whether an attribute of a class or module stands in for another."""
    return MARK in getattr(attribute, "__dict__", ())


def _callable(original: Any) -> Function:
    if isinstance(original, FunctionType):
        return original
    # A descriptor decides anew for each instance whether it has the method.
    return lambda self, *args, **kwargs: original.__get__(self, type(self))(*args, **kwargs)


def _in_place_of(original: Any, function: Any) -> Any:
    functools.update_wrapper(function, original)
    function.__dict__[MARK] = True
    return function if isinstance(original, FunctionType) else Conditional(original, function)


class Conditional:
    """A method that exists for some instances only, as scikit-learn's `available_if` has them."""

    def __init__(self, original: Any, function: Any) -> None:
        functools.update_wrapper(self, original)
        self.__dict__[MARK] = True
        self.original, self.function = original, function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        bound = self.original.__get__(instance, owner)  # raises AttributeError where there is no such method
        return bound if instance is None else MethodType(self.function, instance)
