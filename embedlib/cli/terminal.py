"""What the command line writes: tables that fit the terminal, log lines, and one line for an error of the machine."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import os
import textwrap
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console

from embedlib._util.paths import cache_folder
from embedlib.errors import EmbedlibError

console = Console()
errors = Console(stderr=True)

_GAP = 2  # spaces between columns
_NARROWEST = 24  # of a column whose text is wrapped

Row = Sequence[object]


def say(text: str, to: Console = console) -> None:
    """Write a text as it is: nothing is wrapped, coloured or read as markup."""
    to.print(text, markup=False, highlight=False, soft_wrap=True)


def show_table(title: str, columns: Sequence[str], rows: Iterable[Row], *, text: str = "", wide: bool = False) -> None:
    """Write a table in as many columns of characters as the terminal has; see `table_lines`."""
    width = None if wide else terminal_width()
    if title:
        say(title)
    for number, line in enumerate(table_lines(columns, rows, text=text, width=width)):
        console.print(line, markup=False, highlight=False, soft_wrap=True, style="bold" if number == 0 else None)


def terminal_width() -> int | None:
    """Give how many characters fit in a line; None where the output is no terminal and COLUMNS names no number."""
    return console.width if console.is_terminal or os.environ.get("COLUMNS", "").isdigit() else None


def table_lines(columns: Sequence[str], rows: Iterable[Row], *, text: str = "", width: int | None = None) -> list[str]:
    """Lay out a table, one line a row.

    Where it is wider than `width` characters, the column named `text` is wrapped between words. Where that is
    not enough, every row becomes a list of its fields. No word is ever folded or cut.
    """
    cells = [[" ".join(str(cell).split()) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(columns, *cells, strict=True)]
    spare = 0 if width is None else width - sum(widths) - _GAP * (len(widths) - 1)
    if spare < 0:
        wrapped = columns.index(text) if text else None
        words = [word for row in cells for word in row[wrapped].split()] if wrapped is not None else []
        narrowest = max([_NARROWEST, *map(cell_len, words)])
        if wrapped is None or widths[wrapped] + spare < narrowest:
            blocks = [field_lines(dict(zip(columns, row, strict=True)), width) for row in cells]
            return [line for block in blocks for line in [*block, ""]][:-1]
        widths[wrapped] += spare
    lines = []
    for row in [list(columns), *cells]:
        parts = [_wrapped(cell, size) for cell, size in zip(row, widths, strict=True)]
        for shown in itertools.zip_longest(*parts, fillvalue=""):
            padded = [cell + " " * (size - cell_len(cell)) for cell, size in zip(shown, widths, strict=True)]
            lines.append((" " * _GAP).join(padded).rstrip())
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    if cell_len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def field_lines(fields: dict[str, object], width: int | None = None) -> list[str]:
    """Lay out one thing as a list, a line a field; long texts go on below their beginning, wrapped between words."""
    label = max(cell_len(name) for name in fields) + _GAP
    lines = []
    for name, value in fields.items():
        text = " ".join(str(value).split())
        wrapped = _wrapped(text, max(width - label, 1) if width else cell_len(text))
        lines.append(f"{name + ':':{label}}{wrapped[0]}".rstrip())
        lines += [" " * label + part for part in wrapped[1:]]
    return lines


class LogLines(logging.Handler):
    """Writes log messages as lines above what a terminal shows of the progress."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        say(self.format(record), errors)


def said_of(error: OSError) -> str:
    """Say in one line what the operating system refused, and which setting would help."""
    path = error.filename if error.filename is not None else error.filename2
    where = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    in_cache = False
    text = error.strerror or " ".join(str(error).split()) or type(error).__name__
    text = f"{where}: {text}" if where else text
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{text}. Free some space, or put the cache on another disk: export EMBEDLIB_CACHE=/path/to/folder"
    with contextlib.suppress(EmbedlibError):
        in_cache = where.startswith(str(cache_folder()))
    if in_cache:
        return f"{text}. Name a cache folder that can be written: export EMBEDLIB_CACHE=/path/to/folder"
    return text
