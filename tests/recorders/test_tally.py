"""Counting live tables into the bins of a baseline: its own counts, whatever holds the rows, and what is wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otelml.baseline.learning import learn
from otelml.recorders.tally import Tallier
from otelml.tables import Table, table_of

ROWS = 400
NAN = float("nan")


def orders():
    """Rows with columns of every kind; of most, some values are missing."""
    rng, at = np.random.default_rng(7), np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "price": np.where(at % 9 == 4, -999.0, rng.lognormal(3, 1, ROWS).round(2)),
            "weight": np.where(at % 31 == 5, np.nan, rng.normal(20.1, 3, ROWS)),
            "pieces": rng.integers(0, 4, ROWS),
            "channel": pd.Series(np.where(at % 20 == 3, None, rng.choice(["web", "shop"], ROWS)), dtype=object),
            "city": pd.Series([f"city {at % 43}" for at in range(ROWS)], dtype=object),
            "gift": rng.random(ROWS) < 0.3,
            "when": pd.Timestamp("2024-01-01 00:30") + pd.to_timedelta(at * 7, unit="h"),
            "due": pd.Timestamp("2024-01-01") + pd.to_timedelta(at, unit="D"),
            "comment": pd.Series([f"no. {row}" + "!" * (row % 40) for row in at], dtype=object),
            "vector": pd.Series(rng.normal(1, 1, (ROWS, 3)).tolist(), dtype=object),
        }
    )
    frame.loc[frame.index % 50 == 6, ["when", "due", "comment", "vector"]] = None
    return frame


ORDERS = orders()
LEARNED = learn(table_of(ORDERS))
TALLIER = Tallier(LEARNED.columns, LEARNED.embeddings)
COLUMNS = {column.name: at for at, column in enumerate(LEARNED.columns)}
VIOLATIONS = {column.source: column.name for column in reversed(LEARNED.columns)}
"""By source, the name of its first column: what is wrong with an embedding is told once."""


def counted(tally, name):
    """Counts of a column by the text of the bin, but for those that are empty."""
    labels = LEARNED.columns[COLUMNS[name]].bins.labels
    return {label: int(count) for label, count in zip(labels, tally.counts[COLUMNS[name]], strict=False) if count}


def same(one, other):
    """Whether two tallies are of the same rows, in whatever order they were added up."""
    np.testing.assert_array_equal(one.counts, other.counts)
    np.testing.assert_allclose(one.moments, other.moments, rtol=1e-9, atol=1e-9)
    return (one.rows, one.violations) == (other.rows, other.violations)


HOLDERS = {
    "pandas": lambda frame: frame,
    "pandas with Arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "pandas objects": lambda frame: frame.astype(object),
    "Polars": pl.from_pandas,
    "Arrow": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "dicts": lambda frame: frame.to_dict("records"),
    "a dict of arrays": lambda frame: {name: column.to_numpy() for name, column in frame.items()},
    "lists": lambda frame: frame.astype(object).to_numpy().tolist(),
    "columns in another order": lambda frame: frame[list(frame.columns[::-1])],
    "rows in another order": lambda frame: frame.iloc[::-1],
    "other names": lambda frame: frame.set_axis([f"other {at}" for at in range(frame.shape[1])], axis=1),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_the_same_rows_have_the_baselines_own_counts(holder):
    """In whatever library, by name and, without names that are known, by place; nothing is wrong with them."""
    tally = TALLIER.of(table_of(HOLDERS[holder](ORDERS)))
    for column, counts in zip(LEARNED.columns, tally.counts, strict=True):
        assert tuple(counts[: column.bins.size].tolist()) == column.counts, column.name
        assert not counts[column.bins.size :].any()
    assert (tally.rows, tally.violations) == (ROWS, {})


@pytest.mark.parametrize("name", ["price", "weight", "pieces", "when.hour", "due.weekday", "comment.length"])
def test_moments_are_those_of_standardised_columns(name):
    """Sums of the positive, of the negative and of the squared z are numpy's; missing values are in none."""
    column = LEARNED.columns[COLUMNS[name]]
    read = {
        "hour": lambda times: times.dt.hour + times.dt.minute / 60,
        "weekday": lambda times: times.dt.day_of_week,
        "length": lambda texts: texts.str.len(),
        None: lambda numbers: numbers,
    }[column.part]
    numbers = read(ORDERS[column.source]).to_numpy(dtype=np.float64, na_value=np.nan)
    z = (numbers - np.nanmean(numbers)) / np.nanstd(numbers)
    positive, negative, squared = TALLIER.of(table_of(ORDERS)).moments[COLUMNS[name]]
    assert positive == pytest.approx(z[z > 0].sum(), rel=1e-9)
    assert negative == pytest.approx(-z[z < 0].sum(), rel=1e-9)
    assert squared == pytest.approx((z[~np.isnan(z)] ** 2).sum(), rel=1e-9)


def test_categories_have_no_moments():
    """The moments of what is no number stay 0."""
    moments = TALLIER.of(table_of(ORDERS)).moments
    assert not moments[[COLUMNS[name] for name in ("channel", "city", "gift")]].any()


@settings(deadline=None, max_examples=25)  # pandas takes its time
@given(st.lists(st.integers(0, ROWS), max_size=5), st.sampled_from(["pandas", "Polars", "dicts", "lists"]))
def test_pieces_are_the_whole(cuts, holder):
    """A table counted in pieces, empty ones included, is the table counted at once."""
    ends = sorted({0, *cuts, ROWS})
    whole, turn = TALLIER.nothing(), HOLDERS[holder]
    for start, end in zip(ends, [*ends[1:], ROWS], strict=True):
        whole.add(TALLIER.of(table_of(turn(ORDERS.iloc[start:end]))))
    assert same(whole, TALLIER.of(table_of(ORDERS)))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(width=32) | st.sampled_from([-999.0, 0.0, np.nan, np.inf]), min_size=1, max_size=30))
def test_every_value_is_in_one_bin(prices):
    """Bins sum to rows, of single precision as of double: the same number is in the same bin."""
    single, double = np.array(prices, dtype=np.float32), np.array(prices, dtype=np.float64)
    tallies = [TALLIER.of(table_of({"price": column, "weight": column})) for column in (single, double)]
    assert (tallies[0].counts.sum(axis=1) == len(prices)).all()
    assert tallies[0].counts.tolist() == tallies[1].counts.tolist()


@pytest.mark.parametrize("step", [0.01, 0.1, 0.125, 19.99])
def test_a_copy_in_single_precision_has_the_same_counts(step):
    """Edges lie between values, and a value with its own bin is known in single precision too."""
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.integers(-50, 50, 3000) * step, rng.choice([step, 1e9 + step, -step], 3000)]).round(3)
    learned = learn(table_of(rows))
    tallier = Tallier(learned.columns, {})
    single, double = tallier.of(table_of(rows.astype(np.float32))), tallier.of(table_of(rows))
    np.testing.assert_array_equal(single.counts, double.counts)
    assert [tuple(counts[: c.bins.size]) for c, counts in zip(learned.columns, double.counts, strict=True)] == [
        c.counts for c in learned.columns
    ]


def test_a_column_that_is_not_there_is_missing():
    """All rows of it are missing, and violate; the others are counted as before."""
    tally, whole = TALLIER.of(table_of(ORDERS.drop(columns=["weight", "city", "vector"]))), TALLIER.of(table_of(ORDERS))
    gone = ["weight", "city", "vector.cosine", "vector.pc1", "vector.pc2", "vector.pc3"]
    for name, at in COLUMNS.items():
        if name in gone:
            assert counted(tally, name) == {"missing": ROWS}
            assert not tally.moments[at].any()
        else:
            assert tally.counts[at].tolist() == whole.counts[at].tolist()
    assert tally.violations == {(name, "column_missing"): ROWS for name in gone}


def test_columns_that_nobody_declared_are_counted_together():
    """They violate under one name, a row and column each, since their own names are without end."""
    tally = TALLIER.of(table_of(ORDERS.assign(leak=1, **{"jane.doe@example.org": 2})))
    assert tally.violations == {("other", "column_extra"): 2 * ROWS}
    matrix = table_of(ORDERS.astype(object).assign(more=1).to_numpy())
    assert TALLIER.of(matrix).violations == {("other", "column_extra"): ROWS}
    assert same(TALLIER.of(table_of(ORDERS)), TALLIER.of(table_of(ORDERS.assign(leak=1).iloc[:, :-1])))


def test_no_known_name_and_another_width_are_no_columns_of_ours():
    """Where neither names nor places fit, every column is missing and every one of theirs extra."""
    tally = TALLIER.of(table_of(pd.DataFrame({"a": [1.0], "b": [2.0]})))
    assert tally.violations == {
        **{(column.name, "column_missing"): 1 for column in LEARNED.columns},
        ("other", "column_extra"): 2,
    }
    few = TALLIER.of(table_of([[1.0, 2.0]]))  # without names places are all there is
    assert few.violations["price", "column_missing"] == few.violations["weight", "column_missing"] == 0
    assert few.violations["pieces", "column_missing"] == 1


WRONG = {
    "texts for numbers": ("price", ["cheap", "2.5", None], 1),
    "times for numbers": ("price", [pd.Timestamp(0), pd.NaT, 1.0], 1),
    "lists for numbers": ("price", [[1.0], 2.0, [3.0, 4.0]], 2),
    "numbers for times": ("when", [1_700_000_000, pd.Timestamp(0), None], 1),
    "texts for times": ("due", ["2024-03-01", "soon", pd.NaT], 2),
    "numbers for texts": ("comment", [1, "a", NAN], 1),
    "short vectors": ("vector", [[1.0, 2.0], [1.0, 2.0, 3.0], None], 1),
    "texts for vectors": ("vector", ["a", 5.0, [1.0, 2.0, 3.0]], 2),
}


@pytest.mark.parametrize("case", WRONG)
def test_values_of_a_wrong_type_are_missing_and_violate(case):
    """What is there and cannot be read is in the bin `missing`, and counted; what is missing is no violation."""
    source, values, wrong = WRONG[case]
    frame = ORDERS.iloc[:3].astype(object).assign(**{source: pd.Series(values, dtype=object)})
    tally = TALLIER.of(table_of(frame))
    name = VIOLATIONS[source]
    assert {kind: count for (_, kind), count in tally.violations.items() if kind not in ("range", "category")} == {
        "type": wrong
    }
    assert tally.violations[name, "type"] == wrong
    nothing = sum(value in (None, pd.NaT, NAN) for value in values if not isinstance(value, list))
    assert counted(tally, name)["missing"] == wrong + nothing


def test_a_whole_column_of_a_wrong_type_is_no_number():
    """Times and complex numbers where numbers were are of a wrong type, though numpy would make numbers of them."""
    for values in (pd.date_range("2024", periods=100), np.arange(100) * 1j, pd.Series(["x"] * 100)):
        tally = TALLIER.of(table_of(ORDERS.iloc[:100].assign(price=np.asarray(values))))
        assert counted(tally, "price") == {"missing": 100}
        assert tally.violations == {("price", "type"): 100}


def test_values_beyond_what_was_seen_violate():
    """Outside of the range, and categories that never were: each has its bin, and its violation."""
    frame = ORDERS.iloc[:4].astype(object)
    frame["price"] = [1e9, -1e9, np.inf, -999.0]
    frame["channel"] = ["phone", "web", "phone", None]
    frame["city"] = ["city 42", "city 0", "Atlantis", "city 41"]
    tally = TALLIER.of(table_of(frame))
    assert counted(tally, "price") == {"below": 1, "00:=-999": 1, "above": 2}
    assert counted(tally, "channel")["unseen"] == 2
    assert counted(tally, "city")["unseen"] == 1
    assert tally.violations == {("price", "range"): 3, ("channel", "category"): 2, ("city", "category"): 1}


def test_equal_categories_come_in_any_type():
    """Truth values as 0 and 1, as numbers or texts, are the same categories."""
    expected = counted(TALLIER.of(table_of(ORDERS)), "gift")
    for turn in (int, float, str, object):
        gift = ORDERS["gift"].astype(int).astype(turn)
        assert counted(TALLIER.of(table_of(ORDERS.assign(gift=gift))), "gift") == expected


@pytest.mark.parametrize("rows", [[], np.empty((0, 10)), ORDERS.iloc[:0], pl.from_pandas(ORDERS).head(0), {}])
def test_empty_tables_are_nothing(rows):
    """A table without rows adds nothing, and misses no column."""
    tally = TALLIER.of(table_of(rows))
    assert (tally.rows, tally.counts.sum(), tally.moments.sum(), tally.violations) == (0, 0, 0, {})


def test_columns_called_alike_are_counted_each():
    """Of two columns of one name each has its own counts, by name and by place."""
    frame = ORDERS[["price", "weight", "pieces"]].set_axis(["a", "b", "a"], axis=1)
    learned = learn(table_of(frame))
    tallier = Tallier(learned.columns, {})
    assert [column.name for column in learned.columns] == ["a", "b", "a.1"]
    for rows in (frame, frame.to_numpy(), frame.iloc[:, [1, 0, 2]]):
        tally = tallier.of(table_of(rows))
        for column, counts in zip(learned.columns, tally.counts, strict=True):
            assert tuple(counts[: column.bins.size].tolist()) == column.counts
        assert tally.violations == {}


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int32, np.bool_])
def test_a_matrix_is_counted_as_its_columns_are(dtype):
    """The short way for a matrix of numbers counts what the long one for columns does, in any order of memory."""
    rows = np.random.default_rng(2).normal(5, 20, (300, 4)).astype(dtype)
    learned = learn(table_of(rows.astype(np.float64)))
    tallier = Tallier(learned.columns, {})
    names = tuple(column.source for column in learned.columns)
    slow = tallier.of(Table(names, 300, columns=tuple(rows.T)))
    for matrix in (rows, np.asfortranarray(rows), np.repeat(rows, 2, axis=0)[::2]):
        assert same(tallier.of(Table(None, 300, matrix)), slow)
    assert same(tallier.of(Table(names[::-1], 300, rows[:, ::-1])), slow)


def test_the_callers_rows_stay_as_they_were():
    """Counting changes nothing in what the host handed in."""
    rows = np.random.default_rng(3).normal(size=(200, 3))
    learned, before = learn(table_of(rows)), rows.copy()
    rows.flags.writeable = False
    Tallier(learned.columns, {}).of(table_of(rows))
    assert (rows == before).all()


WIDE = np.random.default_rng(4).normal(2, 1, (150, 260))


@pytest.mark.parametrize(
    "turn",
    [
        lambda rows: rows,
        lambda rows: rows.astype(object),
        lambda rows: rows.tolist(),
        pd.DataFrame,
        lambda rows: pd.DataFrame(rows, columns=[f"c{at}" for at in range(260)]),
        lambda rows: dict(zip(map(str, range(260)), rows.T, strict=True)),
    ],
)
def test_one_wide_vector_is_counted_as_such(turn):
    """Where all columns are one vector, whatever holds as many is one."""
    learned = learn(table_of(WIDE))
    tallier = Tallier(learned.columns, learned.embeddings)
    tally = tallier.of(table_of(turn(WIDE)))
    for column, counts in zip(learned.columns, tally.counts, strict=True):
        assert tuple(counts[: column.bins.size].tolist()) == column.counts
    assert tally.violations == {}


def test_a_vector_of_another_width_is_of_a_wrong_type():
    """Rows that are no such vector are missing, and violate once each."""
    learned = learn(table_of(WIDE))
    tally = Tallier(learned.columns, learned.embeddings).of(table_of(WIDE[:, :-1]))
    assert tally.violations == {("x.cosine", "type"): 150}
    assert (tally.counts.sum(axis=1) == 150).all()


def test_columns_beyond_the_baselines_are_not_extra():
    """A baseline holds 200 columns at most: of more, nobody knows which the model has."""
    frame = pd.DataFrame(np.ones((5, 230)), columns=[f"c{at}" for at in range(230)])
    learned = learn(table_of(frame))
    tally = Tallier(learned.columns, {}).of(table_of(frame))
    assert (len(learned.columns), tally.violations) == (200, {})


def test_classes_are_counted_by_their_texts():
    """The one column of a model's classes is counted from how often each was answered."""
    learned = learn(table_of(["a", "b"] * 10))
    tally = Tallier(learned.columns, {}).of_categories({"b": 3, None: 1, "new": 2})
    labels = learned.columns[0].bins.labels
    assert dict(zip(labels, tally.counts[0].tolist(), strict=True)) == {
        "cat:00": 0, "cat:01": 3, "other": 0, "unseen": 2, "missing": 1,
    }  # fmt: skip
    assert tally.rows == 6


def test_many_layouts_are_no_leak():
    """Tables of ever other columns are counted, and not remembered without end."""
    tallier = Tallier(LEARNED.columns, LEARNED.embeddings)
    for at in range(200):
        tally = tallier.of(table_of([{"price": 1.0, f"{at}": 2.0}]))
        assert tally.violations["other", "column_extra"] == 1
    assert len(tallier._places) <= 64
