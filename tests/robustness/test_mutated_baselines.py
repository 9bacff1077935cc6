"""A baseline that is not what it should be is refused, and costs no other model anything."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

import otelml
from otelml.baseline import Baseline, BaselineError, find, shelf
from otelml.baseline.document import MOST_BYTES, PREFIX, digest, read
from otelml.ledger import ledger
from robustness.mutated_baselines import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

X = np.random.default_rng(0).normal(size=(1_000, 2))
MODEL = LogisticRegression().fit(X, X[:, 0] > 0)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The text of a baseline's file."""
    path = tmp_path_factory.mktemp("saved") / "b.json"
    Baseline.fit(MODEL, X, X[:, 0] > 0, name="shop").save(path)
    return path.read_text("utf-8")


@pytest.mark.filterwarnings("ignore::otelml.baseline.BaselineWarning")
def test_no_mutation_costs_another_model_anything() -> None:
    """Of 150 changed baselines under a right hash, all are refused or taken; nothing else is raised, no row is lost."""
    result = run(150, seed=2)
    assert result.failures == []
    assert result.outcomes["refused"] > 75
    assert result.outcomes["taken"] > 5


CONTRADICTIONS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "counts of rows that there are not": (lambda file: file.update(rows=1_001), "do not add up"),
    "cells of a class that there is not": (lambda file: file["cells"][0].update(actual="maybe"), "there are not"),
    "cells twice": (lambda file: file["cells"][1].update(file["cells"][0]), "twice"),
    "a metric twice": (lambda file: file["performance"].append(file["performance"][0]), "twice"),
    "a share above one": (lambda file: file["performance"][0].update(value=1.5), "cannot be"),
    "limits in the wrong order": (lambda file: file["performance"][0].update(lower=0.9, upper=0.1), "wrong order"),
    "one bin fewer than bounds": (lambda file: file["score"]["counts"]["1"].pop(), "other bins than bounds"),
    "bounds that do not increase": (lambda file: file["score"]["bounds"].reverse(), "do not increase"),
    "a positive class that is none": (lambda file: file.update(positive_class="2"), "none of the classes"),
    "a column twice": (lambda file: file["columns"].append(file["columns"][0]), "same name"),
    "windows without days": (lambda file: file["performance"][0].update(window="P1D"), "windows without days"),
    "values that were never single": (
        lambda file: file["columns"][0].update(values=[0.1], precision="single"),
        "the bins of column",
    ),
    "a truth value as a count": (lambda file: file["cells"][0].update(count=True), "True"),
    "a number of 400 digits": (lambda file: file.update(days=10**400), "no finite number"),
    "half of a surrogate pair in a key": (
        lambda file: file["model"]["parameters"].update({"\ud83d": 1}),
        "half of a surrogate pair",
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_parts_that_contradict_each_other_are_refused(name: str, saved: str, tmp_path: Path) -> None:
    """What is of the right type and cannot be is refused under a right hash, and the message says what it is."""
    change, message = CONTRADICTIONS[name]
    payload = json.loads(saved)
    change(payload)
    with contextlib.suppress(UnicodeEncodeError, OverflowError):
        payload["hash"] = PREFIX + digest(payload)
    (tmp_path / "b.json").write_text(json.dumps(payload))
    with pytest.raises(BaselineError, match=message):
        Baseline.load(tmp_path / "b.json")


TEXTS: dict[str, Callable[[str], str]] = {
    "NaN": lambda text: text.replace('"rows": 1000', '"rows": NaN'),
    "infinity as a number too large": lambda text: text.replace('"rows": 1000', '"rows": 1e999'),
    "half of a surrogate pair": lambda text: text.replace('"shop"', '"\\ud83d"'),
    "thousands of levels": lambda text: text.replace('"rows": 1000', '"rows": ' + "[" * 500 + "]" * 500),
    "an integer of many digits": lambda text: text.replace('"rows": 1000', '"rows": ' + "9" * 5_000),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_json_cannot_say_is_refused(name: str, saved: str, tmp_path: Path) -> None:
    """What Python's parser takes beyond JSON, or what no exporter takes, is a `BaselineError`."""
    (tmp_path / "b.json").write_text(TEXTS[name](saved))
    with pytest.raises(BaselineError):
        Baseline.load(tmp_path / "b.json")


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(MOST_BYTES + 1)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


PLACES: dict[str, Callable[[Path], object]] = {
    "a FIFO": _fifo,
    "a link to a FIFO": lambda path: (_fifo(path.with_name("fifo")), path.symlink_to("fifo")),
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": lambda path: path.mkdir(),
    "a file of more than 16 MB": _large,
    "a link in a circle": _loop,
    "a link to nothing": lambda path: path.symlink_to("gone"),
}


@pytest.mark.parametrize("name", PLACES)
def test_only_regular_files_are_read(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Anything else is refused at once, and warned of once however often it is met."""
    path = tmp_path / "shop.baseline.json"
    PLACES[name](path)
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(_message(path)), daemon=True)
    thread.start()
    thread.join(10)
    assert found
    assert found[0] != "loaded"
    before = ledger.errors["baseline"]
    assert [find(tmp_path, "shop") for _ in range(3)] == [None] * 3
    assert ledger.errors["baseline"] == before + 1
    assert caplog.text.count("is left out") == 1


def _message(path: Any) -> str:
    try:
        Baseline.load(path)
    except BaselineError as error:
        return str(error)
    return "loaded"


def test_a_fifo_in_the_place_of_a_file_is_not_waited_for(
    saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it took the file's place after the file was looked at."""
    path, real = tmp_path / "b.json", os.stat
    path.write_text(saved)

    def replaced(target: Any, *rest: Any, **more: Any) -> os.stat_result:
        status = real(target, *rest, **more)
        path.unlink()
        os.mkfifo(path)
        return status

    monkeypatch.setattr(os, "stat", replaced)
    with pytest.raises(BaselineError, match="no regular file"):
        read(path)


def test_a_link_to_a_file_is_followed_and_its_change_is_seen(tmp_path: Path) -> None:
    """So do ConfigMaps come: `b.json` is a link by way of a link to a folder, which is changed for another."""
    first, second = tmp_path / "..1", tmp_path / "..2"
    for folder, rows in ((first, X), (second, X * 2)):
        folder.mkdir()
        Baseline.fit(MODEL, rows, X[:, 0] > 0).save(folder / "b.json")
    data, link = tmp_path / "..data", tmp_path / "b.json"
    data.symlink_to("..1")
    link.symlink_to("..data/b.json")
    assert shelf.load(link) == Baseline.load(first / "b.json")
    data.unlink()
    data.symlink_to("..2")
    assert shelf.load(link) == Baseline.load(second / "b.json")


def test_a_file_is_read_once_while_it_stays_as_it_is(
    saved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good or bad; and again when it was changed."""
    reads: list[str] = []
    load = Baseline.load
    monkeypatch.setattr(Baseline, "load", lambda path: (reads.append(str(path)), load(path))[1])
    path = tmp_path / "b.json"
    path.write_text("{")
    for _ in range(3):
        with pytest.raises(BaselineError, match="no complete JSON"):
            shelf.load(path)
    path.write_text(saved)
    assert {shelf.load(path).id for _ in range(3)} == {load(path).id}
    assert len(reads) == 2


@pytest.mark.parametrize("path", [None, 7, "a\0b", b"\xff", object(), "x" * 5_000, "~nobody-of-this-name/b.json"])
def test_what_is_no_path_is_refused(path: Any) -> None:
    """`Baseline.load` raises `BaselineError` and nothing else."""
    with pytest.raises(BaselineError):
        Baseline.load(path)


def test_a_bad_file_in_the_folder_costs_no_model_its_own(saved: str, tmp_path: Path) -> None:
    """Beside a FIFO, a folder and NaN, a model finds its baseline by fingerprint."""
    (tmp_path / "good.baseline.json").write_text(saved)
    (tmp_path / "nan.baseline.json").write_text(saved.replace('"rows": 1000', '"rows": NaN'))
    (tmp_path / "folder.baseline.json").mkdir()
    os.mkfifo(tmp_path / "fifo.baseline.json")
    found = find(tmp_path, "other", otelml.baseline.fingerprint(MODEL))
    assert found is not None
    assert found.name == "shop"
