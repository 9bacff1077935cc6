"""The file's JSON Schema: it takes what is written, refuses what is damaged, and leaves nothing undescribed."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from sklearn.svm import LinearSVC

import otelml.baseline
from otelml.baseline import Baseline, BaselineError
from otelml.baseline.content import to_payload
from otelml.baseline.document import FORMAT_VERSION, PREFIX, digest, write
from otelml.baseline.schema import first_flaw
from otelml.prediction import Task
from otelml.stats.binning import NumericBins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from baseline.conftest import Case

SCHEMA: dict[str, Any] = json.loads(files("otelml.baseline").joinpath("schema.json").read_text("utf-8"))
Payload = dict[str, Any]


def written(baseline: Baseline, folder: Path) -> Payload:
    """Read the file as anybody would."""
    baseline.save(folder / "b.json")
    return json.loads((folder / "b.json").read_text("utf-8"))


def complaints(payload: Any) -> list[str]:
    """Say what the schema finds wrong, and where."""
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(SCHEMA).iter_errors(payload)]


class Told:
    """A model that answers what it was told."""

    def __init__(self, answers: Any) -> None:
        self.answers = answers

    def predict(self, _: Any) -> Any:
        """Answer."""
        return self.answers


class Data:
    """Models and rows, as the fixtures have them."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self._request = request

    def __getattr__(self, name: str) -> Any:
        return self._request.getfixturevalue(name)


ODD = [{"a": np.inf, "b": 10**400, "c\ud83d": "\ud83d", "d": [1, 2]}, {"a": 5e-324, "d": 7}] * 30
LABELS = np.arange(900) % 30
HOURS = np.arange(3000) * 3600

CASES: dict[str, Callable[[Any], Baseline]] = {
    "binary": lambda data: Baseline.fit(data.churn.model, data.churn.X, data.churn.y, name="churn", version="7"),
    "threshold and times": lambda data: Baseline.fit(data.churn.model, data.churn.X, data.churn.y, "f1", HOURS),
    "margins": lambda data: Baseline.fit(LinearSVC().fit(data.churn.X, data.churn.y), data.churn.X, data.churn.y),
    "labels": lambda data: Baseline.fit(Told(data.churn.y), data.churn.X, data.churn.y),
    "multiclass": lambda data: Baseline.fit(data.digits.model, data.digits.X, data.digits.y),
    "many classes": lambda _: Baseline.fit(Told(LABELS), np.arange(900.0), LABELS),
    "regression": lambda data: Baseline.fit(data.diabetes.model, data.diabetes.X, data.diabetes.y),
    "constant": lambda _: Baseline.fit(Told(np.full(9, 0.1)), np.full((9, 1), np.nan), np.arange(9) * 1.5),
    "every kind": lambda data: Baseline.fit(data.churn.model, data.orders),
    "every kind with times": lambda data: Baseline.fit(object(), data.orders, time=HOURS),
    "nothing but missing values": lambda _: Baseline.fit(object(), [{"a": None, "b": np.nan}] * 5),
    "odd values": lambda _: Baseline.fit(object(), ODD),
    "values with times": lambda _: Baseline.fit(Told(np.cos(HOURS)), HOURS[:, None], np.sin(HOURS), time=HOURS),
    "wide": lambda _: Baseline.fit(object(), np.random.default_rng(0).normal(size=(50, 250))),
}
BLOCKS = {"threshold and times": ["score"], "values with times": ["value"]}


@pytest.mark.parametrize("case", CASES)
def test_every_file_fits_the_schema(case: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Baselines of every task and kind of column are as the schema says, and load as what they were."""
    baseline = CASES[case](Data(request))
    payload = written(baseline, tmp_path)
    assert complaints(payload) == []
    assert Baseline.load(tmp_path / "b.json") == baseline
    assert all(sum(column["counts"]) == payload["rows"] for column in payload["columns"])
    assert [column["name"] for column in payload["columns"] if column.get("blocks")] == BLOCKS.get(case, [])


def test_the_cases_cover_every_kind(request: pytest.FixtureRequest) -> None:
    """Among the files above there is a column of every kind, role and part that the schema knows."""
    payloads = [to_payload(CASES[case](Data(request))) for case in ("every kind", "binary", "regression")]
    columns = [column for payload in payloads for column in payload["columns"]]
    numeric, category = (SCHEMA["$defs"][name]["properties"] for name in ("numeric_column", "category_column"))
    assert {column["kind"] for column in columns} == {*numeric["kind"]["enum"], *category["kind"]["enum"]}
    assert {column["role"] for column in columns} == set(numeric["role"]["enum"])
    assert {column["part"] for column in columns} == {None, "hour", "weekday", "length", "cosine", "pc1", "pc2", "pc3"}


def objects(schema: Any, place: str = "$") -> Iterator[tuple[str, Any]]:
    """Walk over every part of a schema that describes an object's properties."""
    if isinstance(schema, dict):
        if "properties" in schema and "additionalProperties" in schema:
            yield place, schema
        for key, part in schema.items():
            if key not in ("allOf", "oneOf"):
                yield from objects(part, f"{place}.{key}")
    if isinstance(schema, list):
        for at, part in enumerate(schema):
            yield from objects(part, f"{place}[{at}]")


def test_the_schema_is_strict_and_says_what_everything_is() -> None:
    """It is a schema of draft 2020-12; every key is required, described, and the only one."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert SCHEMA["properties"]["format_version"]["const"] == FORMAT_VERSION
    assert SCHEMA["properties"]["task"]["enum"] == [task.value for task in Task]
    for place, part in objects(SCHEMA):
        assert part["required"] == list(part["properties"]), place
        assert part["additionalProperties"] is False, place
        for key, described in part["properties"].items():
            assert described.get("description"), f"{place}.{key}"


def test_the_docstring_names_every_key() -> None:
    """Whoever reads the description of the format finds every key, and the version."""
    text = otelml.baseline.__doc__ or ""
    keys = {key for _, part in objects(SCHEMA) for key in part["properties"]}
    terms = {
        term.strip() for line in re.findall(r"^([a-z_, ]+)\n    \S", text, re.MULTILINE) for term in line.split(",")
    }
    quoted = set(re.findall(r"`([a-z_]+)`", text))
    assert keys - terms - quoted == set()
    assert set(SCHEMA["properties"]) <= terms
    assert f"Format version {FORMAT_VERSION}\n" in text


DAMAGES: dict[str, Callable[[Payload], object]] = {
    "another format": lambda file: file.update(format="evidently"),
    "an older version": lambda file: file.update(format_version=2),
    "no columns": lambda file: file.pop("columns"),
    "one key more": lambda file: file.update(made="today"),
    "one key more in the model": lambda file: file["model"].update(path="model.pkl"),
    "another task": lambda file: file.update(task="guessing"),
    "three of two classes": lambda file: file["classes"].append("gone"),
    "no rows": lambda file: file.update(rows=0),
    "a short hash": lambda file: file.update(hash="sha256:12"),
    "a pickle as fingerprint": lambda file: file["model"].update(fingerprint="gASV"),
    "a text as threshold": lambda file: file["threshold"].update(value="0.5"),
    "an unknown threshold": lambda file: file["threshold"].update(source="guessed"),
    "scores of another kind": lambda file: file["score"].update(kind="logit"),
    "too many bounds": lambda file: file["score"].update(bounds=list(range(32))),
    "half a row": lambda file: file["cells"][0].update(count=0.5),
    "an unknown metric": lambda file: file["performance"][0].update(metric="vibes"),
    "an unknown window": lambda file: file["performance"][0].update(window="P3D"),
    "a column without bins": lambda file: file["columns"][0].pop("bins"),
    "one key more in a column": lambda file: file["columns"][0].update(minimum=-3.5),
    "an unknown kind": lambda file: file["columns"][0].update(kind="geometry"),
    "an unknown role": lambda file: file["columns"][0].update(role="label"),
    "a part of a number": lambda file: file["columns"][0].update(part="hour"),
    "categories of numbers": lambda file: file["columns"][0].update(categories=["a"]),
    "one edge": lambda file: file["columns"][0].update(edges=[1]),
    "less than no rows": lambda file: file["columns"][0]["counts"].append(-1),
    "bins alike": lambda file: file["columns"][0].update(bins=["below", "below"]),
    "no deviation": lambda file: file["columns"][0].update(standard_deviation=0),
    "drift of an unknown window": lambda file: file["columns"][0]["drift"].update(P3D=0.1),
    "moments of an unknown window": lambda file: file["columns"][-1]["blocks"].update(P3D={}),
    "moments without a variance": lambda file: file["columns"][-1].update(
        blocks={"P1D": {"mean": {"lower": 0, "upper": 1}}}
    ),
    "edges of categories": lambda file: file["columns"][-2].update(edges=[]),
    "names among the marks": lambda file: file["columns"][-2].update(others=["Jane Doe"]),
    "vectors that are none": lambda file: file["embeddings"].update(vector=[1, 2]),
    "a vector without components": lambda file: file["embeddings"].update(vector={"centroid": [1, 2]}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_does_not_fit(damage: str, churn: Case, tmp_path: Path) -> None:
    """What is missing, too much, of another type or out of range is refused."""
    payload = written(Baseline.fit(churn.model, churn.X, churn.y), tmp_path)
    assert complaints(payload) == []
    assert [column["name"] for column in payload["columns"]][-2:] == ["class", "score"]
    DAMAGES[damage](payload)
    assert complaints(payload) != []


THIRD = Path(__file__).with_name("files") / "third.baseline.json"


def test_files_of_the_third_version_are_read(tmp_path: Path) -> None:
    """A file from before numbers were canonical loads by its old hash, under its old id, and is saved as the newest."""
    old = Baseline.load(THIRD)
    assert (old.id, old.name, old.task, old.rows) == ("98261814", "shop", Task.BINARY, 60)
    assert [column.bins.precision for column in old.columns if isinstance(column.bins, NumericBins)] == ["double"] * 2
    assert complaints(written(old, tmp_path)) == []
    assert to_payload(Baseline.load(tmp_path / "b.json")) == to_payload(old)


def test_files_of_the_third_version_know_single_precision_by_its_values(tmp_path: Path) -> None:
    """A column of float32, whose frequent values tell it, is compared so although the file does not say it."""
    baseline = Baseline.fit(object(), np.repeat([0.1, 0.7, 3.3], 50).astype(np.float32)[:, None])
    payload = to_payload(baseline) | {"format_version": 3}
    del payload["columns"][0]["precision"]
    write(tmp_path / "old.json", payload)
    assert Baseline.load(tmp_path / "old.json").columns == baseline.columns


@pytest.mark.parametrize("version", [0, 1, 2, 5, 3.5, "4", None, True, 1e300, [4], float(2**70)])
def test_other_versions_are_refused(version: Any, churn: Case, tmp_path: Path) -> None:
    """Versions 1 and 2 were never released; newer ones are not known; what is no version is none."""
    payload = to_payload(Baseline.fit(churn.model, churn.X, churn.y)) | {"format_version": version}
    write(tmp_path / "b.json", payload)
    with pytest.raises(BaselineError, match=r"has format version .*, this otelml reads 3 to 4: upgrade otelml"):
        Baseline.load(tmp_path / "b.json")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_loaded(damage: str, churn: Case, tmp_path: Path) -> None:
    """Whatever the schema refuses, loading refuses, also under a right hash."""
    payload = written(Baseline.fit(churn.model, churn.X, churn.y), tmp_path)
    DAMAGES[damage](payload)
    if damage != "a short hash":
        payload["hash"] = PREFIX + digest(payload)
    (tmp_path / "b.json").write_text(json.dumps(payload))
    with pytest.raises(BaselineError, match=r"fit it again|is no baseline|upgrade otelml|does not match its hash"):
        Baseline.load(tmp_path / "b.json")


@pytest.mark.parametrize("damage", DAMAGES)
def test_our_reading_of_the_schema_is_that_of_others(damage: str, churn: Case, tmp_path: Path) -> None:
    """Whether a payload fits is answered as the reference implementation answers it."""
    payload = written(Baseline.fit(churn.model, churn.X, churn.y), tmp_path)
    assert first_flaw(payload) is None
    DAMAGES[damage](payload)
    assert first_flaw(payload) is not None
