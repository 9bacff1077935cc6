"""What the rules said beside what they ought to say: every figure, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass, field

# Whose truth is in no raw data of the replays: how long calls took, what otelml itself took and lost, what processes
# used, and regressions.  Their unit tests in promtool have it; `test_live_rules` sees them told.
ELSEWHERE = (
    r"latency_seconds|watching_share|dropped|errors|memory_bytes|cpu_cores|open_files|threads|value_(mean|variance)"
)
# Windows below an hour need a service that collects each minute.
OF_A_FLEET = r"(calls|failures):.*(5m|30m|1h|6h|3d)|rows:rate5m|serving_processes|outcomes_rejected"
compared = set()
"""Every series that was compared in this process."""


@dataclass
class Comparison:
    """Pairs of figures, by series; a pair whose truth is 0 is judged by its difference.

    Of counts one event more or less is no error: it came when the window began.  An index of stability is judged by its
    critical value where it is below that: what is no more than chance makes has no digits to be wrong in.
    """

    pairs: list[tuple[str, str, float, float, float]] = field(default_factory=list)

    def add(self, series, key, said, truth, scale=0.0):
        """Take one pair; a figure that the rules did not tell is infinitely wrong."""
        compared.add(series)
        said = float("inf") if said is None else said
        apart = abs(said - truth) - (1.0 if "increase" in series else 0.0)
        self.pairs.append((series, key, said, truth, max(apart, 0.0) / (max(abs(truth), scale) or 1.0)))

    def add_all(self, prometheus, at, series, truths, *by, scales=None):
        """Ask for a recorded series, and compare it with the truth by the labels that tell its values apart."""
        said = {key_of(dict(labels), by): value for labels, value in prometheus.query(series, at).items()}
        for key, truth in truths.items():
            # A bin of one class that nothing fell into yet has no series: that is 0.
            self.add(series, key, said.get(key, None if truth else 0.0), truth, (scales or {}).get(key, 0.0))

    def worst(self):
        """Largest relative error of each series."""
        found = {}
        for series, key, said, truth, error in self.pairs:
            if error >= found.get(series, (-1.0,))[0]:
                found[series] = (error, key, said, truth)
        return found

    def table(self):
        """The worst pair of each series, as text."""
        rows = [f"{'series':44}{'worst error':>12}  {'of':24}{'said':>14}{'truth':>14}"]
        for series, (error, key, said, truth) in sorted(self.worst().items()):
            rows.append(f"{series:44}{error:12.4%}  {key:24}{said:14.6g}{truth:14.6g}")
        return "\n".join(rows)

    def above(self, bound):
        """Series that are further from the truth than a bound."""
        return {series: worst for series, worst in self.worst().items() if worst[0] > bound}


def key_of(labels, by):
    """Text that tells a series apart; bins of a score by their number."""
    return " ".join(f"{int(labels[one][:2])}" if by == ("ml_bin",) else labels.get(one, "") for one in by)


def compare(comparison, prometheus, truth, at, window):
    """Compare everything that is told of one window with the truth."""
    critical = {}
    for series, by, values in truth.figures(at, window):
        name = f"{series}{window}" if series.endswith("increase") else f"{series}:{window}"
        scales = critical if series == "ml:column_psi" else None
        comparison.add_all(prometheus, at, name, values, *by, scales=scales)
        if series == "ml:column_psi_critical":
            critical.update(values)
