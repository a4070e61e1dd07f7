"""Run notebooks in processes of their own, a number of them at a time, each with its share of the cores."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedlib._util.processes import end_with_parent
from embedlib.book.notebooks import read_source
from embedlib.book.run.parameters import read_parameters
from embedlib.book.run.plan import Run
from embedlib.book.run.run import Watch, execute
from embedlib.errors import EmbedlibError

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
            "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")  # fmt: skip


@dataclass(frozen=True)
class Ended:
    """How a run ended: the reasons why it was run (none: nothing changed), or its error, and the time that it took."""

    run: Run
    reasons: tuple[str, ...] = ()
    error: str = ""
    seconds: float = 0.0


class Workers:
    """A fixed number of processes at most, each with its own share of the cores."""

    def __init__(self, jobs: int, watch: Watch | None = None) -> None:
        self._watch = watch
        self._pool = ThreadPoolExecutor(jobs)
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False
        self._starts = threading.Lock()  # so that no process starts while all are ended
        self._shares: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        for share in core_shares(jobs):
            self._shares.put(share)

    def start(self, run: Run, *, force: bool = False, alone: bool = False) -> Future[Ended]:
        """Run a notebook as soon as a process is free, as `execute` does; `alone`: on all cores.

        No error of the run is raised: it is in the result.
        """
        return self._pool.submit(self._run, run, force, alone)

    def _run(self, run: Run, force: bool, alone: bool) -> Ended:
        share, start = self._shares.get(), time.monotonic()
        try:
            reasons, error = self._execute(run, force, core_shares(1)[0] if alone else share)
        except OSError as problem:
            reasons, error = [], str(problem)
        finally:
            self._shares.put(share)
        return Ended(run, tuple(reasons), error, time.monotonic() - start)

    def _execute(self, run: Run, force: bool, share: list[int]) -> tuple[list[str], str]:
        task = {"source": str(run.source), "parameters": run.parameters, "build": str(run.build), "cores": share,
                "force": force}  # fmt: skip
        with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as err:
            with self._starts:
                if self._stopped:
                    return [], f"{run.name}: stopped before it began"
                process = subprocess.Popen(
                    [sys.executable, "-m", "embedlib.book.run.workers", str(os.getpid())], text=True,
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err,
                    env={**os.environ, **thread_limits(len(share))},
                )  # fmt: skip
                self._running.add(process)
            try:
                with process:
                    reasons, error = self._follow(process, run, json.dumps(task))
            finally:
                self._running.discard(process)
                if self._watch:
                    self._watch.ends(run)
            if process.returncode == 0 or error:
                return reasons, error
            err.seek(0)
            last = err.read().strip().rsplit("\n", 1)[-1]
        return [], f"{run.name}: its process ended with status {process.returncode}{last and f': {last}'}"

    def _follow(self, process: subprocess.Popen[str], run: Run, task: str) -> tuple[list[str], str]:
        """Give the process its task, and pass its messages on; gives the reasons of the run, and its error or ""."""
        reasons: list[str] = []
        error = ""
        with contextlib.suppress(BrokenPipeError), process.stdin as stdin:  # type: ignore[union-attr]
            stdin.write(task)
        for line in process.stdout or ():
            said = _message(line)
            error = str(said.get("error", error))
            reasons = said.get("reasons", reasons)
            if "log" in said:
                logging.getLogger(said["log"]).log(said["level"], "%s", said["text"])
            if self._watch and "begins" in said:
                self._watch.begins(run, said["begins"])
            if self._watch and "cell" in said:
                self._watch.cell(run, said["cell"])
        return reasons, error

    def stop(self) -> None:
        """Start no more processes, and end those that are running."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        with self._starts:
            self._stopped = True
            for process in list(self._running):
                process.terminate()
        self._pool.shutdown()


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


# A line with a message for the parent begins so, in the output of the process of a run. The rest of it is JSON.
_MARK = "embedlib: "


def _message(line: str) -> dict[str, Any]:
    """Read the message in a line of a run's process; empty where the line is not a message."""
    if not line.startswith(_MARK):
        return {}
    try:
        said: dict[str, Any] = json.loads(line.removeprefix(_MARK))
    except ValueError:  # the process was ended in the middle of the line
        return {}
    return said


class _Teller(logging.Handler):
    """The watch, and the log, in the process of a run. It sends messages to the parent."""

    def begins(self, run: Run, cells: int) -> None:
        self.say(begins=cells)

    def cell(self, run: Run, number: int) -> None:
        self.say(cell=number)

    def ends(self, run: Run) -> None:
        """Send nothing: the parent sees that the process ends."""

    def emit(self, record: logging.LogRecord) -> None:
        self.say(log=record.name, level=record.levelno, text=record.getMessage())

    def say(self, **message: Any) -> None:
        sys.stdout.write(f"\n{_MARK}{json.dumps(message)}\n")
        sys.stdout.flush()


def _work(parent: int) -> None:
    """Run the notebook that the standard input describes as JSON; on failure send `{"error": ...}` and exit with 1."""
    # Without its parent nobody takes the result, and the next call may run the same notebook.
    end_with_parent(parent)
    task = json.load(sys.stdin)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, task["cores"])
    teller = _Teller()
    own = logging.getLogger("embedlib")
    own.addHandler(teller)
    own.setLevel(logging.INFO)
    try:
        # The values as they were planned: a branch of the hub may have another commit by now.
        source = Path(task["source"])
        notebook = read_source(source)
        known = read_parameters(notebook)
        parameters = {name: known[name].from_json(value) for name, value in task["parameters"].items()}
        run = Run(source, notebook, parameters, Path(task["build"]))
        teller.say(reasons=execute(run, force=task["force"], watch=teller))
    except EmbedlibError as error:
        teller.say(error=str(error))
        raise SystemExit(1) from None


if __name__ == "__main__":
    _work(int(sys.argv[1]))
