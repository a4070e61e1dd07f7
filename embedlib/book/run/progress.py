"""Show how runs go on: the chapter and its cell, the time so far, and how long the last run took."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from embedlib.book.run.freshness import last_seconds
from embedlib.book.run.plan import Run


def clock(seconds: float) -> str:
    """Write a time in seconds as minutes and seconds, with hours where there are any.

    Example:
        >>> clock(7), clock(750), clock(3723)
        ('0:07', '12:30', '1:02:03')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ran(run: Run, reasons: Sequence[str]) -> str:
    """Say in one line how a run ended, for which `execute` gave these reasons."""
    if not reasons:
        return f"{run.name}: nothing changed"
    seconds = last_seconds(run)
    return f"{run.name}: ran{'' if seconds is None else f' in {seconds:.0f} s'}, {reasons[0]}"


class _Time(ProgressColumn):
    """A column with the time so far and, where it is known, the time that the last run took."""

    def render(self, task: Task) -> Text:
        last = task.fields["last"]
        return Text(clock(task.elapsed or 0) + (f" of about {clock(last)}" if last else ""))


class Board:
    """A display of the runs at work, which `execute` keeps up to date. It shows nothing outside a terminal."""

    def __init__(self, progress: Progress, runs: Sequence[Run], jobs: int = 1) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._left = {run.name: last_seconds(run) for run in runs}
        self._all = len(runs)
        self._jobs = jobs
        self._whole: TaskID | None = None
        if self._all > 1:
            self._whole = progress.add_task(f"all {self._all}", total=self._all, what="done", last=None)

    def begins(self, run: Run, cells: int) -> None:
        """Show a run that begins."""
        name = escape(run.name if len(run.name) <= 30 else f"{run.name[:29]}…")
        self._tasks[run.name] = self._progress.add_task(name, total=cells, what="cell", last=last_seconds(run))
        if self._whole is not None and self._progress.tasks:
            self._progress.update(self._whole, last=self._estimate())

    def cell(self, run: Run, number: int) -> None:
        """Show that a cell of a run begins."""
        self._progress.update(self._tasks[run.name], completed=number, refresh=True)

    def ends(self, run: Run) -> None:
        """Remove a run that has ended."""
        if run.name in self._tasks:
            self._progress.remove_task(self._tasks.pop(run.name))

    def done(self, run: Run) -> None:
        """Count a run as done, whether it ran, failed or was not needed."""
        self._left.pop(run.name, None)
        if self._whole is not None:
            self._progress.update(self._whole, advance=1)

    def _estimate(self) -> float | None:
        """Add the time so far to what the runs that are left took; None where that is unknown of one of them."""
        so_far = next((task.elapsed or 0 for task in self._progress.tasks if task.id == self._whole), 0)
        seconds = [time for time in self._left.values() if time is not None]
        return so_far + sum(seconds) / self._jobs if len(seconds) == len(self._left) else None


@contextmanager
def board(console: Console, runs: Sequence[Run], jobs: int = 1) -> Iterator[Board]:
    """Show the progress of some runs, `jobs` of them at a time, on a console while the block runs."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(12),
        TextColumn("{task.fields[what]} {task.completed:.0f} of {task.total:.0f}"),
        _Time(),
        console=console, transient=True, disable=not console.is_interactive, refresh_per_second=4,
    )  # fmt: skip
    with progress:
        yield Board(progress, runs, jobs)
