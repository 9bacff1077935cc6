"""What stands in a framework's class or module in place of a function, and passes for that function.

A stand-in answers every question that is asked by attribute, or by `isinstance`, as its original does: code, globals,
closure, defaults, signature, flags of coroutines, attributes of a decorator.  What is set on it is set on the original,
so that tools which edit functions in place edit the one that runs.  What a bound method is stays what it was: an
ordinary `MethodType`, whose function is the stand-in.  Only `type(function)` tells; see docs/decisions/0001.
"""

from __future__ import annotations

import functools
import operator
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any

from otelml.patching.frames import unseen

if TYPE_CHECKING:
    from collections.abc import Callable

    Function = Callable[..., Any]


kind_of: Any = type  # what an object is, and not what it says


class StandIn:
    """Delegates every attribute to an original."""

    # No annotations here and below: they would be an attribute of the instances.
    __slots__ = ("__dict__", "__weakref__", "_original")

    if TYPE_CHECKING:
        _original: Any

    def __init_subclass__(cls) -> None:
        for name in _OF_EVERY_CLASS:
            setattr(cls, name, _delegated(name))

    def __init__(self, original: Any) -> None:
        _ORIGINAL.__set__(self, original)
        self._share()

    def _share(self) -> None:
        """Have the attributes of the original in one dict with it: `object.__getattribute__` looks nowhere else."""
        held = getattr(self._original, "__dict__", None)
        if type(held) is dict:
            _DICT.__set__(self, held)

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] -- `isinstance` asks this
        return self._original.__class__

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._original, name, value)
        if name == "__dict__":
            self._share()

    def __delattr__(self, name: str) -> None:
        delattr(self._original, name)

    def __dir__(self) -> Any:
        return dir(self._original)

    def __repr__(self) -> str:
        return repr(self._original)

    def __copy__(self) -> Any:
        return self  # as functions do

    def __deepcopy__(self, _memo: Any) -> Any:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return operator.itemgetter(0), ((self._original,),)  # the original itself: nobody there needs otelml


def _delegated(name: str) -> Any:
    return property(
        lambda self: getattr(self._original, name),
        lambda self, value: setattr(self._original, name, value),
        lambda self: delattr(self._original, name),
    )


# Every class has these of its own, where an instance would find them.
_OF_EVERY_CLASS = ("__doc__", "__module__", "__annotations__")
StandIn.__init_subclass__.__func__(StandIn)  # pyright: ignore[reportFunctionMemberAccess] -- a classmethod
_DICT: Any = StandIn.__dict__["__dict__"]
_ORIGINAL: Any = StandIn.__dict__["_original"]


class FunctionStandIn(StandIn):
    """In place of a function: binds as one, and is pickled as one, by name."""

    __slots__ = ()

    @unseen
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        return MethodType(self, instance)  # pyright: ignore[reportArgumentType] -- each kind can be called

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._original.__qualname__


class DescriptorStandIn(StandIn):
    """In place of what decides anew for each instance which method it has, or whether.

    Whatever the original finds is replaced in turn, by `make`; what it does not find, it does not find as before.
    """

    __slots__ = ("_latest", "_make")

    if TYPE_CHECKING:
        _latest: Any
        _make: Any

    def __init__(self, original: Any, make: Callable[[Function], Any]) -> None:
        super().__init__(original)
        _MAKE.__set__(self, make)
        _LATEST.__set__(self, (None, None))

    @unseen
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        found = self._original
        if hasattr(kind_of(found), "__get__"):
            found = found.__get__(instance, owner)
        if instance is None or not callable(found) or isinstance(found, type) or is_ours(found):
            return found
        return self._replace(found, instance)

    def __reduce_ex__(self, protocol: Any) -> Any:
        original, kind = self._original, kind_of(self._original)
        if kind in (staticmethod, classmethod):  # as cloudpickle does, which goes by the exact type
            return kind, (original.__func__,)
        if kind is property:
            return kind, (original.fget, original.fset, original.fdel, original.__doc__)
        return super().__reduce_ex__(protocol)

    def _replace(self, found: Any, instance: Any) -> Any:
        if kind_of(found) is functools.partial:
            return self._partial(found, instance)
        if kind_of(found) is not MethodType or found.__self__ is not instance:
            return FreeStandIn(found, instance, self._make)
        function, ours = self._latest
        if found.__func__ is not function:
            function = found.__func__
            ours = function if is_ours(function) else self._make(function)
            _LATEST.__set__(self, (function, ours))
        return MethodType(ours, instance)

    def _partial(self, found: functools.partial[Any], instance: Any) -> functools.partial[Any]:
        """The same partial of another function: callers may look into it."""
        bound = found.args[:1] and found.args[0] is instance
        ours = self._make(found.func) if bound else FreeStandIn(found.func, instance, self._make)
        made = functools.partial(ours, *found.args, **found.keywords)
        vars(made).update(vars(found))
        return made


_MAKE, _LATEST = DescriptorStandIn.__dict__["_make"], DescriptorStandIn.__dict__["_latest"]


class DataStandIn(DescriptorStandIn):
    """The same for a property, which no attribute of an instance comes before."""

    __slots__ = ()

    def __set__(self, instance: Any, value: Any) -> None:
        self._original.__set__(instance, value)

    def __delete__(self, instance: Any) -> None:
        self._original.__delete__(instance)


class FreeStandIn(StandIn):
    """In place of what can be called without the model, which is told all the same."""

    __slots__ = ("_call", "_model")

    if TYPE_CHECKING:
        _call: Any
        _model: Any

    def __init__(self, original: Function, model: Any, make: Callable[[Function], Any]) -> None:
        super().__init__(original)

        @unseen
        def call(_model: Any, /, *args: Any, **kwargs: Any) -> Any:
            return original(*args, **kwargs)

        _CALL.__set__(self, make(call))
        _MODEL.__set__(self, model)

    @unseen
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call the original, for the model."""
        return self._call(self._model, *args, **kwargs)

    def __eq__(self, other: object) -> bool:
        return self._original == (other._original if type(other) is FreeStandIn else other)

    def __hash__(self) -> int:
        return hash(self._original)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self._original.__reduce_ex__(protocol)


_CALL, _MODEL = FreeStandIn.__dict__["_call"], FreeStandIn.__dict__["_model"]


def is_ours(attribute: Any) -> bool:
    """Whether an attribute of a class or module stands in for another."""
    # By type: a mark among a function's attributes is copied by `functools.wraps` to what a host wraps around it.
    return issubclass(type(attribute), StandIn) or (
        type(attribute) is MethodType and issubclass(type(attribute.__func__), StandIn)
    )


def original_of(attribute: Any) -> Any:
    """What a stand-in stands in for; anything else is itself."""
    return _ORIGINAL.__get__(attribute) if issubclass(type(attribute), StandIn) else attribute


def is_function(attribute: Any) -> bool:
    """Whether an attribute is a plain function, by what it is and not by what it says."""
    return type(attribute) is FunctionType
