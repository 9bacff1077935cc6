"""Draw what the rules said over the year beside the truth, into `docs/pictures`.

    uv run python tests/e2e/replay/pictures.py FOLDER

FOLDER keeps the replayed year, as `OTELML_REPLAY` does for the tests; it is replayed there first where it is empty.
"""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

import matplotlib as mpl
import numpy as np

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
from collector import find_collector
from evaluation import HALF
from prometheus import find_prometheus
from year import MARCH, moment, replayed

mpl.use("Agg")
import matplotlib.dates as mdates
import matplotlib.pyplot as plt

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
RULE, TRUTH, LINE, SHADE = "#1f77b4", "#d62728", "#555555", "#ffbb78"
FIRST = moment(MARCH) + HALF + 8 * 86_400  # before, the windows are not full
DAYS = [FIRST + 86_400 * day for day in range(0, 292, 4)]


def dates(times):
    """Dates of seconds since the epoch."""
    return [datetime.fromtimestamp(one, timezone.utc) for one in times]


class Drawing:
    """One picture: rows of axes over the same months."""

    def __init__(self, year, rows, title):
        self.year = year
        self.figure, axes = plt.subplots(rows, 1, figsize=(10, 2.5 * rows), sharex=True, layout="constrained")
        self.axes = np.atleast_1d(axes)
        self.figure.suptitle(title, fontsize=11)

    def rule(self, axis, series, **style):
        """Draw a recorded series as a line."""
        told = self.year.prometheus.query_range(series, FIRST, self.year.grid.end, 3 * 3_600)
        for times, values in told.values():
            axis.plot(dates(times), values, **{"color": RULE, "linewidth": 1.1, **style})

    def truth(self, axis, values, label=None):
        """Draw the truth of every fourth day as dots."""
        axis.plot(dates(DAYS), [values(at) for at in DAYS], ".", color=TRUTH, markersize=5, label=label)

    def figure(self, series, key):
        """What a series over seven days ought to say at a time, as a function of it."""

        def at(time):
            return next(
                told[key] for name, _, told in self.year.truth.figures(time, "7d") if name == series and key in told
            )

        return at

    def fired(self, axis, alert, color=SHADE, column=None):
        """Shade when an alert fired."""
        shown = f"{alert} fires"
        for one in self.year.fired:
            if (
                one.alert == alert
                and (one.until or FIRST + 1) > FIRST
                and (column is None or dict(one.labels).get("ml_column_name") == column)
            ):
                until = one.until or self.year.grid.end
                axis.axvspan(*dates([one.since, until]), color=color, alpha=0.45, linewidth=0, label=shown)
                shown = None

    def save(self, name):
        """Write the picture."""
        for axis in self.axes:
            axis.legend(fontsize=7.5, loc="lower left", bbox_to_anchor=(0, 1), ncols=6, frameon=False, borderaxespad=0)
            axis.set_xlim(*dates([FIRST, self.year.grid.end]))
            axis.grid(alpha=0.25)
            axis.tick_params(labelsize=8)
            axis.set_ylabel(axis.get_ylabel(), fontsize=8.5)
        self.axes[-1].xaxis.set_major_locator(mdates.MonthLocator())
        self.axes[-1].xaxis.set_major_formatter(mdates.DateFormatter("%b"))
        PICTURES.mkdir(exist_ok=True)
        self.figure.savefig(PICTURES / f"{name}.png", dpi=90, metadata={"Software": None})
        plt.close(self.figure)


def performance(year):
    """F1 of the late flights: raw, at the baseline's base rate, and what the alerts compare it with."""
    truth = year.truth
    entry = {one["window"]: one for one in truth.baseline["performance"] if one["metric"] == "f1_adjusted"}
    value, lower = entry["P7D"]["value"], entry["P7D"]["lower"]
    drawing = Drawing(year, 2, "Flights of 2013, seven days of predictions at their horizon")
    top, bottom = drawing.axes
    drawing.fired(top, "MLF1BelowBaseline")
    drawing.fired(top, "MLF1FarBelowBaseline", color="#ff7f7f")
    drawing.rule(top, 'ml:f1_adjusted:7d{ml_class="1"}', label="rule: ml:f1_adjusted:7d")
    drawing.truth(top, drawing.figure("ml:f1_adjusted", "1"), "truth")
    for level, style, name in (
        (value, "-", "March"),
        (lower, "--", "March's lower bound: ticket"),
        (value - 1.5 * (value - lower), ":", "1.5 times as far: page"),
    ):
        top.axhline(level, color=LINE, linestyle=style, linewidth=0.9, label=name)
    top.set_ylabel("F1 at March's base rate")
    drawing.fired(bottom, "MLPlainF1")
    drawing.rule(bottom, 'ml:f1:7d{ml_class="1"}', label="rule: ml:f1:7d")
    drawing.truth(bottom, drawing.figure("ml:f1", "1"), "truth")
    drawing.rule(bottom, 'ml:prevalence:7d{ml_class="1"}', color="#2ca02c", label="rule: ml:prevalence:7d")
    drawing.truth(bottom, drawing.figure("ml:prevalence", "1"))
    bottom.axhline(0.9 * value, color=LINE, linestyle=":", linewidth=0.9, label="10 % below March")
    bottom.set_ylabel("raw F1, share of late flights")
    drawing.save("performance")


def ranking(year):
    """AUC, calibration error and the labels that are missing."""
    drawing = Drawing(year, 3, "Flights of 2013: what does not depend on the threshold, and what is known at all")
    for axis, series, name in (
        (drawing.axes[0], "roc_auc", "area under the ROC curve"),
        (drawing.axes[1], "calibration_error", "expected calibration error"),
    ):
        drawing.rule(axis, f"ml:{series}:7d", label=f"rule: ml:{series}:7d")
        drawing.truth(axis, drawing.figure(f"ml:{series}", "1"), "truth")
        axis.set_ylabel(name)
    drawing.fired(drawing.axes[0], "MLRocAucBelowBaseline")
    last = drawing.axes[2]
    for label, color in (("0", RULE), ("1", "#9467bd")):
        series = f'ml:label_coverage:7d{{ml_predicted="{label}"}}'
        drawing.rule(last, series, color=color, label=f"rule: predicted {'late' if label == '1' else 'in time'}")
        drawing.truth(last, drawing.figure("ml:label_coverage", label), "truth" if label == "0" else None)
    last.set_ylabel("share with a label")
    drawing.save("ranking")


def drift(year):
    """The score, and two columns, against the baseline."""
    drawing = Drawing(year, 3, "Flights of 2013: population stability index against March, over seven days")
    for axis, column in zip(drawing.axes, ("score", "temp", "distance"), strict=True):
        of = f'{{ml_column_name="{column}"}}'
        alert = "MLScoreDrift" if column == "score" else "MLColumnDrift"
        drawing.fired(axis, alert, column=column)
        drawing.rule(axis, f"ml:column_psi:7d{of}", label="rule: ml:column_psi:7d")
        drawing.truth(axis, drawing.figure("ml:column_psi", column), "truth")
        drawing.rule(axis, f"ml:column_psi_threshold:7d{of}", color=LINE, linestyle="--", label="threshold")
        axis.set_yscale("log")
        axis.set_ylabel(column)
    drawing.save("drift")


def answers(year):
    """Mean and variance of the score, and the share of positives against its own season."""
    drawing = Drawing(year, 3, "Flights of 2013: what the model answers")
    top, middle, bottom = drawing.axes
    for axis, series in ((top, "mean"), (middle, "variance")):
        drawing.rule(axis, f"ml:score_{series}:7d", label=f"rule: ml:score_{series}:7d")
        drawing.truth(axis, drawing.figure(f"ml:score_{series}", "1"), "truth")
        for bound in ("lower", "upper"):
            of_weeks = f'ml_column_name="score", ml_moment="{series}", ml_bound="{bound}", ml_window="P7D"'
            one = f"ml:baseline_moment{{{of_weeks}}}"
            drawing.rule(axis, one, color=LINE, linestyle="--", label="weeks of March" if bound == "lower" else None)
        axis.set_ylabel(f"{series} of the score")
    drawing.fired(middle, "MLScoreVarianceUnusual")
    drawing.fired(bottom, "MLClassShareUnusual")
    drawing.rule(bottom, 'ml:class_share:1d{ml_class="1"}', label="rule: ml:class_share:1d", linewidth=0.6)
    drawing.rule(bottom, 'ml:class_share:1d:season_mean{ml_class="1"}', color="#ff7f0e", label="eight weeks before")
    bottom.set_ylabel("share predicted late")
    drawing.save("answers")


def main(folder):
    """Draw every picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with replayed(find_collector(), find_prometheus(), folder) as year:
        for draw in (performance, ranking, drift, answers):
            print(f"drawing {draw.__name__}", flush=True)
            draw(year)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
