"""Within what mean and variance of blocks of days stay, against numpy on the raw answers of each block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from otelml.baseline import Baseline
from otelml.baseline.blocks import block_moments
from otelml.baseline.days import Days

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from baseline.conftest import Case
    from otelml.baseline.columns import Limits

DAY = 86_400
ROWS = 3_000
TIMES = (
    np.sort(np.random.default_rng(7).integers(0, 14.3 * DAY, ROWS)) + 20_000 * DAY
)  # 210 rows a day, of some less than 200
WEEKS = TIMES[0] + (TIMES - TIMES[0]) * 3  # 43 days, 70 rows each: too few of a day


class Asked:
    """A model that answers its own column."""

    def __init__(self, classes: tuple[int, ...] = ()) -> None:
        if classes:
            self.classes_ = np.array(classes)
            self.predict_proba = lambda rows: np.hstack([1 - rows.sum(axis=1, keepdims=True), rows])
        else:
            self._estimator_type = "regressor"

    def predict(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Answer."""
        return rows[:, 0]


def expected(numbers: NDArray[np.float64], times: NDArray[np.int64], length: int) -> dict[str, tuple[float, float]]:
    """Smallest and largest mean and population variance of whole blocks of 200 rows at least, one block at a time."""
    first, last = times.min() // DAY, times.max() // DAY
    blocks = [
        numbers[(times // DAY >= start) & (times // DAY < start + length)]
        for start in range(first, last + 2 - length, length)
    ]
    means, variances = zip(*((np.mean(one), np.var(one)) for one in blocks if len(one) >= 200), strict=True)
    return {"mean": (min(means), max(means)), "variance": (min(variances), max(variances))}


def assert_as_expected(
    blocks: dict[str, dict[str, Limits]], numbers: NDArray[np.float64], times: NDArray[np.int64], windows: str
) -> None:
    """Compare each window and moment."""
    assert list(blocks) == windows.split()
    for window, moments in blocks.items():
        for moment, limits in expected(numbers, times, int(window[1:-1])).items():
            assert moments[moment] == pytest.approx(limits, rel=1e-9)
            assert limits[0] < limits[1]


@pytest.mark.parametrize(("times", "windows"), [(TIMES, "P1D"), (WEEKS, "P7D")])
@pytest.mark.parametrize("positive", ["left", "stays"])
def test_blocks_of_the_score_are_those_of_numpy(
    churn: Case, positive: str, times: NDArray[np.int64], windows: str, tmp_path: Path
) -> None:
    """The raw probabilities of the positive class, block for block; the file has the same, other columns have none."""
    baseline = Baseline.fit(churn.model, churn.X, churn.y, positive_class=positive, time=times)
    scores = churn.model.predict_proba(churn.X)[:, ["left", "stays"].index(positive)]
    chosen, score = baseline.outputs
    assert_as_expected(score.blocks, scores, times, windows)
    assert list(score.blocks) == list(score.drift)
    assert all(column.blocks == {} for column in (*baseline.inputs, chosen))
    baseline.save(tmp_path / "b.json")
    assert Baseline.load(tmp_path / "b.json").outputs[1].blocks == score.blocks


@pytest.mark.parametrize("offset", [0.0, 1e9])
def test_blocks_of_a_regression_are_those_of_numpy(offset: float) -> None:
    """The values in their own unit, block for block, also where they lie far from 0; a last week cut short is none."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=ROWS) * np.repeat(np.linspace(1, 3, 30), 100)
    answers = np.round(values * 1024) / 1024 + offset  # exact, so that digits are lost by nobody but us
    (value,) = Baseline.fit(Asked(), answers[:, None], values, time=WEEKS).outputs
    assert_as_expected(value.blocks, answers, WEEKS, "P7D")
    assert (WEEKS[-1] // DAY - WEEKS[0] // DAY + 1) % 7 == 1


def test_without_times_or_enough_blocks_nothing_is_said(churn: Case) -> None:
    """Two weeks are too few blocks of seven days, and without times there are no blocks."""
    without = Baseline.fit(churn.model, churn.X, churn.y)
    assert all(column.blocks == {} for column in without.columns)
    two = Baseline.fit(churn.model, churn.X, churn.y, time=np.arange(ROWS) // 215 * DAY)
    assert (two.days, list(two.outputs[1].blocks)) == (14, ["P1D"])


def test_scores_of_more_classes_have_none() -> None:
    """A score of the class chosen belongs to no class alone."""
    rows = np.random.default_rng(2).random((ROWS, 2)) / 2
    baseline = Baseline.fit(Asked((0, 1, 2)), rows, np.arange(ROWS) % 3, time=TIMES)
    assert baseline.outputs[1].drift
    assert all(column.blocks == {} for column in baseline.columns)


def test_answers_that_never_vary_have_none() -> None:
    """Where every answer is the same there is no spread to judge by."""
    (value,) = Baseline.fit(Asked(), np.full((ROWS, 1), 0.1), np.arange(ROWS) * 1.0, time=TIMES).outputs
    assert (value.drift["P1D"], value.blocks) == (0, {})


def test_no_digit_depends_on_the_order_of_rows() -> None:
    """Rows in another order within their day give the same numbers, to the last digit."""
    numbers = np.random.default_rng(3).normal(50, 4, ROWS)
    order = np.lexsort((numbers, TIMES // DAY))
    one, other = (block_moments(numbers[at], (50.0, 4.0), Days.of(TIMES[at], ROWS)) for at in (np.arange(ROWS), order))
    assert one == other
