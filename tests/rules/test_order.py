"""The order of files and rules: what one reads, one before it has recorded."""

from __future__ import annotations

import re

from otelml.rules.catalogue import defaults, recorded
from otelml.rules.rule import Record


def test_a_rule_reads_what_was_recorded_before_it():
    """No rule reads a series of a later rule, but with an offset: one pass in order evaluates all of them."""
    known = recorded(defaults())
    told = set()
    for file in defaults():
        for rule in file.rules:
            read = set(re.findall(r"ml:\w+(?::\w+)*", rule.expr)) & known
            assert read <= told, (file.name, rule.name, read - told)
            if isinstance(rule, Record):
                told.add(rule.name)
