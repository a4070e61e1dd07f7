"""Draw a recorded frame as an HTML table: equal decimals in a column, intervals in one cell, wide tables turned."""

from __future__ import annotations

import math
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from embedlib.records.tolerance import Tolerance

WIDE = 8  # columns above which a table gets another form
MOST_DECIMALS = 6  # above which the numbers of a column are written as powers of ten
MISSING = "-"


@dataclass(frozen=True)
class _Column:
    """A column as it is shown: its head and its cells as HTML, and whether they are numbers."""

    head: str
    cells: list[str]
    is_number: bool


def table_html(frame: pd.DataFrame, tolerances: Mapping[str, Tolerance]) -> str:
    """Write a frame as an HTML table that can be read.

    The numbers of a column have the same decimals, enough for the smallest move that its tolerance allows. Whole
    numbers have separators of thousands. Three columns `x`, `x, low` and `x, high` become one: `x [low, high]`. So do
    the two ends of a range without a value, `x, low` and `x, high`.
    A table of more than eight columns has all keys of a row in one column, which stays in place when the table is
    scrolled; if it has fewer rows than columns, it is turned: a row becomes a column.

    Example:
        >>> from embedlib.records.tolerance import Tolerance
        >>> frame = pd.DataFrame({"mean": [0.9453, 0.009578]}, index=pd.Index(["a", "b"], name="model"))
        >>> html = table_html(frame, {"mean": Tolerance(atol=1e-3)})
        >>> re.findall('<td class="number">(.*?)</td>', html)
        ['0.945', '0.010']
    """
    is_wide = frame.index.nlevels + frame.shape[1] > WIDE
    keys = _joined(_keys(frame)) if is_wide else _keys(frame)
    columns = _columns(frame, tolerances)
    if is_wide and len(keys) + len(columns) > WIDE and len(frame) < len(columns):
        return _turned(keys[0], columns)
    heads = "".join(_head(column) for column in [*keys, *columns])
    rows = [
        "".join(f'<th scope="row">{key.cells[row]}</th>' for key in keys)
        + "".join(_cell(column, row) for column in columns)
        for row in range(len(frame))
    ]
    return _table("wide" if is_wide else "plain", heads, rows)


def _turned(key: _Column, columns: Sequence[_Column]) -> str:
    """Write a table with a row for each column of the frame."""
    # Under a head that is not itself of numbers they would stand apart from it.
    side = ' class="number"' if all(column.is_number for column in columns) else ""
    heads = "<td></td>" + "".join(f'<th scope="col"{side}>{cell}</th>' for cell in key.cells)
    rows = [
        f'<th scope="row">{column.head}</th>' + "".join(_cell(column, row) for row in range(len(key.cells)))
        for column in columns
    ]
    return _table("turned", heads, rows)


def _table(form: str, heads: str, rows: Sequence[str]) -> str:
    body = "\n".join(f"    <tr>{row}</tr>" for row in rows)
    return (
        f'<table class="dataframe embedlib-table" data-form="{form}">\n'
        f"  <thead>\n    <tr>{heads}</tr>\n  </thead>\n  <tbody>\n{body}\n  </tbody>\n</table>"
    )


def _head(column: _Column) -> str:
    return f'<th scope="col"{_class(column)}>{column.head}</th>'


def _cell(column: _Column, row: int) -> str:
    return f"<td{_class(column)}>{column.cells[row]}</td>"


def _class(column: _Column) -> str:
    return ' class="number"' if column.is_number else ""


def _keys(frame: pd.DataFrame) -> list[_Column]:
    """Give the columns that name the rows, one a level of the index."""
    levels = [frame.index.get_level_values(level) for level in range(frame.index.nlevels)]
    return [_Column(_text(level.name or ""), [_any(value) for value in level], False) for level in levels]


def _joined(keys: Sequence[_Column]) -> list[_Column]:
    """Put the keys of a row into one column, the first in the first line and the others below it."""
    if len(keys) == 1:
        return list(keys)

    def join(parts: Sequence[str]) -> str:
        return f'{parts[0]}<br><span class="embedlib-key">{", ".join(parts[1:])}</span>'

    cells = [join(parts) for parts in zip(*(key.cells for key in keys), strict=True)]
    return [_Column(join([key.head for key in keys]), cells, False)]


def _columns(frame: pd.DataFrame, tolerances: Mapping[str, Tolerance]) -> list[_Column]:
    names = [str(name) for name in frame.columns]
    values = [list(frame.iloc[:, place]) for place in range(len(names))]
    made = []
    place = 0
    while place < len(names):
        trio = slice(place, place + 3)
        if _is_interval(names[trio], values[trio]):
            decimals = _decimals(names[trio], values[trio], tolerances)
            head = f'{_text(names[place])} <span class="embedlib-interval">[low, high]</span>'
            cells = [_interval(*row, decimals=decimals) for row in zip(*values[trio], strict=True)]
            made.append(_Column(head, cells, True))
            place += 3
            continue
        if _is_range(names[pair := slice(place, place + 2)], values[pair]):
            decimals = _decimals(names[pair], values[pair], tolerances)
            head = f'{_text(names[place].removesuffix(", low"))} <span class="embedlib-interval">[low, high]</span>'
            cells = [_ends(*row, decimals=decimals) for row in zip(*values[pair], strict=True)]
            made.append(_Column(head, cells, True))
            place += 2
            continue
        own = values[place]
        is_number = _are_numbers(own)
        if is_number:
            decimals = _decimals(names[place : place + 1], [own], tolerances)
            cells = [_number(value, decimals) for value in own]
        else:
            cells = [_any(value) for value in own]
        made.append(_Column(_text(names[place]), cells, is_number))
        place += 1
    return made


def _is_interval(names: Sequence[str], values: Sequence[Sequence[Any]]) -> bool:
    """Say whether columns are a value with the ends of its interval: any name, then `low` and `high` of one stem."""
    if len(names) < 3 or not all(_are_numbers(column) for column in values):
        return False
    # A count has no interval: what stands beside it is that of another column.
    if all(_is_missing(value) or isinstance(value, numbers.Integral) for value in values[0]):
        return False
    low, high = (re.fullmatch(rf"(|.*\W){end}", name) for name, end in zip(names[1:], ("low", "high"), strict=True))
    return low is not None and high is not None and low[1] == high[1]


def _is_range(names: Sequence[str], values: Sequence[Sequence[Any]]) -> bool:
    """Say whether columns are the ends of a range that has no value of its own: `x, low` and `x, high`."""
    if len(names) < 2 or not all(_are_numbers(column) for column in values):
        return False
    stem = names[0].removesuffix(", low")
    return [*names] == [f"{stem}, low", f"{stem}, high"]


def _interval(value: Any, low: Any, high: Any, *, decimals: int) -> str:
    shown = _number(value, decimals)
    if _is_missing(low) or _is_missing(high):
        return shown
    return f"{shown} {_ends(low, high, decimals=decimals)}"


def _ends(low: Any, high: Any, *, decimals: int) -> str:
    if _is_missing(low) or _is_missing(high):
        return MISSING
    return f'<span class="embedlib-interval">[{_number(low, decimals)}, {_number(high, decimals)}]</span>'


def _decimals(names: Sequence[str], columns: Sequence[Sequence[Any]], tolerances: Mapping[str, Tolerance]) -> int:
    """Count the decimals for the columns of numbers: enough for a tolerance, no more than the values have.

    Values of which none is above 1 (cosines, shares, p-values) get three, for tolerances that allow fewer.
    """
    steps, values = [], []
    for name, column in zip(names, columns, strict=True):
        own = [float(value) for value in column if not _is_missing(value)]
        values += own
        tolerance = tolerances[name]
        steps += [tolerance.atol + tolerance.rtol * abs(value) for value in own if value]
    finest = min((step for step in steps if step > 0), default=1.0)
    # The rounding takes care of logarithms such as 2.9999999999999996.
    needed = math.ceil(round(-math.log10(finest), 9))
    decimals = max(needed, 3 if all(abs(value) <= 1 for value in values) else 1)
    while decimals and all(math.isclose(value, round(value, decimals - 1), rel_tol=1e-8) for value in values):
        decimals -= 1
    return decimals


def _number(value: Any, decimals: int) -> str:
    if _is_missing(value):
        return MISSING
    if isinstance(value, numbers.Integral):
        return f"{int(value):,}"
    if decimals > MOST_DECIMALS:
        return f"{float(value):.3e}"
    shown = f"{float(value):,.{decimals}f}"
    return shown.lstrip("-") if not float(shown.replace(",", "")) else shown


def _any(value: Any) -> str:
    """Write a key, or a cell of a column that holds more than numbers."""
    if _is_missing(value):
        return MISSING
    if not _is_number(value):
        return _text(value)
    return f"{int(value):,}" if isinstance(value, numbers.Integral) else f"{float(value):.4g}"


def _text(value: Any) -> str:
    return escape(str(value), quote=False)


def _are_numbers(values: Sequence[Any]) -> bool:
    """Say whether a column holds numbers and nothing else; one without any value does not."""
    there = [value for value in values if not _is_missing(value)]
    return bool(there) and all(map(_is_number, there))


def _is_number(value: object) -> bool:
    # A truth value passes for a whole number in Python.
    is_truth = isinstance(value, bool)
    return isinstance(value, numbers.Real) and not is_truth


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, numbers.Real) and math.isnan(value))
