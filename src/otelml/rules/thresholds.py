"""Every threshold of the rules as one typed row: its name, its default, its unit and what it does.

Those of drift are the ones of `otelml.stats.divergence`, which is not imported: `otelml --help` needs no numpy.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def row(default: float, unit: str, doc: str) -> Any:
    """One threshold: a dataclass field that carries its unit and what it does."""
    return field(default=default, metadata={"unit": unit, "doc": doc})


@dataclass(frozen=True)
class Thresholds:
    """What the alerts compare with; shares are in per cent, as people say them."""

    availability: float = row(99.9, "%", "calls that have to succeed, over 30 days: the objective")
    failures: float = row(10, "calls", "that have to fail in an hour, six, or three days, for the budget to burn")
    latency: float = row(1.0, "s", "what 99 of 100 calls have to stay below")
    slower: float = row(2.0, "x", "how much slower than a week before the slowest calls may be")
    psi: float = row(0.1, "", "population stability index below which no drift matters")
    blocks: float = row(1.25, "x", "how much more than blocks of the baseline differ by a window has to, to be drift")
    rows: float = row(200, "rows", "below which no window is judged")
    missing: float = row(5.0, "% points", "more missing values than the baseline has")
    violations: float = row(1.0, "%", "values of a wrong type, category or column, in an hour")
    season: float = row(20.0, "%", "of its own mean that a seasonal share may move by, however quiet it was")
    worse: float = row(1.5, "x", "distance from the baseline to its own lower bound, to be paged for")
    coverage: float = row(50.0, "%", "predictions that have to get a label by the horizon")
    uneven: float = row(2.0, "% points", "that labels may be missing more for one predicted class than for all")
    rejected: float = row(10.0, "%", "outcomes that may be rejected, in an hour")
    overhead: float = row(10.0, "%", "of the models' own time that watching them may take")
    cores: float = row(0.9, "processors", "that a process may use; Python's own code uses one at most")
    memory: float = row(4.0, "GiB", "that a process may hold")
    plain: float = row(10.0, "%", "below the baseline's value, for the plain rules of performance")
    plain_psi: float = row(0.2, "", "population stability index, for the plain rule of drift")
    plain_missing: float = row(5.0, "%", "missing values of a column, for the plain rule of completeness")

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
