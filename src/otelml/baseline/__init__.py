"""The baseline: what a model was like on labelled rows that it was not trained on, as a small JSON artifact.

::

    baseline = Baseline.fit(model, X, y, time=when, name="flights", version="7")
    baseline.save("flights.baseline.json")

Nothing in it is a row: it holds bins, counts, quantiles and the names of columns and classes.  It holds no
time of its making: the same model and rows give the same bytes.

Format version 4
----------------
All keys are always there; null says that a part does not apply.  `schema.json`, beside this module, says the same as a
JSON Schema, and a file is checked by it before anything of it is used.  Files of format version 3, which had no
`precision` and took numbers in its hash as they were written, are read too.  Without labels (``y=None``)
`positive_class`, the threshold, `score` and `value` are null, and `cells` and `performance` are empty.

format
    ``"otelml.baseline"``.
format_version
    4; a reader refuses a newer one.
model
    `name` and `version` (as given, or null), `class` (qualified), `columns` (names, or null), `parameters`
    (described, without addresses and without what only changes speed), and the `fingerprint` of these three.
task
    `binary`, `multiclass` or `regression`; without labels what the model says of itself, `other` if nothing.
classes
    Labels as text, in the order of the model's answers.
positive_class
    Of a binary task, with labels.
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
columns
    One entry for each column of what the model is asked (at most 200), or for each part that one is read by, and for
    `score`, `class` or `value`, which it answers:

    `name`, `role`
        `ml.column.name` and `ml.column.role` (`input` or `output`).
    `kind`, `source`, `part`
        What the data hold (`numeric`, `categorical`, `boolean`, `datetime`, `text`, `embedding`), the name in the data,
        and what it is read by: the `hour` of a date-time (the `weekday` where it has no time of day), the `length` of a
        text, the `cosine` to the centroid and the places along the principal components (`pc1`, …) of an embedding;
        null where it is read as it is.  Columns that have only places are `x0`, `x1`, …; more than 200 of those are
        one vector, `x`.
    `mean`, `standard_deviation`
        Of the finite numbers; null of categories, and the latter also where nothing varies.
    `edges`, `values`
        Of numbers: upper-inclusive edges of the ranges, of which the first and the last are just outside of what was
        seen, and the values that more than 5 % of the rows hold, which have a bin each.
    `precision`
        Of numbers: `half`, `single` or `double`, the coarsest type that they were held in.  What is one number in it is
        one value: 0.1 of a service is the 0.10000000149011612 of a column that was float32 in training.
    `categories`, `others`
        Of categories: the 20 most frequent, which have a bin each (those of more than 60 bytes are cut, and marked),
        and eight hex digits for each other that was seen, end to end (null where they were more than 100, or, of a
        model's answers, more than 20).
    `bins`, `counts`
        Texts of the bins, `ml.bin`, and the rows of each, which add up to `rows`.
    `drift`
        By window (`P1D`, `P7D`, `P28D`), with times: the largest population stability index of a block of that length
        against all other blocks of these rows.
    `blocks`
        Of the score of a binary task and of values, by window, with times: `lower` and `upper`, the smallest and the
        largest `mean` and population `variance` of a block of that length; of other columns of numbers empty.
embeddings
    By source, of columns of the kind `embedding`: their `centroid`, and up to three `components`, the directions of
    greatest variance.
hash
    ``sha256:`` and the SHA-256 of all the rest, as JSON with sorted keys, without white space, and with whole numbers
    below 2**53 written without a fraction: another program may write the file again.
"""

from otelml.baseline.artifact import Baseline
from otelml.baseline.content import Performance
from otelml.baseline.discovery import find
from otelml.baseline.document import BaselineError
from otelml.baseline.doubts import BaselineWarning
from otelml.baseline.fingerprints import Fingerprint, fingerprint
from otelml.baseline.shelf import shelf

__all__ = [
    "Baseline",
    "BaselineError",
    "BaselineWarning",
    "Fingerprint",
    "Performance",
    "find",
    "fingerprint",
    "shelf",
]
