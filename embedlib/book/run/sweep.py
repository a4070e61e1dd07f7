"""Run one notebook with every combination of some values, and write one table of what the runs recorded."""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import re
from collections.abc import Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pandas as pd

from embedlib._util.paths import written_whole
from embedlib.book.notebooks import read_executed, read_source
from embedlib.book.run.freshness import fingerprint, why
from embedlib.book.run.parameters import Parameter, read_parameters
from embedlib.book.run.plan import Run, plan
from embedlib.book.run.progress import Board
from embedlib.book.run.workers import Ended, Workers
from embedlib.errors import NotebookError, ParameterError
from embedlib.records.read import all_outputs, records_in
from embedlib.records.record import Value

logger = logging.getLogger(__name__)

COLUMNS = ("record", "row", "column", "value", "text", "run", "status")


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
    workers = Workers(min(jobs, len(pending) or 1), watch)
    try:
        futures = {workers.start(point.run): point for point in pending}
        for future in as_completed(futures):
            point, ended = futures[future], future.result()
            outcome = _outcome(ended)
            outcomes[point.run.name] = outcome
            write_table(sweep, outcomes)
            done += 1
            if watch:
                watch.done(point.run)
            word = "failed" if outcome.status == "failed" else "ran"
            logger.info("%d of %d points: %s in %.0f s: %s", done, total, word, ended.seconds, point.label)
    finally:
        workers.stop()
    return outcomes


def _outcome(ended: Ended) -> Outcome:
    """Read what a point's run recorded, or take the first line of its error."""
    try:
        return (
            Outcome("failed", error=ended.error.split("\n", 1)[0]) if ended.error else Outcome("ok", _rows(ended.run))
        )
    except NotebookError as problem:
        return Outcome("failed", error=str(problem).split("\n", 1)[0])


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
