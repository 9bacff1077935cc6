"""Counts of categories: the frequent ones by name, what else was seen, and what never was."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_OTHERS = 100
MARK = 8  # digits


def most_frequent(counts: Mapping[str, int], most: int) -> tuple[str, ...]:
    """The `most` categories that are the most frequent, and the first in the alphabet of those equally so.

    >>> most_frequent({"b": 2, "a": 2, "c": 9}, 2)
    ('c', 'a')
    """
    return tuple(sorted(counts, key=lambda name: (-counts[name], name))[:most])


def mark_of(category: str) -> str:
    """Eight hex digits that stand for a rare category: enough to know it again, and not to read it.

    >>> mark_of("AA1234")
    'b85d8d47'
    """
    return hashlib.blake2b(category.encode(errors="replace"), digest_size=MARK // 2).hexdigest()


def marks_of(counts: Mapping[str, int], named: tuple[str, ...]) -> tuple[str, ...] | None:
    """Marks of the categories that are not `named`, in order; None where there are too many to tell known from new.

    >>> len(marks_of({"a": 5, "b": 1}, ("a",)))
    1
    """
    others = counts.keys() - set(named)
    return None if len(others) > MOST_OTHERS else tuple(sorted(mark_of(name) for name in others))
