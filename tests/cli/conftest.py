"""`otelml doctor`, run in this process under an environment of its own, or in another with less installed."""

from __future__ import annotations

import fnmatch
import os
import socket
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import otelml
import otelml.baseline
from otelml.cli import main
from otelml.testing import Receiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SOURCE = Path(otelml.__file__).parents[1]


@dataclass(frozen=True)
class Visit:
    """What the doctor said, and its exit status."""

    text: str
    status: int

    @property
    def wrong(self) -> str:
        """What follows the findings: what is wrong, with its fixes; lines joined."""
        _, _, rest = self.text.partition(" wrong:\n")
        return " ".join(rest.split())

    def line(self, label: str) -> str:
        """Find the first finding about `label`, without its alignment."""
        lines = (" ".join(line.split()) for line in self.text.splitlines())
        return next(line for line in lines if f" {label} " in f" {line} ")


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    """Run an OTLP/HTTP endpoint that answers."""
    with Receiver() as listening:
        yield listening


@pytest.fixture
def doctor(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], receiver: Receiver
) -> Callable[..., Visit]:
    """Offer a visit to a service whose telemetry arrives, and whose other variables are as given."""
    for name in [*os.environ]:
        if name.startswith(("OTEL_", "WEB_CONCURRENCY", "UVICORN", "GUNICORN")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf")

    def visit(*arguments: str, **environ: object) -> Visit:
        for name, value in environ.items():
            monkeypatch.setenv(name, str(value))
        status = main(["doctor", *arguments])
        return Visit(capsys.readouterr().out, status)

    return visit


@pytest.fixture
def doctor_without(tmp_path: Path, receiver: Receiver) -> Callable[..., Visit]:
    """Offer a visit to this environment as it were without some of its packages."""

    def visit(*patterns: str) -> Visit:
        packages = tmp_path / "packages"
        packages.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns):
                (packages / path.name).symlink_to(path)
        environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{SOURCE}{os.pathsep}{packages}",
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        }
        command = [sys.executable, "-S", "-m", "otelml", "doctor"]
        done = subprocess.run(  # noqa: S603 -- our own command
            command, env=environ, text=True, capture_output=True, timeout=60, check=False
        )
        assert done.stderr == ""
        return Visit(done.stdout, done.returncode)

    return visit


@pytest.fixture
def free_port() -> int:
    """Find a port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def baselines(tmp_path: Path) -> Path:
    """Make a folder with a baseline, another of the same model, half a one, and what else lies there."""
    rows = np.linspace(-1, 1, 120).reshape(-1, 1)
    model = LogisticRegression().fit(rows, rows[:, 0] > 0)
    with pytest.warns(otelml.baseline.BaselineWarning):
        one = otelml.Baseline.fit(model, rows[::2], rows[::2, 0] > 0, name="churn", version="3")
    with pytest.warns(otelml.baseline.BaselineWarning):
        two = otelml.Baseline.fit(model, rows[::3], rows[::3, 0] > 0)
    one.save(tmp_path / "churn.baseline.json")
    two.save(tmp_path / "copy.baseline.json")
    whole = (tmp_path / "churn.baseline.json").read_text()
    (tmp_path / "half.baseline.json").write_text(whole[: len(whole) // 2])
    (tmp_path / "README").write_text("baselines of the shop")
    return tmp_path
