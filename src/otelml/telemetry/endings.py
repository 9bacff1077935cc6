"""The ways in which a process ends, and what is still done before it does.

* `sys.exit`, and the end of the main thread, call what is registered with `atexit`; so does a child of
  `os.fork`.
* A worker of `multiprocessing`, and of billiard and multiprocess, which are copies of it with an exit of their own,
  runs its finalizers, and atexit only where it was spawned.
* A worker of a pool of billiard, which is Celery's, ends by `os._exit` after its own farewell.
* A server of uvicorn, once it has shut down, ends itself by the very signal that it was sent: neither runs.
* `os._exit`, and a signal that nobody handles (`Pool.terminate`), run nothing; what was not exported is lost.
"""

from __future__ import annotations

import atexit
import functools
import time
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from otelml.patching.guard import guarded
from otelml.patching.imports import when_imported
from otelml.telemetry import launched
from otelml.telemetry.bounded import Errand, Ticket, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from otelml.telemetry.pipeline import Pipeline

POLL_S = 0.01
FINALIZERS = ("multiprocessing.util", "multiprocess.util", "billiard.util")


_finishing: weakref.WeakSet[Pipeline] = weakref.WeakSet()


def finishing(pipeline: Pipeline) -> None:
    """Have `finish` called at the very end of the process."""
    _finishing.add(pipeline)


# Registered when the launcher loads otelml, after it made its providers and before the host registers anything: so it
# is called after the host's own, which may predict, and before the launcher's providers shut themselves down.
@atexit.register
def _finish() -> None:
    for pipeline in list(_finishing):
        pipeline.finish()
    if not _finishing:
        _end_launched()


@guarded("exit")
def _end_launched() -> None:
    """Keep the deadline in a process that asked no model, too: a server's master, whose workers do.

    Half of it, which is what is left of a process that settles something of ours before.
    """
    from otelml.settings import load  # noqa: PLC0415 -- at the end, in processes that had no use for it

    settings, tickets = load().settings, list[Ticket]()
    if not settings.enabled:
        return
    deadline = time.monotonic() + settings.shutdown_timeout / 2
    for provider in launched.providers().values():
        launched.take_over(provider)
        tickets.append(Errand(lambda _, one=provider: bool(one.shutdown()) or True, "shutdown").start(deadline))
    for ticket in tickets:
        ticket.wait()


@dataclass(eq=False)
class Farewell:
    """A method of somebody's, after which, or before which, a process ends without another word."""

    module: str
    owner: str
    method: str
    wrap: Callable[[Callable[..., Any], Callable[[], object]], Callable[..., Any]]
    found: Any = None  # the class, once it is imported
    wrapped: tuple[Any, Any] | None = field(default=None)  # its own method, and ours


def _after_shutdown(original: Callable[..., Any], drain: Callable[[], object]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def shutdown(*args: Any, **kwargs: Any) -> Any:
        try:
            return await original(*args, **kwargs)
        finally:
            await _aside(drain)

    return shutdown


async def _aside(drain: Callable[[], object]) -> None:
    """Drain in a thread, so that what else runs in the event loop goes on."""
    from asyncio import sleep  # noqa: PLC0415 -- whoever calls has it

    done: list[object] = []
    if not in_thread(lambda: done.append(drain())):
        drain()
        return
    while not done:  # noqa: ASYNC110 -- see below
        await sleep(POLL_S)  # an event of the loop's cannot be set from another thread


def _before_exit(original: Callable[..., Any], drain: Callable[[], object]) -> Callable[..., Any]:
    @functools.wraps(original)
    def do_exit(*args: Any, **kwargs: Any) -> Any:
        drain()
        return original(*args, **kwargs)

    return do_exit


class Endings:
    """Has `close` called before the exporters shut down at exit, and `drain` where nobody shuts them down.

    Parameters
    ----------
    close : settles everything; the SDK's own shutdown exports it.
    drain : settles everything and exports it.
    """

    def __init__(self, close: Callable[[], object], drain: Callable[[], object]) -> None:
        self._close, self._drain = close, drain
        self._hooked = self._wanted = False
        self._farewells = (
            Farewell("uvicorn.server", "Server", "shutdown", _after_shutdown),
            Farewell("billiard.pool", "Worker", "_do_exit", _before_exit),
        )

    def watch(self) -> None:
        """Be called before this process, or one that it starts, ends."""
        self._wanted = True
        self.before_providers()
        if self._hooked:
            for farewell in self._farewells:
                self._wrap(farewell)
            return
        self._hooked = True
        for util in FINALIZERS:
            when_imported(util, guarded("exit")(self._end_with_worker))
        for farewell in self._farewells:
            when_imported(farewell.module, guarded("exit")(functools.partial(self._find, farewell)))

    def leave(self) -> None:
        """Be called no more, and restore what was wrapped."""
        self._wanted = False
        atexit.unregister(self._close)
        for one in self._farewells:
            if one.wrapped is not None and vars(one.found)[one.method] is one.wrapped[1]:
                setattr(one.found, one.method, one.wrapped[0])
            one.wrapped = None

    def before_providers(self) -> None:
        """Come before the shutdown of every provider that is there now: last registered is first called."""
        atexit.unregister(self._close)
        atexit.register(self._close)

    def _end_with_worker(self, util: Any) -> None:
        def in_worker(_: Endings) -> None:
            util.Finalize(None, self._drain_if_wanted, exitpriority=0)

        util.register_after_fork(self, in_worker)

    def _drain_if_wanted(self) -> None:
        if self._wanted:
            self._drain()

    def _find(self, farewell: Farewell, module: Any) -> None:
        farewell.found = getattr(module, farewell.owner)
        self._wrap(farewell)

    def _wrap(self, one: Farewell) -> None:
        if one.found is None or one.wrapped is not None or not self._wanted:
            return
        original = getattr(one.found, one.method)
        one.wrapped = (original, one.wrap(original, self._drain_if_wanted))
        setattr(one.found, one.method, one.wrapped[1])
