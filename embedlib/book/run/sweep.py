"""Run one notebook with every combination of some values, and write one table of what the runs recorded."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import os
import queue
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pandas as pd

from embedlib._util.paths import written_whole
from embedlib._util.processes import end_with_parent
from embedlib.book.notebooks import read_executed, read_source
from embedlib.book.run.freshness import fingerprint, why
from embedlib.book.run.parameters import Parameter, read_parameters
from embedlib.book.run.plan import Run, plan
from embedlib.book.run.progress import Board
from embedlib.book.run.run import Watch, execute
from embedlib.errors import EmbedlibError, NotebookError, ParameterError
from embedlib.records.read import all_outputs, records_in
from embedlib.records.record import Value

logger = logging.getLogger(__name__)

COLUMNS = ("record", "row", "column", "value", "text", "run", "status")

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
            "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One combination of values: the texts that were given, and the run with these values."""

    given: dict[str, str]
    run: Run

    @property
    def label(self) -> str:
        """The name of the point in lines of progress."""
        return f"{self.run.name} ({', '.join(f'{name}={text}' for name, text in self.given.items())})"


@dataclass(frozen=True)
class Sweep:
    """The points of a grid, where the last parameter varies fastest, and the names of its parameters."""

    points: tuple[Point, ...]
    names: tuple[str, ...]

    @property
    def table(self) -> Path:
        """The path of the CSV file with all records. A Parquet file with the same table is beside it."""
        runs = sorted(point.run.name for point in self.points)
        digest = hashlib.sha256(json.dumps(runs).encode()).hexdigest()[:8]
        run = self.points[0].run
        return run.build / "sweeps" / f"{run.source.stem}--{digest}.csv"


def split_settings(texts: Sequence[str]) -> list[tuple[str, str]]:
    """Split the texts of `-p name=value` into names and values; raises `ParameterError` for one without `=`.

    Example:
        >>> split_settings(["words=100,200"])
        [('words', '100,200')]
    """
    settings = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise ParameterError(f"-p takes name=value, got {text!r}")
        settings.append((name.strip(), value))
    return settings


def plan_sweep(source: Path, settings: Sequence[tuple[str, str]], build: Path | None = None) -> Sweep:
    """Make the grid of all combinations of the values that are given. No kernel starts.

    A parameter has several values if it is given several times, or if its text has commas and it is a number, a truth
    value or one of fixed choices (see `split_values`). A combination that is given twice is run once.

    Raises `ParameterError`, `UnknownNameError` or `NotebookError`.
    """
    known = read_parameters(read_source(source))
    given: dict[str, list[str]] = {}
    for name, text in settings:
        given.setdefault(name, []).extend(split_values(known[name], text) if name in known else [text])
    if not given:
        raise ParameterError(f"a sweep needs at least one -p name=value; allowed: {', '.join(known) or 'none'}")
    if taken := sorted(set(given) & set(COLUMNS)):
        raise ParameterError(f"the parameter {taken[0]!r} cannot be swept: the table has a column of that name")
    points: dict[str, Point] = {}
    for combination in itertools.product(*given.values()):
        texts = dict(zip(given, combination, strict=True))
        point = Point(texts, plan(source, texts, build))
        points.setdefault(point.run.name, point)
    return Sweep(tuple(points.values()), tuple(given))


def split_values(parameter: Parameter, text: str) -> list[str]:
    """Split a text at its commas if, by the type of the parameter, these separate values.

    They do for int, float, bool, None and `Literal`. For a number or a string, as `words` is, they do if at least one
    of the parts is a number. Lists, dicts, tuples and plain strings are not split. Raises `ParameterError` for a text
    that may be one number with thousands separators or several numbers.
    """
    parts = [part.strip() for part in text.split(",")]
    kinds = _kinds(parameter.type)
    if kinds & {list, dict, tuple} or kinds == {str}:
        return [text]
    if str in kinds and not any(_is_number(part) for part in parts):
        return [text]
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text) and any(part.startswith("0") for part in parts):
        raise ParameterError(
            f"{parameter.name}={text}: one number or {len(parts)}? One is written {text.replace(',', '')}; "
            f"several are given as -p {parameter.name}={parts[0]} -p {parameter.name}={parts[1]}"
        )
    return parts


def _kinds(annotation: Any) -> set[Any]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return {kind for part in get_args(annotation) for kind in _kinds(part)}
    return {origin or annotation}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class Outcome:
    """How a point ended: with `rows` for the table (ok), or with the first line of its error (failed)."""

    status: Literal["ok", "failed", "waiting"]
    rows: tuple[tuple[str, str, str, Value], ...] = ()
    error: str = ""


def run_sweep(sweep: Sweep, jobs: int = 1, watch: Board | None = None) -> dict[str, Outcome]:
    """Run the points that need it, at most `jobs` at a time; gives the outcome of each run, by its name.

    Each point is run in a process of its own, with its share of the cores. The table is written before the first
    point and after each one. A sweep that was stopped goes on from there when it is called again. A point that fails
    is in the table with its error, and the others go on. `watch` shows the points at work.

    Raises `ParameterError` for a number of jobs below 1.
    """
    if jobs < 1:
        raise ParameterError(f"jobs is {jobs}; allowed: 1 or more")
    outcomes = {point.run.name: Outcome("waiting") for point in sweep.points}
    pending = []
    for point in sweep.points:
        if why(point.run, fingerprint(point.run)):
            pending.append(point)
        else:
            outcomes[point.run.name] = Outcome("ok", _rows(point.run))
            if watch:
                watch.done(point.run)
    write_table(sweep, outcomes)
    total, done = len(sweep.points), len(sweep.points) - len(pending)
    if done:
        logger.info("%d of %d points: nothing changed", done, total)
    workers = _Workers(min(jobs, len(pending) or 1), watch)
    try:
        futures = {workers.pool.submit(workers.run, point): point for point in pending}
        for future in as_completed(futures):
            point = futures[future]
            outcome, seconds = future.result()
            outcomes[point.run.name] = outcome
            write_table(sweep, outcomes)
            done += 1
            if watch:
                watch.done(point.run)
            word = "failed" if outcome.status == "failed" else "ran"
            logger.info("%d of %d points: %s in %.0f s: %s", done, total, word, seconds, point.label)
    finally:
        workers.stop()
    return outcomes


def write_table(sweep: Sweep, outcomes: dict[str, Outcome]) -> None:
    """Write the table of all points as CSV and as Parquet. Each file is whole or as it was before."""
    rows: list[tuple[Any, ...]] = []
    for point in sweep.points:
        outcome = outcomes[point.run.name]
        setting = [_plain(point.run.parameters[name]) for name in sweep.names]
        for record, row, column, value in outcome.rows or [("", "", "", outcome.error or None)]:
            number = None if isinstance(value, str) or value is None else float(value)
            text = value if isinstance(value, str) else None
            rows.append((*setting, record, row, column, number, text, point.run.output.name, outcome.status))
    frame = pd.DataFrame(rows, columns=[*sweep.names, *COLUMNS])
    for name in sweep.names:
        if any(isinstance(value, str) for value in frame[name]):  # as 5000 and "all" are
            frame[name] = frame[name].map(str)
    frame = frame.astype({"value": "float64", "text": "string"})
    with written_whole(sweep.table) as aside:
        frame.to_csv(aside, index=False)
    with written_whole(sweep.table.with_suffix(".parquet")) as aside:
        frame.to_parquet(aside, index=False)


def _plain(value: Any) -> Value:
    """Give a parameter's value as a cell of the table; a list or dict becomes JSON."""
    return value if isinstance(value, str | int | float | bool) else json.dumps(value)


def _rows(run: Run) -> tuple[tuple[str, str, str, Value], ...]:
    records = records_in(all_outputs(read_executed(run.output)))
    return tuple((cell.record, cell.row, cell.column, cell.value) for record in records for cell in record.values())


class _Workers:
    """A fixed number of processes at most, each with its own share of the cores."""

    def __init__(self, jobs: int, watch: Watch | None = None) -> None:
        self.watch = watch
        self.pool = ThreadPoolExecutor(jobs)
        self._running: set[subprocess.Popen[str]] = set()
        self._shares: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for share in core_shares(jobs):
            self._shares.put(share)

    def run(self, point: Point) -> tuple[Outcome, float]:
        """Run a point in a process; gives its outcome and the time that it took in seconds."""
        share, start = self._shares.get(), time.monotonic()
        try:
            error = self._execute(point, share)
            outcome = Outcome("failed", error=error) if error else Outcome("ok", _rows(point.run))
        except (NotebookError, OSError) as problem:
            outcome = Outcome("failed", error=str(problem).split("\n", 1)[0])
        finally:
            self._shares.put(share)
        return outcome, time.monotonic() - start

    def _execute(self, point: Point, share: list[int]) -> str:
        run = point.run
        task = {"source": str(run.source), "parameters": run.parameters, "build": str(run.build), "cores": share}
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "embedlib.book.run.sweep", str(os.getpid())], text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err,
                env={**os.environ, **thread_limits(len(share))},
            )  # fmt: skip
            self._running.add(process)
            try:
                with process:
                    error = self._follow(process, run, json.dumps(task))
            finally:
                self._running.discard(process)
                if self.watch:
                    self.watch.ends(run)
            if process.returncode == 0 or error:
                return error
            err.seek(0)
            last = err.read().strip().rsplit("\n", 1)[-1]
        return f"{run.name}: its process ended with status {process.returncode}{last and f': {last}'}"

    def _follow(self, process: subprocess.Popen[str], run: Run, task: str) -> str:
        """Give the process its task, and report its messages to the watch; gives the first line of its error, or ""."""
        error = ""
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # type: ignore[union-attr]
            stdin.write(task)
        for line in process.stdout or ():
            said = _message(line)
            error = str(said.get("error", error)).split("\n", 1)[0]
            if self.watch and "begins" in said:
                self.watch.begins(run, said["begins"])
            if self.watch and "cell" in said:
                self.watch.cell(run, said["cell"])
        return error

    def stop(self) -> None:
        """Start no more processes, and end those that are running."""
        self.pool.shutdown(wait=False, cancel_futures=True)
        for process in list(self._running):
            process.terminate()
        self.pool.shutdown()


def core_shares(jobs: int) -> list[list[int]]:
    """Divide the cores of this process among a number of jobs.

    Each job gets at least one core. Jobs share cores where there are fewer cores than jobs.
    """
    own = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = sorted(own)
    return [cores[job::jobs] or [cores[job % len(cores)]] for job in range(jobs)]


def thread_limits(cores: int) -> dict[str, str]:
    """Give the environment variables that limit numerical libraries to this number of threads.

    A lower limit that is set already is kept.
    """
    limits = {}
    for name in _THREADS:
        before = os.environ.get(name, "")
        limits[name] = str(min(cores, int(before)) if before.isdigit() and int(before) else cores)
    return limits


# A line with a message for the sweep begins so, in the output of the process of a point. The rest of it is JSON.
_MARK = "embedlib: "


def _message(line: str) -> dict[str, Any]:
    """Read the message in a line of a point's process; empty where the line is not a message."""
    if not line.startswith(_MARK):
        return {}
    try:
        said: dict[str, Any] = json.loads(line.removeprefix(_MARK))
    except ValueError:  # the process was ended in the middle of the line
        return {}
    return said


class _Teller:
    """The watch in the process of a point. It sends messages to the sweep."""

    def begins(self, run: Run, cells: int) -> None:
        self.say(begins=cells)

    def cell(self, run: Run, number: int) -> None:
        self.say(cell=number)

    def ends(self, run: Run) -> None:
        """Send nothing: the sweep sees that the process ends."""

    def say(self, **message: Any) -> None:
        sys.stdout.write(f"\n{_MARK}{json.dumps(message)}\n")
        sys.stdout.flush()


def _work(parent: int) -> None:
    """Run the point that the standard input describes as JSON; on failure send `{"error": ...}` and exit with 1."""
    # Without its sweep nobody takes the result, and the next sweep may run the same point.
    end_with_parent(parent)
    task = json.load(sys.stdin)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, task["cores"])
    try:
        # The values as they were planned: a branch of the hub may have another commit by now.
        source = Path(task["source"])
        notebook = read_source(source)
        known = read_parameters(notebook)
        parameters = {name: known[name].from_json(value) for name, value in task["parameters"].items()}
        execute(Run(source, notebook, parameters, Path(task["build"])), watch=_Teller())
    except EmbedlibError as error:
        _Teller().say(error=str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    _work(int(sys.argv[1]))
