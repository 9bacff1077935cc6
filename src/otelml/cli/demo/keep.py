"""The received telemetry as a file: one JSON object a point, compressed."""

from __future__ import annotations

import gzip
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from pathlib import Path

    from otelml.testing import Point

FILE = "points.jsonl.gz"
FIELDS = ("name", "kind", "unit", "attributes", "start_ns", "time_ns", "value", "sum", "bounds", "counts")


@contextmanager
def keeper(folder: Path | None) -> Generator[Callable[[Sequence[Point]], None]]:
    """Open the file in `folder`, or nothing without one; yields what writes the points of one export."""
    if folder is None:
        yield lambda _: None
        return
    with gzip.open(folder / FILE, "wt", compresslevel=1, encoding="utf-8") as file:
        yield lambda points: file.writelines(f"{json.dumps(_as_json(point))}\n" for point in points)


def _as_json(point: Point) -> dict[str, Any]:
    values = {name: getattr(point, name) for name in FIELDS}
    return {name: value for name, value in values.items() if value not in (None, ())}
