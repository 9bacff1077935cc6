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

from otelml.kinds import BOOLEAN, COUNT, DAY, FOLDER, GLOBS, NAMES, SECONDS, SHARE, STORE, TEXT, UNITS, Kind, one_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "OTEL_PYTHON_ML_"

T = TypeVar("T")


def row(default: T, kind: Kind, doc: str) -> T:
    """One setting: a dataclass field that carries how it is read and what it does."""
    return field(default=default, metadata={"kind": kind, "doc": doc})


@dataclass(frozen=True)
class Settings:
    """Settings of a process, given to `otelml.instrument(name=…)` or by environment variable."""

    enabled: bool = row(True, BOOLEAN, "Monitor models.")
    traces: bool = row(True, BOOLEAN, "A span around every prediction.")
    metrics: tuple[str, ...] = row(("*",), GLOBS, "Metrics to export.")
    model_name: str | None = row(None, TEXT, "Name for a model that the code gives none.")
    model_version: str | None = row(None, TEXT, "Version for a model that the code gives none.")
    baselines: str | None = row(None, FOLDER, "Folder with *.baseline.json, found by model name or fingerprint.")
    baseline_metrics: bool = row(True, BOOLEAN, "Export the baseline as ml.baseline.*.")
    gauges: str = row(
        "psi",
        one_of("off", "psi", "all"),
        "In-process gauges, for backends that cannot compute: psi exports ml.performance, and ml.drift by the "
        "population stability index; all exports every method, and mean, variance and completeness of the columns.",
    )
    columns: bool = row(True, BOOLEAN, "Count inputs and outputs, column by column.")
    skew_rows: int = row(1_000, COUNT, "First rows of a deploy that are compared with the baseline, at least 200.")
    provisional_rows: int | None = row(
        None,
        COUNT,
        "Without a baseline: number of first rows used as the reference, of this process alone and marked provisional.",
    )
    baseline_on_fit: str | None = row(
        None, FOLDER, "Folder in which each fit saves a baseline of its input columns, found by fingerprint."
    )
    category_names: bool = row(
        False,
        BOOLEAN,
        "Export names of categories instead of cat:07, where 1 % of the baseline's rows have them.",
    )
    budget: float = row(0.05, SHARE, "Share of the host's time above which rows are sampled for the columns.")
    transform: bool = row(False, BOOLEAN, "Count transform() as a prediction where it is the outermost call.")
    id_column: str | None = row(None, TEXT, "Input column with the prediction id.")
    outcome_store: str = row("memory", STORE, "Store of predictions until their outcomes arrive.")
    outcome_capacity: int = row(100_000, COUNT, "Maximum predictions held in memory until their outcomes arrive.")
    outcome_horizon: float = row(DAY, SECONDS, "Age at which a prediction is counted, with its outcome or without.")
    outcome_ttl: float = row(30 * DAY, SECONDS, "Age at which a prediction is forgotten.")
    actions: tuple[str, ...] | None = row(
        None,
        NAMES,
        "Actions exported by name, at most 20, each from zero on; by default the first 20 recorded. All others are "
        "`other`.",
    )
    span_ids: bool = row(False, BOOLEAN, "Put the prediction id on the span of a one-row call.")
    span_scores: bool = row(False, BOOLEAN, "Put score and class on the span of a one-row call.")
    exception_messages: bool = row(False, BOOLEAN, "Put the text of exceptions, which may quote data, on spans.")
    max_points: int = row(10_000, COUNT, "Maximum series exported by this process.")
    shutdown_timeout: float = row(
        5.0, SECONDS, "Maximum wait for exports at the end of the process, those of the launcher's providers included."
    )


KINDS: dict[str, Kind] = {one.name: one.metadata["kind"] for one in fields(Settings)}


class Problem(NamedTuple):
    """Something that is wrong with a variable, what was done about it, and the fix."""

    variable: str
    text: str
    fix: str

    def __str__(self) -> str:
        return f"{self.variable} {self.text}: {self.fix}"


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

    An invalid variable falls back to the default and is reported in `problems`; an override that is None leaves the
    setting to the environment.

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


_HEAD = """\
# Settings

<!-- Generated: python -m otelml.settings > docs/settings.md -->

Each setting is an environment variable, a flag of the launcher (`OTEL_PYTHON_ML_OUTCOME_STORE` is
`--ml_outcome_store`), and an argument of `otelml.instrument()`, which overrides the variable. An invalid
variable falls back to the default, and the log and `otelml doctor` report it; an invalid argument raises
`ValueError`.

"""


def as_markdown() -> str:
    """Write `docs/settings.md`."""
    lines = ["| setting | environment variable | takes | default | what it does |", "|---|---|---|---|---|"]
    lines += [
        f"| `{one.name}` | `{variable(one.name)}` | {one.metadata['kind'].takes} "
        f"| {'' if one.default is None else f'`{as_text(one.name, one.default)}`'} | {one.metadata['doc']} |"
        for one in fields(Settings)
    ]
    return _HEAD + "\n".join(lines).replace("|  |", "| |") + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")  # noqa: T201 -- what the module is run for
