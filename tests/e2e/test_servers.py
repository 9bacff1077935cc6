"""Servers and pools that fork, recycle and end their workers in ways of their own: exact to the row, ended in time.

All of them, in full size: `tests/robustness/full/ends.py`.
"""

from __future__ import annotations

import pytest
from servers import pooled, served, served_alone, served_to_nobody

pytestmark = pytest.mark.e2e
ENDED_S = 7.0
AT_REST_S = 1.0  # that gunicorn takes without us, where nothing else runs


@pytest.mark.parametrize("server", ["gunicorn max-requests", "celery recycled"])
def test_servers_lose_nothing(server, tmp_path):
    """A server that forks after a warm-up and recycles its workers exports the rows and spans of every request."""
    seen = served(server, tmp_path, 12)
    assert seen.predicted >= 36
    assert (seen.arrived, seen.spans) == (seen.predicted, seen.predicted // 3), seen.log


def test_a_pool_of_pathos_loses_nothing(tmp_path):
    """Workers of multiprocess, which has an exit of its own, export before they end."""
    seen = pooled("pathos", tmp_path, 10)
    assert (seen.arrived, seen.spans) == (30, 10), seen.log


def test_a_server_ends_in_time(tmp_path):
    """With a receiver that never answers, gunicorn has ended seven seconds after SIGTERM, on a machine at rest."""
    for name in ("alone", "seen"):
        (tmp_path / name).mkdir()
    alone = served_alone("gunicorn preload", tmp_path / "alone", 6)  # what a busy machine needs for this alone
    seen = served_to_nobody("gunicorn preload", tmp_path / "seen", 6)
    assert seen.predicted >= 18, seen.log
    assert seen.seconds < ENDED_S + max(0, alone.seconds - AT_REST_S), seen.log
