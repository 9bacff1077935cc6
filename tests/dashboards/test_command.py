"""`otelml dashboards`: files in a folder, with the thresholds that were given."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from otelml.cli import main
from otelml.dashboards import boards
from otelml.dashboards.render import as_json
from otelml.rules.thresholds import Thresholds


def test_it_writes_every_dashboard(tmp_path, capsys):
    """Three files of JSON are left in a folder that need not be there yet, and it is said where."""
    folder = tmp_path / "new" / "dashboards"
    assert main(["dashboards", "--out", str(folder)]) == 0
    assert {json.loads(path.read_text())["uid"] for path in folder.iterdir()} == {
        path.stem for path in folder.iterdir()
    }
    assert f"3 dashboards in {folder}" in capsys.readouterr().err


def test_thresholds_are_drawn(tmp_path):
    """A threshold that was given is the line of its panel."""
    assert main(["dashboards", "--out", str(tmp_path), "--latency", "0.123"]) == 0
    panels = json.loads((tmp_path / "otelml-service.json").read_text())["panels"]
    [latency] = [panel for panel in panels if panel["title"] == "Latency"]
    steps = latency["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.123]
    assert latency["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"]["mode"] == "dashed"


@pytest.mark.parametrize("command", ["rules", "dashboards"])
def test_each_threshold_changes_what_is_written(tmp_path, capsys, command):
    """No option does nothing; and what the dashboards have no option for would change none of them."""
    given = written(command, tmp_path / "default")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    offered = capsys.readouterr().out
    for one in fields(Thresholds):
        option = f"--{one.name.replace('_', '-')}"
        if option not in offered.split():
            assert command == "dashboards"
            assert contents(boards(replace(Thresholds(), **{one.name: one.default * 0.9}))) == contents(boards())
            continue
        assert written(command, tmp_path / one.name, option, str(one.default * 0.9)) != given, option


def written(command, folder, *options):
    """Run a command; returns what it wrote."""
    assert main([command, "--out", str(folder), *options]) == 0
    return {path.name: path.read_text() for path in folder.iterdir()}


def contents(told):
    """Write dashboards as text."""
    return [as_json(one, "") for one in told]


def test_runbooks_can_be_elsewhere(tmp_path):
    """Panels link to the folder of runbooks that was given, with or without a slash at its end."""
    assert main(["dashboards", "--out", str(tmp_path), "--runbooks", "https://wiki.example/books/"]) == 0
    text = (tmp_path / "otelml-service.json").read_text()
    assert '"https://wiki.example/books/MLLatencyHigh.md"' in text


@pytest.mark.parametrize("value", ["-1", "nan", "inf"])
def test_no_threshold_is_an_error(tmp_path, capsys, value):
    """What is no threshold ends with status 2 and is named, and nothing is written."""
    assert main(["dashboards", "--out", str(tmp_path), "--latency", value]) == 2
    assert "--latency" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path, capsys):
    """Where a file is in the way the exit status is 2, and the error says which."""
    (tmp_path / "file").write_text("")
    assert main(["dashboards", "--out", str(tmp_path / "file" / "below")]) == 2
    assert "below" in capsys.readouterr().err
