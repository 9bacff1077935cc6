"""What is learned of columns: kinds, bins, moments, categories and drift, against numpy and pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from otelml.baseline import Baseline, BaselineError, BaselineWarning
from otelml.baseline.days import Days
from otelml.baseline.learning import learn
from otelml.prediction import Task
from otelml.stats.binning import CategoryBins, NumericBins
from otelml.tables import table_of

if TYPE_CHECKING:
    from baseline.conftest import Case
    from otelml.baseline.columns import Column


@pytest.fixture(scope="module")
def learned(orders: pd.DataFrame) -> dict[str, Column]:
    """Learn the columns of rows of every kind, with times."""
    days = Days.of(np.arange(3000) * 3600, 3000)
    return {column.name: column for column in learn(table_of(orders), days).columns}


def counts(column: Column) -> dict[str, int]:
    """Counts by the text of the bin."""
    return dict(zip(column.bins.labels, column.counts, strict=True))


def numbers_in(orders: pd.DataFrame, name: str) -> pd.Series[float]:
    """What a column is read as, computed by pandas."""
    source, _, part = name.partition(".")
    column = orders[source]
    if part == "hour":
        column = column.dt.tz_convert("UTC") if column.dt.tz else column
        return column.dt.hour + column.dt.minute / 60
    if part == "weekday":
        return column.dt.day_of_week.astype(float)
    if part == "length":
        return column.str.len().astype(float)
    return column.dt.total_seconds() if source == "delay" else column.astype(float)


NUMERIC = ["price", "pieces", "when.hour", "due.weekday", "comment.length", "delay"]


def test_each_kind_is_read_by_its_part(learned: dict[str, Column]) -> None:
    """Numbers and categories are read as they are, the others by a part, which is in the name."""
    assert [(column.name, column.kind, column.source, column.part) for column in learned.values()] == [
        ("price", "numeric", "price", None),
        ("pieces", "numeric", "pieces", None),
        ("channel", "categorical", "channel", None),
        ("city", "categorical", "city", None),
        ("gift", "boolean", "gift", None),
        ("when.hour", "datetime", "when", "hour"),
        ("due.weekday", "datetime", "due", "weekday"),
        ("comment.length", "text", "comment", "length"),
        ("vector.cosine", "embedding", "vector", "cosine"),
        ("vector.pc1", "embedding", "vector", "pc1"),
        ("vector.pc2", "embedding", "vector", "pc2"),
        ("vector.pc3", "embedding", "vector", "pc3"),
        ("delay", "numeric", "delay", None),
    ]
    assert {column.role for column in learned.values()} == {"input"}


@pytest.mark.parametrize("name", NUMERIC)
def test_moments_are_numpys(name: str, learned: dict[str, Column], orders: pd.DataFrame) -> None:
    """Mean and population deviation of what is there equal numpy's to eleven digits."""
    numbers = numbers_in(orders, name).dropna()
    column = learned[name]
    assert (column.mean, column.sd) == pytest.approx((np.mean(numbers), np.std(numbers)), rel=1e-11)
    assert column.scale == (column.mean, column.sd)


@pytest.mark.parametrize("name", NUMERIC)
def test_bins_are_ranges_of_equal_size_and_frequent_values(
    name: str, learned: dict[str, Column], orders: pd.DataFrame
) -> None:
    """Below and above there is nothing yet; each value of more than 5 % has its bin; ranges share the rest evenly."""
    numbers, column = numbers_in(orders, name), learned[name]
    assert isinstance(column.bins, NumericBins)
    labels, held = list(column.bins.labels), counts(column)
    assert (labels[0], labels[-2:], held["below"], held["above"]) == ("below", ["above", "missing"], 0, 0)
    assert held["missing"] == numbers.isna().sum()
    assert sum(held.values()) == column.rows == 3000
    often = numbers.value_counts()
    often = often[often > 150]
    assert set(column.bins.values) == set(often.index)
    own = {label.partition(":=")[2]: count for label, count in held.items() if ":=" in label}
    assert own == {f"{value:g}": count for value, count in often.items()}
    ranges = [count for label, count in held.items() if ":(" in label]
    rest = 3000 - held["missing"] - often.sum()
    assert sum(ranges) == rest
    if rest:
        assert len(ranges) == round(10 * rest / numbers.notna().sum())
        assert max(ranges) - min(ranges) <= numbers[~numbers.isin(often.index)].value_counts().max() + 1


@pytest.mark.parametrize(("rows", "own"), [(150, ()), (151, (7.0,))])
def test_a_value_has_its_own_bin_above_five_percent(rows: int, own: tuple[float, ...]) -> None:
    """Of 3,000 rows, missing ones included, 150 of one value are not enough and 151 are."""
    numbers = np.r_[np.full(rows, 7.0), np.linspace(100, 200, 2000), np.full(1000 - rows, np.nan)]
    (column,) = learn(table_of(numbers)).columns
    assert isinstance(column.bins, NumericBins)
    assert column.bins == NumericBins(column.bins.edges, own)


def test_edges_tell_no_extremes(learned: dict[str, Column], orders: pd.DataFrame) -> None:
    """The outermost edges are just beyond what was seen, with no number between them and the extremes in the texts."""
    prices = orders["price"].dropna()
    column = learned["price"]
    assert isinstance(column.bins, NumericBins)
    low, *_, high = column.bins.edges
    assert low < prices.min() <= prices.max() < high
    assert not any(f"{prices.max():g}" in label for label in column.bins.labels)
    after = column.bins.count(np.array([low - 1, high + 1, -np.inf, np.inf, np.nan]))
    assert (after[0], after[-2], after[-1]) == (2, 2, 1)


@pytest.mark.parametrize("name", ["channel", "city"])
def test_categories_are_the_most_frequent(name: str, learned: dict[str, Column], orders: pd.DataFrame) -> None:
    """Twenty have a bin each, the most frequent first; what else was seen is `other`, and nothing `unseen` yet.

    Where many were seen but once, new ones are to be expected, and are `other` too.
    """
    column, often = learned[name], orders[name].value_counts()
    assert isinstance(column.bins, CategoryBins)
    held, named = counts(column), column.bins.names
    assert len(named) == min(len(often), 20)
    assert list(column.counts[: len(named)]) == [often[category] for category in named] == sorted(often)[::-1][:20]
    assert held["other"] == often.sum() - often[list(named)].sum()
    assert (held["unseen"], held["missing"]) == (0, orders[name].isna().sum())
    expected = (often == 1).sum() > 0.002 * len(orders)
    assert (column.bins.marks is None) == expected == (name == "city")
    other, unseen = column.bins.count({"new": 5, often.index[-1]: 1})[-3:-1]
    assert (other + unseen, unseen) == ((6, 0) if expected else (5, 5))
    assert not any("city" in label or "web" in label for label in column.bins.labels)
    assert (column.mean, column.sd, column.scale) == (None, None, (0.0, 1.0))


def test_beyond_a_hundred_and_twenty_categories_nothing_is_unseen() -> None:
    """Of more categories than can be marked nobody knows which are new: they are `other`."""
    cities = [f"city {at % 121}" for at in range(2420)]
    (column,) = learn(table_of(cities)).columns
    assert isinstance(column.bins, CategoryBins)
    assert column.bins.marks is None
    assert column.bins.count({"new": 1}).tolist()[-3:] == [1, 0, 0]
    (column,) = learn(table_of([one for one in cities if one != "city 5"])).columns
    assert column.bins.count({"city 5": 1}).tolist()[-3:] == [0, 1, 0]


def test_truth_values_have_two_bins(learned: dict[str, Column], orders: pd.DataFrame) -> None:
    """True and false are no secret: their bins say so."""
    gifts = int(orders["gift"].sum())
    assert counts(learned["gift"]) == {"=false": 3000 - gifts, "=true": gifts, "other": 0, "unseen": 0, "missing": 0}


def test_completeness_is_pandas_own(learned: dict[str, Column], orders: pd.DataFrame) -> None:
    """The share of the rows that is there equals that of pandas, column by column."""
    for column in learned.values():
        assert column.completeness == pytest.approx(orders[column.source].notna().mean())
    assert np.isnan(learn(table_of(np.empty((0, 1)))).columns[0].completeness)


def test_embeddings_are_read_by_cosine_and_principal_components(
    learned: dict[str, Column], orders: pd.DataFrame
) -> None:
    """Closeness to the centroid is the cosine; the components are those of scikit-learn's PCA."""
    vectors = np.array(orders["vector"].tolist())
    (embedding,) = learn(table_of(orders[["vector"]])).embeddings.values()
    centre = vectors.mean(axis=0)
    assert embedding.centroid == pytest.approx(centre, rel=1e-4)
    cosine = vectors @ centre / np.linalg.norm(vectors, axis=1) / np.linalg.norm(centre)
    assert learned["vector.cosine"].mean == pytest.approx(cosine.mean(), rel=1e-4)
    found = PCA(3, svd_solver="full").fit(vectors)
    for at in range(3):
        column = learned[f"vector.pc{at + 1}"]
        assert column.sd == pytest.approx(np.sqrt(found.explained_variance_[at]), rel=0.01)
        assert abs(embedding.components[at] @ found.components_[at]) > 0.99


@pytest.mark.parametrize("window", ["P7D", "P28D"])
@pytest.mark.parametrize("name", [*NUMERIC, "channel", "city", "gift", "vector.pc1"])
def test_drift_of_blocks_is_that_of_a_group_by(
    name: str, window: str, learned: dict[str, Column], orders: pd.DataFrame
) -> None:
    """The largest index of a whole block of days against all other rows, with Jeffreys' shares, by pandas."""
    column = learned[name]
    if name in NUMERIC:
        bins = column.bins.index(numbers_in(orders, name).to_numpy())
    elif name == "vector.pc1":
        (embedding,) = learn(table_of(orders[["vector"]])).embeddings.values()
        bins = column.bins.index(embedding.parts(np.array(orders["vector"].tolist()))["pc1"])
    else:
        texts = orders[name].astype(int).astype(str) if name == "gift" else orders[name]
        bins = column.bins.index([None if pd.isna(text) else text for text in texts])
    day = np.arange(3000) // 24
    block = pd.Series(day // int(window[1:-1]), name="block")
    table = pd.crosstab(block, pd.Series(bins, name="bin"))
    whole = table.iloc[: 125 // int(window[1:-1])]
    indices = []
    for at, one in whole.iterrows():
        others = table.drop(at).sum()
        used = (one + others) > 0
        q = (one[used] + 0.5) / (one.sum() + used.sum() / 2)
        p = (others[used] + 0.5) / (others.sum() + used.sum() / 2)
        indices.append(((q - p) * np.log(q / p)).sum() if one.sum() >= 200 else -1)
    if window == "P7D":  # a week has 168 rows, and too few are not told
        assert (max(indices), column.drift.get("P7D")) == (-1, None)
    else:
        assert column.drift["P28D"] == pytest.approx(max(indices), rel=1e-5)


def test_drift_needs_three_blocks_of_two_hundred_rows() -> None:
    """Of fewer blocks, of smaller ones, and of the last one, which is cut short, nothing is said."""
    numbers = np.arange(1200.0) % 97
    (column,) = learn(table_of(numbers), Days.of(np.arange(1200) // 400 * 86_400, 1200)).columns
    assert set(column.drift) == {"P1D"}
    (column,) = learn(table_of(numbers), Days.of(np.arange(1200) // 600 * 86_400, 1200)).columns
    assert column.drift == {}
    (column,) = learn(table_of(numbers), Days.of(np.arange(1200) // 300 * 7 * 86_400, 1200)).columns
    assert set(column.drift) == {"P1D", "P7D"}
    last = np.r_[np.zeros(900), np.full(300, 1e6)]  # the last week has one day, and is like no other
    (column,) = learn(table_of(last), Days.of(np.arange(1200) // 300 * 7 * 86_400, 1200)).columns
    assert column.drift["P7D"] < column.drift["P1D"]


def test_answers_are_columns_too(churn: Case, diabetes: Case, digits: Case) -> None:
    """Classes as the threshold decides, the score and the value have columns, and classes are told by name."""
    binary = Baseline.fit(churn.model, churn.X, churn.y, threshold=0.3, positive_class="left")
    scores = churn.model.predict_proba(churn.X)[:, 0]
    chosen, score = binary.outputs
    assert (chosen.name, chosen.role, score.name, score.role) == ("class", "output", "score", "output")
    left = int((scores >= 0.3).sum())
    assert counts(chosen) == {"=left": left, "=stays": 3000 - left, "other": 0, "unseen": 0, "missing": 0}
    assert (score.mean, score.sd) == pytest.approx((scores.mean(), scores.std()), rel=1e-11)
    (value,) = Baseline.fit(diabetes.model, diabetes.X, diabetes.y).outputs
    assert (value.name, value.mean) == ("value", pytest.approx(diabetes.model.predict(diabetes.X).mean(), rel=1e-11))
    many = Baseline.fit(digits.model, digits.X, digits.y)
    assert many.outputs[0].bins.labels[:2] == ("=0", "=1")
    assert many.outputs[1].mean == pytest.approx(digits.model.predict_proba(digits.X).max(axis=1).mean(), rel=1e-11)
    assert len(many.inputs) == 64


def test_without_labels_there_are_columns_alone(churn: Case, orders: pd.DataFrame) -> None:
    """Without y nothing is asked of the model and nothing said of its answers; the columns are the same as with y."""

    class Silent:
        classes_ = churn.model.classes_

        def predict(self, _: Any) -> Any:
            pytest.fail("it was asked")

        predict_proba = predict

    alone = Baseline.fit(Silent(), churn.X)
    assert alone.columns == Baseline.fit(churn.model, churn.X, churn.y).inputs
    assert (alone.outputs, alone.performance, alone.cells, alone.score_bounds, alone.value_bounds) == (
        (),
        (),
        {},
        None,
        None,
    )
    assert (alone.task, alone.classes, alone.threshold, alone.days) == (Task.BINARY, ("left", "stays"), None, None)
    assert Baseline.fit(object(), orders).task is Task.OTHER
    with pytest.raises(BaselineError, match="without y there is nothing that a threshold"):
        Baseline.fit(churn.model, churn.X, threshold=0.5)


def test_without_labels_blocks_differ_too(orders: pd.DataFrame) -> None:
    """With times, a baseline of columns alone knows its days, and how much blocks of them differ."""
    alone = Baseline.fit(object(), orders, time=orders["when"])
    assert alone.days in (125, 126)
    assert all(set(column.drift) == {"P28D"} for column in alone.inputs)
    with pytest.raises(BaselineError, match="time has 7 entries for 3000 rows"):
        Baseline.fit(object(), orders, time=orders["when"][:7])


def test_so_many_numbers_without_names_are_one_vector() -> None:
    """More than 200 columns that have only places are one embedding; 200 are columns."""
    rows = np.random.default_rng(0).normal(size=(60, 201))
    for wide in (rows, rows.tolist(), pd.DataFrame(rows)):
        baseline = Baseline.fit(object(), wide)
        assert [column.name for column in baseline.columns] == ["x.cosine", "x.pc1", "x.pc2", "x.pc3"]
        assert baseline.embeddings["x"].centroid == pytest.approx(rows.mean(axis=0), rel=1e-4)
    assert len(Baseline.fit(object(), rows[:, :200]).columns) == 200


def test_columns_with_names_beyond_two_hundred_are_left_out() -> None:
    """More than 200 columns with names: whoever makes the baseline is told that the first 200 are in it."""
    frame = pd.DataFrame(np.ones((5, 203)), columns=[f"c{at}" for at in range(203)])
    with pytest.warns(BaselineWarning, match="of 203 columns the first 200 are in the baseline"):
        baseline = Baseline.fit(object(), frame)
    assert [column.name for column in baseline.columns] == [f"c{at}" for at in range(200)]


def test_each_column_is_told_when_it_is_done(orders: pd.DataFrame, churn: Case) -> None:
    """Progress hears of answers, performance and every column, once each."""
    told: list[str] = []
    Baseline.fit(object(), orders, progress=told.append)
    assert told == list(orders.columns)
    told.clear()
    Baseline.fit(churn.model, churn.X, churn.y, progress=told.append)
    assert sorted(told) == ["answers", "performance", *(f"x{at}" for at in range(8))]
