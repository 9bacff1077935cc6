"""Baselines with one part changed, under a right hash, each loaded by a process that serves another model too.

    python tests/robustness/mutated_baselines.py 2000

prints how many were refused and how many were taken, and fails where anything but `BaselineError` was raised, a row of
the other model was not counted, or a collection brought nothing of it.
"""

from __future__ import annotations

import copy
import hashlib
import json
import logging
import random
import sys
import tempfile
import warnings
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rich.progress import track
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

sys.path.insert(0, str(Path(__file__).parents[1]))

from fresh import forget_drops, forget_models

import otelml
from otelml.baseline import Baseline, BaselineError
from otelml.baseline.document import PREFIX, digest
from otelml.testing import capture, total

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, TOGETHER = 100, 10
NAN, INFINITE = float("nan"), float("inf")


def _deep(levels: int = 200) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


VALUES: tuple[Any, ...] = (
    NAN, INFINITE, -INFINITE, None, True, False, "", "x", "0.5", "\ud83d", "a\0b", "x" * 300_000, -1, 0, 1, 2, 0.5,
    -0.0, 5e-324, 1e200, 1e308, -1e308, 2**53, 2**63, 2**64, 10**400, [], {}, [1], ["a"], {"a": 1}, [None], [[]],
    {"lower": 0, "upper": NAN}, _deep(),
)  # fmt: skip


@dataclass
class Served:
    """A model, rows for it, and the payload of its baseline."""

    model: Any
    rows: Any
    payload: dict[str, Any]


@dataclass
class Result:
    """What came of the mutations."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def victims() -> list[Served]:
    """A classifier of columns of every kind, a regression, and scores of several classes, all with times."""
    rng = np.random.default_rng(0)
    numbers, hours = rng.normal(size=(3_000, 3)), np.arange(3_000) * 3_600
    frame = pd.DataFrame(
        {
            "rate": rng.choice([0.1, 0.7, 1.3], 3_000).astype(np.float32),
            "price": numbers[:, 0].round(2),
            "city": rng.choice(["oslo", "wien", "bonn"], 3_000),
            "night": rng.random(3_000) < 0.3,
            "when": pd.to_datetime(hours, unit="s"),
        }
    )
    late = (numbers[:, 0] + frame.night > 0.3).astype(int)
    encoded = make_column_transformer((OneHotEncoder(), ["city"]), ("passthrough", ["rate", "price", "night"]))
    classifier = make_pipeline(encoded, LogisticRegression()).fit(frame, late)
    regression = LinearRegression().fit(numbers, numbers[:, 0] + numbers[:, 1] ** 2)
    several = LogisticRegression().fit(numbers, np.digitize(numbers[:, 0], [-0.5, 0.5]))
    truths = (late, numbers[:, 0] + numbers[:, 1] ** 2, np.digitize(numbers[:, 0], [-0.5, 0.5]))
    served: list[Served] = []
    with tempfile.TemporaryDirectory() as folder:
        for model, rows, truth in zip(
            (classifier, regression, several), (frame, numbers, numbers), truths, strict=True
        ):
            Baseline.fit(model, rows, truth, time=hours, name="victim").save(f"{folder}/b.json")
            payload = json.loads(Path(folder, "b.json").read_text("utf-8"))
            served.append(Served(model, rows[:ROWS], payload))
    return served


def mutated(payload: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Change one to three parts of a payload, and make the hash right again."""
    changed = copy.deepcopy(payload)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        _change(changed, draw)
    changed["hash"] = _hash(changed)
    return changed


def _change(payload: dict[str, Any], draw: random.Random) -> None:
    places = list(_places(payload))
    if draw.randrange(4) == 0:
        _nudge_a_float(payload, places, draw)
        return
    # First a part of the file, then a place in it: else nearly all would be counts of bins.
    part = draw.choice(sorted({place[0] for place in places}))
    *way, key = draw.choice([place for place in places if place[0] == part])
    held: Any = payload
    for step in way:
        held = held[step]
    kind = draw.randrange(6)
    if kind < 3:
        held[key] = copy.deepcopy(draw.choice(VALUES))
    elif kind == 3:
        held[key] = _nudged(held[key], draw)
    elif kind == 4:
        del held[key]
    elif isinstance(held, list):
        held.insert(key, copy.deepcopy(held[draw.randrange(len(held))]))
    else:
        held[draw.choice(["new", "", "\ud83d", key + "2"])] = copy.deepcopy(held[key])


def _nudge_a_float(payload: dict[str, Any], places: list[tuple[Any, ...]], draw: random.Random) -> None:
    """Change a number that stands for itself: what is taken has to do no harm either."""
    own = ("mean", "standard_deviation", "lower", "upper", "value", "P1D", "P7D", "P28D")
    *way, key = draw.choice([place for place in places if place[-1] in own] or places)
    held: Any = payload
    for step in way:
        held = held[step]
    if isinstance(held, dict) and isinstance(held.get(key), float):
        held[key] = held[key] * draw.choice([1.001, 0.999, 1e-300, 1e300, 1e-12]) or 0.5


def _nudged(value: Any, draw: random.Random) -> Any:
    """Something of the same type, a little off."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int | float):
        value = value if abs(value) < 2**64 else 1
        return draw.choice([value + 1, value - 1, -value, value * 1e6, value / 1e6, float(value), value * 1e300])
    if isinstance(value, str):
        return draw.choice([value + "\n", value[1:], value.upper(), value + "\ud83d", value * 2])
    if isinstance(value, list):
        return draw.choice([value[::-1], value[1:], value * 2])
    return dict(list(value.items())[1:])


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if (*way, key) != ("hash",):
            yield (*way, key)
            yield from _places(item, (*way, key))


def _hash(payload: dict[str, Any]) -> str:
    try:
        return PREFIX + digest(payload)
    except (ValueError, TypeError, OverflowError):  # what cannot be hashed as we do, as somebody else would do it
        bare = {key: value for key, value in payload.items() if key != "hash"}
        text = json.dumps(bare, sort_keys=True, separators=(",", ":"))
        return PREFIX + hashlib.sha256(text.encode()).hexdigest()


def run(count: int, seed: int = 0, *, progress: bool = False) -> Result:
    """Try `count` mutations, some at a time."""
    draw, served, result = random.Random(seed), victims(), Result()
    rows = np.random.default_rng(1).normal(size=(40, 2))
    innocent = Served(LogisticRegression().fit(rows, rows[:, 0] > 0), rows, {})
    with tempfile.TemporaryDirectory() as folder, _quiet():
        groups = range(0, count, TOGETHER)
        for first in track(groups, "mutations") if progress else groups:
            chosen = [draw.choice(served) for _ in range(min(TOGETHER, count - first))]
            paths = [Path(folder, f"{first + at}.baseline.json") for at in range(len(chosen))]
            for path, victim in zip(paths, chosen, strict=True):
                path.write_text(json.dumps(mutated(victim.payload, draw)), "utf-8", errors="surrogatepass")
            try:
                result.outcomes += _tried(paths, chosen, innocent)
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is what is looked for
                result.failures.append(f"from {first} on: {type(error).__name__}: {str(error)[:300]}")
            forget_models()  # else each collection would bring the series of all models before
            forget_drops()
            for path in paths:
                path.unlink()
    return result


@contextmanager
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("otelml")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", BytesWarning)
        try:
            yield
        finally:
            logger.setLevel(before)


def _tried(paths: list[Path], victims: list[Served], innocent: Served) -> Counter[str]:
    """Serve one model all the time, and one after the other with each of the baselines."""
    with capture() as captured:
        host = captured.meter_provider.get_meter("host").create_counter("host.rows")
        otelml.instrument(captured.tracer_provider, captured.meter_provider)
        try:
            otelml.identify(innocent.model, name="innocent").predict(innocent.rows)
            captured.points()
            outcomes: Counter[str] = Counter()
            for number, (path, victim) in enumerate(zip(paths, victims, strict=True), start=1):
                host.add(1)
                outcomes[_outcome(path)] += 1
                otelml.identify(victim.model, name=path.name, baseline=path).predict(victim.rows)
                innocent.model.predict(innocent.rows)
                points = captured.points()
                assert total(points, "host.rows").last == number, "a collection lost the host's own metric"
                assert _rows(points, "innocent") == (number + 1) * len(innocent.rows), "rows of the innocent are lost"
            points = captured.points()
            assert [_rows(points, path.name) for path in paths] == [len(one.rows) for one in victims]
            assert total(points, "otelml.errors").last == outcomes["refused"], "errors that are no refusals"
            assert total(points, "ml.column.values", {"ml.model.name": "innocent"}).last, "columns are lost"
        finally:
            otelml.uninstrument()
    return outcomes


def _outcome(path: Path) -> str:
    try:
        Baseline.load(path)
    except BaselineError:
        return "refused"
    return "taken"


def _rows(points: Any, name: str) -> float:
    return total(points, "ml.inference.rows", {"ml.model.name": name}).last


if __name__ == "__main__":
    found = run(*map(int, sys.argv[1:] or ["2000"]), progress=True)
    sys.stdout.write(
        f"{dict(found.outcomes)}, {len(found.failures)} failures\n" + "\n".join(found.failures[:50]) + "\n"
    )
    sys.exit(bool(found.failures))
