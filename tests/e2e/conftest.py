"""What the end-to-end tests share."""

from __future__ import annotations

import os

import pytest
from collector import HOW_TO_GET_ONE, find_collector, running_collector
from prometheus import HOW_TO_GET_ONE as HOW_TO_GET_PROMETHEUS
from prometheus import find_prometheus


@pytest.fixture(scope="session")
def collector_binary():
    """Give the path of a Collector; without one skip, in CI fail."""
    binary = find_collector()
    if binary is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_ONE)
    return binary


@pytest.fixture(scope="session")
def prometheus_binary():
    """Give the path of a Prometheus; without one skip, in CI fail."""
    binary = find_prometheus()
    if binary is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW_TO_GET_PROMETHEUS)
    return binary


@pytest.fixture
def collector(collector_binary, tmp_path):
    """Give the test a real Collector, stopped at its end."""
    with running_collector(collector_binary, tmp_path) as running:
        yield running
