"""Notebook files: the MyST source, the executed pair, and what is volatile in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

from embedlib._util.paths import PROJECT, written_whole
from embedlib.errors import NotebookError, UnknownNameError

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
SIZE_LIMIT = 500_000

_KEPT_CELL_METADATA = {"tags", "mystnb"}


def notebook_sources(folder: Path | None = None) -> list[Path]:
    """List the MyST sources of the book's notebooks, in the order of their names."""
    return sorted((folder or PROJECT / "notebooks").glob("*.md"))


def find_source(name: str, folder: Path | None = None) -> Path:
    """Find a notebook's MyST source by path or by name, with or without ending.

    Raises `UnknownNameError` with the nearest match among the book's notebooks.
    """
    path = Path(name)
    if path.suffix in {".md", ".ipynb"} and path.with_suffix(".md").is_file():
        return path.with_suffix(".md").resolve()
    if path.parent.name not in {"", "notebooks"}:
        raise NotebookError(f"there is no notebook {name}: it needs its .md source there")
    sources = {source.stem: source for source in notebook_sources(folder)}
    if path.stem not in sources:
        raise UnknownNameError.of("notebook", path.stem, sources)
    return sources[path.stem]


def read_source(path: Path) -> NotebookNode:
    """Read a MyST source as a notebook without outputs, with ids that depend on the order alone.

    Raises `NotebookError` for a file that jupytext cannot read.
    """
    try:
        notebook = jupytext.read(path)
    except Exception as error:
        raise NotebookError(f"{path}: jupytext cannot read this notebook: {error}") from error
    return clean(notebook)


def read_executed(path: Path) -> NotebookNode:
    """Read an executed `.ipynb`; raises `NotebookError` where there is none or it is broken."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise NotebookError(f"{path} does not exist") from None
    except Exception as error:
        raise NotebookError(f"{path}: not a notebook: {error}") from error


def clean(notebook: NotebookNode) -> NotebookNode:
    """Drop, in place, what differs from run to run: times, random ids, split streams."""
    made = {name: value for name, value in notebook.metadata.items() if name == "embedlib"}
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": {"name": "python"}, **made})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({k: v for k, v in cell.metadata.items() if k in _KEPT_CELL_METADATA and v})
        if cell.cell_type == "code":
            cell.outputs = list(_joined_streams(cell.outputs))
    return notebook


def _joined_streams(outputs: Iterable[NotebookNode]) -> Iterable[NotebookNode]:
    last: NotebookNode | None = None
    for output in outputs:
        if last is not None and output.output_type == "stream" and last.get("name") == output.name:
            last.text += output.text
            continue
        yield output
        last = output if output.output_type == "stream" else None


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook in one step: the file is the old one or the new one, never half of it."""
    with written_whole(path) as aside:
        nbformat.write(notebook, aside)


def write_text(text: str, path: Path) -> None:
    """Write a text in one step, as `write` does."""
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")
