"""`otelml baseline`: from files to a baseline, with everything that may be wrong on the way told in one line."""

from __future__ import annotations

import doctest
import importlib
import os
import pickle
import pkgutil
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import otelml.cli.baseline
from otelml import Baseline
from otelml.baseline.columns import INPUT, Column
from otelml.cli import main
from otelml.cli.baseline import steps
from otelml.cli.baseline.shapes import CELLS, heights
from otelml.cli.baseline.writing import UNICODE, glyphs_for
from otelml.stats.binning import NumericBins

DAYS, ROWS, UNLABELLED = 28, 840, 7
NUMBERS, CATEGORIES = ["distance", "wind"], ["carrier"]
INPUTS = [*NUMBERS, *CATEGORIES, "night"]
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Told(NamedTuple):
    """Exit status, and what was written."""

    status: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that says why nothing was made."""
        assert self.status == 2
        assert self.out == ""
        (line,) = [line for line in self.err.splitlines() if not line.startswith(("note: ", "warning: "))]
        prefix, _, text = line.partition(": ")
        assert prefix == "otelml baseline"
        return text


def flights(rows: int = ROWS) -> pd.DataFrame:
    """Make flights of four weeks: numbers, categories, a truth value, some of it missing, and labels that came late."""
    random = np.random.default_rng(7)
    late = random.random(rows) < 0.4
    frame = pd.DataFrame(
        {
            "id": [f"flight {at}" for at in range(rows)],
            "carrier": random.choice(["UA", "B6", "[red]", "\x1b[2Jevil"], rows, p=[0.5, 0.3, 0.1, 0.1]),
            "distance": np.round(random.gamma(2, 500, rows)),
            "wind": np.where(random.random(rows) < 0.1, np.nan, random.normal(8 + 4 * late, 3)),
            "night": random.random(rows) < 0.3,
            "when": pd.date_range("2013-03-01", periods=rows, freq=f"{DAYS * 24 * 60 // rows}min", tz="UTC"),
            "late": pd.array(late, dtype="boolean"),
        }
    )
    frame.loc[frame.index[:UNLABELLED], "late"] = pd.NA
    return frame


@pytest.fixture(scope="module")
def model() -> Any:
    """Train a pipeline on a data frame of mixed columns."""
    frame = flights().dropna(subset="late")
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES),
        remainder="passthrough",
    )
    pipeline = make_pipeline(columns, LogisticRegression())
    return pipeline.fit(frame[["wind", "distance", "carrier", "night"]][INPUTS], frame["late"].astype(int))


@pytest.fixture
def folder(tmp_path: Path, model: Any) -> Path:
    """Make a folder with the model and the rows."""
    joblib.dump(model, tmp_path / "flights.joblib")
    flights().to_parquet(tmp_path / "march.parquet")
    return tmp_path


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Offer the command in the folder of the model."""
    monkeypatch.chdir(folder)

    def run(*options: str, data: str = "march.parquet", label: str = "late", time: str = "when", **others: str) -> Told:
        given = {"model": "flights.joblib", "data": data, "label": label, "time": time, **others}
        pairs = [part for name, value in given.items() if value for part in (f"--{name.replace('_', '-')}", value)]
        status = main(["baseline", *pairs, *options])
        return Told(status, *capsys.readouterr())

    return run


@pytest.fixture
def expected(model: Any) -> Any:
    """Offer what the line of code makes of the same rows."""

    def fit(frame: pd.DataFrame, **options: Any) -> Baseline:
        frame = frame[frame["late"].notna()]
        X = frame[INPUTS]
        return Baseline.fit(model, X, frame["late"].astype(int), time=pd.to_datetime(frame["when"]), **options)

    return fit


def test_a_parquet_file_gives_what_the_line_of_code_gives(told: Any, expected: Any) -> None:
    """The baseline is that of `Baseline.fit` on the same rows, and lies beside the model."""
    done = told(threshold="f1", name="flights", version="7", positive_class="1")
    own = expected(pd.read_parquet("march.parquet"), threshold="f1", name="flights", version="7", positive_class=1)
    assert done.status == 0
    assert Baseline.load("flights.baseline.json") == own
    assert f"note: {UNLABELLED} of " in done.err
    assert "rows have no 'late' and are left out" in done.err


@pytest.mark.parametrize("name", ["march.csv", "march.csv.gz", "march.csv.zip"])
def test_a_csv_file_does_too(told: Any, expected: Any, name: str) -> None:
    """Times are texts there, and labels become objects beside missing ones."""
    pd.read_parquet("march.parquet").to_csv(name, index=False)
    assert told(data=name, threshold="0.4").status == 0
    assert Baseline.load("flights.baseline.json") == expected(pd.read_csv(name), threshold=0.4)


def test_a_folder_of_parquet_is_read_as_one(told: Any, expected: Any) -> None:
    """Its files are the rows, in the order of their names."""
    whole = pd.read_parquet("march.parquet")
    Path("march").mkdir()
    whole[:400].to_parquet("march/1.parquet")
    whole[400:].to_parquet("march/2.parquet")
    assert told(data="march", output="march.baseline.json").status == 0
    assert Baseline.load("march.baseline.json") == expected(whole)


def test_a_column_that_pandas_kept_as_the_index_is_one(told: Any, expected: Any) -> None:
    """Times are often the index of a data frame."""
    whole = pd.read_parquet("march.parquet")
    whole.set_index("when").to_parquet("indexed.parquet")
    assert told(data="indexed.parquet").status == 0
    assert Baseline.load("flights.baseline.json") == expected(whole)


def test_it_works_as_a_program(folder: Path) -> None:
    """`python -m otelml baseline` writes the picture to stdout; remarks, and no bar, to stderr."""
    command = [sys.executable, "-m", "otelml", "baseline", "--model", "flights.joblib", "--data", "march.parquet"]
    done = subprocess.run(  # noqa: S603 -- our own command
        [*command, "--label", "late", "--time", "when"],
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        text=True,
        capture_output=True,
        timeout=120,
        check=True,
    )
    assert done.stderr == f"note: {UNLABELLED} of {ROWS} rows have no 'late' and are left out\n"
    assert "mean +- sd" in done.stdout
    assert re.search(r"distance +numeric +100 % +\d+ \+- \d+ +[.:=+*#@ -]+ +\d+ to \d+", done.stdout)
    assert done.stdout.isascii()


def test_the_picture_tells_columns_and_performance(told: Any) -> None:
    """Inputs, outputs and performance are shown, and how a service finds the file."""
    out = told(name="flights").out
    baseline = Baseline.load("flights.baseline.json")
    assert out.startswith(f"flights (Pipeline), binary: {baseline.rows} rows of 28 days, ")
    assert re.search(r"\n  wind +numeric +89\.7 % +[\d.]+ ± [\d.]+ +[▁▂▃▄▅▆▇█ ]+ +[\d.-]+ to [\d.]+ +\d\.\d\d\n", out)
    assert re.search(r"\n  carrier +categorical +100 % +█▅▂▂ +UA 5\d %, B6 \d+ %, ", out)
    assert re.search(r"\n  night +boolean +100 % +█▄ +true \d\d % ", out)
    assert re.search(r"\n  roc_auc +0\.\d{3}  0\.\d{3} to 0\.\d{3}  ", out)
    assert out.index("inputs") < out.index("outputs") < out.index("performance")
    kilobytes = Path("flights.baseline.json").stat().st_size / 1000
    assert out.splitlines()[-1] == (
        f"Saved flights.baseline.json ({kilobytes:.1f} kB), id {baseline.id}. A service finds it with "
        f"OTEL_PYTHON_ML_BASELINES={Path.cwd()}, or "
        f'otelml.identify(model, baseline="{Path.cwd()}/flights.baseline.json")'
    )


def test_a_name_of_the_data_moves_no_cursor(told: Any) -> None:
    """Categories are somebody's texts: what a terminal would act on is not written."""
    out = told().out
    assert "[2Jevil" in out
    assert "\x1b" not in out


def test_the_columns_alone_need_no_label(told: Any, model: Any) -> None:
    """Nothing is asked, no row is left out, and no performance is told."""
    done = told("--columns-only", label="")
    rows = pd.read_parquet("march.parquet")
    own = Baseline.fit(model, rows[INPUTS], time=rows["when"])
    assert (done.status, done.err) == (0, "")
    assert Baseline.load("flights.baseline.json") == own
    assert "performance" not in done.out


def test_a_model_that_knows_no_names_gets_every_other_column(told: Any) -> None:
    """Label, time and ignored columns are left out; scikit-learn's remark about names is no news."""
    rows = pd.read_parquet("march.parquet")
    known = rows[rows["late"].notna()]
    bare = LogisticRegression().fit(known[["distance", "night"]].to_numpy(dtype=float), known["late"].astype(int))
    joblib.dump(bare, "bare.joblib")
    done = told("--ignore", "id,carrier", "--ignore", "wind", model="bare.joblib")
    assert done.status == 0
    assert "warning" not in done.err
    assert [column.name for column in Baseline.load("bare.baseline.json").inputs] == ["distance", "night"]
    assert told(model="bare.joblib", output="other").error.startswith(
        "bare.joblib takes 2 columns and does not know their names; march.parquet has 5 beside label and time: id, "
    )


def test_the_time_is_an_input_where_the_model_was_trained_with_it(told: Any) -> None:
    """It is handed over as a time, also where the file holds texts."""
    rows = pd.read_parquet("march.parquet").dropna()
    columns = make_column_transformer((StandardScaler(), NUMBERS), remainder="drop")
    model = make_pipeline(columns, LogisticRegression()).fit(rows[["when", *NUMBERS]], rows["late"].astype(int))
    joblib.dump(model, "timed.joblib")
    rows.to_csv("march.csv", index=False)
    assert told(model="timed.joblib", data="march.csv").status == 0
    found = Baseline.load("timed.baseline.json")
    assert next((column.name, column.kind) for column in found.inputs) == ("when.hour", "datetime")
    assert found == Baseline.fit(model, rows[["when", *NUMBERS]], rows["late"].astype(int), time=rows["when"])


@pytest.mark.parametrize(
    "texts",
    [
        ["2013-03-01T05:00:00Z", "2013-03-02T05:00:00.250Z", "2013-03-03T05:00:00+00:00"],
        ["2013-03-01", "2013-03-02 05:00", "2013-03-03 05:00:00"],
        ["1 March 2013", "2 March 2013", "3 March 2013"],
        [1362114000, 1362200400, 1362286800],
    ],
)
def test_times_may_be_written_in_many_ways(told: Any, texts: list[Any]) -> None:
    """ISO 8601 in all its lengths, other ways where all are written alike, seconds."""
    rows = pd.read_parquet("march.parquet").dropna()
    rows["when"] = [texts[at * 3 // len(rows)] for at in range(len(rows))]
    rows.to_csv("march.csv", index=False)
    assert told(data="march.csv").status == 0
    assert Baseline.load("flights.baseline.json").days == 3


def test_rows_without_a_time_are_left_out(told: Any) -> None:
    """A row that belongs to no day is no part of a baseline of days, and nobody is left to wonder."""
    rows = pd.read_parquet("march.parquet")
    rows.loc[rows.index[50:60], "when"] = pd.NaT
    rows.to_parquet("march.parquet")
    assert f"note: 10 of {len(rows) - UNLABELLED} rows have no 'when' and are left out\n" in told().err


def test_without_times_it_says_what_is_not_known(told: Any) -> None:
    """Days and weeks are what alerts compare with."""
    done = told(time="")
    assert "note: without --time nothing is known of how days and weeks differ\n" in done.err
    assert "weeks" not in done.out


def test_regressions_and_many_classes_are_shown_too(told: Any) -> None:
    """A metric of a regression is of no class; of several classes each has its rows."""
    rows = pd.read_parquet("march.parquet").dropna()
    rows["thirds"] = pd.qcut(rows["wind"], 3, labels=["calm", "fresh", "storm"]).astype(str)
    rows.to_parquet("march.parquet")
    joblib.dump(LinearRegression().fit(rows[NUMBERS], rows["wind"] + rows["distance"]), "sum.joblib")
    joblib.dump(LogisticRegression(max_iter=1000).fit(rows[NUMBERS] / 100, rows["thirds"]), "thirds.joblib")
    numbers = told(model="sum.joblib", label="night").out
    assert re.search(r"\n  rmse +[\d.]+  ", numbers)
    assert re.search(r"\n  value +numeric ", numbers)
    classes = told(model="thirds.joblib", label="thirds").out
    assert re.search(r"\n  recall +storm +[01]\.\d{3}  ", classes)


def test_doubts_are_told_as_warnings(told: Any) -> None:
    """What `Baseline.fit` warns of is written once, and is no failure."""
    pd.read_parquet("march.parquet")[:150].to_parquet("few.parquet")
    done = told(data="few.parquet")
    assert done.status == 0
    assert re.search(r"^warning: \d+ rows of the positive class '1' are few", done.err, re.MULTILINE)
    assert re.search(r"^warning: 5 days are few to resample", done.err, re.MULTILINE)


def test_warnings_of_other_libraries_are_told_by_their_kind(
    told: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model of another version is used, and said to be one; few of a kind are enough."""
    with monkeypatch.context() as earlier:
        earlier.setattr("sklearn.base.__version__", "1.0")
        joblib.dump(model, "flights.joblib")
    done = told()
    assert done.status == 0
    assert done.err.count("warning: InconsistentVersionWarning: Trying to unpickle estimator") == 3


def test_a_plain_pickle_is_read_without_joblib(told: Any, model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no joblib saved no model with it."""
    Path("flights.pkl").write_bytes(pickle.dumps(model))
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert told(model="flights.pkl").status == 0


def test_nothing_is_written_over_unasked(told: Any) -> None:
    """A baseline that is there is refused before anything is read, and replaced with --force."""
    Path("flights.baseline.json").write_text("mine")
    assert told().error == "flights.baseline.json is there already: give --force to write over it, or another --output"
    assert Path("flights.baseline.json").read_text() == "mine"
    assert told("--force").status == 0
    assert Baseline.load("flights.baseline.json").rows


def _written(name: str, content: bytes) -> str:
    Path(name).write_bytes(content)
    return name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": "fligths.joblib"}, "no model at fligths.joblib (--model): fix the path"),
        ({"data": "april.parquet"}, "no data at april.parquet (--data): fix the path"),
        ({"output": "away/x.baseline.json"}, "away is no folder to put x.baseline.json in (--output): make it"),
        ({"label": "Laet"}, "march.parquet has no column 'Laet' (--label): near it are late"),
        ({"time": "xyz"}, "no column 'xyz' (--time): its columns are id, carrier, distance, wind, night, when, late"),
        ({"ignore": "di,id"}, "march.parquet has no column 'di' (--ignore)"),
        ({"label": ""}, "the column of the actual outcomes is missing: give --label COLUMN, or --columns-only"),
        ({"time": "late"}, "'late' is given as --label and as --time: it can be one of them only"),
        ({"label": "night"}, "flights.joblib was trained with 'night' (--label): leave --label out of it"),
        ({"label": "carrier", "model": "other.joblib"}, "are none of the model's classes ['0', '1']: give the labels"),
        ({"positive_class": "yes"}, "positive_class 'yes' is not one of two classes, they are ['0', '1']"),
        ({"model": "text.joblib"}, "text.joblib cannot be loaded (KeyError: 110): give a joblib or pickle file"),
        ({"model": "gone.joblib"}, "gone.joblib needs nowhere, which cannot be imported here: install it as in"),
        ({"model": "dict.joblib"}, "dict.joblib on march.parquet: dict has none of predict_proba, decision_function"),
        ({"model": "unfitted.joblib"}, "unfitted.joblib failed on march.parquet (NotFittedError: This LogisticRegr"),
        ({"data": "broken.parquet"}, "broken.parquet cannot be read (ArrowInvalid: "),
        ({"data": "broken.csv.gz"}, "broken.csv.gz cannot be read (BadGzipFile: Not a gzipped file (b'no')): it is"),
        ({"data": "march.xlsx"}, "march.xlsx is neither Parquet nor CSV by its name (--data): give *.parquet or *.csv"),
        ({"data": "empty"}, "empty is a folder without *.parquet (--data): name a file, or a folder of Parquet"),
        ({"data": "others.csv"}, "lacks 2 of the 4 columns that flights.joblib was trained with: 'distance' (near it"),
        ({"data": "others.csv"}, ": distence), 'wind'; name them as in training, or give rows that have them"),
        ({"data": "unlabelled.csv"}, "no row of unlabelled.csv has a 'late': give rows that have one"),
        ({"data": "times.csv"}, "times.csv, column 'when': 'soon' is no time, or not written as the others: write "),
        ({"data": "rows.csv"}, "rows.csv has no rows: give some"),
        ({"data": "types.csv"}, "flights.joblib failed on types.csv ("),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_in_a_line(told: Any, options: dict[str, str], said: str) -> None:
    """What was wrong, where, and the fix; with status 2, and nothing saved."""
    rows = pd.read_parquet("march.parquet").dropna()[:40].astype({"when": str})
    _written("text.joblib", b"no pickle")
    _written("gone.joblib", b"cnowhere\nModel\n.")
    joblib.dump({"model": 1}, "dict.joblib")
    joblib.dump(LogisticRegression(), "unfitted.joblib")
    joblib.dump(LogisticRegression().fit(rows[["distance"]], rows["late"].astype(int)), "other.joblib")
    for name in ("broken.parquet", "broken.csv.gz", "march.xlsx"):
        _written(name, b"no such thing")
    Path("empty").mkdir()
    rows.rename(columns={"distance": "distence", "wind": "gale"}).to_csv("others.csv")
    rows.assign(late=None).to_csv("unlabelled.csv")
    rows.assign(when=[*rows["when"][:-1], "soon"]).to_csv("times.csv")
    rows[:0].to_csv("rows.csv")
    rows.assign(wind="much").to_csv("types.csv")
    done = told(**options)
    assert said in done.error
    assert not list(Path().glob("*.baseline.json"))


@pytest.mark.parametrize("options", [["--threshold", "f2"], ["--threshold", "nan"]])
def test_a_threshold_is_f1_or_a_number(told: Any, capsys: pytest.CaptureFixture[str], options: list[str]) -> None:
    """Anything else is a usage error that says what it takes."""
    with pytest.raises(SystemExit) as ended:
        told(*options)
    assert ended.value.code == 2
    assert "is neither f1 nor a number: write f1, or 0.4" in capsys.readouterr().err


def test_the_columns_alone_have_no_threshold(told: Any) -> None:
    """Options that contradict each other are told before anything is read."""
    assert "so there is nothing for --threshold or --positive-class" in told("--columns-only", threshold="f1").error


@pytest.mark.parametrize("package", ["pandas", "pyarrow.dataset"])
def test_a_package_that_is_missing_is_named(told: Any, monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    """The fix is what to install."""
    monkeypatch.setitem(sys.modules, package, None)
    error = told().error
    assert error.startswith(f"{package} cannot be imported")
    assert error.endswith(": pip install 'otelml[baseline]'")


def on_a_terminal(folder: Path, *options: str, width: int = 100) -> str:
    """Run the command on a terminal whose user is not patient at all."""
    program = (
        "import sys; from otelml.cli.baseline import steps; steps.PATIENCE_S = 0.0; "
        "from otelml.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    ours, theirs = pty.openpty()
    given = ["baseline", "--model", "flights.joblib", "--data", "march.parquet", "--label", "late", "--time", "when"]
    environ = {**os.environ, "TERM": "xterm", "COLUMNS": str(width), "PYTHONIOENCODING": "utf-8"}
    environ.pop("NO_COLOR", None)
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", program, *given, *options], cwd=folder, env=environ, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    written = b""
    try:
        while piece := os.read(ours, 65_536):
            written += piece
    except OSError:  # how Linux says that nobody writes any more
        pass
    os.close(ours)
    assert process.wait(timeout=60) == 0
    return written.decode()


def test_a_terminal_shows_a_bar_and_colours(folder: Path) -> None:
    """What takes long has a bar with the name of the step; the picture fits into the width of the terminal."""
    written = on_a_terminal(folder)
    assert "load flights.joblib" in written
    assert "━" in written
    assert "\x1b[36m" in written
    picture = ESCAPES.sub("", written[written.index("Pipeline, binary") :]).splitlines()
    assert max(len(line.rstrip()) for line in picture[:-1]) <= 100
    assert any(line.startswith("roc_auc") for line in picture)


def test_plain_shows_neither(folder: Path) -> None:
    """`--plain` writes lines of text to a terminal too."""
    written = on_a_terminal(folder, "--plain")
    assert "\x1b" not in written
    assert "━" not in written
    assert "\n  roc_auc" in written.replace("\r", "")


def test_steps_are_counted() -> None:
    """Each tick ends the step that was first."""
    with steps.steps(shown=False) as done:
        done.plan(["load", "read"])
        done.tick()
        done.plan(["performance"])
    assert (done.done, done.ahead) == (1, ["read", "performance"])


def test_heights_tell_how_numbers_lie() -> None:
    """The little picture is the histogram of the numbers, as far as their bins know it."""
    numbers = np.random.default_rng(0).normal(0, 1, 20_000)
    bins = NumericBins.learn(numbers)
    drawn = np.array(heights(Column("x", INPUT, "numeric", "x", None, bins, tuple(bins.count(numbers).tolist()))))
    assert drawn.sum() == pytest.approx(len(numbers))
    real, _ = np.histogram(numbers, np.linspace(bins.edges[0], bins.edges[-1], CELLS + 1))
    assert np.abs(drawn - real).sum() / len(numbers) < 0.3
    assert abs(int(drawn.argmax()) - int(real.argmax())) <= 1


def test_a_terminal_that_cannot_gets_ascii() -> None:
    """Half of the glyphs would be no help: all or none."""
    assert glyphs_for("cp1252").bars([1, 8]).isascii()
    assert glyphs_for(None).ellipsis == ".."
    assert glyphs_for("UTF-8") is UNICODE


def test_the_examples_in_docstrings_hold() -> None:
    """Each module's examples say what it does."""
    found = pkgutil.iter_modules(otelml.cli.baseline.__path__, "otelml.cli.baseline.")
    modules = [otelml.cli.baseline, *(importlib.import_module(module.name) for module in found)]
    results = [doctest.testmod(module) for module in modules]
    assert sum(result.attempted for result in results) > 10
    assert sum(result.failed for result in results) == 0
