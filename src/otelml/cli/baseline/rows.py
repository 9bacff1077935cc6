"""From a data frame to what a baseline is fitted on: inputs, labels, times."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from otelml.cli.baseline.csv_files import MISSING
from otelml.cli.baseline.request import RequestError, needed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from otelml.cli.baseline.layout import Layout

NO_TIMES = (*MISSING, "NaT")  # texts of a column of times
MEND = "write times as 2013-03-01T05:00:00Z, or as seconds since the epoch"


class Rows(NamedTuple):
    """Rows as `Baseline.fit` takes them.

    Attributes
    ----------
    inputs : data frame, (n_rows, n_columns).
    labels : (n_rows,) or None.
    times : (n_rows,) in UTC, or None.
    """

    inputs: Any
    labels: Any
    times: Any


def take(frame: Any, layout: Layout, path: Path, remark: Callable[[str], object]) -> Rows:
    """Take rows that have a label and a time.

    Parameters
    ----------
    remark : told how many rows are left out.

    Raises
    ------
    RequestError
        When no row is left, or a time is none.
    """
    if not len(frame):
        raise RequestError(f"{path} has no rows: give some")
    label, time = layout.label, layout.time
    if time is not None and frame[time].dtype.kind == "O":  # a text of one of these is no time
        frame = frame.assign(**{time: frame[time].where(~frame[time].isin(NO_TIMES))})
    for name in filter(None, (label, time)):
        frame = _with(frame, name, path, remark)
    if time is not None and isinstance(frame[time].iloc[0], str):
        frame = frame.assign(**{time: _parsed(frame[time], f"{path}, column {time!r}")})
    return Rows(
        frame[list(layout.inputs)],
        # A list makes plain booleans and numbers of what pandas keeps in types of its own.
        None if label is None else np.asarray(frame[label].to_list()),
        None if time is None else _in_utc(frame[time]),
    )


def _with(frame: Any, name: str, path: Path, remark: Callable[[str], object]) -> Any:
    """Leave out the rows where this column is missing."""
    there = frame[name].notna()
    missing = int((~there).sum())
    if missing == len(frame):
        raise RequestError(f"no row of {path} has a {name!r}: give rows that have one")
    if missing:
        remark(f"{missing:,} of {len(frame):,} rows have no {name!r} and are left out")
        frame = frame[there]
    return frame


def _parsed(held: Any, where: str) -> Any:
    """Read texts as times; with a zone where the first has one."""
    pandas = needed("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has to guess, it says only where guessing works
        found = pandas.to_datetime(held, format="ISO8601", errors="coerce", utc=True)
        if found.isna().any():
            found = pandas.to_datetime(held, errors="coerce", utc=True)
    wrong = held[found.isna()]
    if len(wrong):
        raise RequestError(f"{where}: {str(wrong.iloc[0])[:40]!r} is no time, or not written as the others: {MEND}")
    return found.dt.tz_localize(None) if pandas.Timestamp(held.iloc[0]).tzinfo is None else found


def _in_utc(held: Any) -> Any:
    """Moments as numpy's own, which are compared faster than those with a zone; numbers and dates as they are."""
    if getattr(held.dtype, "tz", None) is not None:
        held = held.dt.tz_convert("UTC").dt.tz_localize(None)
    return held.to_numpy()
