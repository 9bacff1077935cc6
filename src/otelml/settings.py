"""Every setting as one typed row: its name, what it takes, its default and what it does.

The environment variable of a row is `OTEL_PYTHON_ML_` and its name in capitals, which is also what makes the
launcher offer it as a flag (`--ml_outcome_store`).  Nothing else in the package reads `os.environ`, but for the
variables that belong to OpenTelemetry itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "OTEL_PYTHON_ML_"
DAY = 86_400.0

T = TypeVar("T")


@dataclass(frozen=True)
class Kind:
    """How a text becomes a value, and the words that say what is taken."""

    parse: Callable[[str], Any]
    takes: str


def _boolean(text: str) -> bool:
    try:
        return {"true": True, "1": True, "on": True, "false": False, "0": False, "off": False}[text.lower()]
    except KeyError:
        raise ValueError(text) from None


def _seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `12h` or `7d`, in seconds."""
    units = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY}
    unit = units.get(text[-1:].lower())
    return _positive(float(text[:-1]) * unit if unit else float(text))


def _positive(value: float) -> float:
    if not value > 0:
        raise ValueError(value)
    return value


def _count(text: str) -> int:
    return int(_positive(int(text)))


def _globs(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _store(text: str) -> str:
    if text != "memory" and not text.startswith("sqlite:///"):
        raise ValueError(text)
    return text


def _one_of(*choices: str) -> Kind:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return Kind(parse, " or ".join(choices))


BOOLEAN = Kind(_boolean, "true or false")
TEXT = Kind(str, "a text")
FOLDER = Kind(str, "a path of a folder")
SECONDS = Kind(_seconds, "a duration above zero: 90s, 15m, 12h, 7d")
COUNT = Kind(_count, "a whole number above zero")
GLOBS = Kind(
    _globs, "metric names with * and ?, commas between them; an exclamation mark in front leaves out"
)
STORE = Kind(_store, "memory, or sqlite:///PATH")


def row(default: T, kind: Kind, doc: str) -> T:
    """One setting: a dataclass field that carries how it is read and what it does."""
    return field(default=default, metadata={"kind": kind, "doc": doc})


@dataclass(frozen=True)
class Settings:
    """What a process was told, by `otelml.instrument(name=…)` or by environment variable."""

    enabled: bool = row(True, BOOLEAN, "Watch models at all.")
    traces: bool = row(True, BOOLEAN, "A span around every prediction.")
    metrics: tuple[str, ...] = row(("*",), GLOBS, "Metrics to ship.")
    model_name: str | None = row(None, TEXT, "Name for a model that the code gives none.")
    model_version: str | None = row(None, TEXT, "Version for a model that the code gives none.")
    baselines: str | None = row(
        None, FOLDER, "Folder with *.baseline.json, found by model name or fingerprint."
    )
    baseline_metrics: bool = row(True, BOOLEAN, "Ship what the model was like in training as ml.baseline.*.")
    gauges: str = row(
        "psi", _one_of("off", "psi", "all"), "In-process gauges, for backends that cannot compute."
    )
    transform: bool = row(False, BOOLEAN, "Count transform() as a prediction where it is the outermost call.")
    id_column: str | None = row(None, TEXT, "Input column that holds the id under which outcomes will come.")
    outcome_store: str = row("memory", STORE, "Where predictions wait for their outcomes.")
    outcome_capacity: int = row(100_000, COUNT, "Predictions that wait in memory at most.")
    outcome_horizon: float = row(
        DAY, SECONDS, "Age at which a prediction is counted, with its outcome or without."
    )
    outcome_ttl: float = row(30 * DAY, SECONDS, "Age at which a prediction is forgotten.")
    span_ids: bool = row(False, BOOLEAN, "Put the prediction id on the span of a one-row call.")
    exception_messages: bool = row(
        False, BOOLEAN, "Put the text of exceptions, which may quote data, on spans."
    )
    max_points: int = row(10_000, COUNT, "Series that this process may ship.")


@dataclass(frozen=True)
class Loaded:
    """Settings, where each came from, and what was wrong with the environment."""

    settings: Settings
    sources: dict[str, str]
    problems: tuple[str, ...]


def variable(name: str) -> str:
    """The environment variable of a setting.

    >>> variable("outcome_store")
    'OTEL_PYTHON_ML_OUTCOME_STORE'
    """
    return PREFIX + name.upper()


def load(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read all settings: an override first, then the environment, then the default.

    A text in the environment that cannot be read leaves the default in force and is told in `problems`.

    Raises
    ------
    TypeError
        When an override is no setting.
    """
    environ = os.environ if environ is None else environ
    overrides = overrides or {}
    known = {f.name: f for f in fields(Settings)}
    for name in overrides:
        if name not in known:
            raise TypeError(f"there is no setting {name!r}; there are: {', '.join(known)}")
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(known, "default")
    problems: list[str] = []
    for name, text in ((name, environ.get(variable(name), "").strip()) for name in known):
        if name in overrides:
            values[name], sources[name] = overrides[name], "argument"
        elif text:
            kind: Kind = known[name].metadata["kind"]
            try:
                values[name], sources[name] = kind.parse(text), variable(name)
            except ValueError:
                problems.append(
                    f"{variable(name)} is {text!r}; it takes {kind.takes}. The default is in force."
                )
    return Loaded(Settings(**values), sources, tuple(problems))
