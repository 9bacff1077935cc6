"""The `Baseline`: made from a model and labelled rows, saved, loaded."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from otelml.baseline import document
from otelml.baseline.columns import INPUT, OUTPUT, Column
from otelml.baseline.content import Content, checked, to_payload
from otelml.baseline.document import BaselineError
from otelml.baseline.doubts import BaselineWarning
from otelml.baseline.fit import look, measure, of_columns
from otelml.patching.nesting import silently

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from typing_extensions import Self

    from otelml.baseline.learning import Learned


@dataclass(frozen=True, repr=False)
class Baseline(Content):
    """What a model was like on labelled rows that it was not trained on.

    Made by :meth:`fit` or :meth:`load`; the parts are described in :mod:`otelml.baseline`.

    Attributes
    ----------
    digest : SHA-256 of the content, in hex.
    """

    digest: str = ""

    def __repr__(self) -> str:
        """Say in a line whose baseline it is; the whole is in the file."""
        own = self.fingerprint.class_name.rpartition(".")[2]
        shown = {
            one.metric: round(one.value, 3) for one in self.performance if one.window is None and one.label is None
        }
        shown |= {one.metric: round(one.value, 3) for one in self.performance if one.label == self.positive_class}
        values = ", ".join(f"{metric}={value}" for metric, value in shown.items())
        return f"<Baseline {self.id} of {self.name or own}: {self.task.value}, {self.rows:,} rows, {values}>"

    @property
    def id(self) -> str:
        """First 8 hex digits of the digest: `ml.baseline.id`."""
        return self.digest[:8]

    @property
    def prevalence(self) -> float | None:
        """Share of the rows that are of the positive class; None unless the task is binary."""
        if self.positive_class is None:
            return None
        positive = sum(count for (_, actual), count in self.cells.items() if actual == self.positive_class)
        return positive / self.rows

    @property
    def inputs(self) -> tuple[Column, ...]:
        """Columns of what the model is asked about."""
        return tuple(column for column in self.columns if column.role == INPUT)

    @property
    def outputs(self) -> tuple[Column, ...]:
        """Columns of what it answers."""
        return tuple(column for column in self.columns if column.role == OUTPUT)

    @classmethod
    def fit(  # noqa: PLR0913 -- the published signature; scikit-learn's names
        cls,
        model: Any,
        X: Any,  # noqa: N803
        y: Any = None,
        threshold: float | str | None = None,
        time: Any = None,
        segment: Any = None,
        *,
        name: str | None = None,
        version: str | None = None,
        positive_class: Any = None,
        progress: Callable[[str], object] = lambda _step: None,
    ) -> Self:
        """Measure a fitted model on labelled rows.

        The rows have to be ones the model was **not** trained on.  That cannot be checked here, and a
        baseline of training rows promises a performance that no service will reach.  Without `y` it is a
        baseline of the columns alone, for which the rows of the training are as good.

        Parameters
        ----------
        model : fitted; its `predict_proba` is asked, else its `decision_function`, else its `predict`.
        X : rows as the model takes them (n_rows, n_columns): numpy, pandas, Polars, lists.
        y : labels or numbers, one a row, none missing; None for the columns alone.
        threshold : the one the service uses: rows whose score is at or above it are called positive.  None is
        0.5
            for probabilities and 0 for margins; "f1" tunes it for F1 on these rows, and takes the performance
            of each fifth (blocks of days, with `time`) from the threshold tuned on the others.
        time : when each row was predicted: datetimes (UTC without a zone) or seconds since the epoch.  With
        it the
            performance has intervals for windows of 1, 7 and 28 days, from a bootstrap of whole days, and each column
            tells how much blocks of 1, 7 and 28 days differ among themselves; of the score of two classes and of
            values also within what their mean and variance stay.
        segment : reserved; has to be None.
        name, version : of the model, as the service names it.
        positive_class : of two classes, the one to find; the second by default.
        progress : told of each step as it is done: each column by its name, `answers`, `performance`.

        Raises
        ------
        BaselineError
            When something given does not fit; the text names the fix.

        Warns
        -----
        BaselineWarning
            With fewer than 200 rows of the positive class, fewer than 14 days, or a threshold that looks
            tuned on these very rows.
        """
        if y is None and (threshold is not None or positive_class is not None):
            raise BaselineError("without y there is nothing that a threshold or a positive class could be used on")
        if segment is not None:
            raise BaselineError("segment is not supported yet: leave it out, or fit a baseline a segment")
        # Silently: what is measured here is no prediction of a service.
        if y is None:
            content, doubts = silently(look, model, X, time=time, tick=progress)
        else:
            content, doubts = silently(
                measure, model, X, y, threshold=threshold, time=time, positive_class=positive_class, tick=progress
            )
        for doubt in doubts:
            warnings.warn(doubt, BaselineWarning, stacklevel=2)
        return cls._of(replace(content, name=name, version=version))

    @classmethod
    def of_columns(cls, model: Any, learned: Learned, *, name: str | None = None, version: str | None = None) -> Self:
        """Make a baseline of columns that were learned before, of a model that was fitted since."""
        return cls._of(replace(of_columns(model, learned), name=name, version=version))

    @classmethod
    def _of(cls, content: Content) -> Self:
        """Make one that can be saved and loaded: what could not be is refused here, not where it is served."""
        try:
            payload = to_payload(content)
            checked(payload)
            return cls(**vars(content), digest=document.digest(payload))
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError) as error:
            raise BaselineError(f"the baseline would be of no use ({error}): leave such rows or names out") from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the baseline to a file, `<model name>.baseline.json` by custom.

        Raises
        ------
        BaselineError
            When the place cannot be written to.
        """
        document.write(path, to_payload(self))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a baseline from a file.

        Raises
        ------
        BaselineError
            When the file is missing, no regular file or larger than 16 MB, truncated, changed, of another format or of
            another version, or a part of it is missing, of another type, out of range, or contradicts another.
        """
        payload = document.read(path)
        try:
            return cls(**vars(checked(payload)), digest=document.digest(payload))
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            raise BaselineError(f"baseline {path} lacks a part, or has a wrong one ({error}): fit it again") from error
