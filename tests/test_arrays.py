"""Anything that holds rows becomes an array; what holds none says so."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from otelml.arrays import as_array, classes_in, column, column_names, is_lazy, n_rows


class Tensor:
    """What PyTorch's tensors offer: on a graph and a device, they become numpy only after `detach` and `cpu`."""

    def __init__(self, values, *, on_graph=True, on_device=True):
        self.values, self.on_graph, self.on_device = np.array(values), on_graph, on_device
        self.shape = self.values.shape

    def detach(self):
        """Leave the graph."""
        return Tensor(self.values, on_graph=False, on_device=self.on_device)

    def cpu(self):
        """Leave the device."""
        return Tensor(self.values, on_graph=self.on_graph, on_device=False)

    def numpy(self):
        """Become numpy."""
        assert not self.on_graph
        assert not self.on_device
        return self.values


ROWS = [[1.0, 2.0], [3.0, 4.0]]
HOLDERS = {
    "lists": ROWS,
    "tuples": tuple(map(tuple, ROWS)),
    "dicts": [{"a": 1.0, "b": 2.0}, {"b": 4.0, "a": 3.0}],
    "numpy": np.array(ROWS),
    "pandas": pd.DataFrame(ROWS, columns=["a", "b"]),
    "polars": pl.DataFrame(ROWS, schema=["a", "b"], orient="row"),
    "sparse": scipy.sparse.csr_matrix(ROWS),
    "tensor": Tensor(ROWS),
}


@pytest.mark.parametrize("value", HOLDERS.values(), ids=HOLDERS)
def test_rows_become_an_array(value):
    """Whatever holds two rows of two columns is the same array."""
    assert as_array(value).tolist() == ROWS
    assert n_rows(value) == 2


@pytest.mark.parametrize(
    "value", [pd.Series([1, 2]), pl.Series([1, 2]), pa.array([1, 2]), pa.chunked_array([[1], [2]]), [1, 2]]
)
def test_columns_become_an_array(value):
    """So do one-dimensional holders."""
    assert as_array(value).tolist() == [1, 2]
    assert n_rows(value) == 2


def test_arrays_pass_untouched():
    """A numpy array is the very same object, in whatever layout."""
    array = np.array(ROWS).T[::2]
    assert as_array(array) is array


@pytest.mark.parametrize("value", [None, 1.5, "text", {"a": 1}, object(), iter([1]), np.array(1), [[1], [1, 2]]])
def test_what_holds_no_rows_says_so(value):
    """Scalars, generators, dicts, texts and ragged lists raise, naming their type and never their content."""
    with pytest.raises(TypeError, match=type(value).__name__):
        as_array(value)


def test_rows_that_cannot_be_counted_are_none():
    """A generator cannot tell, an empty list can."""
    assert n_rows(iter([1])) is None
    assert n_rows(None) is None
    assert n_rows([]) == 0
    assert n_rows(np.empty((0, 3))) == 0


@pytest.mark.parametrize("frame", [HOLDERS["pandas"], HOLDERS["polars"], pa.table({"a": [1.0, 3.0], "b": [2.0, 4.0]})])
def test_columns_of_frames(frame):
    """Names of columns, and a column by its name; None where there is none."""
    assert column_names(frame) == ("a", "b")
    assert column(frame, "b").tolist() == [2.0, 4.0]
    assert column(frame, "c") is None


def test_columns_of_other_holders():
    """Rows as dicts have columns by name; arrays and lists have none."""
    assert column(HOLDERS["dicts"], "b").tolist() == [2.0, 4.0]
    for value in (HOLDERS["numpy"], ROWS, [], None):
        assert column(value, "b") is None
        assert column_names(value) is None


def test_classes_that_probabilities_tell():
    """Keys of dicts are the classes; else the positions of columns, two where there is but one."""
    assert classes_in([{"ham": 0.9, "spam": 0.1}]) == ("ham", "spam")
    assert classes_in(np.zeros((5, 3))) == (0, 1, 2)
    assert classes_in(np.zeros((5, 1))) == classes_in(np.zeros(5)) == (0, 1)


class NotComputed:
    """An array of a task graph, as Dask has them: to look at it is to compute it."""

    shape = (np.nan, 2)

    def __dask_graph__(self):
        """Tell the tasks."""
        return {}

    def __array__(self, *_args, **_kwargs):
        """Compute."""
        pytest.fail("it was computed")


def test_what_was_not_computed_yet_stays_so():
    """A lazy answer is not computed to be looked at, and does not know its rows."""
    assert n_rows(NotComputed()) is None
    with pytest.raises(TypeError, match="NotComputed was not computed yet"):
        as_array(NotComputed())


@pytest.mark.parametrize(
    ("masked", "expected"),
    [
        (np.ma.array([1, 2], mask=[0, 1]), [1.0, None]),
        (np.ma.array([1.5, 1e20], mask=[0, 1], dtype=np.float32), [1.5, None]),
        (np.ma.array([True, False], mask=[0, 1]), [True, None]),
        (np.ma.array(["a", "b"], mask=[0, 1]), ["a", None]),
        (np.ma.array([1, 2]), [1, 2]),
    ],
)
def test_masked_is_missing(masked, expected):
    """What lies below a mask is no value: NaN among numbers, None among anything else."""
    array = as_array(masked)
    assert type(array) is np.ndarray
    assert [None if one is None or one != one else one for one in array.tolist()] == expected  # noqa: PLR0124 -- NaN


def test_what_was_not_computed_is_lazy():
    """Lazy frames are told by their class, and by nothing that would compute them."""

    class Delayed:
        __dask_graph__ = None

    assert is_lazy(Delayed())
    assert is_lazy(pl.DataFrame({"a": [1]}).lazy())
    assert not any(map(is_lazy, (np.zeros(2), [1], pl.DataFrame({"a": [1]}), pd.DataFrame({"a": [1]}), None)))
