"""The year that several tests look at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from year import replayed


@pytest.fixture(scope="session")
def year(collector_binary, prometheus_binary, tmp_path_factory):
    """Give the replayed year; `OTELML_REPLAY` names a folder in which it is kept for the next time."""
    kept = os.environ.get("OTELML_REPLAY")
    directory = Path(kept) if kept else tmp_path_factory.mktemp("year")
    directory.mkdir(parents=True, exist_ok=True)
    with replayed(collector_binary, prometheus_binary, directory) as told:
        yield told
