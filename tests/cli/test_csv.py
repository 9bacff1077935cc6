"""`otelml baseline` on CSV: what is read is what the same rows are in Parquet, or the error names the option."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

from otelml import Baseline
from otelml.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = 600
RNG = np.random.default_rng(1)
FRAME = pd.DataFrame(
    {
        "country": RNG.choice(["NA", "ZA", "null", "Ö,;\t"], ROWS, p=[0.5, 0.3, 0.1, 0.1]),
        "rate": RNG.normal(size=ROWS).round(3),
        "digits": RNG.normal(size=ROWS),
        "large": RNG.choice([1234.5, 2345.25, 12.0], ROWS),
        "pieces": RNG.integers(1, 4, ROWS),
        "night": RNG.random(ROWS) < 0.4,
        "at": pd.date_range("2024-01-01", periods=ROWS, freq="3h"),
    }
)
FRAME["incident"] = np.where((FRAME.country == "NA") & (FRAME.rate > 0), "None", np.where(FRAME.rate > 0.5, "A", "B"))
INPUTS = ["country", "rate", "digits", "large", "pieces", "night"]
MODEL = make_pipeline(
    make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["country"]), remainder="passthrough"),
    DecisionTreeClassifier(max_depth=4, random_state=0),
).fit(FRAME[INPUTS], FRAME.incident)


@pytest.fixture
def made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Make the baseline of a file; the baseline, or what was said where there is none."""
    joblib.dump(MODEL, tmp_path / "m.joblib")

    def make(data: Path, *options: str) -> Any:
        output = tmp_path / "b.json"
        output.unlink(missing_ok=True)
        names = ("--model", str(tmp_path / "m.joblib"), "--data", str(data), "--output", str(output))
        status = main(["baseline", "--plain", *names, "--label", "incident", "--time", "at", *options])
        said = capsys.readouterr().err
        return Baseline.load(output) if status == 0 else said

    return make


@pytest.fixture
def expected(made: Callable[..., Any], tmp_path: Path) -> Baseline:
    """The baseline of the same rows in Parquet."""
    FRAME.to_parquet(tmp_path / "d.parquet")
    baseline = made(tmp_path / "d.parquet")
    assert isinstance(baseline, Baseline)
    return baseline


def german(frame: pd.DataFrame) -> pd.DataFrame:
    """Numbers with a decimal comma, and points between thousands."""
    mirrored = str.maketrans(",.", ".,")
    return frame.assign(large=frame.large.map(lambda value: f"{value:,.2f}".translate(mirrored)))


WAYS: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "plain": ("d.csv", {}, ()),
    "semicolons": ("d.csv", {"sep": ";"}, ()),
    "tabs": ("d.tsv", {"sep": "\t"}, ()),
    "tabs in a .csv": ("d.csv", {"sep": "\t"}, ()),
    "bars": ("d.csv", {"sep": "|"}, ()),
    "a separator that is given": ("d.csv", {"sep": "^"}, ("--sep", "^")),
    "decimal commas": ("d.csv", {"sep": ";", "decimal": ","}, ()),
    "decimal commas in quotes": ("d.csv", {"decimal": ","}, ()),
    "decimal commas that are given": ("d.csv", {"sep": ";", "decimal": ","}, ("--decimal", ",")),
    "a mark of UTF-8": ("d.csv", {"encoding": "utf-8-sig"}, ()),
    "UTF-16": ("d.csv", {"encoding": "utf-16"}, ()),
    "cp1252": ("d.csv", {"encoding": "cp1252"}, ("--encoding", "cp1252")),
    "gzip": ("d.tsv.gz", {"sep": "\t"}, ()),
    "zip": ("d.csv.zip", {"sep": ";"}, ()),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_csv_is_what_the_parquet_is(way: str, made: Callable[..., Any], expected: Baseline, tmp_path: Path) -> None:
    """Whatever separates it, and however its numbers and texts are written: to the last digit."""
    name, written, options = WAYS[way]
    FRAME.to_csv(tmp_path / name, index=False, **written)
    assert made(tmp_path / name, *options) == expected


def test_thousands_are_read(made: Callable[..., Any], expected: Baseline, tmp_path: Path) -> None:
    """1.234,50 is a number, and so is 1,234.50."""
    german(FRAME).to_csv(tmp_path / "d.csv", index=False, sep=";", decimal=",")
    assert made(tmp_path / "d.csv") == expected
    FRAME.assign(large=FRAME.large.map("{:,.2f}".format)).to_csv(tmp_path / "d.csv", index=False)
    assert made(tmp_path / "d.csv") == expected


def test_marks_of_what_is_missing_are_so_in_numbers_alone(tmp_path: Path) -> None:
    """NA among numbers, truth values and times is missing, as an empty field is anywhere; in texts it is a text."""
    frame = FRAME.astype({"rate": object, "at": object, "country": object})
    frame.loc[:9, "rate"] = "NA"
    frame.loc[10:14, "at"] = "None"
    frame.loc[20:26, "country"] = None
    frame["country"] = frame.country.fillna("")
    joblib.dump(DecisionTreeClassifier(), tmp_path / "m.joblib")  # of no columns yet
    frame.drop(columns="incident").to_csv(tmp_path / "d.csv", index=False)
    options = ("--model", str(tmp_path / "m.joblib"), "--columns-only", "--data", str(tmp_path / "d.csv"))
    assert main(["baseline", "--plain", *options, "--time", "at", "--output", str(tmp_path / "c.json")]) == 0
    baseline = Baseline.load(tmp_path / "c.json")
    missing = {column.name: column.counts[-1] for column in baseline.inputs}
    assert baseline.rows == ROWS - 5
    assert missing == {"country": 7, "rate": 10, "digits": 0, "large": 0, "pieces": 0, "night": 0}


def _latin(path: Path) -> None:
    FRAME.to_csv(path, index=False, encoding="cp1252")


def _late(path: Path) -> None:
    text = FRAME.assign(country="ZA").to_csv(index=False).encode()
    path.write_bytes(text + FRAME.tail(50).to_csv(index=False, header=False).encode("cp1252") * 200)


def _headless(path: Path) -> None:
    path.write_bytes(FRAME.to_csv(index=False).encode("utf-16-le"))


PROBLEMS: dict[str, tuple[Callable[[Path], object], str]] = {
    "another encoding": (_latin, "is not in UTF-8 .*: name it by --encoding, such as cp1252"),
    "another encoding further down": (_late, "name it by --encoding"),
    "UTF-16 without a mark": (_headless, "give --encoding utf-16-le"),
    "another separator": (lambda path: FRAME.to_csv(path, index=False, sep="^"), "give --sep"),
    "two separators": (
        lambda path: path.write_text("country;rate|at;incident|x\nNA;1|2;3|4\n"),
        "may have ';' or '|' between its columns: say which by --sep",
    ),
    "thousands or decimals": (
        lambda path: FRAME.assign(large="1,234").to_csv(path, index=False, sep=";"),
        "the comma of 1,234 may be a decimal mark or stand between thousands: say which by --decimal",
    ),
}


@pytest.mark.parametrize("problem", PROBLEMS)
def test_what_cannot_be_told_is_named(problem: str, made: Callable[..., Any], tmp_path: Path) -> None:
    """The error names the option that says it."""
    write, message = PROBLEMS[problem]
    write(tmp_path / "d.csv")
    said = made(tmp_path / "d.csv")
    assert isinstance(said, str)
    assert [line for line in said.splitlines() if all(part in line for part in message.split(" .*"))]


@pytest.mark.parametrize(("mark", "value"), [(",", 1.234), (".", 1234.0)])
def test_the_decimal_mark_decides(mark: str, value: float, made: Callable[..., Any], tmp_path: Path) -> None:
    """Where a comma could be either, the option says which."""
    FRAME.assign(large="1,234").to_csv(tmp_path / "d.csv", index=False, sep=";")
    baseline = made(tmp_path / "d.csv", "--decimal", mark)
    (large,) = [column for column in baseline.inputs if column.name == "large"]
    assert large.mean == value


@pytest.mark.parametrize("option", [("--sep", ";;"), ("--encoding", "klingon"), ("--decimal", "'")])
def test_options_that_say_nothing_are_refused(option: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """A separator is one character, an encoding one that is known, a decimal mark a point or a comma."""
    with pytest.raises(SystemExit):
        main(["baseline", "--model", "m", "--data", "d", *option])
    assert option[0] in capsys.readouterr().err


def test_a_compressed_file_that_is_none_is_named(made: Callable[..., Any], tmp_path: Path) -> None:
    """What only its name calls an archive is damaged, and no traceback."""
    (tmp_path / "d.csv.gz").write_text("a,b\n1,2\n")
    assert "cannot be read" in made(tmp_path / "d.csv.gz")
    (tmp_path / "e.csv.gz").write_bytes(gzip.compress(FRAME.to_csv(index=False).encode())[:500])
    assert "cannot be read" in made(tmp_path / "e.csv.gz")
