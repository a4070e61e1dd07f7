"""Lines of text files, with the place of each for messages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from embedlib.errors import InputError


def read_text(path: Path) -> str:
    """Read a UTF-8 file; raises `InputError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read {path}: {error}") from error


def numbered_lines(path: Path) -> Iterator[tuple[str, str]]:
    """Give the lines of a file that are neither blank nor comments (`#`), each with its place."""
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        if line.strip() and not line.startswith("#"):
            yield f"{path}, line {number}", line
