"""The baseline: what a model was like on labelled rows that it was not trained on, as a small JSON artifact.

::

    baseline = Baseline.fit(model, X, y, time=when, name="flights", version="7")
    baseline.save("flights.baseline.json")

Nothing in it is a row: it holds bins, counts, quantiles and the names of columns and classes.  It holds no
time of its making: the same model and rows give the same bytes.

Format version 1
----------------
All keys are always there; null says that a part does not apply.

format
    ``"otelml.baseline"``.
format_version
    1; a reader refuses a newer one.
model
    `name` and `version` (as given, or null), `class` (qualified), `columns` (names, or null), `parameters`
    (described, without addresses and without what only changes speed), and the `fingerprint` of these three.
task
    `binary`, `multiclass` or `regression`.
classes
    Labels as text, in the order of the model's answers.
positive_class
    Of a binary task.
threshold
    `value`: rows whose score is at or above it are called positive.  `source`: `default`, `given`, or `f1`
    (tuned on these rows, with cells and performance cross-fitted).
rows, days
    How many rows there were, and, with times, of how many days (UTC).
score
    `kind` (`probability` or `margin`), upper-inclusive `bounds` (at most 31) and `counts` (actual class to
    counts a bin).  It is the score of the positive class, or, of more than two classes, of the class chosen.
value
    Of regressions and margins: `bounds` (at most 31) and `counts` of the answers, their `mean` and
    `standard_deviation` (both null where they do not vary).
cells
    The confusion matrix: `predicted`, `actual`, `count`.  Beyond 20 classes, only the cells that are not
    empty.
performance
    `metric`, `class` (or null), `window` (null for all rows; `P1D`, `P7D`, `P28D`), `value` (over all rows),
    `lower` and `upper` (95 %, or null where no interval is known).  Without a window the interval takes rows
    as independent (Wilson; Hanley and McNeil; central limit theorem); with one it is where windows of that
    length stay, from 2,000 draws of whole days.  Metrics that are undefined are left out.
hash
    ``sha256:`` and the SHA-256 of all the rest, as JSON with sorted keys and without white space.
"""

from otelml.baseline.artifact import Baseline
from otelml.baseline.content import Performance
from otelml.baseline.discovery import find
from otelml.baseline.document import BaselineError
from otelml.baseline.doubts import BaselineWarning
from otelml.baseline.fingerprints import Fingerprint, fingerprint

__all__ = [
    "Baseline",
    "BaselineError",
    "BaselineWarning",
    "Fingerprint",
    "Performance",
    "find",
    "fingerprint",
]
