"""Text files: decode them, and give their lines, each with its place for messages. All readers use this."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from embedlib.errors import InputError, UnknownNameError

# Only these end a line. `str.splitlines` also splits at U+2028, U+0085 and others, which occur inside sentences.
_END = re.compile(r"\r\n|\r|\n")
_MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
          codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}  # fmt: skip
_PACKED = {b"\x1f\x8b": "a gzip file", b"PK\x03\x04": "a zip archive, as those of Excel are", b"BZh": "a bzip2 file",
           b"\xfd7zXZ": "an xz file", b"%PDF": "a PDF file"}  # fmt: skip
# Encodings that a file may have that is not UTF-8, those of more files first.
_LIKELY = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "koi8_r", "cp932", "euc_jp", "gb18030",
           "big5", "cp949", "mac_roman"]  # fmt: skip


def split_lines(text: str) -> list[str]:
    r"""Split a text into lines, as any system ends them, and nowhere else. The last line need not have an end.

    Example:
        >>> split_lines("one\r\ntwo\n")
        ['one', 'two']
    """
    lines = _END.split(text)
    return lines if lines[-1] else lines[:-1]


def decode(raw: bytes, where: str, encoding: str = "utf-8", *, whole: bool = False) -> str:
    """Decode the bytes of a line, whose place is `where`, or with `whole` those of the file `where`.

    A byte order mark at the start is dropped, and that of UTF-16 or UTF-32 is followed in a whole file.
    Raises `InputError` that names the line, the byte of it and what the text looks like, and
    `UnknownNameError` for an unknown encoding.
    """
    try:
        known = codecs.lookup(encoding).name
    except (LookupError, ValueError):
        names = ["utf-8", "utf-16", "utf-16-le", "utf-32", "latin-1", *_LIKELY]
        raise UnknownNameError.of("encoding", encoding, names) from None
    mark = next((mark for mark in _MARKS if raw.startswith(mark)), None) if known == "utf-8" else None
    if mark and not whole:
        raise InputError(f"{where}: {_MARKS[mark]}, by its byte order mark; save the file as UTF-8")
    try:
        text = raw.decode(_MARKS[mark] if mark else encoding).removeprefix("\ufeff")
        text.encode("utf-8")  # some encodings let half a surrogate pair through
    except UnicodeDecodeError as error:
        raise InputError(_not_text(raw, where, encoding, error, whole)) from None
    except (LookupError, ValueError) as error:  # a codec that is none of texts, or says no more than that
        raise InputError(f"{where}: not {encoding}: {error}") from None
    if "\0" in text:
        raise InputError(f"{where}: {_binary(raw)}")
    return text


def _not_text(raw: bytes, where: str, encoding: str, error: UnicodeDecodeError, whole: bool) -> str:
    """Say where bytes are not of their encoding, and what they look like."""
    before = raw[: error.start]
    start = max(before.rfind(b"\n"), before.rfind(b"\r")) + 1
    end = re.compile(rb"[\r\n]|\Z").search(raw, error.start)
    line = raw[start : end.start() if end else len(raw)]
    if whole:
        number = len(re.findall(rb"\r\n|\r|\n", before)) + 1
        where = f"{where}, line {number}"
    where = f"{where}, byte {error.start - start + 1}"
    if b"\0" in raw or any(raw.startswith(start) for start in _PACKED):
        return f"{where}: {_binary(raw)}"
    said = f"{where}: not {encoding}: {error.reason}"
    if error.reason == "unexpected end of data" and error.end == len(raw):
        return f"{said}; is the file complete?"
    looks = _looks_like(raw, start)
    if looks is None:
        return f"{said}; give `encoding=` where you know it"
    read = line.decode(looks, errors="replace").strip()
    return (
        f"{said}; looks like {looks}, in which the line reads {read[:80]!r}; give encoding={looks!r} if that is right, "
        "or save the file as UTF-8"
    )


def _looks_like(raw: bytes, start: int) -> str | None:
    """Guess the encoding of a text by the lines about a place, for a message."""
    from charset_normalizer import from_bytes

    words = raw[max(0, start - 50_000) : start + 50_000].split()
    sample = b" ".join(word for word in words if not word.isascii())
    found = from_bytes(sample, cp_isolation=_LIKELY)
    best = found.best()
    if best is None:
        return None
    western = sample.decode("cp1252", errors="replace")
    if western == str(best) or "cp1252" in [match.encoding for match in found]:
        return "cp1252" if re.search(rb"[\x80-\x9f]", sample) else "latin-1"
    return str(best.encoding)


def _binary(raw: bytes) -> str:
    """Say what bytes with zeros among them are."""
    for start, what in _PACKED.items():
        if raw.startswith(start):
            return f"{what}, not a text; unpack it, or save it as text"
    for first, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros = raw[first:2000:2]
        if zeros.count(0) > 0.7 * len(zeros) and 0 not in raw[1 - first : 2000 : 2]:
            return f"looks like UTF-16 without a byte order mark; give encoding={name!r} if that is right"
    return "a binary file, not a text: it holds bytes of zero"


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Read a text file; raises `InputError` where it cannot be read, see `decode`."""
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {path}: {error}") from error
    return decode(raw, str(path), encoding, whole=True)


def numbered_lines(
    path: Path, encoding: str = "utf-8", *, comments: bool = False, blanks: bool = False
) -> Iterator[tuple[str, str]]:
    """Give the lines of a file, each with its place; blank ones with `blanks` only.

    With `comments` lines that begin with `#` are left out, for the formats that say so; elsewhere they are data.
    """
    for number, line in enumerate(split_lines(read_text(path, encoding)), start=1):
        if (blanks or line.strip()) and not (comments and line.startswith("#")):
            yield f"{path}, line {number}", line


def parse_json(text: str, place: str) -> Any:
    """Parse a JSON text; raises `InputError` with the place for what is none, and for half a surrogate pair."""
    try:
        value = json.loads(text)
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = json.dumps(error.object[error.start])
        raise InputError(
            f"{place}: {half} is half a surrogate pair: a character was cut in two, so that the text is no Unicode"
        ) from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{place}: no JSON: {error}") from None
    return value
