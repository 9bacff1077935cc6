"""What otelml adds to the start of a process under `opentelemetry-instrument`: modules, and milliseconds.

Asked: no framework, no pandas, no numpy; at most 20 ms over the launcher with the SDK.  The process is started in turn
with otelml's instrumentors and with `OTEL_PYTHON_DISABLED_INSTRUMENTATIONS` naming them.  Run with
`uv run python tests/benchmarks/startup.py`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

from otelml.frameworks import FRAMEWORKS

ROUNDS = 15
UNWANTED = {"numpy", "pandas", "sklearn", "xgboost", "lightgbm", "onnxruntime", "scipy", "joblib"}
QUIET = {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
LAUNCHER = Path(sys.executable).with_name("opentelemetry-instrument")


def _run(code: str, **variables: str) -> str:
    command = [str(LAUNCHER), sys.executable, "-c", code]
    environment = {**os.environ, **QUIET, **variables}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)  # noqa: S603 -- ourselves
    return done.stdout


def _spent() -> float:
    """CPU seconds of the processes that were waited for: what a busy machine does not stretch."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print the table."""
    loaded = set(_run("import sys; print(*{name.partition('.')[0] for name in sys.modules})").split())
    print(f"\nloaded at start: otelml {'yes' if 'otelml' in loaded else 'NO'}, unwanted {sorted(loaded & UNWANTED)}")
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    for _ in range(ROUNDS):
        for way, variables in (
            ("with", {}),
            ("without", {"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ",".join(FRAMEWORKS)}),
        ):
            before = _spent()
            _run("pass", **variables)
            seconds[way].append(_spent() - before)
    own, base = median(seconds["with"]), median(seconds["without"])
    print(f"CPU time of a start under the launcher: {own / base:.3f} x, {1e3 * (own - base):+.1f} ms")


if __name__ == "__main__":
    main()
