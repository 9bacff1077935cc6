"""Coroutines and generators that something happens around, at each step that they take.

A method that is awaited, or iterated over, runs in pieces, between which its caller runs.  What is true within the
call (its span is current, nothing else is a prediction) is made true at each step, and untrue after it.  These objects
pass for those that they advance; none of them begins before the first step, so that what is never awaited leaves
nothing behind, but Python's own warning.
"""

from __future__ import annotations

from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import TYPE_CHECKING, Any, Protocol

from otelml.patching.frames import unseen
from otelml.patching.nesting import silently
from otelml.patching.standins import StandIn, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable


class Around(Protocol):
    """What happens around the steps of one call, and once it ended in one of three ways."""

    @property
    def begun(self) -> bool:
        """Whether a step was taken."""
        ...

    def step(self, advance: Callable[..., Any], /, *args: Any) -> Any:
        """Advance, and return what came."""

    def answered(self, output: Any) -> None:
        """The call returned."""

    def failed(self, error: BaseException) -> None:
        """The call raised."""

    def abandoned(self) -> None:
        """Nobody will take a further step."""


class Silent:
    """Nothing within the steps is a prediction."""

    begun = True

    @unseen
    def step(self, advance: Callable[..., Any], /, *args: Any) -> Any:
        """Advance."""
        return silently(advance, *args)

    def answered(self, output: Any) -> None:
        """Nothing to do."""

    def failed(self, error: BaseException) -> None:
        """Nothing to do."""

    def abandoned(self) -> None:
        """Nothing to do."""


class Stepping(StandIn):
    """What can be advanced: the parts that coroutines and generators share."""

    __slots__ = ("_around",)

    if TYPE_CHECKING:
        _around: Any

    def __init__(self, original: Any, around: Around) -> None:
        super().__init__(original)
        _AROUND.__set__(self, around)

    @unseen
    def send(self, value: Any) -> Any:
        """Take a step."""
        return self._step(self._original.send, value)

    @unseen
    def throw(self, *error: Any) -> Any:
        """Raise an exception where it stands."""
        return self._step(self._original.throw, *error)

    @unseen
    def close(self) -> None:
        """Let it end where it stands."""
        if not self._around.begun:
            self._original.close()
            return
        self._around.step(self._original.close)
        self._around.failed(GeneratorExit())

    @unseen
    def _step(self, advance: Callable[..., Any], *args: Any) -> Any:
        around = self._around
        try:
            return around.step(advance, *args)
        except StopIteration as end:
            around.answered(self._output(end.value))
            raise
        except BaseException as error:
            around.failed(error)
            raise

    def _output(self, value: Any) -> Any:
        return value

    def __del__(self) -> None:
        self._around.abandoned()


_AROUND: Any = Stepping.__dict__["_around"]


class Steps(Stepping):
    """What `await` advances."""

    __slots__ = ()

    def __iter__(self) -> Any:
        return self

    @unseen
    def __next__(self) -> Any:
        return self.send(None)

    def __del__(self) -> None:
        """Leave the end to the coroutine."""


class Coroutine(Stepping):
    """In place of the coroutine of a call."""

    __slots__ = ()

    def __await__(self) -> Any:
        return Steps(self._original, self._around)


class Generator(Stepping):
    """In place of the generator of a call, whose items are the host's."""

    __slots__ = ()

    def _output(self, value: Any) -> Any:  # noqa: ARG002 -- what it returned is none of its items
        return self._original

    def __iter__(self) -> Any:
        return self

    @unseen
    def __next__(self) -> Any:
        return self._step(self._original.__next__)


class Item(Stepping):
    """What is awaited for the next item of an asynchronous generator."""

    __slots__ = ("_generator",)

    if TYPE_CHECKING:
        _generator: Any

    def __init__(self, original: Any, around: Around, generator: Any) -> None:
        super().__init__(original, around)
        _GENERATOR.__set__(self, generator)

    @unseen
    def _step(self, advance: Callable[..., Any], *args: Any) -> Any:
        around = self._around
        try:
            return around.step(advance, *args)
        except StopIteration:
            raise  # an item
        except StopAsyncIteration:
            around.answered(self._generator)
            raise
        except BaseException as error:
            around.failed(error)
            raise

    def __await__(self) -> Any:
        return self

    def __iter__(self) -> Any:
        return self

    @unseen
    def __next__(self) -> Any:
        return self.send(None)

    def __del__(self) -> None:
        """Leave the end to the generator."""


_GENERATOR: Any = Item.__dict__["_generator"]


class AsyncGenerator(StandIn):
    """In place of the asynchronous generator of a call."""

    __slots__ = ("_around",)

    if TYPE_CHECKING:
        _around: Any

    def __init__(self, original: Any, around: Around) -> None:
        super().__init__(original)
        _AROUND_ALL.__set__(self, around)

    def __aiter__(self) -> Any:
        return self

    def __anext__(self) -> Any:
        return self._item(self._original.__anext__())

    def asend(self, value: Any) -> Any:
        """Send a value, and await the next item."""
        return self._item(self._original.asend(value))

    def athrow(self, *error: Any) -> Any:
        """Raise an exception where it stands, and await the next item."""
        return self._item(self._original.athrow(*error))

    def aclose(self) -> Any:
        """Await that it ends where it stands."""
        return self._item(self._original.aclose(), Closing)

    def _item(self, awaitable: Any, kind: Any = Item) -> Any:
        return kind(awaitable, self._around, self._original)

    def __del__(self) -> None:
        self._around.abandoned()


class Closing(Item):
    """What is awaited for the end of an asynchronous generator."""

    __slots__ = ()

    @unseen
    def _step(self, advance: Callable[..., Any], *args: Any) -> Any:
        try:
            return self._around.step(advance, *args)
        except BaseException as error:
            self._around.failed(GeneratorExit() if isinstance(error, StopIteration) else error)
            raise


_AROUND_ALL: Any = AsyncGenerator.__dict__["_around"]

STEPPED: dict[type, Any] = {
    CoroutineType: Coroutine,
    GeneratorType: Generator,
    AsyncGeneratorType: AsyncGenerator,
}


def stepped(output: Any, around: Around) -> Any:
    """`output` with what happens around its steps; None where it is neither coroutine nor generator."""
    kind = STEPPED.get(kind_of(output))
    return None if kind is None else kind(output, around)
