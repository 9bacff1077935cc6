"""Files replaced as a whole: until the last moment the old ones are there, and after it the new ones are complete."""

from __future__ import annotations

import os
import secrets
import signal
import stat
import sys
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if sys.platform != "win32":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

WAIT_S, POLL_S = 10.0, 0.05
NEW, PRIVATE = 0o666, 0o600
"""Permissions of a new file, before the umask; and of one that waits to get those of the file that it replaces."""


ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class FileError(OSError):
    """A file cannot be written, or must not be; the text names it and says what to do."""


class Version(NamedTuple):
    """A file as it was when it was looked at."""

    device: int
    inode: int
    size: int
    changed_ns: int
    permissions: int
    owner: tuple[int, int]

    @classmethod
    def of(cls, status: os.stat_result) -> Version:
        """Take what tells one version of a file from another."""
        permissions, owner = stat.S_IMODE(status.st_mode), (status.st_uid, status.st_gid)
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, permissions, owner)


def replace_all(contents: Mapping[Path, bytes], versions: Mapping[Path, Version | None]) -> None:
    """Write files beside their places, completely and onto the disk, and only then move each to its place.

    A second name (hard link) of an old file keeps the old content.

    Parameters
    ----------
    contents : by path.
    versions : what was there when it was decided to replace it; None for nothing.

    Raises
    ------
    FileError
        When one cannot be written, or was changed meanwhile; what was written beside is removed again.
    """
    waiting: dict[Path, Path] = {}
    with undisturbed():
        try:
            for path, content in contents.items():
                # Named before it is made: whatever happens in between, it is known what to remove.
                waiting[path] = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
                with _named(path):
                    _write(waiting[path], content, versions.get(path))
            for path in contents:
                _check_unchanged(path, versions.get(path))
            for path in contents:
                with _named(path):
                    waiting[path].replace(path)
                del waiting[path]
            _sync_folders(contents)
        finally:
            for path in waiting.values():
                with suppress(OSError):
                    path.unlink()


@contextmanager
def undisturbed() -> Generator[None]:
    """Keep the signals that end a process waiting for a moment.

    By handlers and not by a mask, which would leave them to the threads of native libraries.
    """
    heard: list[int] = []
    before: dict[int, Any] = {}
    main = threading.current_thread() is threading.main_thread()  # others can set no handlers
    try:
        for number in ENDING if main else ():
            if signal.getsignal(number) is not None:  # one that Python does not know cannot be put back
                before[number] = signal.signal(number, lambda number, _: heard.append(number))
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in dict.fromkeys(heard):
            signal.raise_signal(number)


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """Wait until no other otelml writes into a folder, for ten seconds at most.

    Raises
    ------
    FileError
        When the other is not done by then.
    """
    if sys.platform == "win32":
        yield
        return
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:  # a folder that can be written to and not be read
        yield
        return
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)  # which unlocks it, as the end of the process would


def _lock(handle: int, folder: Path) -> None:
    until = time.monotonic() + WAIT_S
    while not _locked(handle):
        if time.monotonic() >= until:
            raise FileError(f"another otelml writes into {folder}: run this again when it is done")
        time.sleep(POLL_S)


def _locked(handle: int) -> bool:
    """Try to lock an open folder; file systems that know no locks are taken as they are."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _write(path: Path, content: bytes, old: Version | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags, PRIVATE if old else NEW), "wb") as file:  # noqa: PTH123 -- a file that must be new
        file.write(content)
        file.flush()
        if old and sys.platform != "win32":
            with suppress(OSError):  # of another user: only root can leave it theirs
                os.fchown(file.fileno(), *old.owner)
            os.fchmod(file.fileno(), old.permissions)
        os.fsync(file.fileno())


def _check_unchanged(path: Path, old: Version | None) -> None:
    with _named(path):
        try:
            now = Version.of(path.lstat())
        except FileNotFoundError:
            now = None
    if now != old:
        raise FileError(f"nothing was written: {path} was changed at the same time; look at it, and run this again")


def _sync_folders(paths: Mapping[Path, bytes]) -> None:
    """Have the new names survive a loss of power, where the system can."""
    for folder in {path.parent for path in paths}:
        with suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


@contextmanager
def _named(path: Path) -> Generator[None]:
    """Have an error name the file that is meant, and not the one beside it."""
    try:
        yield
    except OSError as error:
        raise FileError(f"{path} cannot be written: {error.strerror or error}") from error
