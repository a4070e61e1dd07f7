"""Tables in text files: split lines into cells at any separator, and read the numbers in cells."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from embedlib.errors import InputError

csv.field_size_limit(2**31 - 1)  # a cell may be a whole document; the default ends at 131,072 characters

SEPARATORS = {"\t": "tabs", ";": "semicolons", ",": "commas", " ": "spaces"}
_NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?", re.ASCII)


class Row(NamedTuple):
    """The cells of a line, without blanks at their ends, and its place for messages."""

    place: str
    cells: list[str]

    @property
    def blank(self) -> bool:
        """Whether no cell has anything in it."""
        return not any(self.cells)


def split_rows(lines: Sequence[tuple[str, str]], separator: str) -> list[Row]:
    """Split lines, each with its place, into rows of cells.

    Blank lines are left out. Where tabs or spaces separate cells, quotes are plain characters. Where commas or
    semicolons do, quotes hold a cell together, also over the end of a line. Several spaces separate as one does.
    Raises `InputError` with the place of a quote that does not close as it should.

    Example:
        >>> [row.cells for row in split_rows([("line 1", 'dog,"a, b",3')], ",")]
        [['dog', 'a, b', '3']]
    """
    if separator not in ",;":
        cut = re.compile("[ \t]+" if separator == " " else "\t")
        return [
            Row(place, _clean(cut.split(line.strip(" ") if separator == " " else line)))
            for place, line in lines
            if line.strip(" ")
        ]
    rows: list[Row] = []
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=separator, strict=True, skipinitialspace=True)
    first = 0
    while first < len(lines):
        place, start = lines[first]
        try:
            cells = _clean(next(reader))
        except csv.Error as error:
            raise InputError(
                f"{place}: a quote that opens in this line is not closed as it should be ({error}): {start[:80]!r}"
            ) from None
        width = max(2, len(rows[0].cells) if rows else 0)
        for _, line in lines[first : reader.line_num - 1]:
            pieces = _clean(line.split(separator))
            if len(pieces) >= width and any(number_in(piece) is not None for piece in pieces):
                raise InputError(
                    f"{place}: a quote that opens in this line closes in {lines[reader.line_num - 1][0]} only, after "
                    f"what looks like rows of their own: {start[:80]!r}"
                )
        if any(cells) or separator in start:
            rows.append(Row(place, cells))
        first = reader.line_num
    return rows


def _clean(cells: list[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def number_in(cell: str) -> float | None:
    """Read a finite number, with a decimal point or comma; None for anything else.

    Example:
        >>> number_in("3,5"), number_in("nan")
        (3.5, None)
    """
    if not _NUMBER.fullmatch(cell):
        return None
    value = float(cell.replace(",", "."))
    return value if math.isfinite(value) else None


def say_left_out(left_out: dict[str, int]) -> str:
    """Write how many rows were left out for which reason.

    Example:
        >>> say_left_out({"no score": 2})
        '2 (no score)'
    """
    return ", ".join(f"{count} ({reason})" for reason, count in left_out.items())
