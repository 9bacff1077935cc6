"""Which rows the predictions in a block are about: ids, given or generated, one a row."""

from __future__ import annotations

import uuid
from contextlib import suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from otelml.ledger import ledger
from otelml.prediction import label_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextvars import Token

BATCH: ContextVar[Batch | None] = ContextVar("otelml_batch", default=None)


class Batch:
    """The rows of one block.

    Attributes
    ----------
    ids : one id a row, as text; without ids of yours they are generated when a model first answers.
    """

    def __init__(self, ids: Iterable[Any] | None) -> None:
        self._given = None if ids is None else [label_text(one) for one in ids]  # as outcomes will have them
        self._generated: list[str] = []
        self._taken: dict[tuple[int, str], int] = {}

    @property
    def ids(self) -> list[str]:
        """One id a row."""
        return self._generated if self._given is None else self._given

    def take(self, model: object, operation: str, rows: int) -> list[str]:
        """The ids of the next `rows` rows that `model` is asked about by `operation`.

        A call on all rows takes them all, one on a part the next part; a further call on all of them begins anew.
        """
        asked = (id(model), operation)
        start = self._taken.get(asked, 0)
        if self._given is None:
            self._generated += [uuid.uuid4().hex for _ in range(start + rows - len(self._generated))]
        elif start + rows > len(self._given):
            start = 0
        self._taken[asked] = start + rows
        ids = self.ids[start : start + rows]
        if len(ids) < rows:
            ledger.drop("ids_mismatch", rows)
            ledger.warn_once("otelml: %d rows were predicted under %d ids; give one id a row", rows, len(self.ids))
            return []
        return ids


class predictions:  # noqa: N801 -- a context manager, named as it is used
    """Name the rows that models are asked about in this block, so that outcomes find them.

    Parameters
    ----------
    ids : (n_rows,) anything with a text; None has them generated.
    groups, positions : (n_rows,) of a ranking: what each row was shown for, and at which place.

    Raises
    ------
    NotImplementedError
        For groups and positions, until rankings are watched.
    """

    __slots__ = ("_batch", "_tokens")

    def __init__(
        self,
        ids: Iterable[Any] | None = None,
        groups: Iterable[Any] | None = None,
        positions: Iterable[Any] | None = None,
    ) -> None:
        if groups is not None or positions is not None:
            raise NotImplementedError("groups and positions are not watched yet; leave them out")
        self._batch = Batch(ids)
        self._tokens: list[Token[Batch | None]] = []

    def __enter__(self) -> Batch:
        self._tokens.append(BATCH.set(self._batch))
        return self._batch

    def __exit__(self, *_: object) -> None:
        # A generator that a framework runs step by step may be left in another context than it was entered in:
        # FastAPI does that to dependencies.  That context never was in the block.
        with suppress(ValueError):
            BATCH.reset(self._tokens.pop())
