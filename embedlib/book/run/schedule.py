"""Run several notebooks, some at a time: how many, in which order, and what waits for what."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait

import psutil

from embedlib._util.paths import PROJECT
from embedlib.book.run.freshness import fingerprint, last_seconds, why
from embedlib.book.run.plan import Run
from embedlib.book.run.progress import Board, ran
from embedlib.book.run.run import execute
from embedlib.book.run.workers import Ended, Workers, core_shares
from embedlib.errors import EmbedlibError, NotebookError, ParameterError
from embedlib.models.roster import find_model

MOST_JOBS = 4  # by default: the longest chapter takes about a quarter of the time of all
# Of a kernel with its libraries, its tables of vectors and the work on them. Chapters take 1 to 1.6 GB beside a model.
_KERNEL = 2e9
_WEIGHT = 4  # bytes: models are float32 in memory, and one at a time is kept


def default_jobs() -> int:
    """Say how many notebooks are run at a time where nobody says: one a core, at most four."""
    return min(MOST_JOBS, len(core_shares(1)[0]))


def memory_of(run: Run) -> float:
    """Estimate the memory that a run takes at most, in bytes: its largest model, and the kernel with its tables.

    It is not known here which vectors are stored already, so the model counts in any case.
    """
    models = [find_model(name) for name in run.settings.get("models", [])]
    return _KERNEL + _WEIGHT * max((spec.parameters or 0 for spec in models), default=0)


def longest_first(runs: Sequence[Run]) -> list[Run]:
    """Order runs by how long they took the last time, the longest first, so that none is left alone for long.

    Runs whose time is unknown come first, that of the largest model before the others. Among these, the order is that
    of the book's own list of times. Equal ones stay in their order.
    """
    cold = _cold_seconds()

    def by_length(run: Run) -> tuple[float, float, float]:
        seconds = last_seconds(run)
        return (-float("inf"), -memory_of(run), -cold.get(run.name, 0)) if seconds is None else (-seconds, 0, 0)

    return sorted(runs, key=by_length)


def _cold_seconds() -> dict[str, float]:
    """Read about how long each chapter takes without stored vectors; empty where the project has no list."""
    path = PROJECT / "notebooks" / "cold_seconds.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def reads_others(run: Run) -> bool:
    """Say whether a notebook reads the runs of others, so that it has to wait for them."""
    return "runs" in run.settings


def run_all(
    runs: Sequence[Run], jobs: int | None = None, *, force: bool = False, keep_going: bool = False,
    watch: Board | None = None,
) -> Iterator[Ended]:  # fmt: skip
    """Run notebooks as `execute` does, `jobs` at a time (None: `default_jobs`); gives each as soon as it has ended.

    One at a time, they run in this process and in the order in which they are given. Several at a time run in a
    process each, on an equal share of the cores, the longest first. A notebook that reads the others' runs comes
    after them, on all cores. Another one begins only if the memory that was free at first is enough for all that
    are at work (see `memory_of`).

    A failed run does not stop those that are at work. The others begin only with `keep_going`. The error is in what
    is given for it. Raises `ParameterError` for a number of jobs below 1.
    """
    if jobs is not None and jobs < 1:
        raise ParameterError(f"jobs is {jobs}; allowed: 1 or more")
    count = min(default_jobs() if jobs is None else jobs, len(runs))
    ends = _one_by_one(runs, force, watch) if count < 2 else _several(runs, count, force, watch, keep_going=keep_going)
    for ended in ends:
        if watch:
            watch.done(ended.run)
        yield ended
        if ended.error and not keep_going and count < 2:
            return


def _one_by_one(runs: Sequence[Run], force: bool, watch: Board | None) -> Iterator[Ended]:
    for run in runs:
        try:
            yield Ended(run, tuple(execute(run, force=force, watch=watch)))
        except EmbedlibError as error:
            yield Ended(run, error=str(error))


def _several(runs: Sequence[Run], jobs: int, force: bool, watch: Board | None, *, keep_going: bool) -> Iterator[Ended]:
    waiting = [run for run in longest_first(runs) if not reads_others(run)]
    readers = [run for run in runs if reads_others(run)]
    at_work: dict[Future[Ended], Run] = {}
    memory = psutil.virtual_memory().available
    goes_on = True
    workers = Workers(jobs, watch)
    try:
        while at_work or (goes_on and (waiting or readers)):
            if not waiting and not at_work:
                waiting, readers = readers, []
            while goes_on and len(at_work) < jobs and (run := choose_next(waiting, list(at_work.values()), memory)):
                waiting.remove(run)
                if not force and (ended := _up_to_date(run)):
                    goes_on = keep_going or not ended.error
                    yield ended
                else:
                    alone = not at_work and not waiting
                    at_work[workers.start(run, force=force, alone=alone)] = run
            for future in wait(at_work, return_when=FIRST_COMPLETED).done if at_work else ():
                at_work.pop(future)
                ended = future.result()
                goes_on = goes_on and (keep_going or not ended.error)
                yield ended
    finally:
        workers.stop()


def choose_next(waiting: Sequence[Run], at_work: Sequence[Run], memory: float) -> Run | None:
    """Give the first run for which the memory is enough beside those at work; alone, a run begins in any case."""
    if not at_work:
        return next(iter(waiting), None)
    left = memory - sum(map(memory_of, at_work))
    return next((run for run in waiting if memory_of(run) <= left), None)


def _up_to_date(run: Run) -> Ended | None:
    """Give the end of a run that needs no process: nothing changed, or what it depends on cannot be read."""
    try:
        return None if why(run, fingerprint(run)) else Ended(run)
    except EmbedlibError as error:
        return Ended(run, error=str(error))


def execute_all(
    runs: Sequence[Run], jobs: int | None = None, *, force: bool = False, watch: Board | None = None
) -> Iterator[str]:
    """Run notebooks as `run_all` does; gives a line for each, as soon as it has ended, that says what became of it.

    Raises `NotebookError` with every error after the last line.
    """
    failed = []
    for ended in run_all(runs, jobs, force=force, watch=watch):
        if ended.error:
            failed.append(ended.error)
        yield f"{ended.run.name}: failed" if ended.error else ran(ended.run, ended.reasons)
    if failed:
        raise NotebookError("\n\n".join(failed))
