"""The drift gate over notebooks: each is run and compared with its reference; one difference fails the gate."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from embedlib.book.check.drift import Drift, check_notebook
from embedlib.book.notebooks import read_executed
from embedlib.book.run.plan import Run, plan
from embedlib.book.run.progress import Board, ran
from embedlib.book.run.schedule import run_all
from embedlib.book.run.workers import Ended
from embedlib.errors import EmbedlibError, NotebookError
from embedlib.records.read import all_outputs, picture_of, record_in

_TYPES = {"png": "image/png", "svg": "image/svg+xml"}


@dataclass(frozen=True)
class Picture:
    """A figure whose data changed: the `data:` addresses of its old and new picture, empty where there is none."""

    record: str
    alt: str
    old: str
    new: str


@dataclass(frozen=True)
class Checked:
    """A notebook that was compared with its reference, or that failed to run (`error`).

    `became` says in a line what became of its run.
    """

    notebook: str
    found: tuple[Drift, ...] = ()
    pictures: tuple[Picture, ...] = ()
    error: str = ""
    became: str = ""


@dataclass(frozen=True)
class GateOutcome:
    """What the gate found in all notebooks."""

    checked: tuple[Checked, ...]

    @property
    def found(self) -> list[Drift]:
        """All differences, in the order of the notebooks."""
        return [drift for one in self.checked for drift in one.found]

    @property
    def failed(self) -> list[str]:
        """The errors of the runs that failed."""
        return [one.error for one in self.checked if one.error]

    @property
    def passed(self) -> bool:
        """Whether no run failed and nothing differs by more than its tolerance."""
        return not self.found and not self.failed


def plan_gate(sources: Sequence[Path], build: Path | None = None) -> list[Run]:
    """Plan the runs at default parameters; raises `EmbedlibError` where there is no notebook."""
    if not sources:
        raise EmbedlibError("there is no notebook to compare")
    return [plan(source, build=build) for source in sources]


def check_all(
    runs: Sequence[Run], jobs: int | None = None, *, reuse: bool = False, watch: Board | None = None
) -> Iterator[Checked]:
    """Run some notebooks, see `run_all`, and compare each with the committed one as soon as it has ended.

    With `reuse` a run that still stands is taken. A failed run does not stop the others.
    """
    for ended in run_all(runs, jobs, force=not reuse, keep_going=True, watch=watch):
        yield check(ended)


def check(ended: Ended) -> Checked:
    """Compare a notebook that was run with the committed one."""
    run = ended.run
    name, reference = run.source.stem, run.source.with_suffix(".ipynb")
    if ended.error:
        return Checked(name, error=ended.error, became=f"{run.name}: failed")
    try:
        fresh = read_executed(run.output)
        found = check_notebook(name, run.source, reference, fresh)
    except EmbedlibError as error:
        return Checked(name, error=str(error), became=f"{run.name}: failed")
    try:
        committed = read_executed(reference)
    except NotebookError:  # which is among the differences
        committed = NotebookNode(cells=[])
    became = f"{ran(run, ended.reasons)}; {len(found)} differences"
    return Checked(name, tuple(found), tuple(changed_pictures(found, committed, fresh)), became=became)


def changed_pictures(found: Sequence[Drift], committed: NotebookNode, fresh: NotebookNode) -> Iterator[Picture]:
    """Give the figures whose data is among the differences, as they were and as they are."""
    changed = {re.split(r"[\[. ]", drift.record, maxsplit=1)[0] for drift in found}
    old, new = _figures(committed), _figures(fresh)
    for record in dict.fromkeys([*old, *new]):
        if record in changed:
            alt = (new.get(record) or old[record])[1]
            yield Picture(record, alt, old.get(record, ("", ""))[0], new.get(record, ("", ""))[0])


def _figures(notebook: NotebookNode) -> dict[str, tuple[str, str]]:
    """Find the recorded figures: their pictures as `data:` addresses, and their descriptions."""
    figures = {}
    for output in all_outputs(notebook):
        picture, record = picture_of(output), record_in(output)
        if picture and record:
            ending, content = picture
            address = f"data:{_TYPES[ending]};base64,{base64.b64encode(content).decode('ascii')}"
            figures[record.name] = address, str(output["data"].get("text/plain", ""))
    return figures
