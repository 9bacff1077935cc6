"""`otelml doctor`: what is wrong with an environment is named with its fix, and nothing else is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from otelml.cli.doctor.examination import Situation, examine
from otelml.cli.doctor.findings import ok
from otelml.cli.doctor.report import as_text
from otelml.frameworks import FRAMEWORKS
from otelml.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from otelml.testing import Receiver

Doctor = Any


def test_a_healthy_environment_is_told_so(doctor: Doctor) -> None:
    """Where telemetry arrives and nothing is misspelled, the exit status is 0 and no fix is offered."""
    visit = doctor()
    assert visit.status == 0, visit.text
    assert visit.text.endswith("Nothing is wrong.\n")
    assert "WRONG" not in visit.text


def test_every_framework_is_told_of(doctor: Doctor) -> None:
    """Each entry point has its line: distribution, version, what is supported, whether it is watched."""
    visit = doctor()
    for entry_point in FRAMEWORKS:
        assert visit.line(entry_point).startswith(f"ok {entry_point} ")
        assert visit.line(entry_point).endswith(", watched")
    assert "scikit-learn 1." in visit.line("ml_sklearn")


def test_no_framework_is_imported(receiver: Receiver) -> None:
    """The doctor reads metadata and imports none of the frameworks that it tells of."""
    program = (
        "import sys; from otelml.cli import main; main(['doctor']); "
        f"sys.exit(bool({set(FRAMEWORKS.values())} & set(sys.modules)))"
    )
    environ = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint}
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-c", program], env=environ, capture_output=True, check=False
    )
    assert done.returncode == 0


def test_an_unsupported_version_is_wrong(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version beyond the tested ones is named, with what to install."""
    metadata = tmp_path / "scikit_learn-99.0.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: scikit-learn\nVersion: 99.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    visit = doctor()
    assert visit.status == 1
    assert "ml_sklearn: scikit-learn 99.0 is not supported and not watched" in visit.wrong
    assert "Fix: install scikit-learn>=" in visit.wrong


def test_a_disabled_framework_is_noted(doctor: Doctor) -> None:
    """One that was disabled on purpose is a note, and nothing wrong."""
    visit = doctor(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="requests , ml_xgboost")
    assert visit.status == 0
    assert visit.line("ml_xgboost").startswith("note ml_xgboost xgboost")
    assert "disabled by OTEL_PYTHON_DISABLED_INSTRUMENTATIONS" in visit.line("ml_xgboost")


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*"}, "leaves out every entry point of otelml"),
        ({"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": ",".join(FRAMEWORKS)}, "leaves out every entry point"),
        ({"OTEL_PYTHON_ML_ENABLED": "false"}, "nothing is watched Fix: unset OTEL_PYTHON_ML_ENABLED"),
        ({"OTEL_SDK_DISABLED": "TRUE"}, "nothing is recorded or exported Fix: unset OTEL_SDK_DISABLED"),
        ({"OTEL_METRICS_EXPORTER": "none"}, "metrics: go nowhere: no exporter"),
    ],
)
def test_what_switches_everything_off_is_wrong(doctor: Doctor, environ: dict[str, str], told: str) -> None:
    """Somebody who asks the doctor wants telemetry: each switch that prevents all of it is named."""
    visit = doctor(**environ)
    assert visit.status == 1
    assert told in visit.wrong


def test_no_framework_at_all_is_wrong(doctor_without: Callable[..., Any]) -> None:
    """In an environment without a framework the doctor says so."""
    visit = doctor_without(*(f"{name}*" for name in ("scikit_learn", "sklearn", "xgboost", "lightgbm", "onnx")))
    assert visit.status == 1
    assert visit.line("ml_sklearn") == "note ml_sklearn not installed"
    assert "finds no framework to watch in this environment" in visit.wrong


def test_what_is_disabled_is_the_mend(doctor: Doctor) -> None:
    """Where nothing is watched and some was left out on purpose, the fix begins with that."""
    visit = doctor(OTEL_PYTHON_DISABLED_INSTRUMENTATIONS=",".join(FRAMEWORKS))
    assert "Fix: take the framework of the service out of OTEL_PYTHON_DISABLED_INSTRUMENTATIONS" in visit.wrong


def test_no_distro_is_wrong(doctor_without: Callable[..., Any]) -> None:
    """Without a distro the launcher exports nothing: the doctor names what to install."""
    visit = doctor_without("opentelemetry_distro*", "distro")
    assert visit.status == 1
    assert "the launcher configures no SDK and exports nothing" in visit.wrong
    assert "Fix: pip install opentelemetry-distro" in visit.wrong


def test_a_distro_that_is_not_there_is_wrong(doctor: Doctor) -> None:
    """A distro that is named and not installed is told by its name."""
    visit = doctor(OTEL_PYTHON_DISTRO="nope")
    assert "OTEL_PYTHON_DISTRO names 'nope', which is not installed" in visit.wrong


def test_a_configuration_file_needs_its_reader(doctor: Doctor, tmp_path: Path) -> None:
    """OTEL_CONFIG_FILE without what reads it is wrong, and no exporter of the variables is tried."""
    visit = doctor(OTEL_CONFIG_FILE=tmp_path / "otel.yaml")
    assert "pip install opentelemetry-configuration" in visit.wrong
    assert "come from OTEL_CONFIG_FILE" in visit.line("exporters")


def test_the_canary_sings(doctor: Doctor) -> None:
    """Our points find their way into the SDK that is installed."""
    assert doctor().line("canary").startswith("ok canary sings")


def test_the_canary_is_not_asked_of_a_disabled_sdk(doctor: Doctor) -> None:
    """An SDK that is switched off lets nobody's points in, which says nothing about the SDK."""
    assert doctor(OTEL_SDK_DISABLED="true").line("canary").startswith("note canary was not asked")


def test_an_endpoint_that_answers_was_asked(doctor: Doctor, receiver: Receiver) -> None:
    """Each signal is sent for real, to its address."""
    before = len(receiver.payloads)
    visit = doctor()
    for signal in ("traces", "metrics", "logs"):
        address = f"{receiver.endpoint}/v1/{signal}"
        assert visit.line(signal) == f"ok {signal} go to {address} by http/protobuf; it answers"
    assert len(receiver.payloads) == before + 3


def test_offline_sends_nothing(doctor: Doctor, receiver: Receiver) -> None:
    """`--offline` tells the addresses and tries none."""
    before = len(receiver.payloads)
    assert doctor("--offline").line("metrics").endswith("; not tried")
    assert len(receiver.payloads) == before


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_an_endpoint_that_is_away_is_wrong(doctor: Doctor, free_port: int, protocol: str) -> None:
    """An endpoint where nobody listens is told with its address, the reason and the fix."""
    address = f"http://127.0.0.1:{free_port}"
    only_metrics = {"OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    visit = doctor(OTEL_EXPORTER_OTLP_ENDPOINT=address, OTEL_EXPORTER_OTLP_PROTOCOL=protocol, **only_metrics)
    assert visit.status == 1
    assert f"go to {address}" in visit.wrong
    assert "refused" in visit.wrong
    assert "Fix: start a Collector there, or set OTEL_EXPORTER_OTLP_ENDPOINT" in visit.wrong


def test_one_signal_may_go_elsewhere(doctor: Doctor, free_port: int) -> None:
    """A signal's own variable goes before the general one, and only that signal is wrong."""
    own = f"http://127.0.0.1:{free_port}/metrics"
    visit = doctor("--timeout", "0.3", OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=own)
    assert visit.wrong.startswith(f"1. metrics: go to {own} by http/protobuf, which does not take them")
    assert visit.line("traces").startswith("ok")


def test_the_wrong_protocol_is_recognised(doctor: Doctor) -> None:
    """An exporter of gRPC at an HTTP endpoint, the commonest mistake, is called by its name."""
    visit = doctor("--timeout", "0.5", OTEL_EXPORTER_OTLP_PROTOCOL="grpc")
    assert "by grpc, and it speaks http/protobuf" in visit.wrong
    assert "Fix: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf" in visit.wrong


def test_an_address_without_a_scheme_is_recognised(doctor: Doctor) -> None:
    """An HTTP endpoint has to begin with its scheme."""
    visit = doctor(OTEL_EXPORTER_OTLP_ENDPOINT="localhost:4318")
    assert "begin OTEL_EXPORTER_OTLP_ENDPOINT with http://" in visit.wrong


def test_a_protocol_that_the_sdk_does_not_speak_is_wrong(doctor: Doctor) -> None:
    """The launcher would fail on it, so the doctor says which it speaks."""
    visit = doctor(OTEL_EXPORTER_OTLP_PROTOCOL="http/xml")
    assert "set OTEL_EXPORTER_OTLP_PROTOCOL to grpc or http/protobuf" in visit.wrong


def test_exporters_other_than_otlp_are_told(doctor: Doctor) -> None:
    """`console`, `prometheus` and `none` are told for what they are, and are not wrong."""
    visit = doctor(
        OTEL_TRACES_EXPORTER="console",
        OTEL_METRICS_EXPORTER="prometheus",
        OTEL_LOGS_EXPORTER="none",
        OTEL_EXPORTER_PROMETHEUS_PORT=9999,
    )
    assert visit.status == 0
    assert visit.line("traces") == "ok traces go to console"
    assert visit.line("metrics") == "ok metrics are offered to Prometheus on localhost:9999"
    assert visit.line("logs") == "note logs go nowhere: no exporter"


def test_an_exporter_that_is_not_installed_is_wrong(doctor: Doctor) -> None:
    """The launcher fails as a whole on an unknown exporter."""
    visit = doctor(OTEL_TRACES_EXPORTER="zipkin_json")
    assert "are to go to 'zipkin_json', which is not installed: the launcher fails" in visit.wrong


@pytest.mark.parametrize(
    "environ",
    [
        {"WEB_CONCURRENCY": "4"},
        {"UVICORN_WORKERS": "4", "WEB_CONCURRENCY": "1"},
        {"GUNICORN_CMD_ARGS": "--bind :8000 -w4"},
    ],
)
def test_several_workers_do_not_share_a_memory(doctor: Doctor, environ: dict[str, str]) -> None:
    """With several workers the in-process store loses feedback, and one Prometheus port is not enough."""
    visit = doctor(OTEL_METRICS_EXPORTER="prometheus", **environ)
    assert "is the memory of one of 4 workers: feedback that reaches another one is lost" in visit.wrong
    assert "set OTEL_PYTHON_ML_OUTCOME_STORE=sqlite:///PATH" in visit.wrong
    assert "metrics: of 4 workers" in visit.wrong
    assert next(iter(environ)) in visit.line("workers")


def test_several_workers_share_a_file(doctor: Doctor, tmp_path: Path) -> None:
    """With an SQLite store several workers are fine, and trying it leaves nothing behind."""
    visit = doctor("--workers", "4", OTEL_PYTHON_ML_OUTCOME_STORE=f"sqlite:///{tmp_path}/outcomes.sqlite")
    assert visit.status == 0
    assert visit.line("outcome store").startswith("ok outcome store SQLite file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["no/such/folder/outcomes.sqlite", "text.sqlite"])
def test_a_store_that_cannot_be_written_is_wrong(doctor: Doctor, tmp_path: Path, name: str) -> None:
    """A missing folder, or a file that is no database, is told before predictions wait in it."""
    (tmp_path / "text.sqlite").write_text("not a database, but long enough to look like a header of one" * 20)
    visit = doctor(OTEL_PYTHON_ML_OUTCOME_STORE=f"sqlite:///{tmp_path / name}")
    assert visit.status == 1
    assert "cannot be written" in visit.wrong
    assert "fix OTEL_PYTHON_ML_OUTCOME_STORE" in visit.wrong


def test_each_baseline_is_read(doctor: Doctor, baselines: Path) -> None:
    """Good baselines are described; a truncated one is told with its fix; two of one model are noted."""
    visit = doctor(OTEL_PYTHON_ML_BASELINES=baselines)
    assert visit.status == 1
    assert "churn 3, binary, 60 rows, id " in visit.line("churn.baseline.json")
    assert "churn.baseline.json, copy.baseline.json are of one model" in visit.text
    assert visit.wrong.startswith("1. half.baseline.json: ")
    assert "it is truncated or damaged; copy it again from where it was saved, or fit it again" in visit.wrong


def test_series_are_foretold(doctor: Doctor, baselines: Path) -> None:
    """Each baseline says how many series its model will make; more than a process may ship is wrong."""
    (baselines / "half.baseline.json").unlink()
    (baselines / "copy.baseline.json").unlink()
    visit = doctor(OTEL_PYTHON_ML_BASELINES=baselines)
    assert visit.status == 0
    series = int(visit.line("churn.baseline.json").split("columns, ")[1].split()[0])
    tight = doctor(OTEL_PYTHON_ML_BASELINES=baselines, OTEL_PYTHON_ML_MAX_POINTS=series - 1)
    assert tight.status == 1
    assert f"would make {series}, and may make {series - 1}" in tight.wrong


@pytest.mark.parametrize("folder", ["empty", "missing"])
def test_a_folder_without_baselines_is_wrong(doctor: Doctor, tmp_path: Path, folder: str) -> None:
    """A folder that was configured and holds none, or is not there, is a mistake."""
    (tmp_path / "empty").mkdir()
    visit = doctor(OTEL_PYTHON_ML_BASELINES=tmp_path / folder)
    assert visit.status == 1
    assert "baselines: " in visit.wrong


def test_every_setting_is_told_with_its_source(doctor: Doctor) -> None:
    """Each setting has its line: value and where it came from."""
    visit = doctor(OTEL_PYTHON_ML_OUTCOME_HORIZON="36h")
    assert visit.line("outcome_horizon") == "outcome_horizon 36h OTEL_PYTHON_ML_OUTCOME_HORIZON"
    assert visit.line("outcome_ttl") == "outcome_ttl 30d default"
    assert all(visit.line(name) for name in Settings.__dataclass_fields__)


def test_bad_and_misspelled_settings_are_wrong(doctor: Doctor) -> None:
    """A value that cannot be read and a name that does not exist are told with what is right."""
    visit = doctor(OTEL_PYTHON_ML_OUTCOME_TTL="a week", OTEL_PYTHON_ML_BASELINE="x")
    assert "OTEL_PYTHON_ML_OUTCOME_TTL: is 'a week', so the default is in force" in visit.wrong
    assert "Fix: it takes a duration above zero: 90s, 15m, 12h, 7d" in visit.wrong
    assert "did you mean OTEL_PYTHON_ML_BASELINES?" in visit.wrong


def test_globs_that_fit_no_metric_are_wrong(doctor: Doctor) -> None:
    """A misspelled metric would be left out in silence; globs that fit, and those of the host's own, are fine."""
    visit = doctor(OTEL_PYTHON_ML_METRICS="ml.outcomes,!ml.predictionz,ml.*,!otelml.*,checkout.*")
    assert "OTEL_PYTHON_ML_METRICS: has ml.predictionz, which fits no metric" in visit.wrong
    assert "did you mean ml.predictions?" in visit.wrong
    assert visit.wrong.count("fits no metric") == 1


@pytest.mark.parametrize(
    ("globs", "fix"),
    [
        ("ml_*", "has ml_*, which fits no metric: did you mean ml.*?"),
        ("ML.*", "has ML.*, which fits no metric: did you mean ml.*?"),
        ("ml.*,!otelml_errors", "has otelml_errors, which fits no metric: did you mean otelml.errors?"),
        ("ml_inference_rows_total,ml.drift", "did you mean ml.inference.rows?"),
        ("ml_inference_duration_seconds_bucket,ml.drift", "did you mean ml.inference.duration?"),
        ("ml.inference", "fits no metric: did you mean ml.inference."),
        ("mlflow.*", "leaves out every metric of otelml: name those that are wanted"),
        ("!*", "leaves out every metric of otelml"),
    ],
)
def test_globs_that_ship_nothing_are_wrong(doctor: Doctor, globs: str, fix: str) -> None:
    """Names as Prometheus shows them, or in capitals, are named with the contract's own; so is a choice of nothing."""
    wrong = doctor(OTEL_PYTHON_ML_METRICS=globs).wrong
    assert all(part in wrong for part in fix.split(": ")), wrong


def test_a_home_in_a_path_is_looked_up(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`~` in the folder of baselines and in the store is the user's home, as in a shell."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "kept").mkdir()
    visit = doctor(OTEL_PYTHON_ML_BASELINES="~/kept", OTEL_PYTHON_ML_OUTCOME_STORE="sqlite:///~/kept/o.sqlite")
    assert f"no *.baseline.json in {tmp_path}/kept" in visit.wrong
    assert f"SQLite file {tmp_path}/kept/o.sqlite" in visit.text


def test_secrets_are_not_shown(doctor: Doctor) -> None:
    """The variables of OpenTelemetry are told, but for the keys to somebody's backend."""
    visit = doctor(OTEL_EXPORTER_OTLP_HEADERS="api-key=opensesame", OTEL_TRACES_SAMPLER="always_on")
    assert visit.line("OTEL_TRACES_SAMPLER") == "OTEL_TRACES_SAMPLER always_on"
    assert visit.line("OTEL_EXPORTER_OTLP_HEADERS") == "OTEL_EXPORTER_OTLP_HEADERS (set, not shown)"
    assert "opensesame" not in visit.text


def test_colour_is_for_terminals(doctor: Doctor, receiver: Receiver) -> None:
    """A pipe gets plain text, a terminal colour, and NO_COLOR is respected."""
    assert "\x1b[" not in doctor().text
    environ = {
        **os.environ,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    }
    assert b"\x1b[32m" in _on_a_terminal(environ)
    assert b"\x1b[" not in _on_a_terminal({**environ, "NO_COLOR": "1"})


def _on_a_terminal(environ: dict[str, str]) -> bytes:
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "otelml", "doctor", "--offline"]
    with subprocess.Popen(command, stdout=end, env=environ) as process:  # noqa: S603 -- our own command
        os.close(end)
        said = b"".join(_read(terminal))
        assert process.wait(timeout=60) in {0, 1}
    os.close(terminal)
    return said


def _read(terminal: int) -> Iterator[bytes]:
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            return
        if not piece:
            return
        yield piece


def test_one_check_that_fails_takes_no_other_along() -> None:
    """An error of the doctor's own is a finding; the checks before and after it are made."""

    def broken(_: Situation) -> Iterator[Any]:
        yield ok("first", "was found")
        raise KeyError("x")

    situation = Situation.of({}, workers=None, timeout=1, offline=True)
    sections = examine(situation, (("A", broken), ("B", lambda _: [ok("second", "was found too")])))
    text = as_text(sections, colour=False)
    assert "first  was found" in text
    assert "second  was found too" in text
    assert "KeyError: 'x'" in text
    assert len(sections[0].wrong) == 1


def test_the_end_of_a_process_has_limits(doctor: Doctor) -> None:
    """The deadline of the launcher's providers is named, and the limit of those that the host makes."""
    visit = doctor(OTEL_PYTHON_ML_SHUTDOWN_TIMEOUT="3s")
    assert "take at most 3 s" in visit.line("launcher's providers")
    assert "up to 30 s" in visit.line("your own providers")
