"""Where a framework is met: call sites as data, their targets as strings.

Three kinds are watched: a `Method`, a `Family` of classes, a pool that must `Carry` our context along; and
`Silent` names what trains or evaluates, where nothing is a prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.prediction import Description, Form

    FormReader = Callable[[Description, tuple[Any, ...], dict[str, Any]], Form]


def first_argument(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The input, for most: the first positional argument, else the first that was named."""
    return args[0] if args else next(iter(kwargs.values()), None)


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
    form : what it answers in, or a function of (description, args, kwargs) that tells.
    inputs : finds the rows among (args, kwargs).
    answer : finds the rows in (description, what was returned, args, kwargs), where that is no array.
    opt_in : the setting without which it is not watched.
    by_model : the function that tells the form looks at the description alone.
    """

    name: str
    form: Form | FormReader
    inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    answer: Callable[[Description, Any, tuple[Any, ...], dict[str, Any]], Any] = whole
    opt_in: str | None = None
    by_model: bool = False


@dataclass(frozen=True)
class Method:
    """Methods of one class: `module`, its class `owner`, what it is asked and what trains it."""

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
