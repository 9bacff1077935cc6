"""Large sparse batches: a sample of rows is laid out, not all of them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse
import xgboost
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.ledger import ledger
from otelml.tables import MOST_CELLS, part_of, table_of
from otelml.testing import capture, total

ROWS, WIDTH, MOST = 60_000, 1_000, 100
INPUTS = {"ml.column.role": "input"}


def texts(rows=ROWS, width=WIDTH):
    """Ten stored numbers a row, the first column holding the row's own number."""
    rng = np.random.default_rng(0)
    columns = rng.integers(1, width, size=(rows, 10))
    columns[:, 0] = 0
    values = rng.normal(size=(rows, 10)) + 5
    values[:, 0] = np.arange(rows) + 1
    places = np.repeat(np.arange(rows), 10), columns.ravel()
    return scipy.sparse.csr_matrix((values.ravel(), places), shape=(rows, width))


CSR = texts()
HOLDERS = {
    "csr": CSR,
    "csr array": scipy.sparse.csr_array(CSR),
    "csc": CSR.tocsc(),
    "coo": CSR.tocoo(),
    "bsr": CSR.tobsr(),
}


@pytest.mark.parametrize("holder", HOLDERS)
def test_rows_are_sampled_before_they_are_laid_out(holder):
    """Whatever holds them, some whole rows come, evenly, and of their columns those that are looked at."""
    table = table_of(part_of(HOLDERS[holder], MOST), MOST)
    assert table.width == MOST
    assert table.rows * table.width <= MOST_CELLS
    assert table.rows > MOST_CELLS / MOST / 2
    numbers = table.column(0).astype(int) - 1
    assert len(set(np.diff(numbers))) == 1
    np.testing.assert_array_equal(table.matrix, CSR[numbers][:, :MOST].toarray())


def test_matrices_of_xgboost_are_sampled():
    """Of XGBoost's own matrix too; what is not stored there is missing."""
    table = table_of(part_of(xgboost.DMatrix(CSR), MOST), MOST)
    assert table.rows * table.width <= MOST_CELLS
    numbers = table.column(0).astype(int) - 1
    expected = CSR[numbers][:, :MOST].toarray()
    np.testing.assert_allclose(np.nan_to_num(table.matrix), expected, rtol=1e-6)
    assert np.isnan(table.matrix[expected == 0]).all()


def test_wide_rows_without_a_limit():
    """Where all columns are looked at, a few rows of them all are."""
    wide = texts(2_000, 1_000_000)
    table = table_of(part_of(wide))
    assert (table.rows, table.width) == (1, 1_000_000)


def test_small_matrices_are_whole():
    """What is quickly laid out is not sampled, nor is what is no sparse matrix."""
    small, dense = CSR[:100], np.ones((ROWS, 10))
    assert part_of(small, MOST) is small
    assert part_of(dense, MOST) is dense


@pytest.mark.parametrize("holder", ["csr", "csc", "coo"])
def test_every_row_is_accounted_for(holder):
    """Rows that were left out are dropped under the budget's name; the service metrics have them all."""
    model = LogisticRegression().fit(CSR[:50], np.arange(50) % 2)
    before = ledger.dropped.copy()
    with capture() as kept:
        otelml.instrument(kept.tracer_provider, kept.meter_provider)
        otelml.identify(model, "texts")
        model.predict_proba(HOLDERS[holder])
        points = [*kept.points(), *kept.points()]
        otelml.uninstrument()
    counted = total(points, "ml.column.values", {**INPUTS, "ml.column.name": "x0"}).last
    assert 0 < counted <= MOST_CELLS
    left_out = ledger.dropped - before
    assert counted + sum(count for (reason, _), count in left_out.items() if reason == "budget") == ROWS
    assert total(points, "ml.inference.rows").last == ROWS
