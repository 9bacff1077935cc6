"""The file: whole, the same for the same, and refused with the fix when it is not what it should be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import otelml
from otelml.baseline import Baseline, BaselineError
from otelml.baseline.document import digest, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from baseline.conftest import Case


@pytest.fixture
def baseline(churn: Case) -> Baseline:
    """Fit the baseline of a binary model with times."""
    return Baseline.fit(
        churn.model, churn.X, churn.y, threshold=0.41, time=np.arange(3000) * 3600, name="churn", version="7"
    )


@pytest.mark.parametrize("name", ["cancer", "digits", "diabetes"])
def test_what_is_saved_is_loaded(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Of every task the loaded baseline equals the saved one, id included."""
    case: Case = request.getfixturevalue(name)
    saved = Baseline.fit(case.model, case.X, case.y, name=name)
    saved.save(tmp_path / "model.baseline.json")
    loaded = Baseline.load(tmp_path / "model.baseline.json")
    assert loaded == saved
    assert loaded.id == saved.id
    assert loaded.fingerprint.parameters == saved.fingerprint.parameters


def test_the_same_rows_give_the_same_bytes(baseline: Baseline, churn: Case, tmp_path: Path) -> None:
    """Fitting again, and saving what was loaded, give the same file."""
    again = Baseline.fit(
        churn.model, churn.X, churn.y, threshold=0.41, time=np.arange(3000) * 3600, name="churn", version="7"
    )
    for name, each in (("one", baseline), ("two", again)):
        each.save(tmp_path / name)
    Baseline.load(tmp_path / "one").save(tmp_path / "three")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes() == (tmp_path / "three").read_bytes()


def test_other_content_has_another_id(baseline: Baseline, churn: Case) -> None:
    """The id is 8 hex digits, and changes with threshold and name."""
    other = Baseline.fit(churn.model, churn.X, churn.y, threshold=0.42)
    assert baseline.id != other.id
    assert len(baseline.id) == 8
    assert int(baseline.id, 16) >= 0


def test_the_file_can_be_read_by_a_person(baseline: Baseline, tmp_path: Path) -> None:
    """The file is small, one entry a line, and says what it is first."""
    path = tmp_path / "churn.baseline.json"
    baseline.save(path)
    text = path.read_text()
    assert text.startswith('{\n  "format": "otelml.baseline",\n  "format_version": 4,\n')
    assert '\n    {"predicted": "left", "actual": "left", "count": ' in text
    assert '\n      "name": "score",\n      "role": "output",\n      "kind": "numeric",\n' in text
    assert len(text) < 16_000
    assert len(text.splitlines()) < 250
    assert [entry.name for entry in tmp_path.iterdir()] == ["churn.baseline.json"]


@pytest.mark.parametrize("value", [[], {}, {"a": []}, [[1, 2], [3]], {"a": {"b": None}}, 'text with "[ 1, 2 ]"'])
def test_the_layout_changes_nothing(value: Any) -> None:
    """What is laid out reads back as it was."""
    assert json.loads(lay_out(value)) == value


def rewritten(change: Callable[[dict[str, Any]], Any]) -> Callable[[str], str]:
    """Change the content and give it the hash that fits."""

    def rewrite(text: str) -> str:
        payload = json.loads(text)
        change(payload)
        payload["hash"] = "sha256:" + digest(payload)
        return json.dumps(payload)

    return rewrite


DAMAGES: dict[str, tuple[Callable[[str], str], str]] = {
    "truncated": (
        lambda text: text[: len(text) // 2],
        "no complete JSON .* truncated or damaged; copy it again",
    ),
    "empty": (lambda _: "", "no complete JSON"),
    "too deep": (lambda _: "[" * 100_000, "no complete JSON"),
    "no JSON": (lambda _: "flights", "no complete JSON"),
    "a list": (lambda _: "[]", "is no baseline"),
    "another format": (lambda _: '{"format": "evidently"}', 'is no baseline: no "format": "otelml.baseline"'),
    "newer": (
        lambda text: text.replace('"format_version": 4', '"format_version": 5'),
        "has format version 5, this otelml reads 3 to 4: upgrade otelml",
    ),
    "edited": (
        lambda text: text.replace('"value": 0.41', '"value": 0.14'),
        "does not match its hash: it was edited",
    ),
    "without hash": (lambda text: text.replace('"hash"', '"hush"'), "does not match its hash"),
    "lacks a part": (
        rewritten(lambda payload: payload.pop("cells")),
        "lacks a part, .*'cells'.*: fit it again",
    ),
    "wrong part": (rewritten(lambda payload: payload.update(task="guessing")), "has a wrong one .*guessing"),
    "wrong bins": (
        rewritten(lambda payload: payload["columns"][0].update(edges=[1, 2, 3])),
        "the bins of column 'x0' are not those",
    ),
    "wrong type": (rewritten(lambda payload: payload.update(model=[])), "has a wrong one"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_with_the_mend(damage: str, baseline: Baseline, tmp_path: Path) -> None:
    """Each way in which a file can be wrong has its message, with the path in it."""
    spoil, message = DAMAGES[damage]
    path = tmp_path / "churn.baseline.json"
    baseline.save(path)
    path.write_text(spoil(path.read_text()))
    with pytest.raises(BaselineError, match=message) as caught:
        Baseline.load(path)
    assert str(path) in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    """A pickle in its place is refused, not run."""
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04\x95\xff\xfe")
    with pytest.raises(BaselineError, match="no complete JSON"):
        Baseline.load(tmp_path / "model.pkl")


def test_a_missing_file_is_refused_with_the_mend(tmp_path: Path) -> None:
    """A path with nothing at it says so, and what to do."""
    with pytest.raises(BaselineError, match=r"no baseline at .*gone\.json: save one with Baseline\.save"):
        Baseline.load(tmp_path / "gone.json")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A folder in its place is refused with the fix."""
    with pytest.raises(BaselineError, match=r"cannot be read .*: fix its path"):
        Baseline.load(tmp_path)


def test_a_place_that_cannot_be_written_is_refused(baseline: Baseline, tmp_path: Path) -> None:
    """Saving into a folder that is not there says so, and leaves nothing behind."""
    with pytest.raises(BaselineError, match=r"cannot be written .*: choose a folder that can"):
        baseline.save(tmp_path / "gone" / "churn.json")
    assert list(tmp_path.iterdir()) == []


def test_a_failed_save_leaves_the_old_file(baseline: Baseline, tmp_path: Path) -> None:
    """Where the new file cannot take its place, what was there stays, and nothing lies beside it."""
    (tmp_path / "churn.json").mkdir()
    with pytest.raises(BaselineError, match="cannot be written"):
        baseline.save(tmp_path / "churn.json")
    assert [entry.name for entry in tmp_path.iterdir()] == ["churn.json"]


def _whole(value: Any) -> Any:
    """Numbers as JavaScript writes them: 1.0 is 1, and -0.0 is 0."""
    if isinstance(value, dict):
        return {key: _whole(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e21 else value


def _real(value: Any) -> Any:
    """Every number with a fraction, as languages without whole numbers write it."""
    if isinstance(value, dict):
        return {key: _real(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_real(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


WRITERS: dict[str, Callable[[Any], bytes]] = {
    "whole numbers without a fraction": lambda payload: json.dumps(_whole(payload)).encode(),
    "every number with a fraction": lambda payload: json.dumps(_real(payload)).encode(),
    "keys in order, on one line": lambda payload: json.dumps(payload, sort_keys=True, separators=(",", ":")).encode(),
    "keys the other way round": lambda payload: json.dumps(dict(reversed(payload.items())), indent=4).encode(),
    "letters as they are": lambda payload: json.dumps(payload, ensure_ascii=False).encode(),
    "a mark of UTF-8": lambda payload: json.dumps(payload).encode("utf-8-sig"),
    "UTF-16": lambda payload: json.dumps(payload).encode("utf-16"),
}


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("name", ["cancer", "diabetes"])
def test_another_program_may_write_the_file_again(
    writer: str, name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """The content is what the hash is of: the same baseline under the same id, saved as the same bytes."""
    case: Case = request.getfixturevalue(name)
    saved = Baseline.fit(case.model, case.X, case.y, name="späte Flüge")
    saved.save(tmp_path / "one.json")
    (tmp_path / "two.json").write_bytes(WRITERS[writer](json.loads((tmp_path / "one.json").read_bytes())))
    loaded = Baseline.load(tmp_path / "two.json")
    assert loaded == saved
    assert loaded.id == saved.id


def test_squares_that_do_not_fit_are_left_out(tmp_path: Path) -> None:
    """A regression of numbers around 1e160 has a baseline, without what cannot be computed."""
    rows = np.random.default_rng(0).normal(size=(400, 1))
    baseline = Baseline.fit(LinearRegression().fit(rows, rows[:, 0] * 1e160), rows, rows[:, 0] * 1e160)
    baseline.save(tmp_path / "b.json")
    assert Baseline.load(tmp_path / "b.json") == baseline
    assert baseline.value_sd is None


def test_the_package_offers_what_a_notebook_looks_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`otelml.BaselineError`, the version, and `dir(otelml)`; `~` in a path is the user's home."""
    assert otelml.BaselineError is BaselineError
    assert otelml.__version__
    assert {"Baseline", "BaselineError", "identify", "instrument", "__version__"} <= set(dir(otelml))
    monkeypatch.setenv("HOME", str(tmp_path))
    baseline = Baseline.fit(object(), np.arange(50.0)[:, None])
    baseline.save("~/b.json")
    assert Baseline.load("~/b.json") == Baseline.load(tmp_path / "b.json") == baseline


def test_importing_it_imports_no_framework() -> None:
    """Loading a baseline needs numpy alone: neither scikit-learn nor pandas nor OpenTelemetry is imported."""
    code = (
        "import sys; import otelml.baseline;"
        "print({'sklearn', 'pandas', 'scipy', 'polars', 'opentelemetry.sdk'} & set(sys.modules))"
    )
    shown = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ}
    )
    assert shown.stdout.strip() == "set()"


def test_a_baseline_says_in_a_line_what_it_is(baseline: Baseline) -> None:
    """A notebook shows whose it is and how good it was, not five thousand characters."""
    text = repr(baseline)
    assert f"{baseline.id} of churn" in text
    assert f"{baseline.rows:,} rows" in text
    assert len(text) < 300
