"""Every setting as one typed row: its name, what it takes, its default and what it does.

The environment variable of a row is `OTEL_PYTHON_ML_` and its name in capitals, which is also what makes the
launcher offer it as a flag (`--ml_outcome_store`).  Nothing else in the package reads `os.environ`, but for
the variables that belong to OpenTelemetry itself.
"""

# ruff: noqa: FBT003 -- the first of a row is its default, true or false for many

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "OTEL_PYTHON_ML_"
DAY = 86_400.0
UNITS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": DAY}

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
    unit = UNITS.get(text[-1:].lower())
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


KINDS: dict[str, Kind] = {one.name: one.metadata["kind"] for one in fields(Settings)}


class Problem(NamedTuple):
    """Something that is wrong with a variable, what was done about it, and the mend."""

    variable: str
    text: str
    mend: str

    def __str__(self) -> str:
        return f"{self.variable} {self.text}: {self.mend}"


@dataclass(frozen=True)
class Loaded:
    """Settings, where each came from, and what was wrong with them."""

    settings: Settings
    sources: dict[str, str]
    problems: tuple[Problem, ...]


def variable(name: str) -> str:
    """Name the environment variable of a setting.

    >>> variable("outcome_store")
    'OTEL_PYTHON_ML_OUTCOME_STORE'
    """
    return PREFIX + name.upper()


def load(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """Read all settings: an override first, then the environment, then the default.

    A text in the environment that cannot be read leaves the default in force and is told in `problems`; an
    override that is None leaves the setting to the environment.

    Raises
    ------
    TypeError
        When an override is no setting.
    ValueError
        When an override is nothing that its setting takes.
    """
    environ = os.environ if environ is None else environ
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    for name in overrides or ():
        if name not in KINDS:
            raise TypeError(f"there is no setting {name!r}; there are: {', '.join(KINDS)}")
    values: dict[str, Any] = {}
    sources: dict[str, str] = dict.fromkeys(KINDS, "default")
    problems: list[Problem] = []
    for name, kind in KINDS.items():
        text = environ.get(variable(name), "").strip()
        if name in given:
            values[name], sources[name] = _taken(name, given[name]), "argument"
        elif text:
            try:
                values[name], sources[name] = kind.parse(text), variable(name)
            except ValueError:
                problem = f"is {text!r}, so the default is in force"
                problems.append(Problem(variable(name), problem, f"it takes {kind.takes}"))
    settings = Settings(**values)
    if settings.outcome_ttl < settings.outcome_horizon:  # what is forgotten is never counted
        problem = f"is below {variable('outcome_horizon')}, which is in force for both"
        problems.append(Problem(variable("outcome_ttl"), problem, "raise it to the horizon at least"))
        settings = replace(settings, outcome_ttl=settings.outcome_horizon)
    return Loaded(settings, sources, tuple(problems))


def _taken(name: str, value: Any) -> Any:
    """Check an override by the rule for texts, so that `"7d"`, `604_800` and `Path("x")` are all welcome."""
    text = ",".join(value) if isinstance(value, tuple | list) else str(value)  # pyright: ignore[reportUnknownArgumentType] -- globs
    try:
        return KINDS[name].parse(text)
    except ValueError:
        raise ValueError(f"the setting {name} is {value!r}; it takes {KINDS[name].takes}") from None


def as_text(name: str, value: Any) -> str:
    """Write a setting's value as its environment variable takes it.

    >>> as_text("outcome_ttl", 604_800.0), as_text("traces", True), as_text("baselines", None)
    ('7d', 'true', '-')
    """
    if value is None:
        return "-"
    if KINDS[name] is SECONDS:
        unit = next((u for u in ("d", "h", "m") if value % UNITS[u] == 0), "s")
        return f"{value / UNITS[unit]:g}{unit}"
    if isinstance(value, tuple):
        return ",".join(str(glob) for glob in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] -- globs
    return str(value).lower() if isinstance(value, bool) else str(value)


def as_markdown() -> str:
    """Write all settings as the table of `docs/settings.md`."""
    lines = ["| setting | environment variable | takes | default | what it does |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.name}` | `{variable(one.name)}` | {one.metadata['kind'].takes} "
        f"| `{as_text(one.name, one.default)}` | {one.metadata['doc']} |"
        for one in fields(Settings)
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    print(as_markdown())  # noqa: T201 -- what the module is run for
