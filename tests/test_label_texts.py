"""One reader of labels and one of ids: a value is the same text in every container and precision."""

from __future__ import annotations

import enum
import uuid
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from otelml.labels import (
    MOST_TEXT,
    actual_text,
    canonical,
    entries,
    id_text,
    is_missing,
    label_text,
    label_texts,
    synonyms,
)


class Tensor:
    """A tensor as torch's: no array of numpy, and one entry without dimensions."""

    def __init__(self, value):
        self.shape, self._value = np.shape(value), np.asarray(value)

    def reshape(self, *shape):
        """Another shape."""
        return Tensor(self._value.reshape(*shape))

    def detach(self):
        """Off the graph."""
        return self

    def numpy(self):
        """An array."""
        return self._value

    def tolist(self):
        """A list."""
        return self._value.tolist()


class Odd:
    """What has no text."""

    def __str__(self):
        raise RuntimeError


class Colour(str, enum.Enum):
    """A class by name."""

    RED = "red"


ONE = {
    "int": 1, "float": 1.0, "truth": True, "text": "1", "text of a CSV": "1.0", "padded": " 1 ",
    "Decimal": Decimal("1.00"),
    "Fraction": Fraction(2, 2), "int8": np.int8(1), "float16": np.float16(1), "array": np.array(1),
    "row": np.array([1]),
    "Arrow int": pa.scalar(1), "Arrow double": pa.scalar(1.0), "Arrow truth": pa.scalar(not False),
    "Arrow text": pa.scalar("1"),
    "tensor": Tensor(1), "tensor of a row": Tensor([1.0]), "list": [1], "bytes": b"1",
}  # fmt: skip


@pytest.mark.parametrize("label", ONE.values(), ids=ONE)
def test_one_is_one(label):
    """Whoever brings it."""
    assert actual_text(label) == "1"


MISSING = {
    "None": None, "NaN": float("nan"), "float32": np.float32("nan"), "NaT": pd.NaT, "NA": pd.NA, "masked": np.ma.masked,
    "Arrow": pa.scalar(None), "Arrow int": pa.scalar(None, pa.int64()), "Decimal": Decimal("NaN"),
    "signalling": Decimal("sNaN"), "datetime64": np.datetime64("NaT"), "tensor": Tensor(np.nan),
}  # fmt: skip


@pytest.mark.parametrize("value", MISSING.values(), ids=MISSING)
def test_missing_is_missing_in_every_dialect(value):
    """As a label and as an id."""
    assert is_missing(value) or isinstance(value, Tensor)
    assert actual_text(value) is None
    assert id_text(value) == ""


@pytest.mark.parametrize("text", ["", "  ", "None", "nan", "NaN", "NaT", "<NA>"])
def test_a_text_of_a_missing_id_is_no_id(text):
    """`astype(str)` writes what is missing as a text, the same for every row."""
    assert id_text(text) == ""


def test_a_text_may_be_a_label_and_no_number():
    """What a column of texts may hold is left alone, and so is what has no text at all."""
    texts = ["NA", "None", "007", "1.10", "late"]
    assert [actual_text(one) for one in texts] == texts
    assert actual_text(Odd()) is None
    assert id_text(Odd()) == ""
    assert actual_text(Colour.RED) == "red"


def test_a_label_is_the_same_in_another_precision():
    """0.1 of float32, float16 and float64 is one class."""
    assert {label_text(kind(0.1)) for kind in (float, np.float16, np.float32, np.float64)} == {"0.1"}
    assert label_texts(np.array([0.1, 2], dtype=np.float32)) == ["0.1", "2"]


def test_ids_are_as_they_were_given():
    """Texts untouched, numbers without decimals, long ones cut with a digest that tells them apart."""
    own = uuid.uuid4()
    assert [id_text(one) for one in (own, "10.0", 10.0, np.int64(10), Decimal(10))] == [
        str(own),
        "10.0",
        "10",
        "10",
        "10",
    ]
    long = [id_text(letter * 1_000_000) for letter in "ab"]
    assert long[0] != long[1]
    assert max(map(len, long)) <= MOST_TEXT


def test_classes_have_other_spellings():
    """A label finds the class that is the same number or truth; never another one."""
    assert synonyms(["0", "1"])["TRUE"] == "1"
    assert "true" not in synonyms(["1", "2"])
    assert synonyms(["1.0", "1"])["1"] == "1"
    assert canonical("1.0.0") == "1.0.0"


LISTS = {
    "numpy": np.array([1, 2]), "column": np.array([[1], [2]]), "pandas": pd.Series([1, 2], index=[5, 5]),
    "frame": pd.DataFrame({"y": [1, 2]}), "polars": pl.Series([1, 2]), "Arrow": pa.array([1, 2]), "range": range(1, 3),
    "chunked": pa.chunked_array([[1], [2]]), "tuple": (1, 2), "generator": (one for one in (1, 2)),
    "keys": {1: "a", 2: "b"}.keys(), "tensor": Tensor([1, 2]),
}  # fmt: skip


@pytest.mark.parametrize("values", LISTS.values(), ids=LISTS)
def test_containers_hold_the_same_entries(values):
    """Whichever library brings them."""
    assert entries(values) == [1, 2]


def test_a_text_alone_is_one_entry():
    """Not as many as it has letters."""
    assert entries("order-7") == ["order-7"]
    assert entries(7) == [7]
