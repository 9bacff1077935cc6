"""Files of rules as Prometheus reads them.

YAML of a fixed shape, written out: a library would keep neither the comments nor the line breaks of expressions.
"""

from __future__ import annotations

import json
from textwrap import wrap
from typing import TYPE_CHECKING

from otelml.rules.rule import Alert

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from otelml.rules.rule import File, Rule

WIDTH = 110
SIXTEEN_BITS = 0xFFFF
RUNBOOKS = "https://otelml.dev/docs/runbooks"


def as_yaml(file: File, command: str, runbooks: str = RUNBOOKS) -> str:
    """Write a file of rules.

    Parameters
    ----------
    command : that writes this file, for its first line.
    runbooks : address of the folder of the runbooks.
    """
    head = (f"Generated: {command}", *file.doc.rstrip("\n").split("\n"))
    lines = [*(f"# {escaped(line)}" for line in head), "groups:"]
    for group in file.groups:
        lines += [f"  - name: {group.name}", f"    interval: {group.interval}", "    rules:"]
        for rule in group.rules:
            lines += [f"      {line}" if line else "" for line in _rule(rule, runbooks)]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Write a text without what does not print, line breaks of every kind among it.

    The escapes are those that YAML and PromQL know between double quotes; JSON's are not, beyond sixteen bits.

    >>> print(escaped("é\u2028"))
    é\u2028
    """
    return "".join(one if one.isprintable() else _escape(ord(one)) for one in text)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code <= SIXTEEN_BITS else f"\\U{code:08x}"


def _rule(rule: Rule, runbooks: str) -> Iterator[str]:
    if rule.why:
        yield from (f"# {line}" for line in wrap(rule.why, WIDTH))
    yield f"- {'alert' if isinstance(rule, Alert) else 'record'}: {rule.name}"
    yield from _indented(_expression(rule.expr))
    if isinstance(rule, Alert):
        yield f"  for: {rule.lasts}"
        yield from _indented(_mapping("labels", {"severity": rule.severity, **rule.labels}))
        annotations = {"summary": rule.summary, "description": rule.description}
        address = {"runbook_url": f"{runbooks}/{rule.name}.md"}
        yield from _indented(_mapping("annotations", annotations | address))
    elif rule.labels:
        yield from _indented(_mapping("labels", rule.labels))


def _expression(expr: str) -> Iterator[str]:
    yield "expr: |-"
    yield from _indented(escaped(line.rstrip()) for line in expr.split("\n") if line.strip())


def _mapping(name: str, values: Mapping[str, str]) -> Iterator[str]:
    yield f"{name}:"
    # A JSON text is one of YAML too, whatever is in it.
    yield from (f"  {key}: {escaped(json.dumps(value, ensure_ascii=False))}" for key, value in values.items())


def _indented(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
