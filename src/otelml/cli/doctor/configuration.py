"""Which settings apply, and where each came from."""

from __future__ import annotations

from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING

from otelml.cli.doctor.findings import note, plain, wrong
from otelml.settings import PREFIX, Settings, as_text, variable
from otelml.telemetry.choice import misfits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otelml.cli.doctor.findings import Finding, Situation

# Their values are keys to somebody's backend.
SECRET = ("HEADERS", "CREDENTIAL", "KEY", "TOKEN", "PASSWORD")
SERVICE_NAME = "OTEL_SERVICE_NAME"


def own(situation: Situation) -> Iterator[Finding]:
    """List every setting of otelml with its value and source; then what is wrong with them."""
    loaded = situation.loaded
    values = {row.name: as_text(row.name, getattr(loaded.settings, row.name)) for row in fields(Settings)}
    column = max(map(len, values.values()))
    for name, value in values.items():
        yield plain(name, f"{value.ljust(column)}  {loaded.sources[name]}")
    for problem in loaded.problems:
        yield wrong(*problem)
    known = {variable(name) for name in values}
    for name in sorted(situation.environ):
        if name.startswith(PREFIX) and name not in known:
            close = get_close_matches(name, known, n=1)
            fix = f"did you mean {close[0]}?" if close else f"unset it; the settings are {PREFIX}… as above"
            yield wrong(name, "is no setting, and without effect", fix)
    for misfit in misfits(loaded.settings.metrics):
        yield wrong(variable("metrics"), *misfit)
    if loaded.settings.exception_messages:
        yield note("exception_messages", "texts of exceptions, which may quote data, leave this process")


def opentelemetry(situation: Situation) -> Iterator[Finding]:
    """List the variables of OpenTelemetry itself that are set; secrets are not shown."""
    set_ = {name: text for name, text in situation.environ.items() if name.startswith("OTEL_")}
    for name, text in sorted(set_.items()):
        if not name.startswith(PREFIX):
            yield plain(name, "(set, not shown)" if any(word in name for word in SECRET) else text)
    named = SERVICE_NAME in set_ or "service.name=" in set_.get("OTEL_RESOURCE_ATTRIBUTES", "")
    if not named and "OTEL_CONFIG_FILE" not in set_:
        yield note(SERVICE_NAME, "is not set: backends show the service as unknown_service")
