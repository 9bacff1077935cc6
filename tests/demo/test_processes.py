"""The other processes end, whatever happens, and hear nothing of the caller's OpenTelemetry."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest

from otelml.cli.demo import processes
from otelml.telemetry import process_metrics

if TYPE_CHECKING:
    from pathlib import Path

WAITS = "import signal; print('ready', flush=True); signal.pause()"
STUBBORN = f"import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); {WAITS}"


def test_interrupting_us_ends_the_other(tmp_path: Path) -> None:
    """Ctrl-C here ends the other process as Ctrl-C there would have."""
    command, started = [sys.executable, "-c", WAITS], []

    def interrupted() -> None:
        with processes.running(command, tmp_path / "log", os.environ, read=True) as process:
            started.append(process)
            assert process.stdout.readline() == b"ready\n"
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert started[0].returncode in {-2, 130}
    assert "KeyboardInterrupt" in processes.tail(tmp_path / "log")


def test_a_process_that_ignores_interrupts_is_terminated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not end when interrupted, as in a background job of a shell, is terminated."""
    monkeypatch.setattr(processes, "GRACE_S", 0.2)
    with processes.running([sys.executable, "-c", STUBBORN], tmp_path / "log", os.environ, read=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    assert process.returncode == -15


def test_sigterm_is_an_interrupt() -> None:
    """Who terminates the demo gets the same orderly end, and the signal is as it was afterwards."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), processes.interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) == before


def test_the_callers_opentelemetry_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exporters and flags of the caller's shell do not reach the service; the rest of its variables do."""
    monkeypatch.setenv("OTEL_METRICS_EXPORTER", "console")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    monkeypatch.setenv("KEPT", "yes")
    variables = processes.environment("http://127.0.0.1:1")
    assert variables["OTEL_METRICS_EXPORTER"] == "otlp"
    assert "OTEL_SDK_DISABLED" not in variables
    assert variables["KEPT"] == "yes"


def test_every_row_is_counted() -> None:
    """The service may spend on columns what its calls take, so that none is sampled and months are exact."""
    assert processes.environment("http://127.0.0.1:1")["OTEL_PYTHON_ML_BUDGET"] == "100%"


def test_the_service_tells_of_itself_alone() -> None:
    """Of what the processes use, the host's own is left out: every demo would tell of somebody's machine."""
    assert processes.environment("http://127.0.0.1:1")[process_metrics.EXCLUDE] == process_metrics.BESIDE


def test_programs_are_found() -> None:
    """The folder holds what the demo starts."""
    assert {path.name for path in processes.programs().glob("*.py")} >= {"train.py", "serve.py", "flights.py"}
