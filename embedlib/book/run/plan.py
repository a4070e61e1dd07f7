"""A run before it starts: the notebook, its parameters, checked, and the files that it will write."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import read_source
from embedlib.book.run.parameters import read_parameters, resolve


@dataclass(frozen=True)
class Run:
    """One run of a notebook: its source, its parameters and the files that it writes."""

    source: Path
    notebook: NotebookNode
    parameters: dict[str, Any]
    build: Path

    @property
    def name(self) -> str:
        """The name of the output: the notebook's, and a digest of the parameters where some were set."""
        if not self.parameters:
            return self.source.stem
        text = json.dumps(self.parameters, sort_keys=True)
        return f"{self.source.stem}--{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def settings(self) -> dict[str, Any]:
        """Every parameter with the value that the run will use."""
        return {name: p.default for name, p in read_parameters(self.notebook).items()} | self.parameters

    @property
    def output(self) -> Path:
        """The executed notebook of the last good run."""
        return self.build / "executed" / f"{self.name}.ipynb"

    @property
    def failed(self) -> Path:
        """The notebook of a failed run, with its traceback."""
        return self.build / "failed" / f"{self.name}.ipynb"

    @property
    def state(self) -> Path:
        """The file that says what the last good run depended on."""
        return self.build / "state" / f"{self.name}.json"


def plan(source: Path, given: dict[str, str] | None = None, build: Path | None = None) -> Run:
    """Read a notebook and check the values that are given for its parameters. No kernel starts.

    `given` has the texts of `-p name=text`. Raises `ParameterError` or `NotebookError`, as `parameters.resolve` does.
    """
    notebook = read_source(source)
    return Run(source, notebook, resolve(notebook, given or {}), build or PROJECT / "_build")
