"""The file of a store: made for its owner alone, and noticed when it is no longer there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

OWNER = stat.S_IRUSR | stat.S_IWUSR
NOT_A_FILE = ("", ":memory:")

Place = tuple[int, int]  # device and inode


def make(path: str) -> None:
    """Make the file where there is none, readable by its owner alone; SQLite gives its log files the same mode.

    An existing one is closed to others, but for a group that was let write: that is on purpose.
    """
    if path in NOT_A_FILE:
        return
    with suppress(OSError):  # SQLite says what is wrong with the path
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), OWNER))
        held = Path(path).stat()
        mode = stat.S_IMODE(held.st_mode)
        wanted = mode & ~stat.S_IRWXO if mode & stat.S_IWGRP else OWNER
        if stat.S_ISREG(held.st_mode) and mode != wanted and mode & (stat.S_IRWXG | stat.S_IRWXO):
            Path(path).chmod(wanted)


def place(path: str) -> Place | None:
    """Where the file is; None where there is none."""
    try:
        held = Path(path).stat()
    except OSError:
        return None
    return held.st_dev, held.st_ino
