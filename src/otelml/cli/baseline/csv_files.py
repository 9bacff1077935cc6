"""CSV: which encoding, separator and decimal mark a file has, and what its texts are.

What is empty is missing.  NA, None, null and the like are missing where a column holds numbers (or truth values)
besides; in a column of texts they are texts, as Namibia's code and the class "None" are.
"""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zipfile
from typing import TYPE_CHECKING, Any, NamedTuple

from otelml.cli.baseline.request import RequestError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SAMPLE = 2**16  # bytes
SEPARATORS = ",;\t|"
MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
ENCODING = "name it by --encoding, such as cp1252, or write the file in UTF-8"
NOTATIONS = {
    ",": r"[+-]?(\d+|\d{1,3}(\.\d{3})+)?(,\d+)?([eE][+-]?\d+)?",
    ".": r"[+-]?(\d+|[1-9]\d{0,2}(,\d{3})+)?(\.\d+)?([eE][+-]?\d+)?",
}
"""Numbers by their decimal mark, the other one between thousands."""
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
NOT_A_NUMBER = ("nan", "NaN", "-nan", "-NaN", "")


class Dialect(NamedTuple):
    """How a CSV is written; None for what has to be found out."""

    sep: str | None = None
    decimal: str | None = None
    encoding: str | None = None


ANY = Dialect()


def recognised(path: Path, given: Dialect) -> Dialect:
    """Find out encoding and separator where they are not given.

    Raises
    ------
    RequestError
        When the encoding cannot be told, or several separators fit.
    """
    try:
        raw = _beginning(path)
    except (OSError, EOFError, zipfile.BadZipFile, lzma.LZMAError, IndexError):
        return given._replace(encoding=given.encoding or "utf-8", sep=given.sep or ",")  # the reader says what is wrong
    encoding = given.encoding or _encoding(raw, path)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(raw)
    if given.sep is not None:
        return given._replace(encoding=encoding)
    tabs = re.search(r"\.tsv(\.|$)", path.name, re.IGNORECASE)
    return given._replace(encoding=encoding, sep="\t" if tabs else _separator(text, path))


def _beginning(path: Path) -> bytes:
    openers: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
            return file.read(SAMPLE)
    with openers.get(path.suffix.lower(), lambda place: place.open("rb"))(path) as file:
        return file.read(SAMPLE)


def _encoding(raw: bytes, path: Path) -> str:
    for mark, encoding in MARKS.items():
        if raw.startswith(mark):
            return encoding
    if b"\0" in raw:
        raise RequestError(
            f"{path} holds null bytes, as UTF-16 does: give --encoding utf-16-le, or the one that it has"
        )
    try:
        codecs.getincrementaldecoder("utf-8")().decode(raw)
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not in UTF-8 (byte {error.start:,}): {ENCODING}") from error
    return "utf-8"


def _separator(text: str, path: Path) -> str:
    """The character that cuts the first lines into equally many columns; a comma where there is one column."""
    lines = [_bare(line) for line in io.StringIO(text).read().splitlines()[:20] if line.strip()]
    whole = lines[:-1] if len(text) > SAMPLE // 8 and len(lines) > 1 else lines  # the last one may be cut
    head = whole[0] if whole else ""
    counts = {sep: head.count(sep) for sep in SEPARATORS if sep in head}
    even = {sep: count for sep, count in counts.items() if all(line.count(sep) == count for line in whole)}
    fits = even or counts
    most = [sep for sep, count in fits.items() if count == max(fits.values())]
    if len(most) > 1:
        shown = " or ".join(repr(sep) for sep in most)
        raise RequestError(f"{path} may have {shown} between its columns: say which by --sep")
    return most[0] if most else ","


def _bare(line: str) -> str:
    """A line without what is quoted, in which a separator is a character like others."""
    return re.sub(r'"[^"]*"', "", line)


def read_names(pandas: Any, path: Path, dialect: Dialect) -> tuple[str, ...]:
    """Names of the columns."""
    frame = pandas.read_csv(path, nrows=0, sep=dialect.sep, encoding=dialect.encoding)
    return tuple(str(name) for name in frame.columns)


def read_columns(pandas: Any, path: Path, dialect: Dialect, wanted: Sequence[str]) -> Any:
    """Read columns: numbers and truth values as such, and of all others their texts."""
    # `low_memory` would guess the types of a column piece by piece; the default reads some numbers a digit off.
    common: dict[str, Any] = {
        "sep": dialect.sep, "encoding": dialect.encoding, "low_memory": False, "float_precision": "round_trip",
        "decimal": dialect.decimal or ".", "keep_default_na": False,
    }  # fmt: skip
    frame = pandas.read_csv(path, usecols=list(wanted), na_values=list(MISSING), **common)
    doubtful = [name for name in frame.columns if not _is_plain(frame[name])]
    if not doubtful:
        return frame
    texts = pandas.read_csv(path, usecols=doubtful, dtype=str, na_values=[""], **common)
    for name in doubtful:
        frame[name] = _column(texts[name], frame[name], dialect, path)
    return frame


def _is_plain(column: Any) -> bool:
    """Whether the parser found numbers or truth values, and some."""
    if column.dtype.kind in "iufb":
        return column.dtype.kind != "f" or bool(column.notna().any())
    held = column.dropna()
    return bool(len(held)) and all(type(value) is bool for value in held.unique())


def _column(texts: Any, found: Any, dialect: Dialect, path: Path) -> Any:
    """The column of texts, unless they are numbers of another notation, or nothing at all."""
    if texts.dropna().isin(NOT_A_NUMBER).all():
        return found
    known = texts[~texts.isin(MISSING)].dropna()
    commas = known[known.str.contains(",", regex=False)]
    notations = [mark for mark, pattern in NOTATIONS.items() if len(commas) and known.str.fullmatch(pattern).all()]
    if dialect.decimal is not None:
        notations = [mark for mark in notations if mark == dialect.decimal]
    if not notations:
        return texts
    if len(notations) > 1:
        raise RequestError(
            f"{path}, column {texts.name!r}: the comma of {commas.iloc[0]} may be a decimal mark or stand between "
            "thousands: say which by --decimal , or --decimal ."
        )
    between = "." if notations == [","] else ","
    plain = known.str.replace(between, "", regex=False).str.replace(",", ".", regex=False)
    return plain.map(float).reindex(texts.index)
