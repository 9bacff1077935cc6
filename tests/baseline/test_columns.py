"""Columns in the baseline's file: every kind comes back as it was, whatever a column holds and is called."""

from __future__ import annotations

import decimal
import json
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import date, datetime, time, timedelta, timezone
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse

from otelml.baseline import Baseline, BaselineError
from otelml.baseline.columns import Column, Limits, distinct, from_payload, readable, to_payload
from otelml.recorders.tally import Tallier
from otelml.stats.binning import CategoryBins, NumericBins
from otelml.tables import table_of

if TYPE_CHECKING:
    from pathlib import Path


def test_names_are_told_apart() -> None:
    """Of columns called alike the later ones are numbered, and no number takes another's name."""
    assert distinct(["a", "b"]) == ("a", "b")
    assert distinct(["a", "a", "a.1", "a"]) == ("a", "a.2", "a.1", "a.3")
    assert distinct(["x\ud83d", "x\ud83e"]) == ("x?", "x?.1")
    assert distinct([]) == ()


def test_names_leave_readable() -> None:
    """Control characters are spaces, and nobody's name is a novel."""
    assert readable("a\x00b\nc\x7f") == "a b c "
    assert readable("ä" * 500) == "ä" * 120


BLOCKS = {"P7D": {"mean": Limits(0.4, 0.6), "variance": Limits(0.01, 0.02)}}


@pytest.mark.parametrize(
    "column",
    [
        Column("a", "input", "numeric", "a", None, NumericBins(()), (4, 2)),
        Column("a", "input", "numeric", "a", None, NumericBins((0.0, 1.0), (0.5,)), (0, 3, 3, 0, 1), 2, 3, {"P1D": 0}),
        Column("score", "output", "numeric", "score", None, NumericBins((0.0, 1.0)), (0, 3, 0, 0), blocks=BLOCKS),
        Column("t.hour", "input", "datetime", "t", "hour", NumericBins((0.0, 24.0)), (0, 5, 0, 0), 12.0, None),
        Column("c", "input", "categorical", "c", None, CategoryBins(("b", "a"), ("0" * 8,)), (3, 2, 1, 0, 0)),
        Column("c", "input", "categorical", "c", None, CategoryBins((), None), (0, 0, 0)),
        Column("class", "output", "categorical", "class", None, CategoryBins(("a",), (), ("=a",)), (3, 0, 0, 0)),
        Column("g", "input", "boolean", "g", None, CategoryBins(("0", "1"), (), ("=false", "=true")), (1, 2, 0, 0, 0)),
    ],
)  # fmt: skip
def test_every_kind_comes_back(column: Column) -> None:
    """Laid down in JSON and read back, a column is the same, texts of its bins included."""
    again = from_payload(json.loads(json.dumps(to_payload(column))))
    assert again == column
    assert again.bins.labels == column.bins.labels


@pytest.mark.parametrize(
    "change",
    [
        {"edges": [0, 2]},
        {"edges": [1, 0]},
        {"edges": [0]},
        {"values": [0.7]},
        {"counts": [1, 2]},
        {"bins": ["below", "above", "missing"]},
        {"kind": "categorical"},
        {"drift": None},
        {"blocks": None},
        {"blocks": {"P7D": {"variance": {"lower": 0}}}},
        {"counts": None},
    ],
)
def test_a_column_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    """Bins that are not those of the edges, or counts that are not those of the bins, are no column."""
    payload = to_payload(Column("a", "input", "numeric", "a", None, NumericBins((0.0, 1.0, 3.0)), (0, 3, 3, 0, 1)))
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_payload({**payload, **change})


WHEN = np.arange(3000) * 3600


def test_the_same_rows_give_the_same_bytes(orders: pd.DataFrame, tmp_path: Path) -> None:
    """Fitting again, from a frame in another order of memory, and saving what was loaded give the same file."""
    for name, rows in (("one", orders), ("two", orders.copy()), ("three", dict(orders.items()))):
        Baseline.fit(object(), rows, time=WHEN).save(tmp_path / name)
    Baseline.load(tmp_path / "one").save(tmp_path / "four")
    assert len({(tmp_path / name).read_bytes() for name in ("one", "two", "three", "four")}) == 1


FRESH = """
import hashlib, os, sys
import numpy as np
from otelml.baseline import Baseline
rng = np.random.default_rng(3)
vectors = rng.normal(size=(5_000, 64)) * np.linspace(3, 0.1, 64)
rows = {
    "number": rng.lognormal(size=5_000), "category": [f"c{at % 130}" for at in range(5_000)],
    "vector": list(vectors),
}
print(Baseline.fit(object(), rows, time=np.arange(5_000) * 3_600).digest)
"""


def test_another_process_gives_the_same_bytes() -> None:
    """Neither the hash seed nor the number of threads changes a digit."""
    digests = set()
    for seed, threads in (("1", "1"), ("2", "2")):
        settings = {"PYTHONHASHSEED": seed, "OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
        shown = subprocess.run(  # noqa: S603 -- our own interpreter
            [sys.executable, "-c", FRESH], capture_output=True, text=True, check=True, env=settings
        )
        digests.add(shown.stdout)
    assert len(digests) == 1


def mixed(columns: int, rows: int, categories: int, sign: str) -> dict[str, Any]:
    """Columns of all kinds in turn, categories with long names."""
    rng = np.random.default_rng(0)
    kinds = [
        lambda: rng.lognormal(size=rows),
        lambda: np.array([f"category {at % categories:03d} ".ljust(200, sign) for at in range(rows)]),
        lambda: rng.random(rows) < 0.3,
        lambda: np.datetime64("2024-01-01") + rng.integers(0, 10**7, rows).astype("m8[s]"),
        lambda: np.array(["w" * length for length in rng.integers(1, 900, rows)]),
    ]
    return {f"a column of a name that is long {at}": kinds[at % len(kinds)]() for at in range(columns)}


@pytest.mark.parametrize(("categories", "sign"), [(20, "a"), (150, "a"), (150, "語")])
def test_the_file_stays_small(categories: int, sign: str, tmp_path: Path) -> None:
    """Two hundred columns of mixed kinds, with long names of categories and blocks of days, take less than 200 kB."""
    rows = mixed(200, 1500, categories, sign)
    baseline = Baseline.fit(object(), rows, time=np.arange(1500) * 6_000)
    baseline.save(tmp_path / "b.json")
    assert len(baseline.columns) == 200
    assert baseline.columns[1].kind == "categorical"
    assert all(column.drift for column in baseline.columns)
    assert (tmp_path / "b.json").stat().st_size < 200_000


def test_a_column_can_be_read_by_a_person(orders: pd.DataFrame, tmp_path: Path) -> None:
    """One key a line, the bins as texts beside their counts, and no row of the data but for names of categories."""
    Baseline.fit(object(), orders).save(tmp_path / "b.json")
    text = (tmp_path / "b.json").read_text("utf-8")
    assert '\n      "name": "gift",\n      "role": "input",\n      "kind": "boolean",\n' in text
    assert '"bins": ["=false", "=true", "other", "unseen", "missing"],\n      "counts": [' in text
    assert all(len(line) < 1300 for line in text.splitlines())
    assert "no. 7!" not in text
    assert f"{orders['price'].max()}" not in text


ROWS = 40


def held(*values: Any) -> list[Any]:
    """As many rows as are needed of some values in turn."""
    return [values[at % len(values)] for at in range(ROWS)]


def frame(*values: Any, name: Any = "a") -> pd.DataFrame:
    """A column of pandas, and a plain one beside it."""
    return pd.DataFrame({name: pd.Series(held(*values), dtype=object), "plain": range(ROWS)})


NOON = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
ODD: dict[str, tuple[Any, str, int]] = {  # rows, the kind of the first column, and how many values of it are none
    "nothing": (frame(None), "numeric", 0),
    "NaT alone": (pd.DataFrame({"a": [pd.NaT] * ROWS, "plain": range(ROWS)}), "numeric", 0),
    "infinities alone": (frame(np.inf, -np.inf), "numeric", 0),
    "infinities": (frame(np.inf, 1.0, 2.0, np.nan), "numeric", 0),
    "the largest numbers": (frame(*np.linspace(1e300, 1.7e300, 40)), "numeric", 0),
    "the smallest numbers": (frame(*(np.arange(40) * 5e-324)), "numeric", 0),
    "whole numbers of 71 bits": (frame(*(2**70 + at for at in range(40))), "numeric", 0),
    "numbers beyond all": (frame(10**400, 1, 2), "numeric", 14),
    "numbers and a question mark": (frame(*range(1, 40), "?"), "numeric", 1),
    "decimals": (frame(decimal.Decimal("0.1"), Fraction(1, 3), decimal.Decimal("nan")), "numeric", 0),
    "durations": (frame(*(timedelta(hours=at) for at in range(40))), "numeric", 0),
    "bytes": (frame(b"x", b"\xff"), "categorical", 0),
    "bytes, all different": (frame(*(bytes([at]) for at in range(40))), "text", 0),
    "surrogates": (frame("late\ud83d", "\udc00", "late\ud83e"), "categorical", 0),
    "surrogates, all different": (frame(*("\ud83d" * at for at in range(40))), "text", 0),
    "weird signs": (frame("\u202eabc", "\x00\n\t", "\U0001f600", "\u0301", ""), "categorical", 0),
    "types mixed": (frame(1, "a", None, 2.5, np.True_, NOON, b"x"), "categorical", 0),
    "lists of all lengths": (frame(*([1] * at for at in range(40))), "text", 0),
    "lists in lists": (frame([[1], [2, 3]]), "categorical", 0),
    "lists of texts": (frame(["a", "b"], ["c", "d"]), "categorical", 0),
    "vectors of two lengths": (frame(*([1.0, at] for at in range(39)), [1.0]), "embedding", 1),
    "vectors that miss": (frame(*([1.0, at] for at in range(38)), None, [1.0, None]), "embedding", 0),
    "vectors with infinities": (frame(*([1.0, at] for at in range(39)), [np.inf, 1.0]), "embedding", 0),
    "vectors alike": (frame([1.0, 2.0]), "embedding", 0),
    "vectors of nothing": (frame([0.0, 0.0]), "embedding", 0),
    "dicts": (frame({"a": 1}, {"a": "\ud83d"}), "categorical", 0),
    "ids": (frame(*(uuid.UUID(int=at) for at in range(40))), "text", 0),
    "times of day": (frame(*(time(at % 24, at) for at in range(40))), "text", 0),
    "zones mixed": (frame(NOON, NOON.replace(tzinfo=None), date(2024, 3, 2)), "datetime", 0),
    "dates of pandas in a zone": (
        pd.DataFrame({"a": pd.date_range("2024", periods=ROWS, freq="7h", tz="Asia/Tokyo")}),
        "datetime",
        0,
    ),
    "periods": (pd.DataFrame({"a": pd.period_range("2024", periods=ROWS)}), "text", 0),
    "categories of numbers": (pd.DataFrame({"a": pd.Categorical(held(1, 2, None))}), "numeric", 0),
    "complex numbers": (np.array(held(1j, 2j))[:, None], "categorical", 0),
    "half precision": (np.arange(ROWS, dtype=np.float16)[:, None], "numeric", 0),
    "fields": (np.zeros(ROWS, dtype=[("a", "f8"), ("b", "i4")]), "numeric", 0),
    "a sparse matrix": (scipy.sparse.random(ROWS, 3, 0.2, "csr", rng=0), "numeric", 0),
    "null of Polars": (pl.DataFrame({"a": [None] * ROWS}), "numeric", 0),
    "structs of Polars": (pl.DataFrame({"a": held({"q": 1, "r": "x"})}), "categorical", 0),
    "vectors of Polars": (pl.DataFrame({"a": [[1.0, at] for at in range(80)]}), "embedding", 0),
    "null of Arrow": (pa.table({"a": pa.nulls(ROWS)}), "numeric", 0),
    "decimals of Arrow": (pa.table({"a": [decimal.Decimal(at) for at in range(ROWS)]}), "numeric", 0),
    "a number as name": (frame(1.5, name=2024), "numeric", 0),
    "None as name": (frame(1.5, name=None), "numeric", 0),
    "a tuple as name": (frame(1.5, name=("a", 1)), "numeric", 0),
    "a surrogate in a name": ([{"a\ud83d": 1.5, "plain": at} for at in range(ROWS)], "numeric", 0),
    "a line end in a name": (frame(1.5, name="a\n\x00"), "numeric", 0),
    "a long name": (frame(1.5, name="a" * 5_000), "numeric", 0),
    "one name twice": (frame(1.5).set_axis(["plain", "plain"], axis=1), "numeric", 0),
    "names that read alike": (frame(1.5).set_axis(["a\nb", "a b"], axis=1), "numeric", 0),
    "long names that begin alike": (frame(1.5).set_axis(["a" * 200 + "b", "a" * 200 + "c"], axis=1), "numeric", 0),
    "the name of another's part": (frame(NOON).set_axis(["a", "a.hour"], axis=1), "datetime", 0),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_whatever_a_column_holds_the_file_is_written(case: str, tmp_path: Path) -> None:
    """It is saved and loaded as it was, its names differ, and the very same rows are counted as it says."""
    rows, kind, mistyped = ODD[case]
    baseline = Baseline.fit(object(), rows)
    baseline.save(tmp_path / "b.json")
    assert Baseline.load(tmp_path / "b.json") == baseline
    assert baseline.columns[0].kind == kind
    assert len({column.name for column in baseline.columns}) == len(baseline.columns)
    assert all(column.name.isprintable() for column in baseline.columns)
    tally = Tallier(baseline.inputs, baseline.embeddings).of(table_of(rows))
    for counts, column in zip(tally.counts, baseline.inputs, strict=True):
        assert counts[: column.bins.size].tolist() == list(column.counts)
    wrong = {violation: count for (_, violation), count in tally.violations.items() if violation != "range"}
    assert wrong == ({"type": mistyped} if mistyped else {})


def test_days_of_other_rows_are_refused(orders: pd.DataFrame) -> None:
    """As many times as labels, and more rows: it says so."""
    with pytest.raises(BaselineError, match="X has 3000 rows for 7 times"):
        Baseline.fit(object(), orders, [1.5] * 7, time=WHEN[:7])


def test_a_column_knows_its_rows() -> None:
    """Rows, completeness and scale follow from counts and moments."""
    column = Column("a", "input", "numeric", "a", None, NumericBins((0.0, 1.0)), (0, 6, 0, 2), 0.5, 0.25)
    assert (column.rows, column.completeness, column.scale) == (8, 0.75, (0.5, 0.25))
    assert replace(column, mean=0.5, sd=None).scale == (0.5, 1.0)
