# ruff: noqa: INP001 -- a script, no package
"""Build, once and outside the checkout, the servers that otelml is tested against, and print where they are.

``python collector-config/build.py`` builds the Collector of ``builder.yaml``, ``… build.py prometheus`` Prometheus
and its promtool, each from its Go modules.  That needs Go and, the first time, some minutes; after that only the path
is printed.  ``--path`` prints where the binary is, or would be, and builds nothing.  The directory is
``$OTELML_CACHE``, by default ``~/.cache/otelml``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

MANIFEST = Path(__file__).resolve().with_name("builder.yaml")
COLLECTOR = "otelcol-otelml"
CORE = "go.opentelemetry.io/collector"
PROMETHEUS = "github.com/prometheus/prometheus"
PROMETHEUS_VERSION = "v0.313.5"  # of the module; that of the server is 3.13.5
FLAGS = ("-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags=-s -w")


def cache() -> Path:
    """Return the directory that outlives the checkout."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("OTELML_CACHE") or Path(home) / "otelml")


def collector() -> Path:
    """Return where the Collector of the present manifest is, or would be."""
    digest = hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:12]
    return cache() / f"collector-{digest}" / COLLECTOR


def prometheus() -> Path:
    """Return where Prometheus is, or would be; promtool lies beside it."""
    return cache() / f"prometheus-{PROMETHEUS_VERSION}" / "prometheus"


def build_collector(go: str, target: Path) -> None:
    """Generate the Collector's source, compile it, and move the finished binary to ``target``."""
    manifest = MANIFEST.read_text()
    [version] = re.findall(r"cmd/builder@(v[\d.]+)", manifest)
    modules = [f"{module}@{at}" for module, at in re.findall(r"gomod: (\S+) (\S+)", manifest)]
    with scratch(target) as directory:
        generate = ("--config", str(MANIFEST), "--skip-get-modules", "--skip-compilation")
        run(Path(directory), go, "run", f"{CORE}/cmd/builder@{version}", *generate)
        source = Path(directory, "build")
        run(source, go, "mod", "init", COLLECTOR)
        # The builder by itself calls `go mod tidy`, which also fetches all that the components' tests import,
        # some three hundred modules; `go get` takes what is compiled.
        run(source, go, "get", f"{CORE}/otelcol@{version}", *modules)
        run(source, go, "build", *FLAGS, "-o", COLLECTOR, ".")
        (source / COLLECTOR).replace(target)


def build_prometheus(go: str, target: Path) -> None:
    """Compile Prometheus and promtool in a module of our own, and move the finished binaries beside ``target``."""
    # Service discovery, for the clouds that nobody tests here, is most of what would be compiled; its console is
    # no part of the Go module.
    tags = "netgo,remove_all_sd"
    with scratch(target) as directory:
        source = Path(directory)
        run(source, go, "mod", "init", "otelml-prometheus")
        commands = [f"{PROMETHEUS}/cmd/{name}" for name in ("promtool", "prometheus")]
        run(source, go, "get", "-tags", tags, *(f"{command}@{PROMETHEUS_VERSION}" for command in commands))
        for command in commands:
            binary = source / Path(command).name
            run(source, go, "build", *FLAGS, "-tags", tags, "-o", str(binary), command)
            binary.replace(target.with_name(binary.name))


TARGETS = {"collector": (collector, build_collector), "prometheus": (prometheus, build_prometheus)}


def scratch(target: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a directory to build in, on the file system of ``target``."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(dir=target.parent)


def run(directory: Path, *command: str) -> None:
    """Run one command; what it prints goes to standard error, for standard output is the binary's path."""
    subprocess.run(command, cwd=directory, stdout=sys.stderr, check=True)  # noqa: S603 -- written above


def main() -> int:
    """Build unless it is there, and print the path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("what", nargs="?", choices=TARGETS, default="collector", help="the server to build")
    parser.add_argument("--path", action="store_true", help="print where the binary is, or would be")
    arguments = parser.parse_args()
    place, build = TARGETS[arguments.what]
    target = place()
    if not arguments.path and not target.exists():
        go = shutil.which("go")
        if go is None:
            print(f"building the {arguments.what} needs Go: https://go.dev/doc/install", file=sys.stderr)  # noqa: T201
            return 1
        try:
            build(go, target)
        except subprocess.CalledProcessError as error:
            print(f"building the {arguments.what} failed: {error}", file=sys.stderr)  # noqa: T201
            return 1
    print(target)  # noqa: T201 -- the answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
