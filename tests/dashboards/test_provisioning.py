"""The files that Grafana is started with agree with each other, and with what otelml and Prometheus call things."""

from __future__ import annotations

import re
from pathlib import Path

GRAFANA = Path(__file__).parents[2] / "collector-config/grafana"
SOURCES = GRAFANA / "provisioning/datasources"


def test_exemplars_lead_to_the_traces():
    """A dot of a heatmap leads to the data source of traces, by the label that Prometheus gives exemplars."""
    metrics, traces = (SOURCES / "prometheus.yaml").read_text(), (SOURCES / "tempo.yaml").read_text()
    [uid] = re.findall(r"^ +uid: (\S+)$", traces, re.MULTILINE)
    assert re.findall(r"- name: (\S+)\n +datasourceUid: (\S+)", metrics) == [("trace_id", uid)]


def test_addresses_come_from_the_environment():
    """Every address is a variable, and the page beside the files names each."""
    page = (GRAFANA / "README.md").read_text()
    for path in sorted((GRAFANA / "provisioning").rglob("*.yaml")):
        text = path.read_text()
        [value] = re.findall(r"^ +(?:url|path): (.+)$", text, re.MULTILINE)
        variable = re.fullmatch(r"\$\{(OTELML_\w+)\}", value)
        assert variable, path
        assert f"{variable[1]}=" in page


def test_the_page_lists_every_dashboard():
    """The table of the page beside the files has a row for each dashboard."""
    listed = re.findall(r"^\| `(\S+\.json)`", (GRAFANA / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (GRAFANA / "dashboards").iterdir())
