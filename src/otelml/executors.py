"""The block of predictions goes along into a pool of threads.

`asyncio.to_thread` and anyio carry the context of their caller; `loop.run_in_executor`, and a pool's own `submit` and
`map`, do not, with uvloop as without: they all end in `ThreadPoolExecutor.submit`.  Our one variable is set around what
is submitted inside a block; nothing else of the context goes along, and outside a block nothing changes.
"""

from __future__ import annotations

import functools
import threading
from asyncio import _get_running_loop, current_task  # pyright: ignore[reportPrivateUsage] -- it raises nothing and is quick
from typing import TYPE_CHECKING, Any

import wrapt

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import ContextVar

MODULE = "concurrent.futures.thread"
_HERE = threading.local()


def owner() -> int:
    """Who runs here: the task of asyncio, else the thread.  What one owner does comes in order.

    >>> owner() == owner() == threading.get_ident()
    True
    """
    if _get_running_loop() is not None:
        task = current_task()
        if task is not None:
            return id(task)
    return threading.get_ident()


def lender() -> int | None:
    """Who handed this thread the work that it does within a block; None where nobody did."""
    return getattr(_HERE, "lender", None)


class Carrier:
    """Carries one context variable into pools of threads, where it has a value."""

    def __init__(self, variable: ContextVar[Any]) -> None:
        self._variable = variable
        self.on = self._hooked = False
        self._patched: tuple[Any, Any, Any] | None = None  # the pool's class, its own method, ours

    def start(self) -> None:
        """Carry from now on, also in a module that is imported later."""
        self.on = True
        if not self._hooked:
            self._hooked = True
            wrapt.register_post_import_hook(self._found, MODULE)
        elif self._patched is not None:
            self._patch(self._patched[0])

    def stop(self) -> None:
        """Carry no more, and restore the original."""
        self.on = False
        if self._patched is not None and vars(self._patched[0]).get("submit") is self._patched[2]:
            self._patched[0].submit = self._patched[1]

    def _found(self, module: Any) -> None:
        self._patch(module.ThreadPoolExecutor)

    def _patch(self, pool: Any) -> None:
        original = pool.submit
        if not self.on or (self._patched is not None and original is self._patched[2]):
            return
        variable = self._variable

        @functools.wraps(original)
        def submit(self: Any, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            value = variable.get()
            if value is None:
                return original(self, fn, *args, **kwargs)
            by = value.lend(getattr(self, "_max_workers", 0))
            try:
                return original(self, _within, variable, value, by, fn, args, kwargs)
            except BaseException:  # a pool that was shut down
                value.regain()
                raise

        self._patched = (pool, original, submit)
        pool.submit = submit


def _within(
    variable: ContextVar[Any],
    value: Any,
    by: int | None,
    fn: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> Any:
    token, before = variable.set(value), lender()
    _HERE.lender = by
    try:
        return fn(*args, **kwargs)
    finally:
        _HERE.lender = before
        variable.reset(token)
        value.regain()
