"""Two runs of a notebook side by side, record by record."""

from __future__ import annotations

from dataclasses import dataclass

from nbformat import NotebookNode

from embedlib.errors import NotebookError
from embedlib.records.read import all_outputs, records_in
from embedlib.records.record import Cell, Value
from embedlib.records.tolerance import agree


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
    sides = [_cells("first", first), _cells("second", second)]
    rows = []
    for label in dict.fromkeys([*sides[0], *sides[1]]):
        old, new = (side.get(label) for side in sides)
        same = old is not None and new is not None and agree(old.value, new.value, old.tolerance)
        first_value, second_value = (None if cell is None else cell.value for cell in (old, new))
        rows.append(Side(label, first_value, second_value, (old is not None, new is not None), not same))
    return rows


def _cells(which: str, notebook: NotebookNode) -> dict[str, Cell]:
    """Give the recorded values of a notebook by their labels."""
    found = {cell.label: cell for record in records_in(all_outputs(notebook)) for cell in record.values()}
    if not found:
        raise NotebookError(f"the {which} notebook has no records; was it run?")
    return found
