"""Finding the baseline in a folder; what is wrong is logged and never raised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sklearn.linear_model import LogisticRegression

from otelml.baseline import Baseline, find, fingerprint
from otelml.ledger import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from baseline.conftest import Case


@pytest.fixture
def folder(tmp_path: Path, churn: Case, digits: Case) -> Path:
    """Two baselines of two models, and what else lies in a folder."""
    Baseline.fit(churn.model, churn.X, churn.y).save(tmp_path / "churn.baseline.json")
    Baseline.fit(digits.model, digits.X, digits.y).save(tmp_path / "digits.baseline.json")
    (tmp_path / "notes.json").write_text("{")
    return tmp_path


def test_the_name_comes_first(folder: Path, churn: Case, caplog: pytest.LogCaptureFixture) -> None:
    """`<name>.baseline.json` is found by name alone, silently."""
    found = find(folder, "churn", fingerprint(churn.model))
    assert found == Baseline.load(folder / "churn.baseline.json")
    assert find(str(folder), "churn") == found
    assert caplog.text == ""


def test_the_fingerprint_finds_it_too(folder: Path, digits: Case, caplog: pytest.LogCaptureFixture) -> None:
    """Without a name, or under another, the model's fingerprint finds it, silently."""
    expected = Baseline.load(folder / "digits.baseline.json")
    assert find(folder, fingerprint=fingerprint(digits.model)) == expected
    assert find(folder, "LogisticRegression", fingerprint(digits.model)) == expected
    assert caplog.text == ""


def test_nothing_that_fits_is_none(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A model without a baseline has none, and nothing is wrong with that."""
    assert find(folder, "other", fingerprint(LogisticRegression(C=9.0))) is None
    assert find(folder, "other") is None
    assert find(folder) is None
    assert caplog.text == ""


def test_another_models_baseline_is_refused(folder: Path, churn: Case, caplog: pytest.LogCaptureFixture) -> None:
    """The named file of another model is left out, told with its fix, and booked."""
    before = ledger.errors["baseline"]
    assert find(folder, "digits", fingerprint(churn.model)) is None
    assert "digits.baseline.json is left out: it is of another model" in caplog.text
    assert "fit it again" in caplog.text
    assert ledger.errors["baseline"] == before + 1


def test_several_that_fit_are_told(folder: Path, churn: Case, caplog: pytest.LogCaptureFixture) -> None:
    """Two different baselines of one fingerprint: none is taken, and both are named."""
    Baseline.fit(churn.model, churn.X, churn.y, threshold=0.3).save(folder / "second.baseline.json")
    assert find(folder, fingerprint=fingerprint(churn.model)) is None
    assert "churn.baseline.json, second.baseline.json" in caplog.text
    assert "name the model" in caplog.text


def test_a_copy_is_no_second_one(folder: Path, churn: Case, caplog: pytest.LogCaptureFixture) -> None:
    """Two files of the same content are one baseline."""
    Baseline.load(folder / "churn.baseline.json").save(folder / "copy.baseline.json")
    assert find(folder, fingerprint=fingerprint(churn.model)) == Baseline.load(folder / "churn.baseline.json")
    assert caplog.text == ""


def test_an_unreadable_file_is_told_and_left_out(folder: Path, churn: Case, caplog: pytest.LogCaptureFixture) -> None:
    """A damaged file is told with its fix; the others are still found."""
    (folder / "broken.baseline.json").write_text('{"format": ')
    assert find(folder, fingerprint=fingerprint(churn.model)) is not None
    assert "broken.baseline.json is no complete JSON" in caplog.text
    assert find(folder, "broken") is None


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A folder that cannot be read is told with the fix."""
    assert find(tmp_path / "gone", "churn") is None
    assert "fix its path" in caplog.text


@pytest.mark.parametrize("name", ["../churn", "sub/churn", "", "churn\0"])
def test_a_name_leads_nowhere_else(folder: Path, name: str) -> None:
    """A model's name is never a path out of the folder."""
    assert find(folder, name) is None
