"""The command line itself: help, versions, and nothing heavy before a command runs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from otelml.cli import COMMANDS, main


def test_without_a_command_it_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    """`otelml` alone prints the help with every command, and is no error."""
    assert main([]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert all(name in out and command.summary in out for name, command in COMMANDS.items())
    assert "opentelemetry-instrument python serve.py" in out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`otelml COMMAND --help` tells what it does and what it takes."""
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0
    assert COMMANDS[name].description in out
    assert "--" in out.partition("options:")[2]


def test_an_unknown_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """A misspelled command ends with status 2 and names those that there are."""
    with pytest.raises(SystemExit) as ended:
        main(["docter"])
    assert ended.value.code == 2
    assert "doctor" in capsys.readouterr().err


def test_python_m_works_too() -> None:
    """`python -m otelml --version` is the same command line."""
    done = subprocess.run(
        [sys.executable, "-m", "otelml", "--version"], text=True, capture_output=True, timeout=60, check=True
    )
    assert done.stdout == f"otelml {version('otelml')}\n"


def test_help_loads_neither_numpy_nor_a_framework() -> None:
    """What a command needs is imported when it runs, not before."""
    heavy = "{'numpy', 'pandas', 'rich', 'sklearn', 'xgboost', 'lightgbm', 'onnxruntime', 'opentelemetry.sdk'}"
    program = f"import sys; from otelml.cli import main; main([]); sys.exit(bool({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)  # noqa: S603 -- ours
    assert done.returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "--workers", "-3"),
        ("doctor", "--workers", "0"),
        ("doctor", "--timeout", "nan"),
        ("doctor", "--timeout", "-1"),
        ("demo", "--keep", ""),
        ("rules", "--baseline", ""),
    ],
)
def test_what_is_no_value_is_a_usage_error(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    """A number of no processes, no time and an empty path end with status 2, and the option is named."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert f"argument {arguments[1]}: " in capsys.readouterr().err
