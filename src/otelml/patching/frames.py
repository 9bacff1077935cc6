"""Frames of ours between a host's caller and its method, which warnings and logging step over.

`warnings.warn(…, stacklevel=2)` names whoever called the method.  Python leaves out the frames of its import system,
and knows them by two words in the name of their file; so do `logging` and its `stacklevel`, from Python 3.11 on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

if TYPE_CHECKING:
    from types import FunctionType

F = TypeVar("F")


def unseen(function: F) -> F:
    """Give a function of ours a file name that warnings and logging step over; tracebacks show it as it is."""
    of = cast("FunctionType", function)
    # No angle brackets around it: then its source is found, by the loader of its module.
    of.__code__ = of.__code__.replace(co_filename=f"{of.__code__.co_filename} (importlib._bootstrap to warnings)")
    return function
