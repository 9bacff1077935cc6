"""Where a framework is met: call sites as data, their targets as strings.

Three kinds are watched: a `Method`, a `Family` of classes, a pool that must `Carry` our context along; and
`Silent` names what trains or evaluates, where nothing is a prediction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.prediction import Form


def first_argument(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The input, for most: the first positional argument, else the first that was named."""
    return args[0] if args else next(iter(kwargs.values()), None)


def whole(_model: Any, answer: Any) -> Any:
    """The answer as it is, for most."""
    return answer


@dataclass(frozen=True)
class Operation:
    """One way to ask a model.

    Attributes
    ----------
    name : the method's name, and `ml.operation.name`.
    form : what it answers in, or a function of (description, args, kwargs) that tells.
    inputs : finds the rows among (args, kwargs).
    answer : finds the rows in (model, what was returned), for frameworks that return more than that.
    opt_in : the setting without which it is not watched.
    """

    name: str
    form: Form | Callable[[Any, tuple[Any, ...], dict[str, Any]], Form]
    inputs: Callable[[tuple[Any, ...], dict[str, Any]], Any] = first_argument
    answer: Callable[[Any, Any], Any] = whole
    opt_in: str | None = None


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
    """A pool's method whose one argument is an iterable of tasks `(function, args, kwargs)`."""

    module: str
    owner: str
    method: str


@dataclass(frozen=True)
class Silent:
    """Functions of a module that train or evaluate."""

    module: str
    functions: tuple[str, ...]


Site = Method | Family | Carry | Silent
