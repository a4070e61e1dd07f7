"""Text files: every reader of words, numbers and sentences decodes here, with the place of each line for messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from embedlib.errors import InputError


def decode(raw: bytes, where: str, encoding: str = "utf-8") -> str:
    """Decode bytes; `where` is the place of their first line in messages. Raises `InputError`."""
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(f"{where}, byte {error.start + 1}: not {encoding}: {error.reason}") from error


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Read a text file; raises `InputError` where it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {path}: {error}") from error
    return decode(raw, str(path), encoding)


def numbered_lines(path: Path, encoding: str = "utf-8", *, comments: bool = False) -> Iterator[tuple[str, str]]:
    """Give the lines of a file that are not blank, each with its place.

    With `comments` lines that begin with `#` are left out, for the formats that say so; elsewhere they are data.
    """
    for number, line in enumerate(read_text(path, encoding).splitlines(), start=1):
        if line.strip() and not (comments and line.startswith("#")):
            yield f"{path}, line {number}", line
