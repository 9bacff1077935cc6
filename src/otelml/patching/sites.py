"""Where a framework is met: call sites as data, their targets as strings.

Three kinds are watched: a `Method`, a `Family` of classes, a pool that must `Carry` our context along; and
`Silent` names what trains or evaluates, where nothing is a prediction.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from types import CodeType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.prediction import Description, Form

    Arguments = tuple[tuple[Any, ...], dict[str, Any]]
    FormReader = Callable[[Description, tuple[Any, ...], dict[str, Any]], Form]
    Received = Callable[[Any, BaseException | None], None]
    """Takes an answer that came later, or the error in its place."""


def first_argument(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The input, where the parameters of a method are unknown: the first positional argument, else the first named."""
    return args[0] if args else next(iter(kwargs.values()), None)


def parameters_of(function: Any) -> tuple[tuple[str, ...], bool]:
    """Names of the parameters behind `self`, in order, and whether further positional ones are taken.

    Read off the code: `inspect.signature` takes 50 times as long, and there is one method a class of a family.

    >>> class Model:
    ...     def predict(self, rows, margin=False, *more, strict=True): ...
    >>> parameters_of(Model.predict)
    (('rows', 'margin'), True)
    """
    code = getattr(inspect.unwrap(function), "__code__", None)
    if not isinstance(code, CodeType):
        return (), True
    # Those that are named only come last: the first of them are the rows where no other parameter is.
    positional = code.co_varnames[1 : code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    more = bool(code.co_flags & inspect.CO_VARARGS)
    return (positional if more else (*positional, *named)), more


def rows_named(name: str) -> Callable[[tuple[Any, ...], dict[str, Any]], Any]:
    """Make a function that finds the input of a method: at the place or under the name of its first parameter."""

    def find(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # no object with a `__call__`: this is the hot path
        return args[0] if args else kwargs.get(name)

    return find


@dataclass(frozen=True)
class ByName:
    """A reader of forms that looks at arguments by name, however they were given: `read(description, given)`.

    `parameters` are those of the framework's own method; where the method that is replaced has others (a subclass of
    the host's), its own take their places.
    """

    read: Callable[[Description, dict[str, Any]], Form]
    parameters: tuple[str, ...] = ()

    def __call__(self, description: Description, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form:
        """What is answered in."""
        if len(args) > 1:  # the first are the rows
            kwargs = {**dict(zip(self.parameters, args, strict=False)), **kwargs}
        return self.read(description, kwargs)

    def at(self, own: tuple[str, ...], more: bool) -> ByName:  # noqa: FBT001 -- two facts of a signature
        """The same where a method has its `own` parameters, and maybe takes more."""
        return replace(self, parameters=(*own, *self.parameters[len(own) :]) if more else own)


def whole(_description: Any, answer: Any, _args: Any, _kwargs: Any) -> Any:
    """The answer as it is, for most."""
    return answer


def argument(args: tuple[Any, ...], kwargs: dict[str, Any], position: int, name: str) -> Any:
    """The argument that was given at `position` or as `name`; None where it was not.

    >>> argument((1, 2), {"c": 3}, 1, "b"), argument((1, 2), {"c": 3}, 2, "c"), argument((), {}, 0, "a")
    (2, 3, None)
    """
    return args[position] if len(args) > position else kwargs.get(name)


@dataclass(frozen=True)
class Operation:
    """One way to ask a model.

    Attributes
    ----------
    name : the method's name, and `ml.operation.name`.
    form : what it answers in, or a function of (description, args, kwargs) that tells; not by the rows.
    inputs : finds the rows among (args, kwargs).
    answer : finds the rows in (description, what was returned, args, kwargs), where that is no array.
    opt_in : the setting without which it is not watched.
    later : for an answer that a callback takes, on whatever thread: gives (args, kwargs, received) the arguments
        back with `received` called before the host's own callback.
    """

    name: str
    form: Form | FormReader
    inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    answer: Callable[[Description, Any, tuple[Any, ...], dict[str, Any]], Any] = whole
    opt_in: str | None = None
    later: Callable[[tuple[Any, ...], dict[str, Any], Received], Arguments] | None = None

    def at(self, function: Any) -> Operation:
        """The same for a method with parameters of its own: position and name are one thing."""
        own, more = parameters_of(function)
        inputs = rows_named(own[0]) if own and self.inputs is first_argument else self.inputs
        form = self.form.at(own, more) if isinstance(self.form, ByName) else self.form
        return replace(self, inputs=inputs, form=form)


@dataclass(frozen=True)
class Method:
    """Methods of one class: `module`, its class `owner`, those that predict and those that train."""

    module: str
    owner: str
    operations: tuple[Operation, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family:
    """Every class that inherits from `module`.`root`, wherever in its MRO the method lives, and whenever defined."""

    module: str
    root: str
    operations: tuple[Operation, ...] = ()
    silent: tuple[str, ...] = ()


@dataclass(frozen=True)
class Carry:
    """A pool's method whose one argument is an iterable of tasks `(function, args, kwargs)`.

    `near` tells of a pool whether its workers are of this machine; those of another may lack otelml.
    """

    module: str
    owner: str
    method: str
    near: Callable[[Any], bool]


@dataclass(frozen=True)
class Silent:
    """Functions that train or evaluate, under each module that callers find them in."""

    module: str
    functions: tuple[str, ...]


Site = Method | Family | Carry | Silent
