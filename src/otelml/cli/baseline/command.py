"""One run of `otelml baseline`: load, read, ask, measure, save, and show."""

from __future__ import annotations

import shlex
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from otelml.baseline import Baseline, BaselineError, BaselineWarning
from otelml.baseline.columns import MOST_COLUMNS
from otelml.baseline.discovery import SUFFIX
from otelml.cli.baseline.csv_files import Dialect
from otelml.cli.baseline.data import open_data
from otelml.cli.baseline.drawing import draw
from otelml.cli.baseline.layout import lay_out
from otelml.cli.baseline.model import load, names_of, width_of
from otelml.cli.baseline.request import Request, RequestError
from otelml.cli.baseline.rows import take
from otelml.cli.baseline.steps import steps
from otelml.cli.baseline.writing import first_line, one_line
from otelml.settings import variable

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Generator
    from pathlib import Path

    from otelml.cli.baseline.rows import Rows
    from otelml.cli.baseline.steps import Steps

DOES_NOT_FIT = 2
MOST_ALIKE = 3  # warnings of one kind
# scikit-learn says it of models that were trained with arrays; the names are for the baseline, and places decide.
EXPECTED = "has feature names, but"
DEVELOPERS = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning)


def execute(arguments: Namespace) -> int:
    """Make a baseline as asked; what does not fit is said in one line, and is status 2."""
    remarks: list[str] = []
    try:
        request = Request.of(arguments)
        try:
            with steps(shown=sys.stderr.isatty() and not arguments.plain) as done:
                baseline = make(request, done, remarks)
        finally:
            sys.stderr.write("".join(f"{one_line(remark)}\n" for remark in remarks))
        baseline.save(request.output)
    except (RequestError, BaselineError) as error:
        sys.stderr.write(f"otelml baseline: {one_line(str(error))}\n")
        return DOES_NOT_FIT
    draw(baseline, closing(baseline, request.output), plain=arguments.plain)
    return 0


def make(request: Request, done: Steps, remarks: list[str]) -> Baseline:
    """Load the model, read the rows, and measure the one on the others.

    Parameters
    ----------
    remarks : gets what the user should know besides.

    Raises
    ------
    RequestError
        When something given does not fit.
    """
    with _heard(remarks):
        done.plan([f"load {request.model.name}", f"read {request.data.name}"])
        model = load(request.model)
        done.tick()
        rows = _read(model, request, done, remarks)
        done.tick()
        return _fitted(model, rows, request, done)


def _read(model: Any, request: Request, done: Steps, remarks: list[str]) -> Rows:
    """Read what the model is asked about, once it is known that it is there."""
    data = open_data(request.data, Dialect(request.sep, request.decimal, request.encoding))
    layout = lay_out(request, data, names_of(model), width_of(model))
    asked = [] if request.columns_only else [f"ask {request.model.name}", "performance"]
    done.plan([*asked, *layout.inputs[:MOST_COLUMNS]])
    if layout.time is None:
        remarks.append("note: without --time nothing is known of how days and weeks differ")
    return take(data.read(layout.wanted), layout, request.data, lambda text: remarks.append(f"note: {text}"))


def _fitted(model: Any, rows: Rows, request: Request, done: Steps) -> Baseline:
    try:
        return Baseline.fit(
            model,
            rows.inputs,
            rows.labels,
            threshold=request.threshold,
            time=rows.times,
            name=request.name,
            version=request.version,
            positive_class=request.positive_class,
            progress=done.tick,
        )
    except BaselineError as error:
        raise RequestError(f"{request.model} on {request.data}: {error}") from error
    except Exception as error:  # models raise anything
        raise RequestError(
            f"{request.model} failed on {request.data} ({type(error).__name__}: {first_line(error)}): "
            "give rows with the columns, and the types of columns, that it was trained with"
        ) from error


@contextmanager
def _heard(remarks: list[str]) -> Generator[None]:
    """Turn warnings into remarks, also those before a failure: they may be its reason."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            remarks += _told(caught)


def _told(caught: list[warnings.WarningMessage]) -> list[str]:
    """Each text once, and few of a kind: a pipeline of many parts warns of each."""
    kinds: dict[type[Warning], dict[str, None]] = {}
    for one in caught:
        text = str(one.message)
        if not issubclass(one.category, DEVELOPERS) and EXPECTED not in text:
            kinds.setdefault(one.category, {})[text if one.category is BaselineWarning else first_line(text)] = None
    return [
        f"warning: {text}" if kind is BaselineWarning else f"warning: {kind.__name__}: {text}"
        for kind, texts in kinds.items()
        for text in list(texts)[: None if kind is BaselineWarning else MOST_ALIKE]
    ]


def closing(baseline: Baseline, path: Path) -> str:
    """Say where the baseline is, and how a service finds it."""
    kilobytes = path.stat().st_size / 1_000
    whole = path.absolute()
    by_hand = f'otelml.identify(model, baseline="{whole}")'
    folder = f"{variable('baselines')}={shlex.quote(str(whole.parent))}, or "
    found = f"with {folder}" if path.name.endswith(SUFFIX) else "with "
    return f"Saved {path} ({kilobytes:.1f} kB), id {baseline.id}. A service finds it {found}{by_hand}"
