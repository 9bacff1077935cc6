"""Points as the receiver hands them over, for tests that need no sender."""

from __future__ import annotations

from otelml.testing import Point

START = 1_364_803_200.0  # 1 April 2013, 08:00 UTC
HOUR = 3_600.0


def point(name: str, value: float | None = None, *, at: float = START, **attributes: str) -> Point:
    """Make a cumulative sum; `ml.` goes before the names of its attributes."""
    return Point(
        name=name,
        kind="sum",
        unit="1",
        attributes={f"ml.{key}": text for key, text in attributes.items()},
        resource={"service.name": "flights"},
        scope="otelml",
        scope_version="0",
        start_ns=round(START * 1e9),
        time_ns=round(at * 1e9),
        temporality="cumulative",
        monotonic=True,
        value=value,
    )


def gauge(name: str, value: float, **attributes: str) -> Point:
    """Make a constant of the baseline."""
    made = point(name, value, **attributes)
    return Point(**{**vars(made), "kind": "gauge", "temporality": None, "monotonic": None})


def histogram(name: str, bounds: tuple[float, ...], counts: tuple[int, ...], *, at: float = START) -> Point:
    """Make a cumulative histogram."""
    made = point(name, at=at)
    fields = {"kind": "histogram", "bounds": bounds, "counts": counts, "count": sum(counts)}
    return Point(**{**vars(made), **fields})


def cells(tp: int, fp: int, fn: int, tn: int, none: int = 0, *, at: float = START) -> list[Point]:
    """Make the cohort cells of a binary model; those without an outcome were predicted late."""
    counts = {("1", "1"): tp, ("1", "0"): fp, ("0", "1"): fn, ("0", "0"): tn, ("1", "none"): none}
    return [
        point("ml.outcome.cohort", count, at=at, predicted=predicted, actual=actual)
        for (predicted, actual), count in counts.items()
    ]


def baseline(tp: int, fp: int, fn: int, tn: int, lower: float) -> list[Point]:
    """Make the constants that the alert and the comparison need."""
    counts = {("1", "1"): tp, ("1", "0"): fp, ("0", "1"): fn, ("0", "0"): tn}
    rows = [
        gauge("ml.baseline.cells", count, predicted=predicted, actual=actual)
        for (predicted, actual), count in counts.items()
    ]
    bound = {"metric": "f1_adjusted", "class": "1", "bound": "lower", "window": "P7D"}
    return [*rows, gauge("ml.baseline.performance", lower, **bound)]


def column(
    name: str, counts: dict[str, int], march: dict[str, int], *, at: float, role: str = "input", week: float = 0.0
) -> list[Point]:
    """Make what arrives of one column: its counts by bin, and the baseline's rows of `march`."""
    of = {"column.role": role, "column.name": name}
    rows = sum(march.values())
    return [
        *(point("ml.column.values", count, at=at, bin=label, **of) for label, count in counts.items()),
        *(gauge("ml.baseline.values", count / rows, bin=label, **of) for label, count in march.items()),
        gauge("ml.baseline.rows", rows, **of),
        gauge("ml.baseline.drift", week, window="P7D", **of),
    ]
