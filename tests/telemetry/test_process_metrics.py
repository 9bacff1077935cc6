"""What a process uses arrives under the names that our rules read, from the real package under the real launcher."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

import pytest

from otelml.cli.demo import processes
from otelml.telemetry import process_metrics
from otelml.telemetry.names import Kind
from otelml.testing import Receiver, select


@pytest.fixture(scope="module")
def arrived():
    """Run a program that does nothing as the demo runs its service; returns the points of its only collection."""
    with Receiver() as receiver:
        subprocess.run(  # noqa: S603 -- our own
            [str(processes.launcher()), sys.executable, "-c", "pass"],
            env=processes.environment(receiver.endpoint),
            check=True,
            timeout=120,
        )
        return receiver.points


@pytest.mark.parametrize("metric", process_metrics.READ, ids=lambda metric: metric.name)
def test_it_arrives_as_the_table_says(arrived, metric):
    """Each is a sum of that name, unit and attributes, of the package's scope, with the process in its resource."""
    points = select(arrived, metric.name)
    assert {(p.kind, p.monotonic, p.unit) for p in points} == {("sum", metric.kind is Kind.COUNTER, metric.unit)}
    assert {tuple(point.attributes) for point in points} == {metric.attributes}
    assert {point.scope for point in points} == {process_metrics.SCOPE}
    assert {point.resource["service.name"] for point in points} == {"flights"}
    assert all(point.resource["service.instance.id"] and point.value > 0 for point in points)


def test_processor_time_is_by_user_and_system(arrived):
    """The two add up to the time on processors."""
    assert {p.attributes["type"] for p in select(arrived, process_metrics.CPU_TIME.name)} == {"user", "system"}


def test_nothing_is_told_of_the_host_nor_twice(arrived):
    """The variable leaves out the host's metrics and the outdated names of the process's own."""
    assert not [point.name for point in arrived if point.name.startswith(("system.", "process.runtime."))]


@pytest.mark.parametrize("extra", ["demo", "service"])
def test_the_extras_bring_it(extra):
    """Who installs the demo, or follows the example of a service, has the package."""
    needed = [one for one in requires("otelml") or () if one.endswith(f"extra == '{extra}'")]
    assert any(one.startswith(process_metrics.PACKAGE) for one in needed), needed
