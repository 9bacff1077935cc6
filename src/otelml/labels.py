"""One reader of labels and of ids: the same value is the same text in every container and precision.

Labels come as numbers, texts, decimals of SQL, scalars of Arrow, tensors without dimensions; ids likewise.  What is
missing is missing in each library's own way.  None of those libraries is imported.
"""

from __future__ import annotations

import hashlib
import re
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from otelml.outside import let_pass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

MOST_TEXT = 120  # characters of an id, a label, or any attribute's value: as many as of a column's name
DIGEST_BYTES = 16
NO_ID = ""
REVOKED = "\0revoked"  # in place of an id that was handed out before it turned out that its row cannot be known
MISSING_IDS = frozenset({NO_ID, "None", "nan", "NaN", "NaT", "<NA>"})  # texts that libraries write for what is missing
WHOLE = re.compile(r"[+-]?\d+(\.0*)?")
TRUTHS = {"true": "1", "false": "0"}


def is_missing(value: Any) -> bool:
    """Whether a value is none: None, NaN, NaT, pandas' NA, a null of Arrow, a masked entry.

    >>> [is_missing(one) for one in (None, float("nan"), np.datetime64("NaT", "s"), np.ma.masked, 0, "")]
    [True, True, True, True, False, False]
    """
    if value is None or value is np.ma.masked or getattr(value, "is_valid", True) is False:
        return True
    try:
        return bool(value != value)  # noqa: PLR0124 -- what is missing does not equal itself
    except (TypeError, ValueError, ArithmeticError):  # NA does not know whether it does; nor does an array
        return True


def plain(value: object) -> object:
    """What a scalar of some library holds, as Python's own value; anything else as it is.

    >>> [plain(one) for one in (np.int64(3), np.array(2.5), np.array([7]), [1], "a")]
    [3, 2.5, 7, 1, 'a']
    """
    if value is None or value is np.ma.masked:
        return None
    if type(value) in (str, int, float, bool):
        return value
    if isinstance(value, np.generic):
        scalar = cast("Any", value)
        return float(str(scalar)) if scalar.dtype.kind == "f" else scalar.item()  # 0.1 is 0.1 in each precision
    if isinstance(value, list | tuple):
        several = cast("Sequence[object]", value)
        return plain(several[0]) if len(several) == 1 else several
    if hasattr(value, "as_py"):  # a scalar of Arrow
        return cast("Any", value).as_py()
    return _only(value) if hasattr(value, "shape") and hasattr(value, "reshape") else value


def _only(array: Any) -> object:
    """The one entry of an array or tensor of any library; the array itself where it has more."""
    for method in ("detach", "cpu", "numpy"):
        array = getattr(array, method)() if hasattr(array, method) else array
    return array.item() if getattr(array, "size", 0) == 1 else array


def label_text(label: object) -> str:
    """One text for all labels that Python holds equal.

    >>> [label_text(x) for x in (True, 1, 1.0, np.int64(1), Decimal("1.00"), np.array(1), 1.5, "late", None)]
    ['1', '1', '1', '1', '1', '1', '1.5', 'late', 'None']
    """
    return shortened(_text(label))


def _text(label: object) -> str:
    if isinstance(label, str):  # an enumeration of texts is its value
        return encodable(str.__str__(label))
    label = plain(label)
    if isinstance(label, bytes):
        return label.decode(errors="replace")
    if isinstance(label, bool | int):
        return str(int(label))
    if isinstance(label, float) and label.is_integer():
        return str(int(label))
    if isinstance(label, Decimal | Fraction) and _finite(label):
        return str(int(label)) if label == int(label) else str(float(label))
    return encodable(str(label))


def _finite(number: Decimal | Fraction) -> bool:
    return not isinstance(number, Decimal) or number.is_finite()


def encodable(text: str) -> str:
    """A text that can leave the process: half of a surrogate pair, as JSON lets in, fails a whole export.

    >>> encodable("late" + chr(0xD83D)), encodable("spät")
    ('late?', 'spät')
    """
    return text if text.isascii() else text.encode(errors="replace").decode()


def label_texts(labels: Sequence[object] | NDArray[Any]) -> list[str]:
    """`label_text` of each; (n_rows,) in, as many texts out."""
    if isinstance(labels, np.ndarray):
        unique, inverse = np.unique(labels, return_inverse=True) if labels.dtype.kind in "biuf" else (None, None)
        if unique is not None and inverse is not None:
            texts = np.array([label_text(label) for label in unique], dtype=object)
            return texts[inverse.reshape(-1)].tolist()
        labels = labels.tolist()
    return [label_text(label) for label in labels]


def given_text(label: object) -> str | None:
    """The text of a label that somebody else wrote down, as given; None of one that is missing, or has no text.

    >>> [given_text(one) for one in ("1.0", " 1 ", Decimal("1.00"), True, "", None, float("nan"))]
    ['1.0', ' 1 ', '1', '1', '', None, None]
    """
    try:
        label = plain(label)
        return None if is_missing(label) else label_text(label)
    except Exception as error:  # noqa: BLE001 -- a class of the host's own may raise anything from its text
        let_pass(error)
        return None


def actual_text(label: object) -> str | None:
    """The same where nobody knows the classes: whole numbers in a text lose what a CSV file, or SQL, hung onto them.

    >>> [actual_text(one) for one in ("1.0", " 1 ", Decimal("1.00"), True, "1.5", "NA", None, float("nan"))]
    ['1', '1', '1', '1', '1.5', 'NA', None, None]
    """
    text = given_text(label)
    return text if text is None else canonical(text)


def canonical(text: str) -> str:
    """A label's text without the decimals of a whole number.

    >>> canonical("1.00"), canonical("-0.0"), canonical("1.10"), canonical("007")
    ('1', '0', '1.10', '007')
    """
    text = text.strip()
    if text.isalnum() or not WHOLE.fullmatch(text):  # "007" may be an agent, not a number
        return text
    return str(int(text.split(".")[0]))


def synonyms(classes: Iterable[str]) -> Mapping[str, str]:
    """Other spellings of classes: their numbers, and `true` and `false` of the classes 1 and 0.

    >>> known = synonyms(["0", "1"])
    >>> known["True"], known["1"], "2" in known, synonyms(["1.0", "2.0"])["1"]
    ('1', '1', False, '1.0')
    """
    classes = tuple(classes)
    known = dict(zip(map(canonical, classes), classes, strict=True))
    if set(classes) == set(TRUTHS.values()):
        for text, label in TRUTHS.items():
            known |= dict.fromkeys((text, text.title(), text.upper()), label)
    return {**known, **dict(zip(classes, classes, strict=True))}


def id_text(one: object) -> str:
    """The text of an id, at most `MOST_TEXT` characters; `NO_ID` of one that is missing or has no text.

    >>> [id_text(one) for one in ("a", 7, 7.0, np.int64(7), b"x", None, float("nan"), "", "nan")]
    ['a', '7', '7', '7', 'x', '', '', '', '']
    """
    text = whole_id(one)
    return shortened(text)


def id_texts(ids: Any) -> list[str]:
    """`id_text` of each; (n_rows,) in, as many texts out."""
    return [id_text(one) for one in entries(ids)]


def whole_id(one: object) -> str:
    """The text of an id as the host gave it, however long; `NO_ID` of one that is missing or has no text."""
    if type(one) is str and one.isascii():
        return NO_ID if one in MISSING_IDS or one.isspace() else one
    if type(one) is int:
        return str(one)
    try:
        if not isinstance(one, str) and is_missing(one := plain(one)):
            return NO_ID
        text = _text(one)
    except Exception as error:  # noqa: BLE001 -- a class of the host's own may raise anything from its text
        let_pass(error)
        return NO_ID
    return NO_ID if text in MISSING_IDS or text.isspace() else text


def shortened(text: str) -> str:
    """A text of at most `MOST_TEXT` characters: the end of a longer one tells it from others that begin alike.

    >>> shortened("late"), len(shortened("a" * 1_000_000)), shortened("a" * 200) == shortened("a" * 201)
    ('late', 120, False)
    """
    if len(text) <= MOST_TEXT:
        return text
    digest = hashlib.blake2b(text.encode(errors="replace"), digest_size=DIGEST_BYTES).hexdigest()
    return f"{text[: MOST_TEXT - len(digest) - 1]}~{digest}"


def entries(values: Any) -> list[Any]:
    """The entries of any one-dimensional container, or of `(n, 1)`, as they are; a text, or what holds none, is one.

    >>> entries(range(2)), entries(np.array([[1], [2]])), entries("ab"), entries(np.ma.array([1, 2], mask=[0, 1]))
    ([0, 1], [1, 2], ['ab'], [1, None])
    """
    if type(values) in (list, tuple):
        return list(values)
    if isinstance(values, str | bytes):
        return [values]
    if isinstance(values, list):
        return cast("list[Any]", values)
    if not isinstance(values, np.ndarray) and len(getattr(values, "shape", ())) > 1:  # a frame of one column, a tensor
        values = _dense(values)
    if isinstance(values, np.ndarray):
        array = cast("Any", values)
        array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else np.atleast_1d(array)
        return (array.astype("datetime64[us]") if array.dtype.kind == "M" else array).tolist()
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(values, method):
            listed = getattr(values, method)()
            return cast("list[Any]", listed) if isinstance(listed, list) else [listed]
    return list(values) if hasattr(values, "__iter__") or hasattr(values, "__getitem__") else [values]


def _dense(values: Any) -> Any:
    for method in ("detach", "cpu"):
        values = getattr(values, method)() if hasattr(values, method) else values
    for method in ("to_numpy", "numpy"):
        if hasattr(values, method):
            return getattr(values, method)()
    return values
