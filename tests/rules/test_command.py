"""`otelml rules`: files, the constants of a baseline, and what it says of what does not fit."""

from __future__ import annotations

import json
import shlex
import subprocess
import warnings
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.baseline import BaselineWarning
from otelml.cli import main
from otelml.rules.catalogue import defaults
from otelml.rules.constants import SERIES
from otelml.rules.render import escaped
from otelml.rules.thresholds import Thresholds

HELP = Path(__file__).with_name("help.txt")
DAYS = np.repeat(np.datetime64("2013-03-01") + np.arange(63), 200)


@pytest.fixture(scope="module")
def baseline(tmp_path_factory):
    """Make a baseline of nine weeks, and one that has no name; the folder where they are, and the first."""
    random = np.random.default_rng(1)
    rows = random.normal(size=(len(DAYS), 2))
    late = rows[:, 0] + random.normal(size=len(DAYS)) > 1
    model = LogisticRegression().fit(rows, late)
    folder = tmp_path_factory.mktemp("baselines")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BaselineWarning)  # its rows are those of the training
        made = otelml.Baseline.fit(model, rows, late, time=DAYS, name="flights", version="7", threshold=0.4)
        otelml.Baseline.fit(model, rows, late, threshold=0.4).save(folder / "nameless.baseline.json")
    made.save(folder / "flights.baseline.json")
    (folder / "half.baseline.json").write_text((folder / "flights.baseline.json").read_text()[:500])
    return folder, made


@pytest.fixture
def told(capsys, baseline, monkeypatch):
    """Offer the command beside the baselines: exit status, what was printed, and what was wrong."""
    monkeypatch.chdir(baseline[0])

    def run(*options):
        status = main(["rules", *options])
        return status, *capsys.readouterr()

    return run


def rules_of(text):
    """Read every rule of a text."""
    return [rule for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def test_without_options_it_prints_the_defaults(told):
    """All files as one, and nothing else."""
    status, out, err = told()
    assert (status, err) == (0, "")
    assert [rule.get("record") or rule["alert"] for rule in rules_of(out)] == [
        rule.name for file in defaults() for rule in file.rules
    ]


def test_out_leaves_one_file_each(told, tmp_path):
    """`--out` makes the folder, writes the files, and says where and how to look at them."""
    status, out, err = told("--out", f"{tmp_path}/deep/rules")
    assert (status, out) == (0, "")
    left = {path.name for path in (tmp_path / "deep/rules").iterdir()}
    assert left == {f"{one.name}.rules.yml" for one in defaults()}
    assert f"promtool check rules {tmp_path}/deep/rules" in err


def test_of_one_model_there_are_no_rules_on_processes(told, tmp_path):
    """They would be there twice, beside those for the other models, which have them."""
    for folder, options in (("one", ("--name", "flights")), ("rest", ("--without", "flights"))):
        assert told("--out", f"{tmp_path}/{folder}", *options)[0] == 0
    one, rest = ({path.name for path in (tmp_path / folder).iterdir()} for folder in ("one", "rest"))
    assert rest - one == {"resources.rules.yml", "watching.rules.yml"}
    assert one < rest


def test_a_folder_that_cannot_be_is_told(told, tmp_path):
    """A file where the folder should be ends with status 2 and one line."""
    (tmp_path / "taken").write_text("")
    status, out, err = told("--out", f"{tmp_path}/taken")
    assert (status, out) == (2, "")
    assert err.startswith("otelml rules: ")
    assert f"{tmp_path}/taken" in err


def test_the_first_line_writes_the_file_again(told):
    """The command in the head of a file has every option that was given, and its output is the same."""
    for given in (
        ("--name", "two words", "--by", "cluster", "--latency", "0.25", "--plain-psi", "0.3", "--version", "2"),
        ("--without", "two words", "--without", "three", "--memory", "2.5"),
    ):
        _, out, _ = told(*given)
        command = out.splitlines()[0].removeprefix("# Generated: otelml rules ")
        assert [word for word in given if word not in shlex.split(command)] == []
        assert told(*shlex.split(command))[1] == out


def test_per_cent_of_what_can_be_exceeded_may_be_more(told):
    """Watching may take longer than a fast model, and a share may move by more than its mean."""
    status, out, _ = told("--overhead", "150", "--season", "120", "--violations", "0.1")
    assert (status, "1.5" in out) == (0, True)


@pytest.mark.parametrize("name", ["two\nlines", "two\u2028lines", "it's\r\\n\x85\x7f", "é\U0001f600\U000e0001"])
def test_any_name_gives_yaml(told, name):
    """Whatever breaks a line in YAML is escaped: labels and expressions hold the name, the head is a comment."""
    _, made = told("--baseline", "flights.baseline.json", "--name", name)[:2]
    labels = {rule["labels"]["ml_model_name"] for rule in rules_of(made) if rule.get("record") == "ml:baseline_rows"}
    assert labels == {name}
    assert all(one.isprintable() for one in made.replace("\n", ""))
    written = as_yaml_text(name)
    assert any(f'ml_model_name="{written}"' in rule["expr"] for rule in rules_of(made))
    _, rest = told("--without", name)[:2]
    assert len(rules_of(rest)) == len([rule for file in defaults() for rule in file.rules])
    command = made.splitlines()[0].removeprefix("# Generated: ")
    shell = subprocess.run(["bash", "-c", f"LC_ALL=C.UTF-8; printf '%s\\0' {command}"], capture_output=True, check=True)  # noqa: S603, S607 -- ours
    assert shell.stdout.decode().split("\0")[:-1] == [
        "otelml", "rules", "--baseline", "flights.baseline.json", "--name", name,
    ]  # fmt: skip


def as_yaml_text(name):
    """Write a name as PromQL does, without what does not print."""
    return escaped(json.dumps(name, ensure_ascii=False)[1:-1])


def test_the_constants_are_those_of_the_baseline(told, baseline):
    """Each number of the baseline is one constant, with the labels that its processes would ship it with."""
    _, made = baseline
    status, out, err = told("--baseline", "flights.baseline.json")
    assert (status, err) == (0, "")
    constants = [rule for rule in rules_of(out) if rule.get("record") in SERIES.values()]
    model = {"ml_model_name": "flights", "ml_model_version": "7"}
    assert all(model.items() <= rule["labels"].items() for rule in constants)
    values = {(rule["record"], *sorted(rule["labels"].items())): number(rule["expr"]) for rule in constants}
    assert len(values) == len(constants)

    def value(record, **labels):
        return values[(record, *sorted({**model, **labels}.items()))]

    for (predicted, actual), count in made.cells.items():
        assert value("ml:baseline_cells", ml_predicted=predicted, ml_actual=actual) == count
    for one in made.performance:
        labels = {"ml_metric": one.metric, "ml_class": one.label, "ml_window": one.window}
        labels = {key: text for key, text in labels.items() if text is not None}
        assert value("ml:baseline_performance", **labels, ml_bound="value") == one.value
        if one.lower is not None:
            assert value("ml:baseline_performance", **labels, ml_bound="lower") == one.lower
    for column in made.columns:
        labels = {"ml_baseline_id": made.id, "ml_column_name": column.name, "ml_column_role": column.role}
        assert value("ml:baseline_rows", **labels) == column.rows
        for window, index in column.drift.items():
            assert value("ml:baseline_drift", **labels, ml_window=window) == index
        for text, count in zip(column.bins.labels, column.counts, strict=True):
            if count:
                assert value("ml:baseline_values", **labels, ml_bin=text) == pytest.approx(count / column.rows)
    assert any(column.drift for column in made.columns)
    assert any(one.window == "P7D" and one.lower is not None for one in made.performance)


def number(expression):
    """Read the number of a constant."""
    return float(expression.removeprefix("vector(").removesuffix(")"))


def test_rules_with_a_baseline_read_what_no_process_ships(told):
    """With constants nothing reads `ml_baseline_*`, and everything is of that model."""
    _, out, _ = told("--baseline", "flights.baseline.json")
    assert "ml_baseline_values" not in out
    assert "last_over_time(ml_baseline" not in out
    assert 'ml_inference_rows_total{ml_model_name="flights"}' in out


def test_name_and_version_go_before_those_of_the_baseline(told):
    """`--name` and `--version` are what the service says, whatever the file does."""
    _, out, _ = told("--baseline", "flights.baseline.json", "--name", "delays", "--version", "8")
    labels = [rule["labels"] for rule in rules_of(out) if rule.get("record") == "ml:baseline_rows"]
    assert {(one["ml_model_name"], one["ml_model_version"]) for one in labels} == {("delays", "8")}
    assert "flights" not in out.replace("flights.baseline.json", "")


def test_alerts_link_to_the_runbooks_that_were_given(told):
    """`--runbooks` is the folder that alerts link to."""
    _, out, _ = told("--runbooks", "https://wiki.example/ml")
    links = {rule["annotations"]["runbook_url"] for rule in rules_of(out) if "alert" in rule}
    assert "https://wiki.example/ml/MLScoreDrift.md" in links
    assert all(link.startswith("https://wiki.example/ml/ML") for link in links)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--psi", "-1"), "--psi is -1: give a number that is not negative"),
        (("--plain-psi", "nan"), "--plain-psi is nan: give a number that is not negative"),
        (("--latency", "inf"), "--latency is inf: give a number that is not negative"),
        (("--baseline", "nameless.baseline.json"), "does not say what its model is called: give --name"),
        (("--baseline", "half.baseline.json"), "half.baseline.json cannot be read as a baseline: "),
        (("--baseline", "none.baseline.json"), "none.baseline.json cannot be read as a baseline: "),
        (("--by", "service.name"), "--by service.name is no label of Prometheus: service_name may be meant"),
        (("--by", "job", "--baseline", "flights.baseline.json"), "leave --by out, or have the processes ship"),
        (("--without", "flights", "--name", "flights"), "write the two one after the other, into folders of their own"),
        (("--without", "a", "--baseline", "flights.baseline.json"), "write the two one after the other"),
        (("--memory", "2", "--name", "flights"), "--memory is for processes, which know no model: give it to"),
        (("--overhead", "5", "--baseline", "flights.baseline.json"), "--overhead is for processes"),
        (("--availability", "0.999"), "--availability is 0.999: it is in per cent, give 1 to 100 (99.9, not 0.999)"),
        (("--coverage", "0.5"), "--coverage is 0.5: it is in per cent, give 1 to 100 (50, not 0.5)"),
        (("--availability", "999"), "--availability is 999: it is in per cent, give 100 at most"),
        (("--plain-missing", "101"), "--plain-missing is 101: it is in per cent, give 100 at most"),
        (("--name", ""), "--name is empty: give the name of a model"),
        (("--without", "a", "--without", ""), "--without is empty: give the name of a model"),
    ],
)
def test_what_does_not_fit_is_told_with_the_mend(told, options, said):
    """Status 2, nothing printed, and one line that says what to do."""
    status, out, err = told(*options)
    assert (status, out) == (2, "")
    assert err.startswith("otelml rules: ")
    assert said in err
    assert err.count("\n") == 1


def test_the_help_is_what_it_was(capsys, monkeypatch):
    """Every option is told, with its default; a change of the text is a change of `help.txt`."""
    monkeypatch.setenv("COLUMNS", "110")
    with pytest.raises(SystemExit):
        main(["rules", "--help"])
    out = capsys.readouterr().out
    assert out.split() == HELP.read_text(encoding="utf-8").split()
    assert all(f"--{one.name.replace('_', '-')} X" in out for one in fields(Thresholds))
