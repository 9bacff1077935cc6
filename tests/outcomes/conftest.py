"""Both stores, made anew for each test, and short names for what goes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from otelml.outcomes.memory import MemoryStore
from otelml.outcomes.records import Ages, Awaited, Outcome
from otelml.outcomes.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from otelml.outcomes.records import Store

HORIZON, TIME_TO_LIVE = 100.0, 1_000.0
AGES = Ages(HORIZON, TIME_TO_LIVE)


def awaited(one: str, time: float = 0.0, model: str = "m", predicted: str | None = "1") -> Awaited:
    """Make a prediction that waits."""
    return Awaited(one, model, None, predicted, 0.75, None, time)


def outcome(one: str, actual: str = "1", at: float = 10.0, weight: float = 1.0) -> Outcome:
    """Make an outcome."""
    return Outcome(one, actual, float(actual), at, weight)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Make each kind of store, empty."""
    if request.param == "memory":
        made: Store = MemoryStore(AGES, 1_000)
    else:
        made = SqliteStore(AGES, str(tmp_path / "outcomes.sqlite"))
    yield made
    made.close()
