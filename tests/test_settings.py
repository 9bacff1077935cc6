"""Settings: one typed row each, read from arguments, variables and defaults, in that order."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from otelml import environment_variables
from otelml.settings import KINDS, Problem, Settings, as_text, load, variable

EXAMPLES = {
    "enabled": [("off", False), ("TRUE", True), ("0", False)],
    "traces": [("1", True), ("false", False)],
    "metrics": [("ml.*, !ml.baseline.*,", ("ml.*", "!ml.baseline.*"))],
    "model_name": [("flights", "flights")],
    "model_version": [("7", "7")],
    "baselines": [("models/", "models/")],
    "baseline_metrics": [("on", True)],
    "gauges": [("off", "off"), ("all", "all")],
    "columns": [("off", False)],
    "skew_rows": [("5000", 5_000)],
    "provisional_rows": [("10000", 10_000)],
    "baseline_on_fit": [("models/", "models/")],
    "category_names": [("on", True)],
    "budget": [("0.1", 0.1), ("5%", 0.05)],
    "transform": [("true", True)],
    "id_column": [("order", "order")],
    "outcome_store": [("memory", "memory"), ("sqlite:///o.sqlite", "sqlite:///o.sqlite")],
    "outcome_capacity": [("7", 7)],
    "outcome_horizon": [("90", 90.0), ("90s", 90.0), ("1.5m", 90.0), ("12H", 43_200.0), ("2d", 172_800.0)],
    "outcome_ttl": [("30d", 2_592_000.0)],
    "actions": [("click, book,", ("click", "book"))],
    "span_ids": [("true", True)],
    "span_scores": [("true", True)],
    "exception_messages": [("true", True)],
    "max_points": [("500", 500)],
    "shutdown_timeout": [("2s", 2.0), ("0.5", 0.5)],
}
BAD = {
    "budget": ["0", "-5%", "half"],
    "skew_rows": ["0"],
    "enabled": ["yes", "2"],
    "gauges": ["none", "PSI"],
    "outcome_store": ["redis://x", "sqlite://x", "Memory"],
    "outcome_capacity": ["0", "-1", "1.5", "many"],
    "outcome_horizon": ["0", "-1d", "1w", "d", "nan", "inf"],
    "outcome_ttl": ["", "soon"],
    "actions": [","],
    "max_points": ["0"],
    "shutdown_timeout": ["0", "soon"],
}


def test_every_setting_has_examples():
    """The examples below are of all settings: a new one needs its own."""
    assert set(EXAMPLES) == {row.name for row in fields(Settings)} == set(KINDS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_texts_are_read(name):
    """A text in a variable, or given as an argument, becomes the typed value, and says where it came from."""
    for text, expected in EXAMPLES[name]:
        by_variable = load(environ={variable(name): f" {text} "})
        assert getattr(by_variable.settings, name) == expected
        assert by_variable.sources[name] == variable(name)
        by_argument = load({name: text}, {variable(name): "nonsense"})
        assert getattr(by_argument.settings, name) == expected
        assert by_argument.sources[name] == "argument"
        assert by_variable.problems == by_argument.problems == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_values_are_written_as_they_are_read(name):
    """What `as_text` writes is read back as the same value; the default too."""
    for value in [expected for _, expected in EXAMPLES[name]] + [getattr(Settings(), name)]:
        if value is not None:
            assert getattr(load(environ={variable(name): as_text(name, value)}).settings, name) == value


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts if text])
def test_bad_texts_leave_the_default(name, text):
    """A variable that cannot be read is a problem that says what it takes; the default is in force."""
    loaded = load(environ={variable(name): text})
    assert getattr(loaded.settings, name) == getattr(Settings(), name)
    assert loaded.sources[name] == "default"
    told = Problem(variable(name), f"is {text!r}, so the default is in force", f"it takes {KINDS[name].takes}")
    assert loaded.problems == (told,)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_bad_arguments_raise(name, text):
    """An argument that cannot be taken raises, saying what is taken."""
    with pytest.raises(ValueError, match=f"the setting {name} is "):
        load({name: text}, {})


def test_arguments_may_be_values():
    """Numbers, booleans, paths and tuples are as good as texts; None leaves the setting to the environment."""
    given = {
        "outcome_horizon": 60,
        "traces": False,
        "baselines": Path("models"),
        "metrics": ("a", "!b"),
        "gauges": None,
    }
    loaded = load(given, {variable("gauges"): "all"})
    settings = loaded.settings
    assert (settings.outcome_horizon, settings.traces, settings.baselines) == (60.0, False, "models")
    assert (settings.metrics, settings.gauges) == (("a", "!b"), "all")
    assert loaded.sources["gauges"] == variable("gauges")


def test_an_unknown_argument_raises():
    """A misspelled argument raises, and names those that there are."""
    with pytest.raises(TypeError, match="no setting 'outcome_stor'; there are: enabled, "):
        load({"outcome_stor": "memory"}, {})


def test_an_empty_variable_is_not_set():
    """A variable that is empty, as deployments leave them, is the default and no problem."""
    loaded = load(environ={variable("enabled"): "", variable("outcome_horizon"): "  "})
    assert loaded.settings == Settings()
    assert loaded.problems == ()


def test_nothing_is_forgotten_before_it_is_counted():
    """A time to live below the horizon is told, and the horizon is in force for both."""
    loaded = load({"outcome_ttl": "1h", "outcome_horizon": "2d"}, {})
    assert loaded.settings.outcome_ttl == loaded.settings.outcome_horizon == 172_800.0
    assert [problem.variable for problem in loaded.problems] == [variable("outcome_ttl")]
    assert "raise it to the horizon" in str(loaded.problems[0])


def test_the_launcher_is_offered_every_variable():
    """The launcher makes a flag of each name in the module of its entry point."""
    offered = {name for name in dir(environment_variables) if name.startswith("OTEL_")}
    assert offered == {variable(row.name) for row in fields(Settings)}


def test_the_launchers_flag_reaches_the_setting():
    """`opentelemetry-instrument --ml_outcome_store …` is read as the setting."""
    program = "from otelml.settings import load; print(load().settings.outcome_store)"
    launcher = Path(sys.executable).with_name("opentelemetry-instrument")
    quiet = ("--traces_exporter", "none", "--metrics_exporter", "none", "--logs_exporter", "none")
    done = subprocess.run(  # noqa: S603 -- our own program
        [launcher, *quiet, "--ml_outcome_store", "sqlite:///x.sqlite", sys.executable, "-c", program],
        text=True,
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "sqlite:///x.sqlite"
