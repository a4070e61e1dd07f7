"""Lay out the book's sources for Jupyter Book: executed notebooks, with what every chapter shows beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from embedlib._util.paths import PROJECT, written_whole
from embedlib.book.notebooks import read_executed
from embedlib.book.run.parameters import parameters_cell, read_parameters
from embedlib.errors import NotebookError
from embedlib.records.read import MIME, all_outputs, picture_of, record_in

LANDING_FIGURE = ("20_findings", "fig-leads")  # notebook and record of the first page's picture

_STATIC = ("_config.yml", "_toc.yml", "references.bib")


def pages(toc: Path) -> list[str]:
    """List the documents of a `_toc.yml`, in reading order."""
    return pages_of(toc.read_text(encoding="utf-8"))


def pages_of(text: str) -> list[str]:
    """List the documents of the text of a `_toc.yml`, in reading order."""

    def walk(node: object) -> Iterable[str]:
        if isinstance(node, dict):
            for key in ("root", "file"):
                if key in node:
                    yield str(node[key])
            for key in ("parts", "chapters", "sections"):
                yield from walk(node.get(key, []))
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return list(walk(yaml.safe_load(text)))


def stage(
    target: Path, executed: Mapping[str, Path], project: Path = PROJECT, made: Mapping[str, bytes] | None = None
) -> None:
    """Lay out the book's sources under `target`, with the executed notebook of each name.

    `made` are files that are not in the project, by path under `target` (`explorer.explorer_files`).
    Files that are already the same keep their times, so that Sphinx rebuilds only what changed;
    the others are written aside and renamed into place. Raises `NotebookError` for a notebook of the
    table of contents that has not been executed.
    """
    wanted = {name: (project / name).read_bytes() for name in _STATIC} | dict(made or {})
    wanted |= {f"_static/{p.name}": p.read_bytes() for p in sorted((project / "_static").glob("*")) if p.is_file()}
    for page in pages(project / "_toc.yml"):
        if page.startswith("notebooks/"):
            path = executed.get(Path(page).name)
            if path is None or not path.is_file():
                raise NotebookError(f"{page} is in _toc.yml but has not been run: run it first")
            wanted |= {f"notebooks/{name}": content for name, content in _chapter(Path(page).name, path)}
        else:
            source = (project / page).with_suffix(".md")
            wanted[str(source.relative_to(project))] = source.read_bytes()
    for name, content in wanted.items():
        destination = target / name
        if not destination.is_file() or destination.read_bytes() != content:
            with written_whole(destination) as aside:
                aside.write_bytes(content)
    for path in sorted(target.rglob("*")):
        if path.is_file() and str(path.relative_to(target)) not in wanted:
            path.unlink()


def _chapter(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Give the files of a chapter: its notebook as it is shown, and the data of its tables and pictures.

    A picture gets the description it was recorded with; records, which are for the drift gate, stay behind.
    """
    notebook = read_executed(path)
    pictures = [(record_in(output), output) for output in all_outputs(notebook) if picture_of(output)]
    described = {record.name: output.data["text/plain"] for record, output in pictures if record}
    cells: list[NotebookNode] = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type == "markdown":
            cell.source = _describe_glued(cell.source, described)
        if cell is parameters_cell(notebook):
            cells.append(new_markdown_cell(_rerun_box(name, notebook)))
        shown = []
        for output in cell.get("outputs", []):
            record, picture = record_in(output), picture_of(output)
            if record is None:
                continue
            del output.data[MIME]
            if picture:
                options = cell.metadata.setdefault("mystnb", {}).setdefault("image", {})
                options["alt"] = output.data["text/plain"]
                if (name, record.name) == LANDING_FIGURE:
                    yield f"data/{name}-{record.name}.{picture[0]}", picture[1]
            table = record.csv() if picture or "text/html" in output.data else None
            if table is not None:
                file = f"data/{name}-{record.name}.csv"
                yield file, table
                what = "data of this picture" if record.figure else "this table"
                shown.append(f"{{download}}`{what} as CSV <{file}>`")
        if shown:
            cells.append(new_markdown_cell(":::{div} embedlib-csv\n" + ", ".join(shown) + "\n:::"))
    cells.append(new_markdown_cell(_provenance(notebook)))
    notebook.cells = cells
    for number, cell in enumerate(notebook.cells, start=1):
        cell["id"] = f"cell-{number:03d}"
    text: str = nbformat.writes(notebook)
    yield f"{name}.ipynb", text.encode()


def _describe_glued(text: str, described: Mapping[str, str]) -> str:
    """Give each picture that prose repeats by `{glue:figure}` the description it was recorded with."""

    def describe(found: re.Match[str]) -> str:
        alt = described.get(found["name"])
        return f"{found[0]}\n:alt: {' '.join(alt.split())}" if alt else found[0]

    return re.sub(r"^`{3,}\{glue:figure\} (?P<name>[\w-]+)$(?!\n:alt:)", describe, text, flags=re.M)


def _rerun_box(name: str, notebook: NotebookNode) -> str:
    """Write the box that says how to run a chapter again, with its parameters as its own cell declares them.

    A chapter with a parameter `models` measures models and takes one's own, unless it has `runs`: then it
    shows what other chapters recorded of theirs.
    """
    known = read_parameters(notebook)
    if "models" in known and "runs" not in known:
        title = "Re-run this chapter with your own model"
        settings = f""" -p models='["{known["models"].default[0]}", "./my-model"]'"""
        text = (
            "A model is a name of {doc}`01_models`, a file of word vectors, a model's folder, a GGUF file, or "
            "`hf:owner/name`; {doc}`../rerun` has more."
        )
    else:
        title, settings, text = "Re-run this chapter", "", "{doc}`../rerun` has more."
        if "runs" in known:
            text = "It reads what other chapters recorded: re-run those first. " + text
    rows = [f"* - `{p.name}`\n  - `{p.annotation}`\n  - {_default(p.default)}\n  - {p.comment}" for p in known.values()]
    table = "\n".join(["* - parameter\n  - type\n  - default\n  - meaning", *rows])
    return (
        f"::::{{admonition}} {title}\n:class: tip\n\n"
        f"```bash\nembedlib run {name}{settings}\n```\n\n"
        f"{text}\n\n"
        ":::{dropdown} All parameters of this chapter\n\n"
        f"````{{list-table}}\n:header-rows: 1\n\n{table}\n````\n:::\n::::"
    )


def _default(value: Any) -> str:
    """Write a default as code, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text if len(text) <= 60 else text[:57] + '…'}`" if "`" not in text else text


def _provenance(notebook: NotebookNode) -> str:
    """Write the fold-out that says of what the numbers of a chapter were made."""
    made = notebook.metadata.get("embedlib", {})
    if not made:
        return ":::{dropdown} How these numbers were made\nThis run did not keep what it was made with.\n:::"
    models = [f"* - `{model}`\n  - `{checksum}`" for model, checksum in made["models"].items()]
    packages = ", ".join(f"{package} {version}" for package, version in made["packages"].items())
    table = "\n".join(["* - model\n  - SHA-256 of its files", *models])
    return (
        f":::{{dropdown}} How these numbers were made\n\nRun on {made['machine']}. Packages: {packages}.\n\n"
        f"````{{list-table}}\n:header-rows: 1\n\n{table}\n````\n:::"
    )
