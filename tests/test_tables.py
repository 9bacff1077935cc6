"""Rows of every library are one and the same table; what is none says so."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from otelml.baseline.learning import learn, names_of
from otelml.readings import texts_of
from otelml.tables import FEW, Table, stacked, table_of

SIZES = [1, FEW, FEW + 1]


def shop(rows):
    """Columns of every type; all but the first row have something missing."""
    at = np.arange(rows)
    return pd.DataFrame(
        {
            "price": np.where(at % 7 == 3, np.nan, at * 1.25),
            "pieces": at % 5,
            "city": pd.Series(np.where(at % 4 == 1, None, "c" + pd.Series(at % 3).astype(str)), dtype=object),
            "gift": at % 2 == 0,
            "when": pd.date_range("2024-03-01", periods=rows, freq="5h"),
        }
    )


HOLDERS = {
    "pandas nullable": lambda frame: frame.convert_dtypes(),
    "pandas with Arrow": lambda frame: frame.convert_dtypes(dtype_backend="pyarrow"),
    "pandas objects": lambda frame: frame.astype(object),
    "pandas strings": lambda frame: frame.astype({"city": "string"}),
    "pandas categories": lambda frame: frame.astype({"city": "category"}),
    "pandas in a zone": lambda frame: frame.assign(
        when=frame["when"].dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo")
    ),
    "pandas by nanosecond": lambda frame: frame.astype({"when": "datetime64[ns]"}),
    "Polars": pl.from_pandas,
    "Polars categories": lambda frame: pl.from_pandas(frame).with_columns(pl.col("city").cast(pl.Categorical)),
    "Arrow table": lambda frame: pa.Table.from_pandas(frame, preserve_index=False),
    "Arrow batch": lambda frame: pa.RecordBatch.from_pandas(frame, preserve_index=False),
    "dicts": lambda frame: frame.to_dict("records"),
    "dicts without what is missing": lambda frame: [
        {key: value for key, value in row.items() if not pd.isna(value)} for row in frame.to_dict("records")
    ],
    "a dict of arrays": lambda frame: {name: column.to_numpy() for name, column in frame.items()},
    "a dict of lists": lambda frame: frame.to_dict("list"),
    "a dict of Series": dict,
    "a dict of Arrow arrays": lambda frame: {name: pa.array(column) for name, column in frame.items()},
}


@pytest.mark.parametrize("rows", SIZES)
@pytest.mark.parametrize("holder", HOLDERS)
def test_the_same_rows_are_the_same_table(holder, rows):
    """In whatever library: names, places, kinds, bins, counts and moments are the same, of few rows and of many."""
    expected, table = table_of(shop(rows)), table_of(HOLDERS[holder](shop(rows)))
    assert (table.names, table.rows, table.width) == (expected.names, rows, 5)
    assert learn(table).columns == learn(expected).columns


@pytest.mark.parametrize("holder", HOLDERS)
def test_few_rows_and_many_are_turned_alike(holder):
    """The short way of few rows and the long one of many see the same values."""
    few, many = (table_of(HOLDERS[holder](shop(rows))) for rows in (FEW, FEW + 1))
    for at in range(few.width):
        assert texts_of(few.column(at)) == texts_of(many.column(at))[:FEW]


@pytest.mark.parametrize("rows", SIZES)
def test_rows_without_names_have_the_same_columns(rows):
    """Lists, tuples and objects of numpy have places instead of names, and are read alike."""
    frame = shop(rows)
    expected = [(one.kind, one.bins, one.counts, one.mean) for one in learn(table_of(frame)).columns]
    matrix = frame.astype(object).to_numpy()
    for holder in (matrix, matrix.tolist(), [tuple(row) for row in matrix.tolist()]):
        table = table_of(holder)
        assert (table.names, table.rows, names_of(table)) == (None, rows, ("x0", "x1", "x2", "x3", "x4"))
        assert [(one.kind, one.bins, one.counts, one.mean) for one in learn(table).columns] == expected


NUMBERS = np.array([[1.0, 0.0, 2.5], [0.0, 3.0, 4.5]])
NUMERIC = {
    "lists": NUMBERS.tolist(),
    "rows of numpy": list(NUMBERS),
    "single precision": NUMBERS.astype(np.float32),
    "Fortran's order": np.asfortranarray(NUMBERS),
    "fields": np.array([tuple(row) for row in NUMBERS.tolist()], dtype=[("a", "f8"), ("b", "f8"), ("c", "f8")]),
    "masked": np.ma.masked_array(NUMBERS),
    "pandas": pd.DataFrame(NUMBERS, columns=list("abc")),
    "pandas of two types": pd.DataFrame(NUMBERS, columns=list("abc")).astype({"b": np.int8}),
    "pandas sparse": pd.DataFrame(NUMBERS, columns=list("abc")).astype(pd.SparseDtype(np.float64, 0.0)),
    "Polars": pl.DataFrame(NUMBERS, schema=list("abc")),
    "Arrow": pa.table({name: NUMBERS[:, at] for at, name in enumerate("abc")}),
    "CSR": scipy.sparse.csr_matrix(NUMBERS),
    "CSC": scipy.sparse.csc_array(NUMBERS),
    "COO": scipy.sparse.coo_array(NUMBERS),
}


@pytest.mark.parametrize("holder", NUMERIC)
def test_numbers_are_a_matrix(holder):
    """Columns of numbers are those numbers, and those of a library that knows dense matrices are one."""
    table = table_of(NUMERIC[holder])
    assert (table.rows, table.width) == (2, 3)
    assert np.column_stack([table.column(at) for at in range(3)]).tolist() == NUMBERS.tolist()
    assert table.numeric or holder == "fields"


def test_a_wide_sparse_matrix_is_laid_out_in_part():
    """No more columns are laid out than are asked for: a million of them would not fit."""
    wide = scipy.sparse.csr_matrix(([1.0], ([0], [5])), shape=(2, 1_000_000))
    assert table_of(wide, 7).matrix.tolist() == [[0, 0, 0, 0, 0, 1, 0], [0] * 7]


@pytest.mark.parametrize(
    ("column", "names"),
    [
        (pd.Series([1, 2], name="a"), ("a",)),
        (pd.Series([1, 2]), None),
        (pd.Series([1, 2], name=3), None),
        (pl.Series("a", [1, 2]), ("a",)),
        (pl.Series([1, 2]), None),
        (pa.chunked_array([[1], [2]]), None),
        (pa.array([1, 2]), None),
        (np.array([1, 2]), None),
        ([1, 2], None),
    ],
)
def test_one_column_is_a_table(column, names):
    """A column by itself is a table of one, of its name where it has one."""
    table = table_of(column)
    assert (table.names, table.width, table.column(0).tolist()) == (names, 1, [1, 2])


@pytest.mark.parametrize("rows", [2, FEW + 1])
def test_columns_may_be_called_alike(rows):
    """Of two columns of one name each is itself, and the table still has both names."""
    frame = pd.concat([shop(rows)[["price", "city"]], shop(rows)[["pieces", "city"]]], axis=1)
    frame.columns = ["a", "city", "a", "city"]
    table = table_of(frame)
    assert table.names == ("a", "city", "a", "city")
    assert (table.column(0)[1], table.column(2)[1]) == (1.25, 1)
    assert names_of(table) == ("a", "city", "a.1", "city.1")


@pytest.mark.parametrize("rows", [2, FEW + 1])
@pytest.mark.parametrize("holder", [pd.DataFrame, pl.DataFrame, pa.table])
def test_columns_may_be_called_as_methods_are(holder, rows):
    """A column called as a method of some library is a column, though pandas has an attribute of its name."""
    names = ("tocsr", "collect_schema", "to_pylist", "get_columns", "num_col", "names")
    table = table_of(holder({name: list(range(rows)) for name in names}))
    assert (table.names, table.rows, table.column(5)[1]) == (names, rows, 1)


@pytest.mark.parametrize("rows", [2, FEW + 1])
def test_numbers_that_pandas_gives_are_places(rows):
    """Columns that pandas numbered have no names; a text, or a number that somebody chose, is one."""
    frame = pd.DataFrame(np.ones((rows, 2)))
    assert table_of(frame).names is None
    assert table_of(frame.set_axis(["0", "1"], axis=1)).names == ("0", "1")
    assert table_of(frame.set_axis([2023, 2024], axis=1)).names == ("2023", "2024")
    assert table_of(frame.set_axis([("a", 1), None], axis=1)).names == ("('a', 1)", "None")


@pytest.mark.parametrize("rows", [2, FEW + 1])
@pytest.mark.parametrize("other", [1, True, np.uint8(1)])
def test_a_category_that_is_missing_is_no_number(other, rows):
    """Of categories that are numbers or truth values pandas would make a number of what is missing."""
    held = pd.Series(pd.Categorical([other, None] + [other] * (rows - 2)))
    table = table_of(pd.DataFrame({"a": held, "b": [other] * rows}))
    assert texts_of(table.column(0))[:2] == ["1", None]
    assert texts_of(table.column(1)) == ["1"] * rows


@pytest.mark.parametrize("rows", [2, FEW + 1])
@pytest.mark.parametrize(
    "turn",
    [
        pd.DataFrame,
        pl.DataFrame,
        lambda columns: pl.DataFrame(columns, schema={"vector": pl.Array(pl.Float64, 3), "n": pl.Int64}),
        pa.table,
    ],
)
def test_vectors_are_values(turn, rows):
    """A column whose values are vectors is one column, in every library, of few rows and of many."""
    table = table_of(turn({"vector": [[1.0, 2.0, float(at)] for at in range(rows)], "n": range(rows)}))
    assert (table.names, table.rows, table.width) == (("vector", "n"), rows, 2)
    assert [list(vector) for vector in table.column(0)[:2]] == [[1.0, 2.0, 0.0], [1.0, 2.0, 1.0]]


def test_inputs_of_several_columns_are_numbered():
    """Inputs by name, as sessions take them: one of several columns numbers them."""
    table = table_of({"x": np.ones((2, 2)), "y": [3, 4], 5: np.array([["a"], ["b"]])})
    assert table.names == ("x.0", "x.1", "y", "5")
    assert [table.column(at).tolist() for at in (1, 2, 3)] == [[1, 1], [3, 4], ["a", "b"]]


def test_mixed_rows_keep_their_types():
    """Numbers beside texts stay numbers, and a list in a row is one value."""
    table = table_of([[1, "a", [1, 2]], [2.5, None, [3]]])
    assert [table.column(at).tolist() for at in range(3)] == [[1, 2.5], ["a", None], [[1, 2], [3]]]
    assert table_of([{"a": 1}, {"b": "x"}]).column(1).tolist() == [None, "x"]


@pytest.mark.parametrize("value", [[], (), np.empty((0, 3)), pd.DataFrame({"a": []}), pl.DataFrame({"a": []}), {}])
def test_nothing_is_a_table_of_no_rows(value):
    """Empty holders are tables without rows."""
    assert table_of(value).rows == 0


class Opaque:
    """Something of the host's that could be made into an array, at whatever cost."""

    def __array__(self, *_args, **_kwargs):
        """Compute."""
        pytest.fail("it was computed")


class Graph(Opaque):
    """An array of a task graph, as Dask has them."""

    def __dask_graph__(self):
        """Tell the tasks."""
        return {}

    to_numpy = Opaque.__array__


REFUSED = {
    "None": (None, "NoneType is no table"),
    "a number": (1.5, "float is no table"),
    "a text": ("secret", "str is no table"),
    "a generator": (iter([1]), "is no table"),
    "an object": (Opaque(), "Opaque is no table"),
    "a task graph": (Graph(), "Graph was not computed yet"),
    "a lazy frame": (pl.LazyFrame({"a": [1]}), "LazyFrame was not computed yet"),
    "images": (np.zeros((2, 3, 3)), r"rows of shape \(3, 3\)"),
    "no dimension": (np.array(1), "rows of shape"),
    "unequal rows": ([[1], [1, 2]], "rows of unequal length"),
    "a dict among lists": ([{"a": 1}, [2]], "some are dicts"),
    "unequal inputs": ({"a": [1], "b": [1, 2]}, "inputs of different lengths"),
    "numbers as inputs": ({"a": 1}, "int is no table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_table_says_so(case):
    """It raises TypeError, looks at nothing that costs, and never quotes a value."""
    value, message = REFUSED[case]
    with pytest.raises(TypeError, match=message) as caught:
        table_of(value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("rows", [SIZES[0], SIZES[-1]])
def test_a_copy_stays_as_it_was(rows):
    """What the host does to its rows afterwards is not seen in a copy."""
    frame = shop(rows)
    for value in (frame.astype(object).to_numpy(), NUMBERS.copy(), dict(zip("ab", NUMBERS.copy(), strict=True))):
        copied = table_of(value).copied()
        kept = [copied.column(at).tolist() for at in range(copied.width)]
        for column in value.values() if isinstance(value, dict) else [value]:
            column[:] = 7
        assert repr([copied.column(at).tolist() for at in range(copied.width)]) == repr(kept)


@settings(deadline=None, max_examples=30)  # pandas takes its time
@given(st.lists(st.integers(0, 9), min_size=1, max_size=5), st.booleans(), st.integers(1, 7))
def test_pieces_stacked_are_the_whole(sizes, as_columns, step):
    """Cutting a table and stacking the pieces changes nothing; every n-th row is every n-th of the whole."""
    frame = shop(sum(sizes))
    whole = table_of(dict(frame) if as_columns else frame)
    ends = np.cumsum(sizes)
    parts = [frame.iloc[end - size : end] for size, end in zip(sizes, ends, strict=True)]
    again = stacked([table_of(dict(part) if as_columns else part) for part in parts])
    assert (again.names, again.rows) == (whole.names, whole.rows)
    for at in range(whole.width):
        assert list(map(str, again.column(at).tolist())) == list(map(str, whole.column(at).tolist()))
    some = whole.every(step)
    assert some.rows == len(some.column(0)) == len(frame.iloc[::step])
    assert some.nbytes <= whole.nbytes


def test_a_table_tells_what_it_weighs():
    """A matrix and columns weigh what their arrays do."""
    assert table_of(NUMBERS).nbytes == 48
    assert Table(("a", "b"), 2, columns=(NUMBERS[:, 0], np.array([True, False]))).nbytes == 18


def test_times_are_the_moments_that_they_were():
    """A time in a zone is the same moment in every library."""
    when = datetime.fromisoformat("2024-03-01T09:00:00+09:00")
    for holder in (pd.DataFrame, pl.DataFrame, pa.table, dict):
        for rows in (1, FEW + 1):
            column = learn(table_of(holder({"when": [when] * rows}))).columns[0]
            assert (column.name, column.mean) == ("when.weekday", 4.0)
