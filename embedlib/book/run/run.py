"""Run notebooks with papermill, if something that they depend on has changed. The output is whole or not written."""

from __future__ import annotations

import hashlib
import importlib.metadata
import itertools
import json
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from nbformat import NotebookNode
from rich.text import Text

from embedlib._util.code_digest import code_digest
from embedlib._util.paths import PROJECT, written_whole
from embedlib.book.notebooks import KERNELSPEC, clean, notebook_sources, read_executed, read_source, write
from embedlib.book.run.dependencies import Uses, described, uses_of
from embedlib.book.run.leftovers import remove_leftovers
from embedlib.book.run.machine import check_build, connection, kernel_manager, scratch, surroundings
from embedlib.book.run.parameter_files import watched
from embedlib.book.run.parameters import read_parameters, resolve
from embedlib.encoders.registry import code_version
from embedlib.errors import EmbedlibError, NotebookError
from embedlib.models.files import sha256
from embedlib.models.roster import find_model, roster
from embedlib.models.spec import ModelSpec
from embedlib.records.read import last_run

logger = logging.getLogger(__name__)

_PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "pandas", "scipy", "gensim", "matplotlib", "seaborn")

Fingerprint = dict[str, dict[str, str]]


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


def fingerprint(run: Run) -> Fingerprint:
    """Digest what a run depends on, in parts; each part has a digest by name.

    The parts are cells, parameters, the modules of embedlib that the notebook uses, data sets, data files, models,
    the code that makes the models' vectors, other runs that it reads, and packages. What a notebook uses is read from
    its code, see `dependencies`. The code that runs and builds the book is no part of it.
    """
    settings = run.settings
    uses = uses_of(run.notebook)
    specs = _models(settings, uses)
    embeds = uses.uses_module("embedlib.encoders.registry")
    # Models and runs have parts of their own below.
    own = [
        file for name, value in settings.items() if name not in ("models", "runs") for file in watched(value, PROJECT)
    ]
    return {
        "cells": {
            f"{number} ({_first_line(cell.source)})": _cell_digest(cell)
            for number, cell in enumerate(run.notebook.cells, start=1)
        },
        "parameters": {name: json.dumps(value) for name, value in settings.items()},
        "embedlib": {str(path.relative_to(PROJECT)): code_digest([path]) for path in uses.code},
        "data sets": {name: _text_digest(described(name)) for name in uses.datasets},
        "data": {os.path.relpath(path, PROJECT): sha256(path) for path in [*uses.data, *own]},
        "models": {name: _text_digest(spec.model_dump_json(exclude={"artifacts"}) + spec.checksum)
                   for name, spec in specs.items()},
        "code of models": {name: code_version(spec) for name, spec in specs.items()} if embeds else {},
        "runs": {path.name: sha256(path) for path in _runs_read(run)},
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }  # fmt: skip


def _models(settings: dict[str, Any], uses: Uses) -> dict[str, ModelSpec]:
    """Find the models that a run uses: those of its parameter `models`, and each that its code or a setting names.

    Without that parameter these are all of the roster, if the notebook uses models at all.
    """
    known = roster()
    given = settings.get("models", known if uses.uses_module("embedlib.models.roster") else ())
    texts = {*uses.texts, *_texts(list(settings.values()))}
    named = [name for name in known if uses.whole_roster or name in texts]
    return {name: find_model(name) for name in dict.fromkeys([*given, *named])}


def _texts(value: Any) -> Iterator[str]:
    """List the texts in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _runs_read(run: Run) -> list[Path]:
    """List the executed notebooks that a notebook reads by its parameter `runs`: those given, or all others."""
    if "runs" not in run.settings:
        return []
    others = [source.stem for source in notebook_sources(run.source.parent) if source.stem != run.source.stem]
    paths = [Path(path) for path in run.settings["runs"]] or [last_run(name) for name in others]
    return [path for path in paths if path.is_file()]


def why(run: Run, now: Fingerprint) -> list[str]:
    """List the reasons why a run is needed; empty where its last output is up to date."""
    try:
        state = json.loads(run.state.read_text(encoding="utf-8"))
        before: Fingerprint = state["fingerprint"]
    except (OSError, ValueError, KeyError):
        return ["it has not been run with these parameters"]
    if not run.output.is_file() or sha256(run.output) != state["output"]:
        return [f"its output {run.output.name} is missing or was changed"]
    reasons = []
    for part in now:
        old, new = before.get(part, {}), now[part]
        reasons += [f"{part}: {name} changed" for name in new if name in old and new[name] != old[name]]
        reasons += [f"{part}: {name} is new" for name in new if name not in old]
        reasons += [f"{part}: {name} is gone" for name in old if name not in new]
    return reasons


class Watch(Protocol):
    """What `execute` reports the progress of a run to."""

    def begins(self, run: Run, cells: int) -> None:
        """Report that a run begins, with this number of code cells."""

    def cell(self, run: Run, number: int) -> None:
        """Report that the code cell of this number, from 1, begins."""

    def ends(self, run: Run) -> None:
        """Report that a run has ended, whether it failed or not."""


def execute(run: Run, *, force: bool = False, watch: Watch | None = None) -> list[str]:
    """Run a notebook unless its last output is up to date; gives the reasons, or none where it was not run.

    The output goes to `_build/executed/` when the run is complete. A failed run goes to `_build/failed/`, leaves
    the last good output as it was, and raises `NotebookError` with the traceback. Each cell is reported to `watch`.
    """
    now = fingerprint(run)
    reasons = why(run, now) or (["forced"] if force else [])
    if not reasons:
        return []
    logger.debug("%s: running (%s)", run.name, reasons[0])
    check_build(run.build)
    start = time.monotonic()
    executed = _papermill(run, watch)
    executed.metadata["embedlib"] = _made_with(run)
    write(executed, run.output)
    run.failed.unlink(missing_ok=True)
    _write_state(run, now, time.monotonic() - start)
    return reasons


def last_seconds(run: Run) -> float | None:
    """Give how long the last good run took, in seconds; None where that is unknown."""
    try:
        return float(json.loads(run.state.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _papermill(run: Run, watch: Watch | None = None) -> NotebookNode:
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    remove_leftovers(run.build, run.name)
    work = run.build / "running"
    start, done = (work / f"{run.name}.{os.getpid()}.{part}.ipynb" for part in ("start", "done"))
    said = work / f"{run.name}.{os.getpid()}.kernel.txt"
    write(run.notebook, start)
    try:
        with scratch() as folder, environment(surroundings(folder)), _watched(run, watch) as hooks:
            papermill.execute_notebook(
                start, done, run.parameters, kernel_name=KERNELSPEC["name"], cwd=str(PROJECT),
                progress_bar=False, log_output=False,
                # Sockets in the run's own folder, instead of open ports.
                config=Config({"KernelManager": connection(folder)}),
                kernel_manager_class=kernel_manager(said), **hooks,
            )  # fmt: skip
        return clean(read_executed(done))
    except PapermillExecutionError as error:
        write(read_executed(done), run.failed)
        raise NotebookError(
            f"{run.name} failed in cell {error.exec_count}: {error.ename}: {error.evalue}\n"
            f"{Text.from_ansi(chr(10).join(error.traceback)).plain}\nThe failed notebook is {run.failed}"
        ) from None
    except EmbedlibError:
        raise
    except Exception as error:
        if done.exists():
            write(read_executed(done), run.failed)
        words = _words_of_kernel(said)
        kernel = f"\nThe kernel said:\n{words}" if words else ""
        raise NotebookError(f"{run.name} could not be run: {type(error).__name__}: {error}{kernel}") from error
    finally:
        if words := _words_of_kernel(said):
            logger.debug("%s: its kernel said, outside its cells:\n%s", run.name, words)
        for path in (start, done, said):
            path.unlink(missing_ok=True)


def _words_of_kernel(said: Path) -> str:
    return said.read_text(encoding="utf-8", errors="replace").strip() if said.exists() else ""


@contextmanager
def _watched(run: Run, watch: Watch | None) -> Iterator[dict[str, Any]]:
    """Give the hooks by which nbclient reports each code cell that it executes to `watch`."""
    if watch is None:
        yield {}
        return
    numbers = itertools.count(1)
    code = sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in run.notebook.cells)
    watch.begins(run, code + bool(run.parameters))  # papermill adds a cell with the parameters that were set
    try:
        yield {"on_cell_execute": lambda **_: watch.cell(run, next(numbers))}
    finally:
        watch.ends(run)


def _made_with(run: Run) -> dict[str, Any]:
    """List what a run's numbers were made with: the machine, the packages, and the models by checksum."""
    names = run.settings.get("models", [])
    return {
        "machine": f"{platform.system()}, {platform.machine()}, {os.cpu_count()} cores",
        "packages": {"Python": platform.python_version()} | {n: importlib.metadata.version(n) for n in _PACKAGES},
        "models": {name: find_model(name).checksum for name in names},
    }


def _write_state(run: Run, now: Fingerprint, seconds: float | None = None) -> None:
    state = json.dumps({"fingerprint": now, "output": sha256(run.output), "seconds": seconds}, indent=1)
    with written_whole(run.state) as aside:
        aside.write_text(state, encoding="utf-8")


@contextmanager
def environment(settings: dict[str, str]) -> Iterator[None]:
    """Set environment variables while the block runs, and restore them at its end."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


def _first_line(source: str) -> str:
    return next((line for line in source.splitlines() if line.strip()), "empty")[:40]


def _cell_digest(cell: NotebookNode) -> str:
    return _text_digest("\n".join([cell.cell_type, cell.source, json.dumps(cell.metadata, sort_keys=True)]))


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
