"""What arrives becomes what happened between two collections."""

from __future__ import annotations

from dataclasses import replace

from demo.points import HOUR, START, column, gauge, histogram, point
from otelml.cli.demo.arrivals import COHORT, DURATION, ROWS, VALUES, Arrivals, of, total


def arrivals() -> Arrivals:
    """Make one that takes a day."""
    return Arrivals(until=START + 24 * HOUR)


def test_cumulative_points_become_increments() -> None:
    """Each collection holds what was added since the one before, from zero on."""
    taken = arrivals()
    added = [taken.add([point(ROWS, n, at=START + n)], n) for n in (3, 3, 10)]
    assert [collection and dict(collection.counts) for collection in added] == [{(ROWS,): n} for n in (3, 0, 7)]
    assert [(c.start - START, c.end - START) for c in taken.collections] == [(0, 3), (3, 3), (3, 10)]


def test_delta_points_are_increments() -> None:
    """Deltas are taken as they are."""
    taken = arrivals()
    for n in (3, 5):
        taken.add([replace(point(ROWS, n, at=START + n), temporality="delta")], n)
    assert of(total(taken.collections), ROWS) == {(): 8}


def test_series_of_one_label_add_up() -> None:
    """Series that differ in other attributes alone are one number."""
    taken = arrivals()
    for rows in ((2, 3), (4, 6)):
        operations = zip(rows, ("predict", "predict_proba"), strict=True)
        taken.add([point(ROWS, n, **{"operation.name": name}) for n, name in operations], 0.0)
    assert of(total(taken.collections), ROWS) == {(): 10}


def test_a_restart_counts_from_zero() -> None:
    """A series with a new start time is a new process: nothing is subtracted from it."""
    taken = arrivals()
    taken.add([point(ROWS, 9)], 0.0)
    taken.add([replace(point(ROWS, 4, at=START + 1), start_ns=round(START * 1e9) + 1)], 0.0)
    assert of(total(taken.collections), ROWS) == {(): 13}


def test_histograms_are_taken_bucket_by_bucket() -> None:
    """Buckets are subtracted one by one, and the bounds are remembered."""
    taken = arrivals()
    for counts in ((1, 0, 0), (3, 2, 1)):
        taken.add([histogram(DURATION, (0.1, 0.2), counts)], 0.0)
    assert of(taken.collections[1].counts, DURATION) == {("00",): 2, ("01",): 2, ("02",): 1}
    assert taken.bounds[DURATION] == (0.1, 0.2)


def test_what_is_stamped_after_the_replay_is_left_out() -> None:
    """The sender's last collection, by the real clock, would empty every window: it is not taken."""
    taken = arrivals()
    assert taken.add([point(COHORT, 5, at=START + 25 * HOUR, predicted="1", actual="none")], 0.0) is None
    assert taken.collections == []


def test_other_metrics_are_no_collection() -> None:
    """An export without a metric of ours adds nothing."""
    assert arrivals().add([point("process.cpu.time", 1)], 0.0) is None


def test_baseline_constants_are_kept_by_what_they_are_of() -> None:
    """Cells by predicted and actual, performance by metric, bound and window."""
    taken = arrivals()
    lower = {"metric": "f1", "bound": "lower", "window": "P7D", "class": "1"}
    taken.add([gauge("ml.baseline.cells", 7, predicted="1", actual="0")], 0.0)
    taken.add([gauge("ml.baseline.performance", 0.4, **lower)], 0.0)
    taken.add([gauge("ml.baseline.performance", 0.7, metric="roc_auc", bound="value")], 0.0)
    assert taken.baseline.cells == {("1", "0"): 7}
    assert taken.baseline.performance == {("f1", "lower", "P7D"): 0.4, ("roc_auc", "value", ""): 0.7}


def test_a_series_that_says_zero_first_loses_nothing() -> None:
    """What is counted in a bin before its first sample, which is 0, arrives with the second."""
    taken = arrivals()
    for at, count in enumerate((0, 7, 9)):
        points = column("temp", {"above": count}, {"above": 3, "missing": 1}, at=START + at * HOUR)
        taken.add(points, 0.0)
    assert [dict(collection.counts) for collection in taken.collections] == [
        {(VALUES, "input", "temp", "above"): count} for count in (0, 7, 2)
    ]


def test_baseline_columns_are_kept_apart_by_role_and_name() -> None:
    """Shares by bin, rows, and how much weeks differ, of inputs and answers."""
    taken = arrivals()
    taken.add(column("temp", {}, {"above": 3, "missing": 1}, at=START, week=0.2), 0.0)
    taken.add(column("score", {}, {"above": 1, "missing": 1}, at=START, role="output"), 0.0)
    temp, score = ("input", "temp"), ("output", "score")
    assert taken.baseline.rows == {temp: 4, score: 2}
    assert taken.baseline.shares == {temp: {"above": 0.75, "missing": 0.25}, score: {"above": 0.5, "missing": 0.5}}
    assert taken.baseline.blocks == {temp: {"P7D": 0.2}, score: {"P7D": 0.0}}


def test_since_takes_whole_collections() -> None:
    """A collection that began before the window is left out."""
    taken = arrivals()
    for hour in (6, 12, 18):
        taken.add([point(ROWS, hour, at=START + hour * HOUR)], 0.0)
    assert [c.end for c in taken.since(START + 6 * HOUR)] == [START + 12 * HOUR, START + 18 * HOUR]
