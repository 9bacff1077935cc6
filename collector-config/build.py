# ruff: noqa: INP001 -- a script, no package
"""Build the Collector of ``builder.yaml`` once, outside the checkout, and print the path of the binary.

``python collector-config/build.py`` needs Go and, the first time, some minutes; after that it only prints.
``--path`` prints where the binary is, or would be, and builds nothing.  The directory is
``$OTELML_CACHE/collector-<hash of builder.yaml>/``, by default below ``~/.cache/otelml``.
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
NAME = "otelcol-otelml"
CORE = "go.opentelemetry.io/collector"


def cache() -> Path:
    """Return the directory that outlives the checkout."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("OTELML_CACHE") or Path(home) / "otelml")


def binary() -> Path:
    """Return where the Collector of the present manifest is, or would be."""
    digest = hashlib.sha256(MANIFEST.read_bytes()).hexdigest()[:12]
    return cache() / f"collector-{digest}" / NAME


def build(go: str, target: Path) -> None:
    """Generate the Collector's source, compile it, and move the finished binary to ``target``."""
    manifest = MANIFEST.read_text()
    [version] = re.findall(r"cmd/builder@(v[\d.]+)", manifest)
    modules = [f"{module}@{at}" for module, at in re.findall(r"gomod: (\S+) (\S+)", manifest)]
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        generate = ("--config", str(MANIFEST), "--skip-get-modules", "--skip-compilation")
        run(Path(scratch), go, "run", f"{CORE}/cmd/builder@{version}", *generate)
        source = Path(scratch, "build")
        run(source, go, "mod", "init", NAME)
        # The builder by itself calls `go mod tidy`, which also fetches all that the components' tests import,
        # some three hundred modules; `go get` takes what is compiled.
        run(source, go, "get", f"{CORE}/otelcol@{version}", *modules)
        flags = ("-mod=mod", "-buildvcs=false", "-trimpath", "-ldflags=-s -w")
        run(source, go, "build", *flags, "-o", NAME, ".")
        (source / NAME).replace(target)


def run(directory: Path, *command: str) -> None:
    """Run one command; what it prints goes to standard error, for standard output is the binary's path."""
    subprocess.run(command, cwd=directory, stdout=sys.stderr, check=True)  # noqa: S603 -- written above


def main() -> int:
    """Build unless it is there, and print the path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--path", action="store_true", help="print where the binary is, or would be")
    only_path: bool = parser.parse_args().path
    target = binary()
    if not only_path and not target.exists():
        go = shutil.which("go")
        if go is None:
            print("building the Collector needs Go: https://go.dev/doc/install", file=sys.stderr)  # noqa: T201
            return 1
        try:
            build(go, target)
        except subprocess.CalledProcessError as error:
            print(f"building the Collector failed: {error}", file=sys.stderr)  # noqa: T201
            return 1
    print(target)  # noqa: T201 -- the answer
    return 0


if __name__ == "__main__":
    sys.exit(main())
