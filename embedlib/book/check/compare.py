"""Two runs of a notebook side by side, record by record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode

from embedlib.errors import NotebookError
from embedlib.records.record import Tolerance, agree, payloads

Value = float | int | str | bool | None


@dataclass(frozen=True)
class Side:
    """One recorded value in two runs; `present` says which of them have it, `differs` whether by more than allowed."""

    record: str
    first: Value
    second: Value
    present: tuple[bool, bool]
    differs: bool


def compare_runs(first: NotebookNode, second: NotebookNode) -> list[Side]:
    """Set the recorded values of two executed notebooks side by side, in the order of the first.

    A frame has a line for each cell, named `record[row].column`, a verdict one for each of its fields,
    the data of a figure like a frame. Numbers differ where the first run's tolerance does not allow the
    second's; what one run lacks differs. Raises `NotebookError` for a notebook without records.
    """
    sides = []
    for notebook in (first, second):
        found: dict[str, tuple[Value, Tolerance]] = {}
        for payload in payloads([output for cell in notebook.cells for output in cell.get("outputs", [])]):
            for _, row, column, value, tolerance in values(payload):
                found[_label(payload, row, column)] = value, tolerance
        sides.append(found)
    for which, found in zip(("first", "second"), sides, strict=True):
        if not found:
            raise NotebookError(f"the {which} notebook has no records; was it run?")
    rows = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        (old, tolerance), (new, _) = (side.get(name, (None, Tolerance())) for side in sides)
        present = (name in sides[0], name in sides[1])
        rows.append(Side(name, old, new, present, not (all(present) and agree(old, new, tolerance))))
    return rows


def values(payload: dict[str, Any]) -> Iterator[tuple[str, str, str, Value, Tolerance]]:
    """Give a record's values, each as record, row, column, value and tolerance.

    The row of a frame is its key, joined by commas. A verdict has its fields as columns, and whom it
    holds for as rows of the column `holds`. Row and column of a single value are empty.
    """
    name, given = payload["name"], payload["tolerance"]
    if payload["type"] == "frame":
        for key, row in zip(payload["keys"], payload["rows"], strict=True):
            for column, value in zip(payload["columns"], row, strict=True):
                yield name, ", ".join(map(str, key)), column, value, Tolerance(**given[column])
    elif payload["type"] == "verdict":
        for field, value in payload["value"].items():
            if field == "holds":
                yield from ((name, who, "holds", held, Tolerance(**given)) for who, held in value.items())
            else:
                yield name, "", field, value, Tolerance(**given)
    else:
        yield name, "", "", payload["value"], Tolerance(**given)


def _label(payload: dict[str, Any], row: str, column: str) -> str:
    name: str = payload["name"]
    if payload["type"] == "frame":
        return f"{name}[{row}].{column}"
    if payload["type"] == "verdict":
        return f"{name}.{column}[{row}]" if column == "holds" else f"{name}.{column}"
    return name
