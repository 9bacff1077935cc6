"""Every benchmark, one after the other, as the page `docs/benchmarks.md`.

Run with `uv run python tests/benchmarks/everything.py > docs/benchmarks.md` on a machine that has nothing else to do;
it takes about half an hour.  With names behind it (`one_row columns`) only these are run.
"""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAMES = (
    "one_row",
    "columns",
    "rivals",
    "memory",
    "false_alarms",
    "flights_blocks",
    "record_batch",
    "startup",
    "service_latency",
)
PACKAGES = ("numpy", "scikit-learn", "xgboost-cpu", "pandas", "opentelemetry-sdk")
HEAD = """\
# Benchmarks

<!-- Generated: uv run python tests/benchmarks/everything.py > docs/benchmarks.md -->

Machines are noisy: read the ratios, both sides of which were measured in turn in one run, and not the seconds. What was
asked of each stands above its table.

{machine}
"""


def machine() -> str:
    """Describe where this runs."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{package} {_version(package)}" for package in PACKAGES)
    return (
        f"Machine: {model}, {os.cpu_count()} virtual cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.machine()}, shared with others. Python {platform.python_version()}, {versions}."
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def section(name: str) -> str:
    """Run a benchmark; its docstring and what it printed."""
    script = HERE / f"{name}.py"
    title, _, rest = (ast.get_docstring(ast.parse(script.read_text())) or name).partition("\n")
    print(f"{name} …", file=sys.stderr, flush=True)
    done = subprocess.run((sys.executable, str(script)), capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise SystemExit(f"{script.name} failed; its error is above")
    return f"## {title.rstrip('.')}\n\n{rest.strip()}\n\n```\n{done.stdout.strip(chr(10))}\n```\n"


def main() -> None:
    """Print the page."""
    names = sys.argv[1:] or NAMES
    unknown = sorted(set(names) - set(NAMES))
    if unknown:
        raise SystemExit(f"there is no benchmark {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    sections = [section(name) for name in names]
    print("\n".join([HEAD.format(machine=machine()), *sections]), end="")


if __name__ == "__main__":
    main()
