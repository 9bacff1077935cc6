"""Which columns are what: asked of the model, label, time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from otelml.cli.baseline.request import RequestError, near
from otelml.cli.baseline.writing import listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otelml.cli.baseline.data import Data
    from otelml.cli.baseline.request import Request


class Layout(NamedTuple):
    """Columns by what they are for.

    Attributes
    ----------
    inputs : what the model is asked about, in its order.
    label : the actual outcome; None of a baseline of the columns alone.
    time : when each row was predicted; None where nothing says.
    """

    inputs: tuple[str, ...]
    label: str | None
    time: str | None

    @property
    def wanted(self) -> tuple[str, ...]:
        """All of them, each once."""
        return tuple(dict.fromkeys([*self.inputs, *filter(None, (self.label, self.time))]))


def lay_out(request: Request, data: Data, names: tuple[str, ...] | None, width: int | None) -> Layout:
    """Find out what each column is for.

    Parameters
    ----------
    names, width : names and number of the columns that the model was trained with, as far as it knows them.

    Raises
    ------
    RequestError
        When a column is not there, is two things at once, or the model takes another number of them.
    """
    for option, given in (("--label", [request.label]), ("--time", [request.time]), ("--ignore", request.ignore)):
        _check_there(option, filter(None, given), data)
    if request.label is not None and request.label == request.time:
        raise RequestError(f"{request.label!r} is given as --label and as --time: it can be one of them only")
    inputs = _all_others(request, data, width) if names is None else _named(request, data, names)
    if not inputs:
        raise RequestError(f"no column of {data.path} is left for the model: ignore less (--ignore)")
    return Layout(inputs, None if request.columns_only else request.label, request.time)


def _check_there(option: str, names: Iterable[str], data: Data) -> None:
    known = (*data.columns, *data.index)
    for name in names:
        if name not in known:
            close = near(name, known)
            fix = f"near it are {listed(close)}" if close else f"its columns are {listed(known)}"
            if len(known) == 1 and not close:
                fix += "; if another character is between its columns, give --sep"
            raise RequestError(f"{data.path} has no column {name!r} ({option}): {fix}")


def _named(request: Request, data: Data, names: tuple[str, ...]) -> tuple[str, ...]:
    """Take those that the model was trained with."""
    known = (*data.columns, *data.index)
    lacking = [name for name in names if name not in known]
    if lacking:
        told = [repr(name) + _meant(name, known) for name in lacking]
        raise RequestError(
            f"{data.path} lacks {len(lacking)} of the {len(names)} columns that {request.model.name} was trained "
            f"with: {listed(told)}; name them as in training, or give rows that have them"
        )
    for option, given in (("--label", [request.label]), ("--ignore", request.ignore)):
        for name in given:
            if name in names:
                raise RequestError(
                    f"{request.model.name} was trained with {name!r} ({option}): leave {option} out of it"
                )
    return names


def _meant(name: str, known: tuple[str, ...]) -> str:
    close = near(name, known)
    return f" (near it: {listed(close)})" if close else ""


def _all_others(request: Request, data: Data, width: int | None) -> tuple[str, ...]:
    apart = {request.label, request.time, *request.ignore}
    inputs = tuple(name for name in data.columns if name not in apart)
    if width is not None and width != len(inputs):
        raise RequestError(
            f"{request.model.name} takes {width} columns and does not know their names; {data.path} has {len(inputs)} "
            f"beside label and time: {listed(inputs)}; name those that it was not trained with by --ignore"
        )
    return inputs
