"""The ways in which a process ends, and what is still done before it does.

* `sys.exit`, and the end of the main thread, call what is registered with `atexit`; so does a child of
  `os.fork`.
* A worker of `multiprocessing` runs its finalizers, and atexit only where it was spawned.
* A server of uvicorn, once it has shut down, ends itself by the very signal that it was sent: neither runs.
* `os._exit`, and a signal that nobody handles (`Pool.terminate`), run nothing; what was not exported is lost.
"""

from __future__ import annotations

import atexit
import functools
from typing import TYPE_CHECKING, Any

from otelml.patching.guard import guarded
from otelml.patching.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Callable


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
        self._server: Any = None
        self._wrapped: tuple[Any, Any] | None = None  # uvicorn's own method, and ours

    def watch(self) -> None:
        """Be called before this process, or one that it starts, ends."""
        self._wanted = True
        self.before_providers()
        if self._hooked:
            self._wrap()
            return
        self._hooked = True
        when_imported("multiprocessing.util", guarded("exit")(self._end_with_worker))
        when_imported("uvicorn.server", guarded("exit")(self._end_with_server))

    def leave(self) -> None:
        """Be called no more, and restore what was wrapped."""
        self._wanted = False
        atexit.unregister(self._close)
        if self._wrapped is not None and vars(self._server)["shutdown"] is self._wrapped[1]:
            self._server.shutdown = self._wrapped[0]
        self._wrapped = None

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

    def _end_with_server(self, module: Any) -> None:
        self._server = module.Server
        self._wrap()

    def _wrap(self) -> None:
        if self._server is None or self._wrapped is not None or not self._wanted:
            return
        original = self._server.shutdown

        @functools.wraps(original)
        async def shutdown(*args: Any, **kwargs: Any) -> Any:
            try:
                return await original(*args, **kwargs)
            finally:
                self._drain()

        self._wrapped = (original, shutdown)
        self._server.shutdown = shutdown
