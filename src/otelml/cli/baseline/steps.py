"""The steps of a run, and a progress bar for whoever waits for them."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Any

from otelml.cli.baseline.writing import Glyphs, glyphs_for

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from rich.progress import Progress, TaskID

PATIENCE_S = 2.0  # nobody needs a bar for less
MOST_NAME = 40


class Steps:
    """What is done, what is being done, and what is ahead.

    Attributes
    ----------
    ahead : names of the steps that are not done; the first is being done.
    done : how many are.
    """

    def __init__(self, progress: Progress | None = None, glyphs: Glyphs | None = None) -> None:
        self.ahead: list[str] = []
        self.done = 0
        self._progress, self._glyphs = progress, glyphs
        self._task: TaskID | None = None if progress is None else progress.add_task("", total=None)

    def plan(self, names: Iterable[str]) -> None:
        """Add steps at the end."""
        self.ahead += names
        self._show()

    def tick(self, _step: object = None) -> None:
        """Go on to the next step."""
        self.ahead = self.ahead[1:]
        self.done += 1
        self._show()

    def _show(self) -> None:
        if self._progress is None or self._task is None or self._glyphs is None:
            return
        doing = self._glyphs.text(self.ahead[0], MOST_NAME) if self.ahead else ""
        total = self.done + len(self.ahead)
        self._progress.update(self._task, completed=self.done, total=total, description=doing)


@contextmanager
def steps(*, shown: bool) -> Generator[Steps]:
    """Count steps until the block ends; where `shown`, with a bar on stderr for what takes longer than two seconds."""
    progress = _bar() if shown else None
    if progress is None:
        yield Steps()
        return
    # From a thread of its own, for the step that takes long may be the first.
    timer = Timer(PATIENCE_S, progress.start)
    timer.daemon = True
    timer.start()
    try:
        yield Steps(progress, glyphs_for(progress.console.encoding))
    finally:
        timer.cancel()
        timer.join()
        if progress.live.is_started:
            progress.stop()


def _bar() -> Progress | None:
    """A bar that vanishes at the end; None where rich is not installed."""
    try:
        from rich.console import Console  # noqa: PLC0415 -- it works without
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    except ImportError:
        return None
    shown: tuple[Any, ...] = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    console = Console(stderr=True)
    return Progress(*shown, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
