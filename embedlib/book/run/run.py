"""Run notebooks with papermill, if something that they depend on has changed. The output is whole or not written."""

from __future__ import annotations

import importlib.metadata
import itertools
import logging
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from nbformat import NotebookNode
from rich.text import Text

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import KERNELSPEC, clean, read_executed, write
from embedlib.book.run.freshness import PACKAGES, fingerprint, why, write_state
from embedlib.book.run.leftovers import remove_leftovers
from embedlib.book.run.machine import check_build, connection, kernel_manager, scratch, surroundings
from embedlib.book.run.plan import Run
from embedlib.errors import EmbedlibError, NotebookError
from embedlib.models.roster import find_model

logger = logging.getLogger(__name__)


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
    write_state(run, now, time.monotonic() - start)
    return reasons


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
        "packages": {"Python": platform.python_version()} | {n: importlib.metadata.version(n) for n in PACKAGES},
        "models": {name: find_model(name).checksum for name in names},
    }


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
