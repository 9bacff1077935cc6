"""The Collector's configurations: valid, and made of exactly the components that are built."""

from __future__ import annotations

import json
import os
import re
import subprocess

import pytest
from collector import CONFIGURATION

pytestmark = pytest.mark.e2e

MANIFEST = CONFIGURATION / "builder.yaml"
FILES = sorted(file.name for file in CONFIGURATION.glob("*.yaml") if file != MANIFEST)
KINDS = ("receivers", "processors", "exporters", "extensions")


def ask(binary, *arguments, cwd):
    """Run the Collector to the end of a question, with none of our variables set; returns what it printed."""
    bare = {key: value for key, value in os.environ.items() if not key.startswith("OTELML_")}
    command = [binary, *arguments]
    done = subprocess.run(command, cwd=cwd, env=bare, capture_output=True, text=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0, done.stdout + done.stderr
    assert "deprecated" not in done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def built(collector_binary, tmp_path_factory):
    """Give the module of each component that the Collector has, by kind and name."""
    found, kind, name = {}, None, None
    for line in ask(collector_binary, "components", cwd=tmp_path_factory.mktemp("components")).splitlines():
        if heading := re.match(r"(\w+):$", line):
            kind = heading[1]
        elif named := re.match(r" +- name: (\S+)", line):
            name = named[1]
        elif (module := re.match(r" +module: (\S+ \S+)", line)) and kind in KINDS:
            found[kind, name] = module[1]
    return found


def used(binary, file, directory):
    """Return the components that a configuration names."""
    resolved = json.loads(ask(binary, "print-config", "--format=json", "--config", CONFIGURATION / file, cwd=directory))
    return {(kind, name.partition("/")[0]) for kind in KINDS for name in resolved.get(kind) or ()}


@pytest.mark.parametrize("file", FILES)
def test_each_is_valid(collector_binary, tmp_path, file):
    """The Collector takes each file as it stands, and warns of no name that is on its way out."""
    ask(collector_binary, "validate", "--config", CONFIGURATION / file, cwd=tmp_path)


def test_components_are_those_that_are_built(collector_binary, tmp_path, built):
    """Each component that a configuration names is in the manifest, and each of the manifest in a configuration."""
    named = set().union(*(used(collector_binary, file, tmp_path) for file in FILES))
    assert named == set(built)
    modules = {f"{module} {at}" for module, at in re.findall(r"gomod: (\S+) (v0\S+)", MANIFEST.read_text())}
    assert modules == set(built.values())


@pytest.mark.parametrize("file", FILES)
def test_what_is_configured_is_used(collector_binary, tmp_path, file):
    """No component of a configuration stands beside its pipelines."""
    arguments = ("print-config", "--format=json", "--config", CONFIGURATION / file)
    resolved = json.loads(ask(collector_binary, *arguments, cwd=tmp_path))
    service = resolved["service"]
    running = set(service.get("extensions") or ())
    for pipeline in service["pipelines"].values():
        running |= {name for kind in KINDS for name in pipeline.get(kind) or ()}
    assert running == {name for kind in KINDS for name in resolved.get(kind) or ()}


@pytest.mark.parametrize("file", FILES)
def test_only_this_machine_is_listened_to(file):
    """Every address has a variable, and by default is of this machine alone."""
    text = (CONFIGURATION / file).read_text()
    assert re.findall(r"endpoint: (?!\$\{env:\w+:-(?:http://)?127\.0\.0\.1:\d+)\S*", text) == []
