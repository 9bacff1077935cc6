"""The standard streams of a command: where one is closed or full, the command ends in order, without a traceback."""

from __future__ import annotations

import errno
import io
import os
import select
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import TextIO

    from typing_extensions import Buffer

CANNOT_WRITE = 2
READER_GONE = 141
"""What a shell reports of a program that a closed pipe ended: 128 and the number of SIGPIPE."""


class OutputError(Exception):
    """Standard output takes no more.

    No OSError: what commands say about files does not fit, and closed connections are other people's.
    """

    def __init__(self, error: OSError) -> None:
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        super().__init__(f"standard output cannot be written to: {reason}")
        self.status = READER_GONE if error.errno == errno.EPIPE else CANNOT_WRITE


class _Output(io.FileIO):
    """A descriptor that fails once, by an OutputError, and discards what is written afterwards."""

    failed: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        """Write all or fail; waits where the descriptor does not (another program may have set it so)."""
        rest = memoryview(data).cast("B")
        size = rest.nbytes
        while self.failed is None and rest:
            rest = rest[self._write_some(rest) :]
        return size

    def _write_some(self, data: memoryview) -> int:
        try:
            written = super().write(data)
        except OSError as error:
            self.failed = error
            self.fail()
            return 0
        if written is None:
            select.select([], [self], [])
        return written or 0

    def fail(self) -> None:
        """Raise what ends the command.

        Raises
        ------
        OutputError
            Once something could not be written.
        """
        if self.failed is not None:
            raise OutputError(self.failed) from self.failed


class _Messages(_Output):
    """A descriptor for messages, which nobody misses where they cannot be written."""

    def fail(self) -> None:
        """Go on."""


@contextmanager
def standard() -> Generator[None]:
    """Make the standard streams usable while a command runs; streams that somebody has put in their place stay.

    Raises
    ------
    OutputError
        At the end at the latest, when not all of the output could be written.
    """
    before = sys.stdin, sys.stdout, sys.stderr
    output = None
    # In this order each closed one gets its own number back, which no file opened later must get.
    if sys.stdin is None:  # pyright: ignore[reportUnnecessaryComparison] -- Python's way to say closed
        sys.stdin = os.fdopen(os.open(os.devnull, os.O_RDONLY), closefd=False)
    if sys.stdout is sys.__stdout__:
        output = _Output(_descriptor(sys.stdout, os.O_RDONLY), "w", closefd=False)
        sys.stdout = _text(output, sys.stdout)
    if sys.stderr is sys.__stderr__:
        sys.stderr = _text(_Messages(_descriptor(sys.stderr, os.O_WRONLY), "w", closefd=False), sys.stderr)
    try:
        try:
            yield
        finally:
            sys.stderr.flush()
            sys.stdout.flush()
            if output is not None:
                output.fail()
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


def complain(text: str) -> None:
    """Write a message to the error output, if it takes any."""
    with suppress(OSError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()


def one_line(text: object) -> str:
    r"""Write a message as one line in which nothing moves a cursor, whatever the paths in it are called.

    >>> one_line("no folder a\n\x1b[2Jb")
    'no folder a ?[2Jb'
    """
    return "".join(one if one.isprintable() else "?" for one in " ".join(f"{text}".split()))


def write_document(text: str) -> None:
    """Print the text of a file, in UTF-8 with its own line ends, whatever the terminal's are."""
    buffer = getattr(sys.stdout, "buffer", None)
    if buffer is None:
        sys.stdout.write(text)
        return
    sys.stdout.flush()
    buffer.write(text.encode())
    buffer.flush()


def _descriptor(stream: TextIO | None, closed: int) -> int:
    """Find the descriptor of a stream; of a closed one, make one.

    Parameters
    ----------
    closed : how to open the device: what is opened for reading fails when it is written to, as the closed one would.
    """
    return os.open(os.devnull, closed) if stream is None else stream.fileno()


def _text(raw: io.FileIO, like: TextIO | None) -> io.TextIOWrapper:
    """Open a descriptor for text; what its encoding does not have is written as an escape."""
    errors = "backslashreplace" if like is None or like.errors in (None, "strict") else like.errors
    encoding = "utf-8" if like is None else like.encoding
    if getattr(like, "write_through", False):  # PYTHONUNBUFFERED
        return io.TextIOWrapper(cast("Any", raw), encoding=encoding, errors=errors, write_through=True)
    at_lines = bool(getattr(like, "line_buffering", False))
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=errors, line_buffering=at_lines)
