"""The drift gate: a fresh run against the committed one, by records and not by pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from embedlib.book.check.normalise import advise, normalise
from embedlib.book.notebooks import SIZE_LIMIT, read_executed, read_source
from embedlib.errors import NotebookError
from embedlib.records.read import MIME, records_in
from embedlib.records.record import Record


@dataclass(frozen=True)
class Drift:
    """One difference: where, which record, what it was, what it is, what would have been allowed."""

    notebook: str
    cell: str
    record: str
    old: str
    new: str
    allowed: str


def check_notebook(name: str, source: Path, reference: Path, fresh: NotebookNode) -> list[Drift]:
    """Compare a fresh run with the committed notebook and its source; gives every difference."""
    try:
        committed = read_executed(reference)
    except NotebookError as error:
        return [Drift(name, "", "notebook", "a committed run", str(error), "one that `make accept` wrote")]
    found = []
    size = reference.stat().st_size
    if size >= SIZE_LIMIT:
        found.append(Drift(name, "", "size", "", f"{size:,} bytes", f"under {SIZE_LIMIT:,} bytes"))
    found += compare_sources(name, committed, read_source(source))
    return found + compare(name, committed, fresh)


def compare_sources(name: str, committed: NotebookNode, source: NotebookNode) -> list[Drift]:
    """Compare the committed notebook's cells with those of its paired `.md`."""
    found = []
    for number in range(max(len(committed.cells), len(source.cells))):
        old = committed.cells[number] if number < len(committed.cells) else None
        new = source.cells[number] if number < len(source.cells) else None
        if old is None or new is None or _content(old) != _content(new):
            before, after = _differing_line(_content(old), _content(new))
            found.append(Drift(name, _label(number, new or old), "source", before, after, "equal to the paired .md"))
    return found


def _content(cell: NotebookNode | None) -> str:
    """Give what a cell is, as lines: its kind, its source, and its tags and captions."""
    if cell is None:
        return ""
    return "\n".join([cell.cell_type, cell.source, json.dumps(cell.metadata, sort_keys=True)])


def compare(name: str, committed: NotebookNode, fresh: NotebookNode) -> list[Drift]:
    """Compare the outputs of two runs: errors, records, figures, then text."""
    found = list(_errors(name, fresh))
    old, new = _records(name, committed), _records(name, fresh)
    for record, (cell, before) in old.items():
        if record in new:
            found += [Drift(name, cell, d.place, d.old, d.new, d.allowed) for d in before.differs_from(new[record][1])]
        else:
            what = "figure record" if before.figure else "record"
            found.append(Drift(name, cell, record, f"a {what}", "missing", "every committed record"))
    for record, (cell, _) in new.items():
        if record not in old:
            found.append(Drift(name, cell, record, "missing", "a new record", "the committed records"))
    return found + list(_bare_figures(name, fresh)) + list(_texts(name, committed, fresh))


def _errors(name: str, fresh: NotebookNode) -> Iterator[Drift]:
    for cell, outputs in _code_cells(fresh):
        for output in outputs:
            if output.output_type == "error":
                yield Drift(name, cell, "exception", "", f"{output.ename}: {output.evalue}", "no error")


def _bare_figures(name: str, fresh: NotebookNode) -> Iterator[Drift]:
    for cell, outputs in _code_cells(fresh):
        for output in outputs:
            data = output.get("data", {})
            if any(mime.startswith("image/") for mime in data) and MIME not in data:
                yield Drift(name, cell, "figure", "", "a picture without a record", "record(..., figure=...)")


def _texts(name: str, committed: NotebookNode, fresh: NotebookNode) -> Iterator[Drift]:
    pairs = zip(_code_cells(committed), _code_cells(fresh), strict=False)
    for (_, before), (cell, after) in pairs:
        for kind in _kinds(before) | _kinds(after):
            old, new = _text(before, kind), _text(after, kind)
            if old != new:
                line_old, line_new = _differing_line(old, new)
                yield Drift(name, cell, kind, line_old, line_new, advise(line_old, line_new))


def _kinds(outputs: list[Any]) -> dict[str, None]:
    """List the kinds of text among a cell's outputs: streams, and data that is no picture and no widget."""
    kinds = [output.name for output in outputs if output.output_type == "stream"]
    kinds += [kind for o in outputs for kind in o.get("data", {}) if MIME not in o.data and not _is_opaque(kind)]
    return dict.fromkeys(kinds)


def _is_opaque(kind: str) -> bool:
    """Check for pictures, and for widgets, whose text is a random id."""
    return kind.startswith("image/") or "widget-view" in kind


def _text(outputs: list[Any], kind: str) -> str:
    """Join the text of one kind in a cell's outputs; a record's own text is judged by its value."""
    streams, parts = [], []
    for output in outputs:
        if output.output_type == "stream" and output.name == kind:
            streams.append(output.text)  # in as many pieces as it came
        elif kind in output.get("data", {}) and MIME not in output.data:
            content = output.data[kind]
            parts.append(content if isinstance(content, str) else json.dumps(content, sort_keys=True))
    return normalise("".join(streams) + "\n".join(parts))


def _code_cells(notebook: NotebookNode) -> list[tuple[str, list[Any]]]:
    return [
        (_label(number, cell), cell.outputs) for number, cell in enumerate(notebook.cells) if cell.cell_type == "code"
    ]


def _label(number: int, cell: NotebookNode | None) -> str:
    line = next((line for line in (cell.source if cell else "").splitlines() if line.strip()), "")
    return f"{number + 1}: {line[:32]}"


def _records(name: str, notebook: NotebookNode) -> dict[str, tuple[str, Record]]:
    """Find the records of a notebook by name, each with its cell."""
    found: dict[str, tuple[str, Record]] = {}
    for cell, outputs in _code_cells(notebook):
        for record in records_in(outputs):
            if record.name in found:
                raise NotebookError(f"{name}: the record {record.name!r} is made twice ({cell})")
            found[record.name] = (cell, record)
    return found


def _differing_line(old: str, new: str) -> tuple[str, str]:
    """Give the first lines that differ."""
    before, after = old.split("\n"), new.split("\n")
    for number in range(max(len(before), len(after))):
        one = before[number] if number < len(before) else "(no line)"
        two = after[number] if number < len(after) else "(no line)"
        if one != two:
            return one, two
    return "", ""
