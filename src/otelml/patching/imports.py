"""Modules, when they are imported: a process that never imports a framework never pays for it."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import wrapt

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def when_imported(module: str, action: Callable[[ModuleType], object]) -> None:
    """Call `action` with `module` once it is imported: at once, when it is."""
    wrapt.register_post_import_hook(action, module)


def loaded(module: str) -> ModuleType | None:
    """A module that was imported already; never imports it."""
    return sys.modules.get(module)


def load(module: str) -> ModuleType:
    """Import one of our own modules by name, when it is needed and not before."""
    return importlib.import_module(module)
