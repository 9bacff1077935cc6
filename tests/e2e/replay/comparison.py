"""What the rules said beside what they ought to say: every figure, and how far they are apart."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Comparison:
    """Pairs of figures, by series; a pair whose truth is 0 is judged by its difference."""

    pairs: list[tuple[str, str, float, float]] = field(default_factory=list)

    def add(self, series, key, said, truth):
        """Take one pair; a figure that the rules did not tell is infinitely wrong."""
        self.pairs.append((series, key, float("inf") if said is None else said, truth))

    def add_all(self, prometheus, at, series, truths, label):
        """Ask for a recorded series, and compare it with the truth by one of its labels."""
        said = {dict(labels)[label]: value for labels, value in prometheus.query(series, at).items()}
        for key, truth in truths.items():
            self.add(series, key, said.get(key), truth)

    def worst(self):
        """Largest relative error of each series."""
        found = {}
        for series, key, said, truth in self.pairs:
            error = abs(said - truth) / (abs(truth) or 1.0)
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


def compare_models(comparison, prometheus, truth, at, window):
    """Compare what is told of columns, outcomes and scores of one window with the truth."""
    columns = truth.columns(at, window) if window != "28d" else {}
    for series, values in columns.items():
        comparison.add_all(prometheus, at, f"ml:{series}:{window}", values, "ml_column_name")
    for series, values in truth.performance(at, window).items():
        comparison.add_all(prometheus, at, f"ml:{series}:{window}", values, "ml_class")
    comparison.add_all(prometheus, at, f"ml:label_coverage:{window}", truth.coverage(at, window), "ml_predicted")
    if window != "28d":
        scores = truth.scores(at, window)
        for series in ("roc_auc", "calibration_error"):
            comparison.add_all(prometheus, at, f"ml:{series}:{window}", {"1": scores[series]}, "ml_class")
        comparison.add_all(prometheus, at, f"ml:loss:{window}", scores["losses"], "ml_loss")
        predictions = truth.predictions(at, window)
        for series, value in (("mean", predictions["score"].mean()), ("variance", predictions["score"].var(ddof=0))):
            comparison.add_all(prometheus, at, f"ml:score_{series}:{window}", {"1": value}, "ml_class")
