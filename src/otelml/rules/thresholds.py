"""Every threshold of the rules as one typed row: its name, its default, its unit and what it does.

Those of drift are the ones of `otelml.stats.divergence`, which is not imported: `otelml --help` needs no numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def row(default: float, unit: str, doc: str, *, drawn: bool = False) -> Any:
    """One threshold: a dataclass field that carries its unit, what it does, and whether the dashboards draw it."""
    return field(default=default, metadata={"unit": unit, "doc": doc, "drawn": drawn})


@dataclass(frozen=True)
class Thresholds:
    """What the alerts compare with; shares are in per cent, as people say them."""

    availability: float = row(99.9, "%", "calls that must succeed over 30 days: the objective", drawn=True)
    failures: float = row(10, "calls", "minimum failed calls before a burn-rate alert")
    latency: float = row(1.0, "s", "maximum 99th percentile of the latency", drawn=True)
    slower: float = row(2.0, "x", "maximum ratio of the 99th percentile of the latency to that of a week before")
    psi: float = row(0.1, "", "minimum population stability index of drift")
    blocks: float = row(1.25, "x", "minimum ratio of the index to the one between blocks of the baseline, of drift")
    rows: float = row(200, "rows", "minimum rows per window")
    missing: float = row(5.0, "% points", "maximum missing values above the baseline's share")
    violations: float = row(1.0, "%", "maximum values of a wrong type, category or column, in an hour", drawn=True)
    season: float = row(20.0, "%", "minimum change of a seasonal share, relative to its mean")
    worse: float = row(1.5, "x", "minimum distance below the baseline before a page, relative to its lower bound's")
    coverage: float = row(50.0, "%", "minimum predictions with a label at the horizon", drawn=True)
    uneven: float = row(2.0, "% points", "maximum missing labels of one predicted class above the share of all classes")
    rejected: float = row(10.0, "%", "maximum rejected outcomes, in an hour")
    overhead: float = row(10.0, "%", "maximum monitoring overhead, relative to the models' own time", drawn=True)
    cores: float = row(0.9, "processors", "maximum use by one process; Python's own code uses one at most", drawn=True)
    memory: float = row(4.0, "GiB", "maximum memory of one process", drawn=True)
    plain: float = row(10.0, "%", "maximum distance below the baseline's value, for the plain performance rules")
    plain_psi: float = row(0.2, "", "maximum population stability index, for the plain drift rule")
    plain_missing: float = row(5.0, "%", "maximum missing values of a column, for the plain completeness rule")

    def words(self) -> dict[str, str]:
        """Every threshold as it is written into an expression: a share for what is given in per cent.

        >>> Thresholds().words()["budget"], Thresholds().words()["missing"]
        ('0.001', '0.05')
        """
        texts = {
            one.name: f"{getattr(self, one.name) / (100 if one.metadata['unit'].startswith('%') else 1):.10g}"
            for one in fields(self)
        }
        budget, memory = f"{1 - self.availability / 100:.10g}", f"{self.memory * 2**30:.10g}"
        return {**texts, "objective": f"{self.availability:.10g}", "budget": budget, "memory_bytes": memory}
