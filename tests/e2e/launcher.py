"""Programs under `opentelemetry-instrument`, as a user starts them, with telemetry going to one Collector."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(__file__).parent / "programs"
BIN = Path(sys.executable).parent
LAUNCHER = BIN / "opentelemetry-instrument"
LIMIT_S = 180  # on a machine that has much else to do


def environment(collector, **variables):
    """Return an environment that exports to this Collector five times a second; None takes a variable out."""
    settings = {
        "OTEL_SERVICE_NAME": "e2e",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.http_endpoint,
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
        "PYTHONWARNINGS": "default",  # pytest's own are errors; a host's are its own business
        **variables,
    }
    return {key: value for key, value in (os.environ | settings).items() if value is not None}


def launch(program, *arguments, env, cwd):
    """Run one of `programs/` under the launcher to its end; returns what it printed and what it logged."""
    command = (LAUNCHER, sys.executable, PROGRAMS / program, *arguments)
    done = subprocess.run(  # noqa: S603 -- ours
        [str(part) for part in command],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    print(done.stderr)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr
